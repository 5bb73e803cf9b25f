"""Colour conversion and chroma filtering of libjpeg-turbo, exact or unrounded (torch).

Planes are float tensors (N, H, W) of centred samples, -128–127; pictures are (N, 3, H, W), 0–255.
Every stage ends in a `Descale`: `whole` gives libjpeg's own integers, bit by bit; `unrounded`
gives the linear map under them, for gradients. Whole numbers below 2²⁴ are exact in float32, and
no intermediate value here reaches that.
"""

from collections.abc import Callable
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional as F

from channel.profile import Subsampling

Descale = Callable[[Tensor, int, int], Tensor]
Planes = tuple[Tensor, Tensor, Tensor]

FACTORS: Final[dict[Subsampling, tuple[int, int]]] = {  # luma samples a chroma sample: down, across
    "4:4:4": (1, 1),
    "4:2:2": (1, 2),
    "4:2:0": (2, 2),
}


def whole(value: Tensor, bits: int, bias: int) -> Tensor:
    """Shift right as C does: ⌊(value + bias) / 2^bits⌋."""
    return (value + bias).mul_(2.0**-bits).floor_()


def unrounded(value: Tensor, bits: int, bias: int) -> Tensor:
    """Divide by 2^bits; the bias of a rounding is left out with the rounding."""
    return value * 2.0**-bits


def ycc_from_rgb(picture: Tensor, descale: Descale) -> Planes:
    """JFIF's Y, Cb and Cr with the 16-bit constants of jccolor.c."""
    red, green, blue = picture.unbind(1)
    y = 19595 * red + 38470 * green + 7471 * blue
    cb = -11059 * red - 21709 * green + 32768 * blue
    cr = 32768 * red - 27439 * green - 5329 * blue
    return descale(y, 16, 32768) - 128, descale(cb, 16, 32767), descale(cr, 16, 32767)


def rgb_from_ycc(planes: Planes, descale: Descale) -> Tensor:
    """RGB, not clamped, with the 16-bit constants of jdcolor.c."""
    y, cb, cr = planes
    red = descale(91881 * cr, 16, 32768)
    green = descale(-22554 * cb - 46802 * cr, 16, 32768)
    blue = descale(116130 * cb, 16, 32768)
    return torch.stack((red, green, blue), 1) + (y + 128)[:, None]


def pad(plane: Tensor, rows: int, columns: int) -> Tensor:
    """Repeat the last row and column until both sides are multiples (jcprepct.c, jcsample.c)."""
    height, width = plane.shape[-2:]
    if height % rows == 0 and width % columns == 0:
        return plane
    margin = (0, -width % columns, 0, -height % rows)
    return F.pad(plane[None], margin, mode="replicate")[0]


def downsample(plane: Tensor, subsampling: Subsampling, descale: Descale) -> Tensor:
    """Mean of each group of chroma samples, biases alternating along a row (jcsample.c)."""
    down, across = FACTORS[subsampling]
    if across == 1:
        return plane
    plane = pad(plane, down, 8 * across)
    total = plane[..., ::2] + plane[..., 1::2]
    if down == 2:
        total = total[..., ::2, :] + total[..., 1::2, :]
    even = descale(total[..., ::2], down, down - 1)
    odd = descale(total[..., 1::2], down, down)
    return torch.stack((even, odd), -1).flatten(-2)


def upsample(
    plane: Tensor, size: tuple[int, int], subsampling: Subsampling, descale: Descale
) -> Tensor:
    """Triangle filter of libjpeg's "fancy upsampling" (jdsample.c), cut to a height and width.

    As there, chroma of at most two samples a row is repeated instead.
    """
    down, across = FACTORS[subsampling]
    if across == 1:
        return plane
    if plane.shape[-1] <= 2:
        plane = plane.repeat_interleave(down, -2).repeat_interleave(across, -1)
        return plane[..., : size[0], : size[1]]
    bits, biases = 2, (1, 2)
    if down == 2:
        above, below = _neighbours(plane, -2)
        plane = torch.stack((3 * plane + above, 3 * plane + below), -2).flatten(-3, -2)
        bits, biases = 4, (8, 7)
    before, after = _neighbours(plane, -1)
    left = descale(3 * plane + before, bits, biases[0])
    right = descale(3 * plane + after, bits, biases[1])
    return torch.stack((left, right), -1).flatten(-2)[..., : size[0], : size[1]]


def _neighbours(plane: Tensor, dim: int) -> tuple[Tensor, Tensor]:
    length = plane.shape[dim]
    first, last = plane.narrow(dim, 0, 1), plane.narrow(dim, length - 1, 1)
    before = torch.cat((first, plane.narrow(dim, 0, length - 1)), dim)
    after = torch.cat((plane.narrow(dim, 1, length - 1), last), dim)
    return before, after
