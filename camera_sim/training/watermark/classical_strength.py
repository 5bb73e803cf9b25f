"""The classical strength of a watermark: what texture hides, from the developed picture.

A spread-spectrum watermark is the stronger the busier its surroundings are (Podilchuk & Zeng,
*Image-adaptive watermarking using visual models*, IEEE JSAC 1998). Activity is the deviation of
luma around a pixel; numbers are those of the trial in docs/decisions/028.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601, as JPEG's
SURROUNDINGS, SMOOTHING = 15, 9  # pixels a side
EVEN, PER_LEVEL = 0.5, 0.13
LEAST, MOST = 0.6, 2.5


def classical_strength(srgb: Tensor) -> Tensor:
    """Return how strong a watermark may be: (N, 3, H, W) sRGB in [0, 1] to (N, 1, H, W).

    In units of `watermark.pattern.OPERATING_POINT`, from `LEAST` to `MOST`.
    """
    weights = torch.tensor(LUMA).view(1, 3, 1, 1)
    levels = 255 * (srgb * weights).sum(dim=1, keepdim=True)
    variance = _box(levels.square(), SURROUNDINGS) - _box(levels, SURROUNDINGS).square()
    activity = variance.clamp(min=0).sqrt()
    return _box((EVEN + PER_LEVEL * activity).clamp(LEAST, MOST), SMOOTHING)


def _box(values: Tensor, side: int) -> Tensor:
    """Average over a square around each pixel, of what is inside the picture."""
    return F.avg_pool2d(values, side, 1, side // 2, count_include_pad=False)
