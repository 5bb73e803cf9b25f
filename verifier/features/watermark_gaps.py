"""Parts of a picture in which the camera's watermark is missing, though it would be seen there.

A camera embeds its watermark in the whole picture, about as strong everywhere. What was pasted in
from elsewhere, painted over or smoothed doesn't have it, however small a share of the picture it
is. So the watermark is measured part by part: M. Goljan, J. Fridrich and others look for the
fingerprint of a sensor so (*Digital camera identification from sensor pattern noise*, IEEE TIFS 1,
2006, and M. Chen et al., *Determining image origin and integrity using sensor noise*, IEEE TIFS 3,
2008).

Nothing is said of parts where a watermark can't be seen: burnt out or black, or so smooth that JPEG
left nothing of it. And who pastes from a picture of the same camera, grid-aligned, is not found.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from verifier.features.dct_histogram import luma
from verifier.features.watermark_proof import used_lines
from verifier.features.watermark_sync import (
    MOST_BACK,
    MeasuredPattern,
    Sync,
    spectra_of,
    synchronised,
)

Pixels = NDArray[np.uint8]
Array = NDArray[np.float64]
Box = tuple[int, int, int, int]

# Periods a side of a part, and by how many parts are apart.
_PART, _STEP = 4, 2
_LEAST_PERIODS: Final = 8  # of a part, where a watermark would be seen
# Levels nearer to black or white than the watermark is high, and the share of a period that may be
# so.
_DARK, _BRIGHT, _CLIPPED = 4, 251, 0.05
# The watermark of a part is missing if it is below this share of what the better periods have, by
# so many standard errors.
_MISSING: Final = 0.2
_REFERENCE: Final = 0.75
_SURE: Final = 5.0
# JPEG rounds what is smooth to nothing, the watermark with it: such periods have less than this
# share of the watermark's own energy at its lines.
_KILLED: Final = 0.02
_MEDIAN_ERROR, _FROM_MAD = 1.2533, 1.4826  # of a normal distribution
_LEAST_NOISE: Final = 0.01


@dataclass(frozen=True)
class WatermarkGaps:
    """Parts without the watermark.

    Attributes
    ----------
    judged
        How many parts could be judged; they overlap.
    missing
        In how many of them the watermark is missing.
    box
        Left, top, right and bottom of what holds all those, in pixels as downloaded; None for none.
    """

    judged: int = 0
    missing: int = 0
    box: Box | None = None


NO_GAPS: Final = WatermarkGaps()
"""Where no part was looked at."""


def watermark_gaps(pixels: Pixels, pattern: MeasuredPattern, sync: Sync) -> WatermarkGaps:
    """Look for parts without the watermark, in all of a picture.

    Parameters
    ----------
    pixels
        (H, W, 3), uint8: as downloaded.
    pattern, sync
        The watermark, and how it lies there: its proof must hold.
    """
    windows = list(_windows(pixels, pattern, sync))
    reference = _reference([window.amounts[window.seen] for window in windows])
    judged, boxes = 0, []
    for window in windows:
        seen = window.seen & (window.loud >= _KILLED * reference**2)
        parts = _parts(window.amounts, seen)
        judged += len(parts)
        boxes += [
            window.box(place) for place, part in parts.items() if _is_missing(part, reference)
        ]
    return WatermarkGaps(judged, len(boxes), _around(boxes))


@dataclass(frozen=True)
class _Window:
    """A share of the picture, as large as `synchronised` takes one, in whole periods.

    ``amounts``, ``loud`` and ``seen`` are (rows, columns), a value a period: how much of the
    watermark is in it (1 as embedded; the imaginary part is chance's alone), how much there is at
    its lines, and whether it could be seen. ``corner`` and ``step`` are downloaded pixels.
    """

    amounts: NDArray[np.complexfloating]
    loud: Array
    seen: NDArray[np.bool_]
    corner: tuple[float, float]
    step: tuple[float, float]

    def box(self, place: tuple[int, int]) -> Box:
        """Return where the part of a row and column of periods lies in the picture."""
        top, left = (c + s * p for c, s, p in zip(self.corner, self.step, place, strict=True))
        height, width = (_PART * s for s in self.step)
        return round(left), round(top), round(left + width), round(top + height)


def _windows(pixels: Pixels, pattern: MeasuredPattern, sync: Sync) -> Iterator[_Window]:
    side = int(pattern.period * sync.grid)
    step = sync.scale[0] / sync.grid * side, sync.scale[1] / sync.grid * side
    size = pixels.shape[:2]
    rows, columns = (
        _stretches(whole, offset, period, side)
        for whole, offset, period in zip(size, sync.offset, step, strict=True)
    )
    for top, bottom in rows:
        for left, right in columns:
            corner = int(top), int(left)
            window = pixels[corner[0] : int(np.ceil(bottom)), corner[1] : int(np.ceil(right))]
            there = replace(sync, offset=(top - corner[0], left - corner[1]))
            brought_back = synchronised(window, there, pattern.period)
            amounts, loud = _amounts(brought_back, pattern, sync, (size[0], size[1]))
            yield _Window(amounts, loud, ~_clipped(brought_back, side), (top, left), step)


def _stretches(whole: int, offset: float, period: float, side: int) -> list[tuple[float, float]]:
    """Cut a side into stretches of whole periods, each at most what `synchronised` takes."""
    periods = int((whole - offset) / period + 1e-6)
    count = -(-periods // (MOST_BACK // side))
    cuts = [periods * number // max(1, count) for number in range(count + 1)]
    ends = [min(float(whole), offset + cut * period) for cut in cuts]
    return list(pairwise(ends))


def _amounts(
    brought_back: Pixels, pattern: MeasuredPattern, sync: Sync, size: tuple[int, int]
) -> tuple[NDArray[np.complexfloating], Array]:
    """Return each period's share of the watermark, and how much there is at its lines."""
    wanted = np.fft.rfft2(pattern.resampled(sync.grid))
    used = used_lines(wanted, pattern.period, sync, size)
    found = spectra_of(luma(brought_back), len(wanted))[..., used]
    wanted = wanted[used]
    embedded = np.square(np.abs(wanted))
    noise = np.median(np.square(np.abs(found)), axis=(0, 1))
    weights = 1 / np.maximum(noise, _LEAST_NOISE * embedded)  # JPEG leaves some lines empty
    energy = float((weights * embedded).sum())
    loud: Array = (weights * np.square(np.abs(found))).sum(-1) / energy
    return (weights * found * np.conj(wanted)).sum(-1) / energy, loud


def _parts(
    amounts: NDArray[np.complexfloating], seen: NDArray[np.bool_]
) -> dict[tuple[int, int], NDArray[np.complexfloating]]:
    """Return of each part that can be judged, by its row and column, what its periods hold."""
    parts = {}
    for row in range(0, max(1, len(amounts) - _PART + 1), _STEP):
        for column in range(0, max(1, amounts.shape[1] - _PART + 1), _STEP):
            part = np.s_[row : row + _PART, column : column + _PART]
            if seen[part].sum() >= _LEAST_PERIODS:
                parts[row, column] = amounts[part][seen[part]]
    return parts


def _clipped(brought_back: Pixels, side: int) -> NDArray[np.bool_]:
    rows, columns = brought_back.shape[0] // side, brought_back.shape[1] // side
    whole = brought_back[: rows * side, : columns * side]
    red, green, blue = (_ends(whole[..., colour]) for colour in range(3))
    ends = (red | green | blue).reshape(rows, side, columns, side)
    clipped: NDArray[np.bool_] = ends.sum(axis=3).sum(axis=1) / side**2 > _CLIPPED
    return clipped


def _ends(levels: NDArray[np.uint8]) -> NDArray[np.bool_]:
    ends: NDArray[np.bool_] = (levels <= _DARK) | (levels >= _BRIGHT)
    return ends


def _reference(amounts: Sequence[NDArray[np.complexfloating]]) -> float:
    """Return how much of the watermark the picture's better parts have."""
    seen = np.concatenate([np.zeros(0), *(window.real for window in amounts)])
    return max(0.0, float(np.quantile(seen, _REFERENCE))) if seen.size else 0.0


def _is_missing(amounts: NDArray[np.complexfloating], reference: float) -> bool:
    middle = float(np.median(amounts.real))
    errors = np.abs(np.concatenate((amounts.real - middle, amounts.imag)))
    error = _MEDIAN_ERROR * _FROM_MAD * float(np.median(errors)) / len(amounts) ** 0.5
    # What lies far on the other side is a structure of the picture, which hides the watermark.
    return bool(abs(middle) + _SURE * error < _MISSING * reference)


def _around(boxes: Sequence[Box]) -> Box | None:
    if not boxes:
        return None
    left, top, right, bottom = zip(*boxes, strict=True)
    return min(left), min(top), max(right), max(bottom)
