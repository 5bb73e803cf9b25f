"""A network that sees residuals at native resolution, and nothing of the picture itself.

Differences of neighbouring pixels of luma and of two opponent colours, in four fixed directions,
go into plain convolutions; the average over the crop is weighed. So it can't go by what a picture
shows, but only by how its finest detail hangs together. 0.24 million parameters. It needs torch.
"""

import torch
from torch import Tensor, nn

from verifier.training.arithmetic import PassedOn

WIDTHS = ((32, 1), (48, 2), (48, 1), (64, 2), (64, 1), (96, 2), (96, 1))
"""Channels and stride of each convolution."""
# Across and down, at Nyquist in both (upsampling's checkerboard), and a pixel against its
# neighbours (Ker & Böhme 2008).
KERNELS = (
    ((0, 0, 0), (0, -1, 1), (0, 0, 0)),
    ((0, 0, 0), (0, -1, 0), (0, 1, 0)),
    ((0, 0, 0), (0, 1, -1), (0, -1, 1)),
    ((-0.25, 0.5, -0.25), (0.5, -1, 0.5), (-0.25, 0.5, -0.25)),
)
# Luma of ITU-R BT.601, red against green, blue against green.
COLOURS = ((0.299, 0.587, 0.114), (0.5, -0.5, 0), (0, -0.5, 0.5))
# A difference of 8 of 255 levels is 0.75 before it saturates.
GAIN = 24.0


class Saturate(PassedOn):
    """Bound residuals smoothly, so that edges don't drown the rest."""

    def forward(self, values: Tensor) -> Tensor:
        """Any shape, to within ±1."""
        return torch.tanh(GAIN * values)


class ResidualCNN(nn.Module):
    """Twelve fixed residuals, seven convolutions, an average."""

    def __init__(self) -> None:
        super().__init__()
        kernels, colours = torch.tensor(KERNELS), torch.tensor(COLOURS)
        bank = colours[:, None, :, None, None] * kernels[None, :, None].float()
        self.residual = nn.Conv2d(3, bank.flatten(0, 1).shape[0], 3, bias=False)
        self.residual.weight = nn.Parameter(bank.flatten(0, 1), requires_grad=False)
        self.saturate = Saturate()
        layers: list[nn.Module] = []
        before = len(self.residual.weight)
        for after, stride in WIDTHS:
            layers += [
                nn.Conv2d(before, after, 3, stride=stride, padding=1, bias=False),
                nn.BatchNorm2d(after),
                nn.ReLU(),
            ]
            before = after
        self.features = nn.Sequential(*layers)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Linear(before, 2)

    def residuals(self, patches: Tensor) -> Tensor:
        """(N, 3, H, W) sRGB in [0, 1] to (N, 12, H − 2, W − 2); not in bfloat16, which rounds them.

        Eight bits of a pixel's value hold no difference of one level.
        """
        found: Tensor = self.saturate(self.residual(patches))
        return found

    def weigh(self, residuals: Tensor) -> Tensor:
        """Residuals to (N, 2) logits."""
        logits: Tensor = self.classifier(self.pool(self.features(residuals)).flatten(1))
        return logits

    def forward(self, patches: Tensor) -> Tensor:
        """(N, 3, H, W) sRGB in [0, 1] to (N, 2) logits of natural and generated."""
        return self.weigh(self.residuals(patches))
