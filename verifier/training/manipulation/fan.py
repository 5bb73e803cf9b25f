"""FAN, the forensic analysis network of Korus & Memon (CVPR 2019, section 3.3). Needs torch."""

import torch
from torch import Tensor, nn

from verifier.training.arithmetic import Gain, SignedAverage
from verifier.training.manipulation.constrained_conv import ConstrainedConv

WIDTHS = (32, 64, 128, 256)
PATCH = 128
# Residuals are some levels of 255; so many times larger they suit the usual initialisation.
RESIDUAL_GAIN = 16.0
LEAK = 0.2


class FAN(nn.Module):
    """Residuals, four convolutions with pooling, a fifth 1×1, averaging, three dense layers.

    Parameters
    ----------
    classes
        Processing histories to distinguish; the paper's five make 1,341,990 parameters.

    Attributes
    ----------
    autocast
        What the layers after the residual compute in while training; None is float32.
    """

    autocast: torch.dtype | None = None

    def __init__(self, classes: int = 5) -> None:
        super().__init__()
        self.classes = classes
        self.residual = ConstrainedConv()
        self.gain = Gain(RESIDUAL_GAIN)
        layers: list[nn.Module] = []
        for before, after in zip((3, *WIDTHS[:-1]), WIDTHS, strict=True):
            layers += [nn.Conv2d(before, after, 5, padding=2), nn.LeakyReLU(LEAK), nn.MaxPool2d(2)]
        layers += [nn.Conv2d(WIDTHS[-1], 256, 1), nn.LeakyReLU(LEAK)]
        self.features = nn.Sequential(*layers)
        self.average = SignedAverage(1)
        self.classifier = nn.Sequential(
            nn.Linear(256, 512),
            nn.LeakyReLU(LEAK),
            nn.Linear(512, 128),
            nn.LeakyReLU(LEAK),
            nn.Linear(128, classes),
        )
        for module in self.modules():
            if isinstance(module, (nn.Conv2d, nn.Linear)):
                nn.init.kaiming_normal_(module.weight, LEAK)
                assert module.bias is not None
                nn.init.zeros_(module.bias)

    def forward(self, patches: Tensor) -> Tensor:
        """(N, 3, 128, 128) sRGB in [0, 1] to (N, classes) logits, float32."""
        residual = self.gain(self.residual(patches.float()))
        residual = residual.contiguous(memory_format=torch.channels_last)
        enabled = self.autocast is not None
        with torch.autocast(patches.device.type, dtype=self.autocast, enabled=enabled):
            features = self.features(residual)
        logits: Tensor = self.classifier(self.average(features.float()).flatten(1))
        return logits

    def constrain(self) -> None:
        """Keep the residual layer's constraint; to be called after every optimiser step."""
        self.residual.constrain()
