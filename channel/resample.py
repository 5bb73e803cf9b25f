"""The resampling filters of platforms: exact on 8-bit pixels, and as matrices for gradients.

The filters of Pillow are Pillow's own code. The others are separable and written out here: each is
a row of neighbours and weights per output pixel.
"""

from collections.abc import Callable
from typing import Final, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from channel.errors import ChannelValueError

Resampling = Literal[
    "lanczos",
    "bicubic",
    "hamming",
    "bilinear",
    "box",
    "catmull-rom",
    "blackman-sinc",
    "area",
    "unweighted-box",
    "point-bilinear",
    "supersampled-bilinear",
]
Pixels = NDArray[np.uint8]
Taps = tuple[NDArray[np.int64], NDArray[np.float64]]  # neighbours and weights, (after, count)

PILLOW_FILTERS: Final = {
    "lanczos": Image.Resampling.LANCZOS,
    "bicubic": Image.Resampling.BICUBIC,
    "hamming": Image.Resampling.HAMMING,
    "bilinear": Image.Resampling.BILINEAR,
    "box": Image.Resampling.BOX,
}


def resized(pixels: Pixels, size: tuple[int, int], resampling: Resampling) -> Pixels:
    """Resize 8-bit pixels as the platforms with that filter do.

    Parameters
    ----------
    pixels
        (H, W, 3) or (H, W), uint8.
    size
        Height and width of the result, at least 1.
    resampling
        One of `Resampling`.

    Raises
    ------
    ChannelValueError
        For an unknown filter or a size below 1.
    """
    return np.asarray(resized_image(Image.fromarray(pixels), size, resampling))


def resized_image(image: Image.Image, size: tuple[int, int], resampling: Resampling) -> Image.Image:
    """Do what `resized` does, on a picture of Pillow in mode RGB or L."""
    if resampling not in get_args(Resampling):
        raise ChannelValueError(
            f"resampling is {resampling!r}; choose one of {', '.join(get_args(Resampling))}"
        )
    height, width = size
    if min(size) < 1:
        raise ChannelValueError(f"size is {size}; give a height and a width of at least 1")
    if image.size == (width, height):
        return image
    if resampling in PILLOW_FILTERS:
        # Pass by pass: from version 13 on, Pillow itself may take the vertical one first.
        kernel = PILLOW_FILTERS[resampling]
        return image.resize((width, image.height), kernel).resize((width, height), kernel)
    return Image.fromarray(_rounded_to_8_bits(np.asarray(image), size, resampling))


def _rounded_to_8_bits(pixels: Pixels, size: tuple[int, int], resampling: Resampling) -> Pixels:
    rounded = np.floor if resampling == "supersampled-bilinear" else _rounded  # as measured
    return np.clip(rounded(unrounded(pixels, size, resampling)), 0, 255).astype(np.uint8)


def unrounded(pixels: Pixels, size: tuple[int, int], resampling: Resampling) -> NDArray[np.float64]:
    """Resize without the last rounding: fractions of levels, not clamped; vertical pass first.

    Between the passes the box of Telegram rounds to 8 bits, halves up, and the filter of Facebook
    cuts fractions off; the others keep them (measured, see docs/channel.md).
    """
    down = _filtered(pixels.astype(np.float64), taps(pixels.shape[0], size[0], resampling), 0)
    if resampling == "unweighted-box":
        down = _rounded(down)
    elif resampling == "supersampled-bilinear":
        down = np.floor(down)
    return _filtered(down, taps(pixels.shape[1], size[1], resampling), 1)


def matrix(before: int, after: int, resampling: Resampling) -> NDArray[np.float64]:
    """Resampling along one side as a matrix (after, before); rows sum to 1."""
    neighbours, weights = taps(before, after, resampling)
    result = np.zeros((after, before))
    np.add.at(result, (np.arange(after)[:, None], neighbours), weights)
    return result


def taps(before: int, after: int, resampling: Resampling) -> Taps:
    """Neighbours and their weights for each output pixel along one side."""
    if before == after:
        return np.arange(after)[:, None], np.ones((after, 1))
    if resampling in _KERNELS:
        kernel, support = _KERNELS[resampling]
        return _kernel_taps(before, after, kernel, support)
    return _TAPS[resampling](before, after)


def _rounded(values: NDArray[np.float64]) -> NDArray[np.float64]:
    halves_up: NDArray[np.float64] = np.floor(values + 0.5 + 1e-9)  # however sums were rounded
    return halves_up


def _filtered(values: NDArray[np.float64], taps_: Taps, axis: int) -> NDArray[np.float64]:
    neighbours, weights = taps_
    values = np.moveaxis(values, axis, 0)
    result = np.zeros((len(neighbours), *values.shape[1:]))
    for column in range(neighbours.shape[1]):
        weight = weights[:, column].reshape(-1, *[1] * (values.ndim - 1))
        result += weight * values[neighbours[:, column]]
    return np.moveaxis(result, 0, axis)


