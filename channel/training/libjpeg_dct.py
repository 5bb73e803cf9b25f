"""The integer DCT of libjpeg (``JDCT_ISLOW``) and its quantisation, exact, without gradients.

Planes are float32 (N, H, W), H and W multiples of 8, whole numbers. The two passes are matrix
products in float64, in which these integers (below 2³¹) are exact, so that the results are those
of jfdctint.c, jcdctmgr.c and jidctint.c bit by bit.
"""

from typing import Final

import torch
from torch import Tensor

# Loeffler, Ligtenberg & Moschytz (1989) as jfdctint.c computes it, multiplied out:
# ≈ 2¹³·√2·cos((2n+1)kπ/16), where equal cosines may differ by one, since the constants are
# rounded to 13 bits before they are added. The inverse is the transpose.
_ISLOW: Final = torch.tensor(
    [
        [8192, 8192, 8192, 8192, 8192, 8192, 8192, 8192],
        [11363, 9633, 6437, 2260, -2260, -6437, -9633, -11363],
        [10703, 4433, -4433, -10703, -10703, -4433, 4433, 10703],
        [9633, -2259, -11362, -6436, 6436, 11362, 2259, -9633],
        [8192, -8192, -8192, 8192, 8192, -8192, -8192, 8192],
        [6437, -11362, 2261, 9633, -9633, -2261, 11362, -6437],
        [4433, -10704, 10704, -4433, -4433, 10704, -10704, 4433],
        [2260, -6436, 9633, -11363, 11363, -9633, 6436, -2260],
    ],
    dtype=torch.float64,
)
_CONST_BITS: Final = 13  # fraction bits of the constants (jfdctint.c)
_PASS1_BITS: Final = 2  # fraction bits kept between the passes


def through_codec(plane: Tensor, table: Tensor) -> Tensor:
    """Quantise a plane of centred samples and decode it again.

    ``table`` is (N, 8, 8). Returns centred samples, -128–127, float32.
    """
    return inverse(quantised(forward(plane), table) * _spread(table))


def forward(plane: Tensor) -> Tensor:
    """8 × the DCT of each block: (N, H/8, 8, W/8, 8), float32, whole numbers below 2¹⁵."""
    count, height, width = plane.shape
    rows = plane.double().reshape(-1, 8) @ _ISLOW.to(plane.device).T
    rows = _descale(rows, _CONST_BITS - _PASS1_BITS).reshape(-1, 8, width)
    both = _descale(_ISLOW.to(plane.device) @ rows, _CONST_BITS + _PASS1_BITS)
    return both.float().reshape(count, height // 8, 8, width // 8, 8)


def quantised(coefficients: Tensor, table: Tensor) -> Tensor:
    """Divide 8 × DCT by 8 × step, rounding halves away from zero (jcdctmgr.c).

    The quotient of whole numbers below 2²⁴ rounds to no whole number that it doesn't reach, so
    float32 gives libjpeg's integers.
    """
    step = _spread(table)
    size = coefficients.abs().add_(4 * step).div_(8 * step).floor_()
    return size.copysign_(coefficients)


def inverse(coefficients: Tensor) -> Tensor:
    """Centred samples of dequantised coefficients, clamped to 8 bits: (N, H, W), float32."""
    count, rows, _, columns, _ = coefficients.shape
    matrix = _ISLOW.to(coefficients.device)
    first = matrix.T @ coefficients.double().reshape(-1, 8, 8 * columns)
    first = _descale(first, _CONST_BITS - _PASS1_BITS).reshape(-1, 8)
    samples = _descale(first @ matrix, _CONST_BITS + _PASS1_BITS + 3)
    return samples.clamp_(-128, 127).float().reshape(count, 8 * rows, 8 * columns)


def _spread(table: Tensor) -> Tensor:
    return table[:, None, :, None, :].float()


def _descale(value: Tensor, bits: int) -> Tensor:
    return value.add_(2.0 ** (bits - 1)).mul_(2.0**-bits).floor_()
