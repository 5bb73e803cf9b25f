"""The mean of what lies around each value."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float32]

# Rows at a time, so that the sums stay in a processor's cache.
_STRIP: Final = 32


def box_mean(values: NDArray[np.floating], side: int) -> Plane:
    """Average over squares of an odd side, edges continued.

    Few values are added to each other, so float32 is enough: a running sum over a whole picture
    would need more.

    Parameters
    ----------
    values
        (H, W).
    side
        1, 3, 5…

    Returns
    -------
    (H, W), float32.
    """
    half = side // 2
    padded = np.pad(values.astype(np.float32, copy=False), half, mode="edge")
    mean = np.empty(values.shape, np.float32)
    for top in range(0, len(values), _STRIP):
        strip = padded[top : top + _STRIP + 2 * half]
        mean[top : top + _STRIP] = _window_sums(_window_sums(strip, side).T, side).T
    mean /= np.float32(side**2)
    return mean


def _window_sums(values: Plane, side: int) -> Plane:
    """Sum ``side`` neighbours along the first axis, by sums of 1, 2, 4… of them."""
    count = len(values) - side + 1
    sums, width, start = values, 1, 0
    total: Plane | None = None
    while True:
        if side & width:
            part = sums[start : start + count]
            total = part if total is None else total + part
            start += width
        if 2 * width > side:
            assert total is not None  # the highest bit of ``side`` is set
            return total
        sums = sums[:-width] + sums[width:]
        width *= 2
