"""Histograms of quantised DCT coefficients, and what they show of an earlier JPEG generation.

Method: J. Fridrich, J. Lukáš, *Estimation of Primary Quantization Matrix in Double Compressed JPEG
Images*, DFRWS 2003, section 3: coefficients of the picture shifted off its block grid stand for
those that were never quantised; each candidate for the first step is simulated on them, and the
nearest histogram decides. Here one quality of Annex K is fitted to several coefficients at once.

The 909-vector of a patch: I. Amerini, T. Uricchio, R. Caldelli, *Tracing Images Back to Their
Social Network of Origin: A CNN-Based Approach*, WIFS 2017, section III.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from channel import jpeg_tables
from channel.jpeg_tables import zigzag

Plane = NDArray[np.float32]

# Rec. ITU-T T.871, clause 7.
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
# Coefficients 1–9 in zig-zag order: the higher ones are mostly zero after a second compression.
COEFFICIENTS: Final = tuple(int(place) for place in zigzag()[1:10])
_LARGEST = 40
_QUALITIES = range(40, 100)
# Number of the quality of 95: from there on steps are of a level or two, and leave no trace.
_FINEST = 55
# Blocks that are looked at, evenly spread: more don't sharpen the histograms.
_MOST_BLOCKS = 40_000
_LEAST_BLOCKS = 400
# The mean share of blocks in which a coefficient isn't 0. Gradients, charts and codes that were
# coded once have up to 0.09 and reach a gain of 2 to 90; 57 of 61 pictures have more than 0.1.
_LEAST_DETAIL = 0.1
# Text and other drawings have blocks without any detail beside blocks full of it. Of 112 pages of
# text that were coded once 46 seemed coded before; these two shares tell all 112 of them from 180
# of 182 photographs, coded once or twice.
_DRAWN_EMPTY = 0.25
_DRAWN_FULL = 0.8
_SHIFT = 4
_UNEXPECTED = 1e-4  # of levels, where none is expected
# Of the divergences of nine coefficients together: photographs coded twice have 0.03 to 0.15.
_MOST_UNEXPLAINED = 0.25
# Amerini et al. 2017: patches of 64×64, levels from −50 to 50 of the first nine AC coefficients.
PATCH: Final = 64
MOST_LEVEL: Final = 50
LEVELS: Final = 2 * MOST_LEVEL + 1
PATCH_BINS: Final = len(COEFFICIENTS) * LEVELS
_PATCHES_AT_ONCE: Final = 512
# Rows of a picture whose floating-point copies stay in a processor's cache.
_STRIP: Final = 64
# The one-dimensional DCT of T.81 A.3.3 as a matrix: row = frequency.
_DCT = np.float32(0.5) * np.cos(np.pi / 16 * np.outer(np.arange(8), 2 * np.arange(8) + 1)).astype(
    np.float32
)
_DCT[0] /= np.float32(np.sqrt(2))
# Levels of a patch are counted, and a count must not depend on how a processor or a library adds
# up: luma in thousandths and the transform in 2⁻¹⁶ are whole numbers, whose sums (below 2⁴¹) are
# exact in float64 in any order. (64, 9): pixels of a block, row by row, to the nine coefficients.
_THOUSANDTHS = np.array([299, 587, 114], np.float64)
_FINENESS = 2.0**16
_NINE = np.rint(
    _FINENESS
    * np.stack([np.outer(_DCT[i // 8], _DCT[i % 8]).ravel() for i in COEFFICIENTS], axis=1)
).astype(np.float64)


@dataclass(frozen=True)
class EarlierCompression:
    """The quality of an earlier JPEG generation that explains the histograms best.

    Attributes
    ----------
    quality
        Of an earlier generation that was coarser, if there was one.
    gain
        By how much that explains them better: the distance without it over that with it.
    finer
        The same quality by the levels that aren't 0 alone, which show a finer one, too.
    finer_gain
        By how much, likewise; 1 where no quality explains them, as in graphics.
    """

    quality: int
    gain: float
    finer: int = 0
    finer_gain: float = 1.0


def luma(pixels: NDArray[np.uint8]) -> Plane:
    """Bring (H, W, 3) uint8 sRGB to luma, (H, W) float32 in [0, 255]."""
    plane: Plane = np.empty(pixels.shape[:2], np.float32)
    for top in range(0, len(pixels), _STRIP):
        strip = slice(top, top + _STRIP)
        np.matmul(pixels[strip].astype(np.float32), _LUMA, out=plane[strip])
    return plane


def block_coefficients(plane: Plane, most: int = _MOST_BLOCKS) -> Plane:
    """DCT coefficients (T.81 A.3.3) of 8×8 blocks from the top left corner: (N, 64).

    Of more than ``most`` blocks, bands of whole block rows are taken, evenly spread.
    """
    rows, width = _bands(plane.shape, most)
    if not rows.size:
        return np.zeros((0, 64), np.float32)
    lines = plane[rows, : width * 8].reshape(-1, 8, width * 8)
    down = _DCT @ (lines - np.float32(128))
    both: Plane = down.reshape(-1, 8) @ _DCT.T
    return both.reshape(-1, 8, width, 8).transpose(0, 2, 1, 3).reshape(-1, 64)


def _bands(shape: tuple[int, ...], most: int) -> tuple[NDArray[np.int64], int]:
    """Choose whole block rows of a picture: their rows of pixels, and how many blocks one has."""
    height, width = (side // 8 for side in shape[:2])
    if not height or not width:
        return np.zeros(0, np.int64), 0
    bands = np.unique(np.linspace(0, height - 1, max(1, min(height, most // width))).astype(int))
    return (8 * bands[:, None] + np.arange(8)).ravel(), width


def _some_coefficients(pixels: NDArray[np.uint8]) -> Plane:
    """Return the `block_coefficients` of (H, W, 3) uint8 pixels; only theirs become luma."""
    rows, width = _bands(pixels.shape, _MOST_BLOCKS)
    return block_coefficients(luma(pixels[rows, : width * 8]))


def patch_histograms(
    pixels: NDArray[np.uint8], places: Sequence[tuple[int, int]]
) -> NDArray[np.uint8]:
    """Count how often each level of nine DCT coefficients occurs in patches: the 909-vector.

    Parameters
    ----------
    pixels
        (H, W, 3), uint8, sRGB.
    places
        Left and top of each patch of 64×64, on the grid of 8×8 blocks.

    Returns
    -------
    (N, 909), uint8: of the AC coefficients 1 to 9 of the luma, in zig-zag order, 101 counts each,
    of the levels −50 to 50 (the DCT of T.81 A.3.3, rounded). A patch has 64 blocks; larger levels
    are left out.
    """
    found = np.zeros((len(places), PATCH_BINS), np.uint8)
    for start in range(0, len(places), _PATCHES_AT_ONCE):
        some = places[start : start + _PATCHES_AT_ONCE]
        cut = np.stack([pixels[y : y + PATCH, x : x + PATCH] for x, y in some])
        found[start : start + len(some)] = _counts(patch_levels(cut))
    return found


def patch_levels(patches: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Transform and round patches, alike on every processor.

    Parameters
    ----------
    patches
        (N, 64, 64, 3), uint8, sRGB.

    Returns
    -------
    (N, 64, 9): of each block, row by row, the levels of the coefficients `COEFFICIENTS`.
    """
    count, side = len(patches), PATCH // 8
    planes = patches.astype(np.float64) @ _THOUSANDTHS
    blocks = planes.reshape(count, side, 8, side, 8).transpose(0, 1, 3, 2, 4).reshape(-1, 64)
    rounded = np.rint(blocks @ _NINE / (_FINENESS * _THOUSANDTHS.sum()))
    levels: NDArray[np.int64] = rounded.astype(np.int64)
    return levels.reshape(count, side * side, len(COEFFICIENTS))


