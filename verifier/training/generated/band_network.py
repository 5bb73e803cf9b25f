"""Fixed frequency bands, and one layer over them that is trained. Needs torch.

Each 8×8 pixels of the picture, every fourth row and column, are taken apart by the two-dimensional
DCT in luma and both chroma planes, 189 bands without the mean values; the activations of a band are
averaged over the picture, and the logarithms weighed. Generators' upsampling shows in such spectra
(Frank et al., *Leveraging Frequency Analysis for Deep Fake Image Recognition*, ICML 2020), and a
hundred photographs are enough for 380 weights, where a network of 170,000 learnt the photographs by
heart: docs/decisions/015.
"""

from typing import Final

import numpy as np
import torch
from torch import Tensor, nn

from verifier.training.arithmetic import Log
from verifier.training.backbones.frozen_features import FrozenFeatures

SIDE: Final = 8
STRIDE: Final = 4
# Luma, and blue and red difference: ITU-R BT.601, as JFIF has it.
PLANES: Final = (
    (0.299, 0.587, 0.114),
    (-0.168736, -0.331264, 0.5),
    (0.5, -0.418688, -0.081312),
)
PLANE_NAMES: Final = ("Y", "Cb", "Cr")


class BandNetwork(FrozenFeatures):
    """Bands, their averages, and a weight for each and each label."""

    def __init__(self) -> None:
        filters = band_filters()
        super().__init__(len(filters))
        self.bands = nn.Conv2d(3, len(filters), SIDE, stride=STRIDE, bias=False)
        self.bands.weight = nn.Parameter(255 * filters, requires_grad=False)
        self.relu = nn.ReLU()
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.log = Log()

    def features(self, patches: Tensor) -> Tensor:
        """(N, 3, H, W) sRGB in [0, 1] to (N, 189) logarithms of the bands' averages."""
        found: Tensor = self.log(self.pool(self.relu(self.bands(patches))).flatten(1))
        return found


def band_filters() -> Tensor:
    """Return the filters, (189, 3, 8, 8): DCT bands of each plane in reading order, no mean."""
    places = np.arange(SIDE)
    basis = np.cos(np.pi * (2 * places[None] + 1) * places[:, None] / (2 * SIDE))
    basis *= np.sqrt(np.where(places == 0, 1, 2) / SIDE)[:, None]
    bands = np.einsum("ui,vj->uvij", basis, basis).reshape(SIDE * SIDE, SIDE, SIDE)[1:]
    filters = np.einsum("pc,bij->pbcij", np.array(PLANES), bands)
    return torch.from_numpy(filters.reshape(-1, 3, SIDE, SIDE).astype(np.float32))


def band_name(number: int) -> str:
    """Name a band: its plane, and cycles down and across in sixteenths of a pixel."""
    plane, band = divmod(number, SIDE * SIDE - 1)
    down, across = divmod(band + 1, SIDE)
    return f"{PLANE_NAMES[plane]} {down},{across}"
