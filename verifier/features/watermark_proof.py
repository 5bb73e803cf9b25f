"""Whether a picture holds the camera's watermark, or a periodic structure of its own.

Charts, half-tones and tiles are periodic, JPEG leaves a period of 8 pixels in every photograph, and
whoever resizes a photograph makes another period of that. All of them have lines where a watermark
of 32 pixels may have lines too, at one scale or another, so the height of lines proves nothing.
What a camera embedded is detected by more: the *phases* of many lines fit the watermark at once, in
most quarters of the picture. A structure of the picture's own has phases of its own, which fit at
some lines by chance and not at others.

Every block of one period votes with its spectrum. A vote is bounded (P. J. Huber, *Robust
Estimation of a Location Parameter*, Annals of Mathematical Statistics 35, 1964), so that a few
blocks with strong edges don't outvote all others. The sum of votes along the watermark's phase is a
matched filter; what stands at a right angle to that phase can't be the watermark's, and measures
the picture's own.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from verifier.features.dct_histogram import luma
from verifier.features.watermark_sync import (
    MATCHED,
    MeasuredPattern,
    Sync,
    spectra_of,
    squares_of,
)

Pixels = NDArray[np.uint8]
Array = NDArray[np.float64]
Spectrum = NDArray[np.complexfloating]

# Lines with less of the energy of the watermark's strongest are left out; those with less than the
# second share are taken as lines that it doesn't use.
_LEAST_ENERGY: Final = 3e-3
_UNUSED: Final = 1e-4
# Cycles a period: below it is the picture's own shading.
_LOWEST: Final = 3
_HIGHEST: Final = 0.47  # cycles a downloaded pixel, as in `watermark_sync`
# JPEG's blocks, downloaded pixels, and how near to their harmonics a line is one of theirs, in
# cycles over the whole picture.
_BLOCK, _OF_JPEG = 8, 2.0
_LEAST_LINES: Final = 3
_LEAST_PERIODS: Final = 16
_FLAT: Final = 1e-6
# How strong a watermark must be, in deviations of chance, and how well its lines' phases must
# agree. The more places were tried, the better: two where the camera embedded it or that halved;
# each scale from the picture's corner; each scale from any corner. Chance gives an agreement of 0
# with a deviation of 1, and no picture one above the root of twice its lines. Thresholds by what
# ``camsim evaluate graphics`` and ``camsim evaluate unknown-camera`` print (docs/results/pair.md).
STRONG: Final = 5.5
STRONG_SEARCHED: Final = 7.0
AGREEING: Final = 2.9
AGREEING_SCALED: Final = 3.8
AGREEING_CROPPED: Final = 5.0
# A watermark too weak for single lines to be seen is believed where it was embedded, and only if
# the picture has no structure at lines that the watermark uses, nor at others: 1 is that of noise.
# Blocks of 16 pixels, as WebP has, are symmetric: at half a size they stand along the watermark's
# phase, with either sign, and nothing beside it. Then phases agree by less than this share of the
# strength.
WEAK: Final = 2.5
_QUIET: Final = 1.5
_OF_ONE_SIGN: Final = 0.5
# Of the four quarters so many must show it, by at least one deviation each.
_QUARTERS, _QUARTERS_OF_WEAK, _SHOWN = 3, 2, 1.0
_UNSCALED: Final = ((1.0, 1.0), (0.5, 0.5))


@dataclass(frozen=True)
class WatermarkProof:
    """The evidence for a watermark at the place where it was found.

    Attributes
    ----------
    sync
        That place.
    strength
        Of the matched filter, in deviations of chance, or of what stands ``beside`` if that is
        more.
    agreement
        How well phases fit, given how high the picture's lines are: 0 ± 1 by chance, and at most
        the root of twice the number of lines that stand out.
    beside
        Energy at the watermark's lines, at a right angle to its phase: 1 is noise.
    unused
        Energy at lines that the watermark doesn't use: 1 is noise.
    quarters
        Of the matched filter in each quarter of the picture, in deviations of chance.
    """

    sync: Sync
    strength: float = 0.0
    agreement: float = 0.0
    beside: float = 0.0
    unused: float = 0.0
    quarters: tuple[float, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether it is the camera's watermark, at the false-alarm rate of docs/results/pair.md."""
        shown = sum(quarter >= _SHOWN for quarter in self.quarters)
        if any(self.sync.offset):
            return shown >= _QUARTERS and self._is(STRONG_SEARCHED, AGREEING_CROPPED)
        if self.sync.scale not in _UNSCALED:
            return shown >= _QUARTERS and self._is(STRONG_SEARCHED, AGREEING_SCALED)
        if shown >= _QUARTERS and self._is(STRONG, AGREEING):
            return True
        return shown >= _QUARTERS_OF_WEAK and self._weak_in_a_quiet_picture

    def _is(self, strong: float, agreeing: float) -> bool:
        return self.strength >= strong and self.agreement >= agreeing

    @property
    def _weak_in_a_quiet_picture(self) -> bool:
        matches = self.sync.match >= MATCHED and self.strength >= WEAK
        agrees = self.agreement >= min(AGREEING, _OF_ONE_SIGN * self.strength)
        return matches and agrees and max(self.beside, self.unused) <= _QUIET


def prove_watermark(
    brought_back: Pixels, pattern: MeasuredPattern, sync: Sync, size: tuple[int, int]
) -> WatermarkProof:
    """Prove whether the watermark that `find_watermark` found is there.

    Parameters
    ----------
    brought_back
        (H, W, 3), uint8: what `verifier.features.watermark_sync.synchronised` gives.
    pattern, sync
        The watermark, and the place to which the picture was brought back.
    size
        Rows and columns of the picture as downloaded.
    """
    lines = lines_of(brought_back, pattern, sync, size)
    return WatermarkProof(sync) if lines is None else proof_of(lines, sync)