def _counts(patches: NDArray[np.int64]) -> NDArray[np.uint8]:
    count, blocks = patches.shape[:2]
    levels = patches.reshape(count, -1)
    coefficient = np.tile(np.arange(len(COEFFICIENTS)) * LEVELS, blocks)
    places = levels + MOST_LEVEL + coefficient + np.arange(count)[:, None] * PATCH_BINS
    kept = places[np.abs(levels) <= MOST_LEVEL]
    counts = np.bincount(kept, minlength=count * PATCH_BINS).astype(np.uint8)
    return counts.reshape(count, PATCH_BINS)


def earlier_compression(
    pixels: NDArray[np.uint8], steps: Sequence[int]
) -> EarlierCompression | None:
    """Look for a JPEG generation before the last one, on the same block grid.

    Parameters
    ----------
    pixels
        (H, W, 3), uint8, decoded from the file and not resized.
    steps
        The file's 64 luma steps in natural order.

    Returns
    -------
    EarlierCompression or None
        The best fitting quality, found or not (see ``gain``); None for too few blocks, too little
        in them, or text and other drawings, whose edges look like an earlier generation.
    """
    last = np.maximum(np.asarray(steps, np.float32), 1)  # hostile files have steps of 0
    observed = _some_coefficients(pixels)
    free = _some_coefficients(pixels[_SHIFT:, _SHIFT:])
    if len(observed) < _LEAST_BLOCKS or len(free) < _LEAST_BLOCKS:
        return None
    if not _is_natural(observed, last):
        return None
    without = np.zeros(len(_DISTANCES))
    distances = np.zeros((len(_DISTANCES), len(_QUALITIES)))
    for place in COEFFICIENTS:
        histogram = _histogram(observed[:, place] / last[place])
        values = np.ascontiguousarray(free[:, place])
        once = _histogram(values / last[place])
        without += [distance(histogram, once) for distance in _DISTANCES]
        first_steps = [int(_annex_k(quality)[place]) for quality in _QUALITIES]
        expected = {s: _requantised(values, s, float(last[place])) for s in set(first_steps)}
        for kind, distance in enumerate(_DISTANCES):
            by_step = {step: distance(histogram, of[kind]) for step, of in expected.items()}
            distances[kind] += [by_step[step] for step in first_steps]
    distances[1, _FINEST:] = np.inf
    best = distances.argmin(axis=1)
    gains = without / np.maximum(distances.min(axis=1), 1e-9)
    fits = distances[1].min() <= _MOST_UNEXPLAINED
    return EarlierCompression(
        quality=_QUALITIES[best[0]],
        gain=float(gains[0]),
        finer=_QUALITIES[best[1]],
        finer_gain=float(gains[1]) if fits else 1.0,
    )


