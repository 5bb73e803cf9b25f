"""DNet of Korus & Memon 2019 (table 1): 493,976 parameters.

After Gharbi et al., *Deep joint demosaicking and denoising*, SIGGRAPH Asia 2016: fifteen 3×3
layers on the packed mosaic, then one at full size that sees their result and the mosaic itself.
The paper's count has one more parameter a channel than fifteen convolutions with a bias: batch
normalisation, whose scale and shift stand where the bias stood.
"""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from camera_sim.networks.nip import spread

LAYERS = 15
WIDTH = 64


class DNet(nn.Module):
    """White-balanced (N, 4, h, w) mosaic in [0, 1] to (N, 3, 2h, 2w) sRGB."""

    multiple_of = 1
    receptive_field = LAYERS + 1
    bytes_per_pixel = 3000  # 2366 measured

    def __init__(self, trained_matrix: Tensor | None = None) -> None:
        super().__init__()
        widths = (4, *(WIDTH,) * (LAYERS - 1), 12)
        self.deep = nn.Sequential(*(_layer(a, b) for a, b in pairwise(widths)))
        self.post = nn.Conv2d(6, WIDTH, 3, padding=1, padding_mode="reflect")
        self.last = nn.Conv2d(WIDTH, 3, 1, bias=False)

    def forward(self, mosaic: Tensor) -> Tensor:
        """Develop; see the class."""
        features = F.pixel_shuffle(self.deep(mosaic), 2)
        joined = torch.cat([features, spread(mosaic)], dim=1)
        developed: Tensor = self.last(F.relu(self.post(joined)))
        return developed


def _layer(inputs: int, outputs: int) -> nn.Sequential:
    conv = nn.Conv2d(inputs, outputs, 3, padding=1, padding_mode="reflect", bias=False)
    nn.init.kaiming_normal_(conv.weight, nonlinearity="relu")
    return nn.Sequential(conv, nn.BatchNorm2d(outputs), nn.ReLU())
