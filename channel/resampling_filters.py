"""The resampling filters of platforms, one side at a time: neighbours and weights of each pixel.

Those of Pillow are written out too, for gradients; pixels go through Pillow's own code.
"""

from collections.abc import Callable
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

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
Taps = tuple[NDArray[np.int64], NDArray[np.float64]]  # neighbours and weights, (after, count)


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