def _is_natural(coefficients: Plane, steps: Plane) -> bool:
    """Whether there is detail, and spread over blocks as in photographs."""
    places = list(COEFFICIENTS)
    there = np.rint(coefficients[:, places] / steps[places]) != 0
    some = there.any(axis=1)
    if there.mean() < _LEAST_DETAIL:
        return False
    return bool(1 - some.mean() < _DRAWN_EMPTY or there[some].mean() < _DRAWN_FULL)


def _requantised(values: Plane, first: int, last: float) -> tuple[NDArray[np.float64], ...]:
    """Return histograms of values that were rounded to a first step, and to the last one.

    There are few first levels, so each is rounded to the last step but once. What lies in the
    middle of two is rounded to even in the first histogram. In the second it is rounded to either
    as often, as by what the pixels' own rounding adds.
    """
    levels = np.rint(values / first).astype(np.int64)
    lowest = int(levels.min())
    counts = np.bincount(levels - lowest)
    twice = np.arange(lowest, lowest + len(counts)).astype(np.float32) * np.float32(first / last)
    between = np.isclose(np.abs(twice - np.rint(twice)), 0.5)
    below, above = (
        _histogram(np.where(between, rounding(twice), twice), counts)
        for rounding in (np.floor, np.ceil)
    )
    return _histogram(twice, counts), (below + above) / 2


def _histogram(levels: Plane, counts: NDArray[np.int64] | None = None) -> NDArray[np.float64]:
    """Shares of the levels from −40 to 40; larger ones are left out.

    ``counts`` says how often each stands for, where it isn't once.
    """
    whole = np.rint(levels).astype(np.int64) + _LARGEST
    kept = (whole >= 0) & (whole <= 2 * _LARGEST)
    weights = None if counts is None else counts[kept]
    total = len(levels) if counts is None else int(counts.sum())
    return np.bincount(whole[kept], weights, 2 * _LARGEST + 1) / max(total, 1)


def _distance(observed: NDArray[np.float64], expected: NDArray[np.float64]) -> float:
    return float(np.square(observed - expected).sum())


def _divergence(observed: NDArray[np.float64], expected: NDArray[np.float64]) -> float:
    """Kullback and Leibler's, of levels that aren't 0: how many are 0 differs from grid to grid."""
    seen, awaited = (_share_of_levels(one) for one in (observed, expected))
    awaited = (awaited + _UNEXPECTED) / (1 + _UNEXPECTED * len(awaited))
    there = seen > 0
    return float((seen[there] * np.log(seen[there] / awaited[there])).sum())


def _share_of_levels(histogram: NDArray[np.float64]) -> NDArray[np.float64]:
    levels = np.delete(histogram, _LARGEST)
    return levels / max(float(levels.sum()), 1e-9)


_DISTANCES: Final = (_distance, _divergence)
"""The first is Fridrich and Lukáš's; most of it is the many zeros of a coarser generation."""


@cache
def _annex_k(quality: int) -> NDArray[np.int64]:
    return jpeg_tables.annex_k(quality)[0].ravel()
