"""A picture made smaller by averaging areas, exactly: the same values on every machine."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def area_average(pixels: NDArray[Any], width: int, height: int) -> NDArray[np.uint8]:
    """Average the values of a picture, as coded, over equal rectangles.

    Parameters
    ----------
    pixels
        (H, W, 3), uint8 or uint16; neither side is smaller than the result's.
    width, height
        Of the result.

    Returns
    -------
    (height, width, 3) uint8. Value *i*, *j* is the mean of what lies between the rows
    *i*·H/height and (*i*+1)·H/height and the columns *j*·W/width and (*j*+1)·W/width; a pixel that
    is cut counts by the part that lies inside. Halves are rounded up; of 16 bits 65,535 is 255.

    Notes
    -----
    All sums are whole numbers, so their order doesn't matter. Rows are summed in floating point,
    which is exact there: up to 2²⁴ of 8 bits in 32, up to 2⁵³ of 16 bits in 64. Besides the result
    only the rows of one row of it are held.
    """
    tall, wide = pixels.shape[:2]
    most = int(np.iinfo(pixels.dtype).max)
    kind: type[np.floating[Any]] = np.float32 if most * tall < 2**24 else np.float64
    columns, parts = np.divmod(np.arange(width + 1) * wide, width)
    whole = tall * wide * most
    result = np.empty((height, width, 3), np.uint8)
    row = np.zeros((wide + 1, 3), np.int64)
    before = np.zeros((wide + 1, 3), np.int64)  # sums of all columns to the left
    for number in range(height):
        first, weights = _rows(number, tall, height)
        band = pixels[first : first + len(weights)].astype(kind, order="C")
        row[:wide] = (weights.astype(kind) @ band.reshape(len(weights), -1)).reshape(wide, 3)
        np.cumsum(row[:wide], axis=0, out=before[1:])
        left = width * before[columns] + parts[:, None] * row[columns]
        result[number] = (2 * 255 * np.diff(left, axis=0) + whole) // (2 * whole)
    return result


def _rows(number: int, tall: int, height: int) -> tuple[int, NDArray[np.int64]]:
    """Return the first row of a rectangle, and of each row how much lies inside, in 1/height."""
    top, bottom = number * tall, (number + 1) * tall
    first, last = top // height, -(-bottom // height)
    edges = np.clip(np.arange(first, last + 1) * height, top, bottom)
    return first, np.diff(edges)