@dataclass(frozen=True)
class Lines:
    """What a picture holds at a watermark's lines.

    Attributes
    ----------
    found
        (5, L), turned by the watermark's phase, of the picture and its quarters: the watermark's
        part is real, and chance gives either part a deviation of 1.
    weights
        (L,) of the lines.
    unused
        See `WatermarkProof`.
    down, across
        (L,) cycles a period.
    side
        Of a period, pixels.
    """

    found: Spectrum
    weights: Array
    unused: float
    down: Array
    across: Array
    side: int


def lines_of(
    brought_back: Pixels, pattern: MeasuredPattern, sync: Sync, size: tuple[int, int]
) -> Lines | None:
    """Return what a picture holds at a watermark's lines; None if they are too few."""
    spectra = spectra_of(luma(brought_back), int(pattern.period * sync.grid))
    wanted = np.fft.rfft2(pattern.resampled(sync.grid))
    used, unused = _lines(wanted, pattern.period, sync, size)
    if spectra.shape[0] * spectra.shape[1] < _LEAST_PERIODS or used.sum() < _LEAST_LINES:
        return None
    votes = _votes(spectra)
    summed = [_summed(part) for part in (votes, *_quarters(votes))]
    others = summed[0][unused]
    side = len(wanted)
    down, across = np.nonzero(used)
    return Lines(
        found=np.stack([one[used] for one in summed]) * np.exp(-1j * np.angle(wanted[used])),
        weights=np.sqrt(np.abs(wanted[used])),
        unused=float(np.square(np.abs(others)).mean() / 2) if others.size else 0.0,
        down=np.where(down > side // 2, down - side, down).astype(np.float64),
        across=across.astype(np.float64),
        side=side,
    )


def proof_of(lines: Lines, sync: Sync) -> WatermarkProof:
    """Return the evidence for a watermark by its lines."""
    found, weights = lines.found[0], lines.weights
    heights = float(np.sqrt(np.square(np.abs(weights * found)).sum() / 2))
    beside = float((weights**2 * found.imag**2).sum() / (weights**2).sum())
    return WatermarkProof(
        sync=sync,
        strength=_along(found, weights) / max(1.0, beside) ** 0.5,
        agreement=float((weights * found.real).sum() / max(heights, _FLAT)),
        beside=beside,
        unused=lines.unused,
        quarters=tuple(_along(quarter, weights) for quarter in lines.found[1:]),
    )


def used_lines(
    wanted: Spectrum, period: int, sync: Sync, size: tuple[int, int]
) -> NDArray[np.bool_]:
    """Return which places of the half spectrum ``wanted`` are the watermark's lines, as downloaded.

    Parameters
    ----------
    wanted
        (side, side // 2 + 1), of one period on `Sync.grid`.
    period, sync, size
        As of `prove_watermark`; ``period`` is the pattern's own.
    """
    return _lines(wanted, period, sync, size)[0]


def _lines(
    wanted: Spectrum, period: int, sync: Sync, size: tuple[int, int]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which places of the half spectrum are the watermark's lines, and which are unused."""
    side = len(wanted)
    down, across = np.rint(np.fft.fftfreq(side) * side)[:, None], np.arange(side // 2 + 1)[None]
    rows, columns = (
        cycles / period / scale for cycles, scale in zip((down, across), sync.scale, strict=True)
    )
    seen = np.maximum(np.abs(rows), np.abs(columns)) < _HIGHEST
    seen &= ~(_is_of_jpeg(rows, size[0]) & _is_of_jpeg(columns, size[1]))
    seen &= (across > 0) | (down > 0)  # the spectrum of real values is even
    seen &= (np.abs(down) < side // 2) & (across < side // 2)
    energy = np.square(np.abs(wanted))
    fine = np.maximum(np.abs(down), across) >= _LOWEST
    used: NDArray[np.bool_] = seen & (energy > _LEAST_ENERGY * energy.max())
    return used, seen & fine & (energy < _UNUSED * energy.max())


def _is_of_jpeg(frequency: Array, side: int) -> NDArray[np.bool_]:
    cycles = frequency * _BLOCK
    near: NDArray[np.bool_] = np.abs(cycles - np.rint(cycles)) / _BLOCK * side < _OF_JPEG
    return near


def _votes(spectra: Spectrum) -> Spectrum:
    """Bound the sizes of each period's spectrum by the mean: (rows, columns, side, …)."""
    sizes = np.sqrt(squares_of(spectra))
    least = np.maximum(sizes.mean(axis=(0, 1)), np.float32(_FLAT))
    votes: Spectrum = spectra / np.maximum(sizes, least, out=sizes)
    return votes


def _summed(votes: Spectrum) -> Spectrum:
    """Sum votes over periods, so that chance gives each part of a line a deviation of 1."""
    squares = squares_of(votes).sum(axis=(0, 1))
    total: Spectrum = votes.sum(axis=(0, 1)) / np.sqrt(np.maximum(squares, _FLAT) / 2)
    return total


def _along(found: Spectrum, weights: Array) -> float:
    return float((weights * found.real).sum() / np.sqrt(np.square(weights).sum()))


def _quarters(votes: Spectrum) -> list[Spectrum]:
    middle, centre = votes.shape[0] // 2, votes.shape[1] // 2
    halves = votes[:middle], votes[middle:]
    return [part for half in halves for part in (half[:, :centre], half[:, centre:])]
