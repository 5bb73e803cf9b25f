"""Edges by J. Canny, *A Computational Approach to Edge Detection*, IEEE PAMI 1986.

The variant is OpenCV's: 3×3 Sobel gradients without smoothing before, their
strength |gx| + |gy|, thinned along the nearest of four directions, and kept where it is above the
upper threshold, or above the lower and joined to such a pixel. In numpy, because it is all that a
newsroom's install would need OpenCV's 60 MB for.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]

LOW: Final = 50  # Huang et al.: thresholds of 50 and 100
HIGH: Final = 100
_TAN_22: Final = float(np.tan(np.pi / 8))
# Rows at a time: the gradients of a picture of 12 megapixels would take 200 MB.
_STRIP: Final = 256


def canny(pixels: Pixels, low: int = LOW, high: int = HIGH) -> NDArray[np.bool_]:
    """Find edges.

    Parameters
    ----------
    pixels
        (H, W, 3), uint8, sRGB.
    low, high
        Thresholds of |gx| + |gy|; a step of one level between halves of even colour has 4.

    Returns
    -------
    (H, W), True on edges.
    """
    grey = np.pad(_grey(pixels), 2, mode="edge")
    height = pixels.shape[0]
    strength = np.concatenate(
        [
            _thinned(grey[start : min(start + _STRIP, height) + 4], low, high)
            for start in range(0, height, _STRIP)
        ]
    )
    return _joined(strength)


def _grey(pixels: Pixels) -> NDArray[np.int16]:
    """Round luma (ITU-R BT.601), halves up: in integers, which no processor rounds otherwise."""
    red, green, blue = np.moveaxis(pixels.astype(np.int32), 2, 0)
    grey: NDArray[np.int16] = ((299 * red + 587 * green + 114 * blue + 500) // 1000).astype(
        np.int16
    )
    return grey


def _thinned(grey: NDArray[np.int16], low: int, high: int) -> NDArray[np.uint8]:
    """Mark ridges of the gradient: 1 above ``low``, 2 above ``high``; (H + 4, W + 4) to (H, W)."""
    across = grey[:, 2:] - grey[:, :-2]
    gx = across[:-2] + 2 * across[1:-1] + across[2:]
    down = grey[2:] - grey[:-2]
    gy = down[:, :-2] + 2 * down[:, 1:-1] + down[:, 2:]
    ax, ay = np.abs(gx), np.abs(gy)
    size = ax + ay
    within = np.zeros(size.shape, np.bool_)
    within[1:-1, 1:-1] = size[1:-1, 1:-1] > low
    at = np.flatnonzero(within)
    sizes, width = size.ravel(), size.shape[1]
    value, x, y = sizes.take(at), ax.ravel().take(at), ay.ravel().take(at)
    same = (gx ^ gy).ravel().take(at) >= 0  # signs
    level, steep = y < _TAN_22 * x, x < _TAN_22 * y
    # Places to the neighbour: left–right, up–down, or along a diagonal.
    diagonal = np.where(same, width + 1, width - 1)
    step = np.where(level, 1, np.where(steep, width, diagonal))
    # Of a plateau of equal strength one side is kept.
    ridge = (value > sizes.take(at - step)) & (value >= sizes.take(at + step))
    marks = np.zeros(size.shape, np.uint8)
    marks.ravel()[at[ridge]] = np.where(value[ridge] > high, 2, 1)
    return marks[1:-1, 1:-1]


def _joined(marks: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Keep what is marked 2, and what is marked 1 and reached from it over its eight neighbours."""
    height, width = marks.shape
    flat = np.pad(marks, 1).ravel()
    stride = width + 2
    around = np.array([-stride - 1, -stride, -stride + 1, -1, 1, stride - 1, stride, stride + 1])
    kept = flat == 2
    front = np.flatnonzero(kept)
    while len(front):
        near = (front[:, None] + around).ravel()
        front = np.unique(near[(flat[near] == 1) & ~kept[near]])
        kept[front] = True
    return np.asarray(kept.reshape(height + 2, stride)[1:-1, 1:-1])
