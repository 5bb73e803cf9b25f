"""What a JPEG file's rounding leaves of a faint pattern, by laying another into the same picture.

Of a coefficient that JPEG rounded only its range is known. Coefficients are drawn from their
ranges, as Laplacian ones of their frequency and activity lie there (Price & Rabbani, *Biased
reconstruction for JPEG decoding*, Signal Processing Letters 1999). A pattern is added, and all are
rounded again. Encoders that weigh bits against distortion, as mozjpeg, drop more than rounding
does: how much, a file doesn't say.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from verifier.watermark.place import Array

BLOCK = 8
GREY = 128
CLASSES = 12  # of blocks, by activity
LEAST_RATE, MOST_RATE = 1e-4, 8.0  # of a Laplacian, for one level
SEED = 0


def left_by_rounding(luma: Array, steps: Sequence[int], pattern: Array) -> Array:
    """Return what is left of a pattern that is laid into a JPEG file's picture, and rounded.

    Parameters
    ----------
    luma
        (H, W) levels, as decoded: at its own size, not turned.
    steps
        64 quantisation steps of luma, by rows.
    pattern
        (H, W) levels.

    Returns
    -------
    (H, W) float32, the difference that the pattern makes. Of blocks that are cut off at the lower
    and right edges it is the pattern itself.
    """
    height, width = (side - side % BLOCK for side in luma.shape)
    table = np.asarray(steps, np.float32).reshape(1, BLOCK, 1, BLOCK)
    rounded = np.rint(_coefficients(luma[:height, :width] - GREY) / table)
    before = _drawn(rounded, table)
    after = before + _coefficients(pattern[:height, :width]) / table
    left = np.array(pattern, np.float32)
    left[:height, :width] = _plane((np.rint(after) - rounded) * table)
    return left


def _drawn(rounded: Array, table: Array) -> Array:
    """Draw what was rounded, in steps: all arrays are (rows, 8, columns, 8)."""
    share = np.random.Generator(np.random.PCG64(SEED)).random(rounded.shape, dtype=np.float32)
    rates = _rates(rounded, table) * table  # for one step
    # A range that isn't zero's falls off exponentially; zero's does so to both sides.
    away = np.log1p(share * np.expm1(-rates)) / -rates - np.float32(0.5)
    side = 2 * share - 1
    about = np.sign(side) * np.log1p(np.abs(side) * np.expm1(-rates / 2)) / -rates
    drawn: Array = rounded + np.where(rounded == 0, about, np.sign(rounded) * away)
    return drawn


def _rates(rounded: Array, table: Array) -> Array:
    """Estimate the rate of each coefficient's Laplacian, for one level."""
    size = np.abs(rounded) * table
    activity = _around(size.sum((1, 3)) - size[:, 0, :, 0])
    order = np.argsort(np.argsort(activity, axis=None, kind="stable"), kind="stable")
    classes = (order * CLASSES // activity.size).reshape(activity.shape)
    by_class = np.ones((CLASSES, BLOCK, BLOCK), np.float32)
    for number in np.unique(classes):
        rows, columns = np.nonzero(classes == number)
        by_class[number] = _rate(size[rows, :, columns, :], table[0, :, 0, :])
    return by_class[classes].swapaxes(1, 2)


def _rate(size: Array, table: Array) -> Array:
    """Return the likeliest rate of (N, 8, 8) sizes after rounding, by frequency: (8, 8)."""
    count, zeros, total = len(size), (size == 0).sum(0), size.sum(0)
    most = 2 * count * table + 4 * total
    root = np.square(zeros * table) - (2 * (count - zeros) * table - 4 * total) * most
    ratio = (np.sqrt(np.maximum(root, 0)) - zeros * table) / most
    least = 1 / (4.0 * count)  # where all are zero, a quarter of one is taken not to be
    rate = -2 / table * np.log(np.clip(ratio, least, 1 - 1e-6))
    rates: Array = np.clip(rate, LEAST_RATE, MOST_RATE).astype(np.float32)
    return rates


def _around(values: Array) -> Array:
    """Average (rows, columns) values with their neighbours."""
    views = np.lib.stride_tricks.sliding_window_view(np.pad(values, 1, mode="edge"), (3, 3))
    mean: NDArray[np.floating] = views.mean((2, 3))
    return mean.astype(np.float32)


def _coefficients(plane: Array) -> Array:
    """Transform (H, W) levels into (rows, 8, columns, 8) coefficients (ITU-T T.81, A.3.3)."""
    height, width = plane.shape
    down = COSINES @ plane.astype(np.float32).reshape(-1, BLOCK, width)
    across: Array = np.matmul(down.reshape(-1, BLOCK), COSINES.T, dtype=np.float32)
    return across.reshape(height // BLOCK, BLOCK, width // BLOCK, BLOCK)


def _plane(coefficients: Array) -> Array:
    """Transform coefficients back."""
    rows, _, columns, _ = coefficients.shape
    across = coefficients.reshape(-1, BLOCK) @ COSINES
    plane: Array = COSINES.T @ across.reshape(rows, BLOCK, columns * BLOCK)
    whole: Array = plane.reshape(rows * BLOCK, columns * BLOCK)
    return whole


def _cosines() -> NDArray[np.float32]:
    frequency, place = np.mgrid[0:BLOCK, 0:BLOCK]
    cosines: NDArray[np.floating] = np.cos(np.pi * frequency * (2 * place + 1) / (2 * BLOCK)) / 2
    cosines[0] /= np.sqrt(2)
    return cosines.astype(np.float32)


COSINES = _cosines()
