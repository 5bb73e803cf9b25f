"""UNet of Korus & Memon 2019 (table 1): 7,760,268 parameters.

After Chen et al., *Learning to See in the Dark*, CVPR 2018: five scales of two 3×3 convolutions
with leaky ReLU, max pooling, transposed convolutions without bias, a last 1×1 convolution.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

WIDTHS = (32, 64, 128, 256, 512)
LEAK = 0.2


class UNet(nn.Module):
    """White-balanced (N, 4, h, w) mosaic in [0, 1] to (N, 3, 2h, 2w) sRGB."""

    multiple_of = 16
    # Two 3×3 layers at each scale, down and up: 2·(1+2+4+8)·2 + 2·16, and 16 of pooling.
    receptive_field = 112
    bytes_per_pixel = 1300  # 864 measured

    def __init__(self, trained_matrix: Tensor | None = None) -> None:
        super().__init__()
        self.down = nn.ModuleList(
            _double_conv(a, b) for a, b in zip((4, *WIDTHS[:-1]), WIDTHS, strict=True)
        )
        rising = list(zip(WIDTHS[:0:-1], WIDTHS[-2::-1], strict=True))
        self.grow = nn.ModuleList(nn.ConvTranspose2d(a, b, 2, 2, bias=False) for a, b in rising)
        self.up = nn.ModuleList(_double_conv(a, b) for a, b in rising)
        self.last = nn.Conv2d(WIDTHS[0], 12, 1)
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
                nn.init.xavier_uniform_(module.weight)  # the authors' framework's default
            if isinstance(module, nn.Conv2d) and module.bias is not None:
                nn.init.zeros_(module.bias)

    def forward(self, mosaic: Tensor) -> Tensor:
        """Develop; see the class."""
        features = mosaic
        skipped: list[Tensor] = []
        for block in self.down:
            features = block(F.max_pool2d(features, 2) if skipped else features)
            skipped.append(features)
        for grow, block, skip in zip(self.grow, self.up, skipped[-2::-1], strict=True):
            features = block(torch.cat([grow(features), skip], dim=1))
        return F.pixel_shuffle(self.last(features), 2)


def _double_conv(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, padding=1),
        nn.LeakyReLU(LEAK),
        nn.Conv2d(outputs, outputs, 3, padding=1),
        nn.LeakyReLU(LEAK),
    )
