"""The detector of platforms read from the pixels on: a count is evidence for what was counted."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from verifier.features.dct_histogram import COEFFICIENTS, LEVELS, MOST_LEVEL, PATCH, patch_levels
from verifier.training.platform.cnn import PlatformCNN

_BLOCK = 8


class CountLevels(torch.autograd.Function):
    """Counts how often each level occurs in a patch.

    Counting has no gradient. Backwards it hands on relevance: that of a count goes in equal parts
    to the blocks that were counted, and in each evenly to its pixels.
    """

    @staticmethod
    def forward(ctx: Any, patches: Tensor) -> Tensor:
        """(N, 3, 64, 64) sRGB in [0, 1] to (N, 9, 101): see `patch_histograms`."""
        levels = _levels(patches.detach().numpy())
        places = torch.from_numpy(np.clip(levels + MOST_LEVEL, -1, LEVELS)) + 1  # (N, 9, 64)
        counts = torch.zeros(*places.shape[:2], LEVELS + 2).scatter_add_(
            2, places, torch.ones(places.shape)
        )
        ctx.save_for_backward(places, counts)
        return counts[..., 1:-1].clone()

    @staticmethod
    def backward(ctx: Any, *relevance: Tensor) -> Tensor:
        """(N, 9, 101) to (N, 3, 64, 64)."""
        places, counts = ctx.saved_tensors
        each = nn.functional.pad(relevance[0], (1, 1)) / counts.clamp(min=1)
        blocks = each.gather(2, places).sum(dim=1)  # (N, 64)
        side = PATCH // _BLOCK
        of_pixel = (blocks / (3 * _BLOCK**2)).reshape(-1, 1, side, 1, side, 1)
        spread = of_pixel.expand(-1, 3, side, _BLOCK, side, _BLOCK)
        whole: Tensor = spread.reshape(-1, 3, PATCH, PATCH)
        return whole


def _levels(patches: NDArray[np.float32]) -> NDArray[np.int64]:
    """(N, 3, 64, 64) in [0, 1] to (N, 9, 64) levels of its blocks, as the detector counts them."""
    pixels = (patches.transpose(0, 2, 3, 1) * 255).round().astype(np.uint8)
    return patch_levels(pixels).transpose(0, 2, 1)


class Histograms(nn.Module):
    """`CountLevels` as a layer, whose channels are the nine coefficients."""

    def forward(self, patches: Tensor) -> Tensor:
        """(N, 3, 64, 64) to (N, 9, 101)."""
        counts: Tensor = CountLevels.apply(patches)  # type: ignore[no-untyped-call]
        return counts


class PicturePlatformCNN(PlatformCNN):
    """`PlatformCNN` from the pixels on.

    Parameters
    ----------
    classes
        See `PlatformCNN`.
    """

    def __init__(self, classes: int) -> None:
        super().__init__(classes)
        self.histograms = Histograms()

    def forward(self, patches: Tensor) -> Tensor:
        """(N, 3, 64, 64) sRGB in [0, 1] to (N, classes) logits."""
        return super().forward(self.histograms(patches).flatten(1))


def coefficient_name(number: int) -> str:
    """Name a coefficient by its frequency, down and across, in sixteenths of a cycle a pixel."""
    down, across = divmod(COEFFICIENTS[number], _BLOCK)
    return f"DCT {down},{across}"