def _kernel_taps(
    before: int,
    after: int,
    kernel: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    support: float,
) -> Taps:
    """Stretch the kernel when shrinking (antialiasing), as Pillow's Resample.c does."""
    stretch = max(before / after, 1.0)
    centre = (np.arange(after) + 0.5) * (before / after)  # its order of operations, for ties
    radius = support * stretch
    first = (centre - radius + 0.5).astype(np.int64).clip(0)
    last = (centre + radius + 0.5).astype(np.int64).clip(None, before)
    neighbours = first[:, None] + np.arange(int((last - first).max()))
    weights = kernel((neighbours - centre[:, None] + 0.5) * (1 / stretch))
    weights = np.where(neighbours < last[:, None], weights, 0.0)
    return neighbours.clip(0, before - 1), weights / weights.sum(1, keepdims=True)


def _lanczos(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where((x >= -3) & (x < 3), np.sinc(x) * np.sinc(x / 3), 0.0)


def _catmull_rom(x: NDArray[np.float64]) -> NDArray[np.float64]:
    x = np.abs(x)
    near = (1.5 * x - 2.5) * x * x + 1
    far = ((-0.5 * x + 2.5) * x - 4) * x + 2
    return np.where(x < 1, near, np.where(x < 2, far, 0.0))


def _hamming(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(np.abs(x) < 1, np.sinc(x) * (0.54 + 0.46 * np.cos(np.pi * x)), 0.0)


def _triangle(x: NDArray[np.float64]) -> NDArray[np.float64]:
    height: NDArray[np.float64] = np.maximum(1 - np.abs(x), 0.0)
    return height


def _box(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where((x > -0.5) & (x <= 0.5), 1.0, 0.0)


def _blackman_sinc(x: NDArray[np.float64]) -> NDArray[np.float64]:
    window = 0.42 + 0.5 * np.cos(np.pi * x / 3) + 0.08 * np.cos(2 * np.pi * x / 3)
    return np.where(np.abs(x) < 3, np.sinc(x) * window, 0.0)


def _area_taps(before: int, after: int) -> Taps:
    """Weight each pixel by how much of it lies in the footprint of the new one."""
    step = before / after
    start = np.arange(after) * step
    neighbours = np.floor(start).astype(np.int64)[:, None] + np.arange(int(np.ceil(step)) + 1)
    end = np.minimum(neighbours + 1, (start + step)[:, None])
    covered = (end - np.maximum(neighbours, start[:, None])).clip(0)
    return neighbours.clip(0, before - 1), covered / step


def _unweighted_box_taps(before: int, after: int) -> Taps:
    """Average the pixels whose centre lies in the footprint, or on its upper edge."""
    if after > before:
        return _point_bilinear_taps(before, after)
    edges = (2 * np.arange(after + 1) * before + after) // (2 * after)
    count = np.diff(edges)
    neighbours = edges[:-1, None] + np.arange(int(count.max()))
    weights = np.where(neighbours < edges[1:, None], 1 / count[:, None], 0.0)
    return neighbours.clip(0, before - 1), weights


def _point_bilinear_taps(before: int, after: int) -> Taps:
    """Interpolate between the two nearest pixels only, however much the picture shrinks."""
    position = (np.arange(after) + 0.5) * before / after - 0.5
    left = np.floor(position).astype(np.int64)
    share = position - left
    neighbours = np.stack([left, left + 1], 1).clip(0, before - 1)
    return neighbours, np.stack([1 - share, share], 1)


def _supersampled_bilinear_taps(before: int, after: int) -> Taps:
    """Average two point-bilinear samples a pixel."""
    neighbours, weights = _point_bilinear_taps(before, 2 * after)
    return neighbours.reshape(after, 4), weights.reshape(after, 4) / 2


_KERNELS: Final[dict[str, tuple[Callable[[NDArray[np.float64]], NDArray[np.float64]], float]]] = {
    "lanczos": (_lanczos, 3.0),
    "bicubic": (_catmull_rom, 2.0),  # Pillow's a = -0.5
    "hamming": (_hamming, 1.0),
    "bilinear": (_triangle, 1.0),
    "box": (_box, 0.5),
    "catmull-rom": (_catmull_rom, 2.0),
    "blackman-sinc": (_blackman_sinc, 3.0),
}
_TAPS: Final[dict[str, Callable[[int, int], Taps]]] = {
    "area": _area_taps,
    "unweighted-box": _unweighted_box_taps,
    "point-bilinear": _point_bilinear_taps,
    "supersampled-bilinear": _supersampled_bilinear_taps,
}
