"""A small network that distinguishes generated pictures from photographs, trained whole.

It needs torch.

It reads the picture, for its colours, and residuals, as the traces of a generator are in what is
left when a pixel is predicted from those around it. The first layer keeps every pixel, for
upsampling shows in the finest detail; the last averages over the picture, so that no layout is
learnt of the few pictures at hand. 0.17 million parameters, to ResNet-50's 23.5.
"""

import torch
from torch import Tensor, nn

from verifier.training.arithmetic import Gain
from verifier.training.manipulation.constrained_conv import ConstrainedConv
from verifier.training.manipulation.fan import RESIDUAL_GAIN

WIDTHS = (12, 24, 48, 96, 128)
# About one deviation of a photograph's values.
PICTURE_GAIN = 4.0


class GeneratedCNN(nn.Module):
    """Picture and residuals, five convolutions, an average; all but the first convolution halve."""

    def __init__(self) -> None:
        super().__init__()
        self.residual = ConstrainedConv()
        self.gains = nn.ModuleList([Gain(PICTURE_GAIN), Gain(RESIDUAL_GAIN)])
        layers: list[nn.Module] = []
        for before, after in zip((6, *WIDTHS[:-1]), WIDTHS, strict=True):
            stride = 1 if before == 6 else 2
            layers += [
                nn.Conv2d(before, after, 3, stride=stride, padding=1, bias=False),
                nn.BatchNorm2d(after),
                nn.ReLU(),
            ]
        self.features = nn.Sequential(*layers)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Linear(WIDTHS[-1], 2)

    def forward(self, patches: Tensor) -> Tensor:
        """(N, 3, H, W) sRGB in [0, 1] to (N, 2) logits of natural and generated, float32."""
        patches = patches.float()
        of_picture, of_residual = self.gains
        both = torch.cat(
            [of_picture(patches - 0.5), of_residual(self.residual(patches))], dim=1
        ).contiguous(memory_format=torch.channels_last)
        logits: Tensor = self.classifier(self.pool(self.features(both)).flatten(1))
        return logits
