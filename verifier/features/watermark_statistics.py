"""What all 8×8 blocks of a picture synchronised with a camera's watermark say together.

A patch has 256 blocks, a picture a hundred times as many: what is noise in a patch is measured well
in the picture. Each coefficient that carries the watermark has two features: what its means
keep of it, and what must have been there before JPEG rounded it
(`verifier.features.watermark_amplitude`).
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from verifier.features.dct_histogram import block_coefficients, luma
from verifier.features.watermark_amplitude import Amplitude, Blocks, amplitude
from verifier.features.watermark_sync import MeasuredPattern, Sync

Pixels = NDArray[np.uint8]
Vector = NDArray[np.float32]

VERSION: Final = 4
"""Changes when the numbers of a picture do: a network learns from those of one version."""

BLOCK: Final = 8
GRIDS: Final = (1.0, 0.5)
# Energies, in levels², of the blocks whose means are taken, from somewhat to much textured.
_SOME, _TEXTURED = 3000.0, 30000.0
_WEIGHTS: Final = 3
# A block of whose luma a fifth lies so near to black or white doesn't show all of a watermark.
_CUT_OFF, _MOST_CUT_OFF = 5, 0.2
# Coefficients with less of the pattern's energy, in levels² over the period, are left out.
_LEAST_ENERGY: Final = 0.3
_MOST_GAIN: Final = 4.0
# Bring the statistics to about the size of one.
_SURENESS, _WIDTH, _SHAPE, _STEP, _COUNT = 0.25, 0.5, 0.5, 1 / 3, 0.25
_EVIDENCE: Final = 10.0
_MOST_DEVIATIONS, _DEVIATION = 60.0, 20.0
_STRENGTH: Final = 4.0
# Amplitudes between which edits lie: a smoothed watermark's and a resampled one's differ by 0.1,
# and those of all edits by 2.
_BETWEEN: Final = np.array([0.1, 0.25, 0.4, 0.55, 0.8, 1.1])
_SOFTNESS: Final = 0.12
_OF_AMPLITUDE: Final = 9 + len(_BETWEEN)
_OF_PICTURE: Final = 7


def statistics_count(pattern: MeasuredPattern) -> int:
    """Return how many numbers `watermark_statistics` gives for a pattern."""
    carrying = sum(len(_carrying(pattern, grid)) for grid in GRIDS)
    return (_WEIGHTS + _OF_AMPLITUDE) * carrying + _OF_PICTURE


def watermark_statistics(pixels: Pixels, pattern: MeasuredPattern, sync: Sync) -> Vector:
    """Describe a picture that `verifier.features.watermark_sync.match` gave.

    Parameters
    ----------
    pixels
        (H, W, 3), uint8, at least one block.
    pattern, sync
        The watermark, and how it stood in the picture as downloaded.

    Returns
    -------
    (`statistics_count`,) float32: of each coefficient that carries the watermark what is left of it
    (1: all) in means over even, somewhat and much textured blocks, and its `Amplitude`, zeros for
    those of the grid that the picture isn't on; how many blocks show the watermark; and the sync.
    """
    blocks = _blocks(pixels)
    means = _means_by_place(blocks, pattern)
    scale = sync.scale[0]
    parts = [
        *(_gains(means, pattern, grid, here=grid == sync.grid) for grid in GRIDS),
        *(_amplitudes(blocks, pattern, grid, here=grid == sync.grid) for grid in GRIDS),
        _COUNT * np.log([max(1.0, float(blocks.kept.sum()))]),
        [np.log(scale), sync.grid == 1.0, scale == 1.0, scale == 0.5],
        np.arcsinh(np.array([sync.strength, sync.match]) / _STRENGTH) / 2,
    ]
    return np.concatenate([np.asarray(part).ravel() for part in parts]).astype(np.float32)


def _blocks(pixels: Pixels) -> Blocks:
    rows, columns = (side // BLOCK for side in pixels.shape[:2])
    whole = pixels[: rows * BLOCK, : columns * BLOCK]
    cut_off = luma(((whole <= _CUT_OFF) | (whole >= 255 - _CUT_OFF)).astype(np.uint8))
    share = cut_off.reshape(rows, BLOCK, columns, BLOCK).mean(axis=(1, 3)).ravel()
    coefficients = block_coefficients(luma(whole), most=rows * columns)[:, 1:]
    return Blocks(coefficients, (rows, columns), share < _MOST_CUT_OFF)


def _means_by_place(blocks: Blocks, pattern: MeasuredPattern) -> NDArray[np.float64]:
    """Average coefficients at each place of the period: (weights, places, 63)."""
    coefficients, shape = blocks.coefficients, blocks.shape
    energy = np.square(coefficients).sum(axis=1)
    means = []
    for weight in (
        1 / (energy + _SOME),
        energy / np.square(energy + _SOME),
        energy / np.square(energy + _TEXTURED),
    ):
        shown = weight[:, None] * blocks.kept[:, None]
        weighted = _sums_by_place(coefficients * shown, shape, pattern)
        total = _sums_by_place(shown, shape, pattern)
        means.append(weighted / np.maximum(total, 1e-9))
    return np.stack(means)


def _sums_by_place(
    values: NDArray[np.floating], blocks: tuple[int, int], pattern: MeasuredPattern
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
    means: NDArray[np.float64], pattern: MeasuredPattern, grid: float, *, here: bool
) -> NDArray[np.float64]:
    """Return the share of the pattern that stands in the means of the coefficients that carry it.

    Zeros where the picture is on the other grid.
    """
    carrying = _carrying(pattern, grid)
    if not here:
        return np.zeros((len(means), len(carrying)))
    embedded = pattern.blocks(grid)[:, carrying]
    gains = (means[:, :, carrying] * embedded).sum(axis=1) / np.square(embedded).sum(axis=0)
    clipped: NDArray[np.float64] = np.clip(gains, -_MOST_GAIN, _MOST_GAIN)
    return clipped


def _amplitudes(
    blocks: Blocks, pattern: MeasuredPattern, grid: float, *, here: bool
) -> NDArray[np.float64]:
    """Return `Amplitude` of the coefficients that carry the pattern; zeros as `_gains` does."""
    carrying = _carrying(pattern, grid)
    if not here:
        return np.zeros((len(carrying), _OF_AMPLITUDE))
    places = pattern.period // BLOCK
    embedded = pattern.blocks(grid).reshape(places, places, -1)
    return np.array([_numbers(amplitude(blocks, embedded[:, :, one], one)) for one in carrying])


def _numbers(found: Amplitude) -> tuple[float, ...]:
    deviations = np.clip(found.value * found.sureness, -_MOST_DEVIATIONS, _MOST_DEVIATIONS)
    return (
        found.value,
        _SURENESS * np.log1p(found.sureness),
        np.arcsinh(found.evidence / _EVIDENCE) / 4,
        _WIDTH * found.width,
        _STEP * np.log(found.step),
        deviations / _DEVIATION,
        _SHAPE * found.filled,
        _SHAPE * found.second,
        found.last,
        *np.tanh((found.value - _BETWEEN) / _SOFTNESS),
    )


def _carrying(pattern: MeasuredPattern, grid: float) -> NDArray[np.int64]:
    energy = np.square(pattern.blocks(grid)).sum(axis=0)
    return np.flatnonzero(energy > _LEAST_ENERGY)
