"""What all 8×8 blocks of a picture in step with a camera's trace say together.

A patch has 256 blocks, a picture a hundred times as many: what is noise in the mean of a patch's
coefficients is told plainly by the picture's. The statistics are of the kind of
`verifier.training.block_statistics`, over the whole picture, and with weights that also let
textured blocks speak: where texture dithers JPEG's rounding, what is left of the trace stays in
proportion to it.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from verifier.features.dct_histogram import block_coefficients, luma
from verifier.features.trace_sync import Sync, TracePattern

Pixels = NDArray[np.uint8]
Vector = NDArray[np.float32]

BLOCK: Final = 8
COEFFICIENTS: Final = BLOCK**2 - 1  # without the mean
GRIDS: Final = (1.0, 0.5)
# Energies, in levels², of the blocks that speak most, from even to textured.
_EVEN, _SOME, _TEXTURED = 200.0, 3000.0, 30000.0
_WEIGHTS: Final = 3
# Coefficients with less of the pattern's energy, in levels² over the period, are left out.
_LEAST_ENERGY: Final = 0.3
# Coefficients within so many levels of 0 are those that compression has emptied.
_EMPTY: Final = 1.0
# Bring the statistics to about the size of one.
_MEAN_GAIN, _LOG_GAIN, _COUNT_GAIN = 0.25, 0.4, 0.25
_MOST_GAIN: Final = 4.0
_STRENGTH: Final = 4.0


def statistics_count(pattern: TracePattern) -> int:
    """Return how many numbers `trace_statistics` gives for a pattern."""
    gains = sum(len(_carrying(pattern, grid)) for grid in GRIDS)
    places = len(pattern.blocks(1.0))
    return _WEIGHTS * (gains + places * len(_of_trace(pattern))) + 5 * COEFFICIENTS + 6


def trace_statistics(pixels: Pixels, pattern: TracePattern, sync: Sync) -> Vector:
    """Describe a picture that `verifier.features.trace_sync.in_step` gave.

    Parameters
    ----------
    pixels
        (H, W, 3), uint8, at least one block.
    pattern, sync
        The trace, and how it lay in the picture as received.

    Returns
    -------
    (`statistics_count`,) float32: what is left of the trace in each coefficient that carries it (1:
    all of it), and those coefficients' means at each place of the period, in even, somewhat and
    much textured blocks; of all coefficients means in even blocks, and log energies and shares of
    zeros over all and over even blocks; how many blocks there are; and the sync.
    """
    rows, columns = (side // BLOCK for side in pixels.shape[:2])
    coefficients = block_coefficients(luma(pixels), most=rows * columns)[:, 1:]
    squares = np.square(coefficients)
    energy = squares.sum(axis=1)
    even = 1 / (energy + _EVEN)
    even /= even.sum()
    empty = (np.abs(coefficients) < _EMPTY).astype(np.float32)
    means = _means_by_place(coefficients, energy, (rows, columns), pattern)
    scale = sync.scale[0]
    parts = [
        *(_gains(means, pattern, grid, here=grid == sync.grid) for grid in GRIDS),
        _MEAN_GAIN * means[:, :, _of_trace(pattern)],
        _MEAN_GAIN * (even @ coefficients),
        _LOG_GAIN * np.log(squares.mean(axis=0) + 0.1),
        _LOG_GAIN * np.log(even @ squares + 0.1),
        empty.mean(axis=0) - 0.5,
        even @ empty - 0.5,
        _COUNT_GAIN * np.log([rows * columns]),
        [np.log(scale), sync.grid == 1.0, scale == 1.0, scale == 0.5],
        [np.arcsinh(sync.strength / _STRENGTH) / 2],
    ]
    return np.concatenate([np.ravel(part) for part in parts]).astype(np.float32)


def _means_by_place(
    coefficients: Vector, energy: Vector, blocks: tuple[int, int], pattern: TracePattern
) -> NDArray[np.float64]:
    """Average coefficients at each place of the period: (weights, places, 63)."""
    means = []
    for weight in (
        1 / (energy + _SOME),
        energy / np.square(energy + _SOME),
        energy / np.square(energy + _TEXTURED),
    ):
        weighted = _sums_by_place(coefficients * weight[:, None], blocks, pattern)
        total = _sums_by_place(weight[:, None], blocks, pattern)
        means.append(weighted / np.maximum(total, 1e-9))
    return np.stack(means)


def _sums_by_place(
    values: NDArray[np.floating], blocks: tuple[int, int], pattern: TracePattern
) -> NDArray[np.float64]:
    """Sum (blocks, N) values over the blocks at each place of the period: (places, N)."""
    period = pattern.period // BLOCK
    rows, columns = blocks
    count = values.shape[1]
    beyond = [(0, -side % period) for side in blocks]
    whole = np.pad(values.reshape(rows, columns, count), [*beyond, (0, 0)])
    down, across = (side // period for side in whole.shape[:2])
    by_place = whole.reshape(down, period, across, period, count)
    sums: NDArray[np.float64] = by_place.sum(axis=(0, 2), dtype=np.float64)
    return sums.reshape(period**2, count)


def _gains(
    means: NDArray[np.float64], pattern: TracePattern, grid: float, *, here: bool
) -> NDArray[np.float64]:
    """Return the share of the pattern that stands in the means of the coefficients that carry it.

    Zeros where the picture is on the other grid.
    """
    carrying = _carrying(pattern, grid)
    if not here:
        return np.zeros((len(means), len(carrying)))
    laid = pattern.blocks(grid)[:, carrying]
    gains = (means[:, :, carrying] * laid).sum(axis=1) / np.square(laid).sum(axis=0)
    clipped: NDArray[np.float64] = np.clip(gains, -_MOST_GAIN, _MOST_GAIN)
    return clipped


def _carrying(pattern: TracePattern, grid: float) -> NDArray[np.int64]:
    energy = np.square(pattern.blocks(grid)).sum(axis=0)
    return np.flatnonzero(energy > _LEAST_ENERGY)


def _of_trace(pattern: TracePattern) -> NDArray[np.int64]:
    return np.union1d(*(_carrying(pattern, grid) for grid in GRIDS))
