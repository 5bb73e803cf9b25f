"""Scale and corner at which a camera's periodic watermark lies in a downloaded picture.

A platform that resizes a picture resizes the watermark that its camera embedded. The watermark is
periodic, so it stands in the picture's spectrum as lines at known multiples of one frequency, and
the scale is one at which those lines are high. Such synchronisation by a periodic pattern's
peaks is old in watermarking (M. Kutter, *Watermarking resistant to translation, rotation, and
scaling*, SPIE 3528, 1998). Most watermarks are where the camera embedded them, or at half of their
size, from the corner: there the phases of the lines are known too, and periods are matched with the
watermark, which finds it when its lines are lost in noise. Resized back to the camera's own grid,
or to half of it, the picture is synchronised with the watermark again, wherever platforms left it.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from verifier.features.box_mean import box_mean
from verifier.features.dct_histogram import block_coefficients, luma
from verifier.features.period_spectra import period_spectra

Pixels = NDArray[np.uint8]
Plane = NDArray[np.float32]
Array = NDArray[np.float64]
Pair = tuple[float, float]  # of rows and of columns

# Scales that are looked at, and by what they differ: the lines of a picture of 2,048 pixels are no
# narrower. Below the smallest too few lines are left to distinguish a watermark from JPEG's
# blocks, whose period of 8 pixels a watermark of 32 has at a quarter of its size.
SMALLEST_SCALE: Final = 0.3
LARGEST_SCALE: Final = 1.6
_STEP: Final = 4e-4
# Pixels a side that are searched, from the upper left: more make it slower and no surer.
_MOST_SIDE: Final = 2048
_LEAST_SIDE: Final = 64
# Lines with less of the pattern's energy are left out, and those that came near to the highest
# frequency or fall on the harmonics of JPEG's blocks.
_LEAST_ENERGY: Final = 1e-3
_HIGHEST: Final = 0.47  # cycles a pixel
_BLOCK: Final = 8
# The picture's own content is taken away by a mean over so many pixels, edges are cut off.
_SMOOTH, _LARGEST = 9, 20.0
# Of the spectrum's bins, a side: what stands for the noise around a line.
_AROUND: Final = 25
_MOST_LINE: Final = 40.0
# The highest of nine neighbouring bins of noise: mean and deviation, in means of the noise.
_NOISE, _DEVIATION = 2.9, 1.3
_LEAST_LINES: Final = 3
# A strength that noise alone hardly has. Below it a picture is taken as if no platform had scaled
# it, or by a half, where the lines are higher; those scales are also preferred by so much.
FOUND: Final = 10.0
_UNSEEN: Final = 3.0  # pictures without the watermark hardly reach that
_PREFERENCE: Final = 4.0
_UNSCALED: Final = (1.0, 0.5)
# Scales as near to one of those may be that one. They are if rows or columns differ by less than
# so many pixels from corner to corner (platforms keep the ratio of sides) and the others by a few.
# Or if all differ by a few and the lines are hardly lower there: weak ones are found no better.
_NEAR: Final = 0.02
_SAME, _ABOUT_SAME = 0.6, 2.0
_AS_HIGH: Final = 0.8
# Lines are some bins wide: scales about as strong as the strongest lie around the true one.
_AS_STRONG: Final = 0.97
# The camera's grid is gone back to above this scale, half of it below.
_FULL_ABOVE: Final = 0.75
# A period that begins elsewhere than at the picture's corner must match so many times better.
_CORNER: Final = 2.0
_FINER: Final = 4  # places to a pixel where it may begin
# How well a picture's periods match the watermark: the mean of their products, in standard errors,
# once this share of them at either end is brought in, as edges of the picture match by chance.
# Pictures without the watermark hardly reach `MATCHED`. From it on 1 or 1:2 from the corner is
# taken, unless what was searched for matches clearly better. In what a program drew all periods are
# alike: no error is smaller than this share of the watermark itself. Fewer periods say nothing.
MATCHED: Final = 5.0
_OUTLIERS: Final = 0.05
_CLEARLY: Final = 0.8
_LEAST_ERROR: Final = 1e-4
_LEAST_PERIODS: Final = 64
# What is brought back to the camera's grid, pixels a side: the middle, where pictures are larger.
MOST_BACK: Final = 2560


class MeasuredPattern:
    """One period of a watermark.

    Parameters
    ----------
    levels
        (period, period) in 8-bit levels, of all colours alike; the period is a multiple of 16.
    """

    def __init__(self, levels: NDArray[np.floating]) -> None:
        self.levels = np.asarray(levels, np.float64)
        self.period = len(self.levels)

    @cached_property
    def lines(self) -> tuple[NDArray[np.int64], NDArray[np.int64], Array]:
        """Down and across, in cycles a period, and energy of the lines that matter."""
        energy = np.square(np.abs(np.fft.fft2(self.levels) / self.levels.size))
        half = self.period // 2
        down, across = np.nonzero(energy > _LEAST_ENERGY * energy.sum() / 2)
        across = np.where(across > half, across - self.period, across)
        kept = (down <= half) & ((down > 0) | (across > 0))
        down, across = down[kept], across[kept]
        return down, across, 2 * energy[down, across]

    def blocks(self, grid: float) -> Array:
        """DCT coefficients at each 8×8 block of the period, row by row: (blocks², 63).

        On the half grid two periods stand in the place of one.
        """
        levels = self.resampled(grid)
        repeats = self.period // len(levels)
        whole = np.tile(levels, (repeats, repeats)).astype(np.float32) + np.float32(128)
        found: Array = block_coefficients(whole)[:, 1:].astype(np.float64)
        return found

    def resampled(self, grid: float) -> Array:
        """Return the period on the camera's grid (1.0) or as a halving leaves it (0.5)."""
        if grid == 1.0:
            return self.levels
        half = self.period // 2
        folded: Array = self.levels.reshape(half, 2, half, 2).mean(axis=(1, 3))
        return folded


@dataclass(frozen=True)
class Sync:
    """How a watermark lies in a downloaded picture.

    Attributes
    ----------
    scale
        Received pixels to one of the camera's.
    offset
        Received pixels from the upper left corner to where a period begins.
    strength
        Of the lines, in deviations from noise; from `FOUND` on the watermark is there, most likely.
    match
        How well the picture's periods match the watermark at that scale and offset, in standard
        errors; from `MATCHED` on they do. Weak watermarks match long before their lines are seen.
    """

    scale: Pair = (1.0, 1.0)
    offset: Pair = (0.0, 0.0)
    strength: float = 0.0
    match: float = 0.0

    @property
    def grid(self) -> float:
        """To which the picture is brought back: 1.0, the camera's own, or 0.5."""
        return 1.0 if self.scale[0] > _FULL_ABOVE else 0.5

    @property
    def found(self) -> bool:
        """Whether the watermark is there, most likely."""
        return self.strength >= FOUND or self.match >= MATCHED

    @property
    def unseen(self) -> bool:
        """Whether its lines are hardly there; of a whole watermark they are."""
        return self.strength < _UNSEEN

    @property
    def absent(self) -> bool:
        """Whether there is none by which anything could be detected."""
        return self.unseen and self.match < MATCHED

    @property
    def scaled(self) -> bool:
        """Whether the watermark was found at another size than the camera's own or half of it."""
        return self.found and self.scale not in {(one, one) for one in _UNSCALED}


def find_watermark(pixels: Pixels, pattern: MeasuredPattern) -> Sync:
    """Find how a watermark lies in a picture.

    Parameters
    ----------
    pixels
        (H, W, 3), uint8, sRGB; of less than 64 pixels a side nothing is found.
    pattern
        That the camera embeds, from the picture's upper left corner.

    Returns
    -------
    As the camera embedded it, or halved, where the picture's periods match it; else where its lines
    are the highest. Whether it is there at all is `Sync.found`.
    """
    part = pixels[:_MOST_SIDE, :_MOST_SIDE]
    if min(part.shape[:2]) < _LEAST_SIDE:
        return Sync()
    plane = _details(luma(part))
    scales: Array = np.exp(logs := _log_scales())
    strengths = _strengths(plane, pattern, scales)
    embedded = [
        replace(sync, match=_match(plane, pattern, sync))
        for sync in (Sync((s, s), strength=_at(strengths, logs, s)) for s in _UNSCALED)
    ]
    best = max(embedded, key=lambda sync: sync.match)
    searched = _searched(part, plane, pattern, scales, strengths, embedded)
    share = 1 / _CORNER if searched.scale == best.scale else _CLEARLY
    return best if best.match >= max(MATCHED, share * searched.match) else searched


def _searched(
    part: Pixels,
    plane: Plane,
    pattern: MeasuredPattern,
    scales: Array,
    strengths: Array,
    embedded: list[Sync],
) -> Sync:
    """Find the scale at which the watermark's lines are highest, and where a period begins."""
    best = _middle(strengths)
    likelier = max(embedded, key=lambda sync: sync.strength)
    if strengths[best] < FOUND:
        return likelier
    found, strength = float(scales[best]), float(strengths[best])
    if _differ(found, likelier.scale[0]) > _NEAR and strength < likelier.strength + _PREFERENCE:
        found, strength = likelier.scale[0], likelier.strength
    both = _unscaled_if_near(plane, pattern, _refined(plane, pattern, found))
    sync = _from_corner(part, pattern, Sync(both, strength=strength))
    plane = _details(luma(synchronised(part, sync, pattern.period)))
    return replace(sync, match=_match(plane, pattern, sync))


def strengths_by_scale(pixels: Pixels, pattern: MeasuredPattern) -> tuple[Array, Array]:
    """Return the scales that `find_watermark` tries, and the strength of the lines at each.

    Parameters
    ----------
    pixels, pattern
        See `find_watermark`; at least 64 pixels a side.
    """
    plane = _details(luma(pixels[:_MOST_SIDE, :_MOST_SIDE]))
    scales: Array = np.exp(_log_scales())
    return scales, _strengths(plane, pattern, scales)


def _log_scales() -> Array:
    return np.arange(np.log(SMALLEST_SCALE), np.log(LARGEST_SCALE), _STEP)


def _middle(strengths: Array) -> int:
    """Return the middle of the run around the strongest that is about as strong."""
    first = last = int(strengths.argmax())
    least = _AS_STRONG * strengths[first]
    while first > 0 and strengths[first - 1] >= least:
        first -= 1
    while last + 1 < len(strengths) and strengths[last + 1] >= least:
        last += 1
    return (first + last) // 2


def _differ(scale: float, other: float) -> float:
    return abs(scale / other - 1)


def synchronised(pixels: Pixels, sync: Sync, period: int = 32) -> Pixels:
    """Bring a downloaded picture back to the grid of `Sync.grid`, from where a period begins.

    Returns
    -------
    (H, W, 3), uint8: whole periods, at most 2,560 pixels a side, or the picture as it is if there
    is none.
    """
    (top, bottom, rows), (left, right, columns) = _boxes(pixels.shape[:2], sync, period)
    if not rows or not columns:
        return pixels
    if sync.scale == (sync.grid, sync.grid) and top == round(top) and left == round(left):
        return pixels[round(top) : round(bottom), round(left) : round(right)]
    box = (left, top, right, bottom)
    image = Image.fromarray(np.ascontiguousarray(pixels))
    return np.asarray(image.resize((columns, rows), Image.Resampling.LANCZOS, box=box))


def corner_of(size: tuple[int, int], sync: Sync, period: int = 32) -> Pair:
    """Return row and column, as downloaded, of the corner of what `synchronised` gives."""
    (top, _, _), (left, _, _) = _boxes(size, sync, period)
    return top, left


def _boxes(size: tuple[int, ...], sync: Sync, period: int) -> list[tuple[float, float, int]]:
    return [
        _whole(side, offset, scale / sync.grid, int(period * sync.grid))
        for side, offset, scale in zip(size, sync.offset, sync.scale, strict=True)
    ]


def _whole(side: int, offset: float, size: float, period: int) -> tuple[float, float, int]:
    """Return where the middle's whole periods begin and end, and how many pixels they become.

    ``size`` is that of one of those pixels in downloaded ones.
    """
    periods = int((side - offset) / (size * period) + 1e-6)
    left_out = max(0, periods - MOST_BACK // period)
    start = offset + left_out // 2 * size * period
    pixels = (periods - left_out) * period
    return start, min(float(side), start + pixels * size), pixels


def spectra_of(plane: Plane, period: int) -> NDArray[np.complex64]:
    """Transform each whole period of a plane's details.

    Parameters
    ----------
    plane
        (H, W) luma in [0, 255], synchronised.
    period
        Pixels.

    Returns
    -------
    (rows, columns, period, period // 2 + 1), of what the local mean leaves, in levels.
    """
    return period_spectra(_details(plane), period)


def _at(strengths: Array, logs: Array, scale: float) -> float:
    near = np.abs(logs - np.log(scale)) < 2 * _STEP
    return float(strengths[near].max())


def _details(plane: Plane) -> Plane:
    """Take the local mean away, and what is left of edges."""
    details = box_mean(plane, _SMOOTH)
    np.subtract(plane, details, out=details)
    np.clip(details, -_LARGEST, _LARGEST, out=details)
    return details


def _strengths(plane: Plane, pattern: MeasuredPattern, scales: Array) -> Array:
    """Return how far the lines of each scale stand above the noise around them."""
    spectrum = _whitened(plane)
    height, width = plane.shape
    down, across, _ = pattern.lines
    rows, columns = (part / pattern.period / scales[:, None] for part in (down, across))
    low = (np.abs(rows) < _HIGHEST) & (np.abs(columns) < _HIGHEST)
    of_jpeg = (_from_harmonic(rows) < 16 / height) & (_from_harmonic(columns) < 16 / width)
    kept = low & ~of_jpeg
    sign = np.where(columns < 0, -1, 1)  # the spectrum of real values is even
    y = np.rint(sign * rows * height).astype(np.int64) % height
    x = np.minimum(np.rint(np.abs(columns) * width).astype(np.int64), spectrum.shape[1] - 1)
    count = kept.sum(axis=1)
    total = np.where(kept, spectrum[y, x], 0).sum(axis=1) - _NOISE * count
    found: Array = np.where(
        count >= _LEAST_LINES, total / (_DEVIATION * np.sqrt(np.maximum(count, 1))), -np.inf
    )
    return found


def _from_harmonic(frequency: Array) -> Array:
    cycles = frequency * _BLOCK
    return np.abs(cycles - np.rint(cycles))


def _whitened(plane: Plane) -> Plane:
    """Return the half spectrum's squares over those around, the highest of nine neighbours."""
    rows, columns = (np.hanning(side).astype(np.float32) for side in plane.shape)
    squares = squares_of(np.fft.rfft2(plane * rows[:, None] * columns))
    squares /= box_mean(squares, _AROUND) + np.float32(1e-9)
    capped: Plane = np.minimum(_highest_near(squares), np.float32(_MOST_LINE))
    return capped


def squares_of(spectrum: NDArray[np.complexfloating]) -> Plane:
    """Return the squares of a spectrum's sizes, float32; faster than by `np.abs`."""
    squares: Plane = np.square(spectrum.real, dtype=np.float32)
    squares += np.square(spectrum.imag, dtype=np.float32)
    return squares


def _highest_near(values: Plane) -> Plane:
    """Return the highest of nine neighbours; rows go round, columns end."""
    padded = np.concatenate([values[-1:], values, values[:1]])
    down = np.maximum(padded[:-1], padded[1:])
    down = np.maximum(down[:-1], padded[2:])
    highest: Plane = down.copy()
    np.maximum(highest[:, 1:], down[:, :-1], out=highest[:, 1:])
    np.maximum(highest[:, :-1], down[:, 1:], out=highest[:, :-1])
    return highest


def _refined(plane: Plane, pattern: MeasuredPattern, scale: float) -> Pair:
    """Return the scales of rows and columns at which the lines' sums are the largest.

    Both are found in turns: with one known, the picture shrinks to a few sums along it.
    """
    lines = _lower(pattern, scale)
    rows = columns = scale
    for width, steps in ((1.2e-2, 161), (1e-3, 51)):
        tried = rows * (1 + np.linspace(-width, width, steps))
        sums = _sums(plane, pattern, columns, {-1, 0, 1})
        rows = _highest(tried, [(d, sums[a], e) for d, a, e in lines if d and a in sums], pattern)
        tried = rows * (1 + np.linspace(-1e-3, 1e-3, 41))
        sums = _sums(plane.T, pattern, rows, {d for d, a, _ in lines if a})
        columns = _highest(tried, [(a, sums[d], e) for d, a, e in lines if a], pattern)
    return rows, columns


def _unscaled_if_near(plane: Plane, pattern: MeasuredPattern, scales: Pair) -> Pair:
    """Return 1 or 1:2 for scales that are as good as those, else the scales."""
    for scale in _UNSCALED:
        sides = zip(scales, plane.shape, strict=True)
        nearest, furthest = sorted(_differ(one, scale) * side for one, side in sides)
        if furthest >= _ABOUT_SAME:
            continue
        if nearest < _SAME:
            return scale, scale
        there, here = (_energy(plane, pattern, one) for one in ((scale, scale), scales))
        if there >= _AS_HIGH * here:
            return scale, scale
    return scales


def _lower(pattern: MeasuredPattern, scale: float) -> list[tuple[int, int, float]]:
    """List the lines that a scale leaves: cycles down and across, energy."""
    down, across, energy = pattern.lines
    low = np.maximum(np.abs(down), np.abs(across)) / pattern.period / scale < _HIGHEST
    return list(zip(down[low].tolist(), across[low].tolist(), energy[low].tolist(), strict=True))


def _energy(plane: Plane, pattern: MeasuredPattern, scales: Pair) -> float:
    """Return the energy of the lines that a scale leaves, at scales of rows and columns."""
    rows, columns = scales
    lines = _lower(pattern, rows)
    sums = _sums(plane, pattern, columns, {across for _, across, _ in lines})
    at = [(down, sums[across], energy) for down, across, energy in lines]
    return float(_energies(np.array([rows]), at, pattern)[0])


def _sums(
    plane: Plane, pattern: MeasuredPattern, scale: float, cycles: set[int]
) -> dict[int, NDArray[np.complex64]]:
    """Sum each row of a plane against waves of so many cycles a period, by cycles."""
    ordered = sorted(cycles)
    at = 2 * np.pi / pattern.period / scale * np.arange(plane.shape[1])
    angles = np.outer(at, ordered)
    real, imaginary = (plane @ part(angles).astype(np.float32) for part in (np.cos, np.sin))
    return {one: real[:, place] - 1j * imaginary[:, place] for place, one in enumerate(ordered)}


def _highest(
    scales: Array, lines: list[tuple[int, NDArray[np.complex64], float]], pattern: MeasuredPattern
) -> float:
    """Return the scale of the largest energy of lines: cycles a period, sums, weight."""
    return float(scales[_energies(scales, lines, pattern).argmax()])


def _energies(
    scales: Array, lines: list[tuple[int, NDArray[np.complex64], float]], pattern: MeasuredPattern
) -> Array:
    """Return the energy of lines at each scale, (N,): cycles a period, sums, weight."""
    total = np.zeros(len(scales))
    for cycles in {cycles for cycles, _, _ in lines}:
        sums = np.stack([one for other, one, _ in lines if other == cycles], axis=1)
        weights = np.array([weight for other, _, weight in lines if other == cycles])
        turns = np.outer(cycles / pattern.period / scales, np.arange(len(sums)))
        turns -= np.rint(turns)
        angles = np.float32(-2 * np.pi) * turns.astype(np.float32)
        waves = np.empty(angles.shape, np.complex64)  # two real functions are faster than np.exp
        np.cos(angles, out=waves.real)
        np.sin(angles, out=waves.imag)
        total += np.square(np.abs(waves @ sums)) @ weights
    return total


def _match(plane: Plane, pattern: MeasuredPattern, sync: Sync) -> float:
    """Measure how well synchronised periods match the watermark: see `Sync.match`."""
    wanted = np.fft.ifft2(_synchronised_lines(pattern, sync)).real
    periods = _periods(plane, len(wanted))
    products = np.tensordot(periods, wanted, ((1, 3), (0, 1)))
    if products.size < _LEAST_PERIODS or not wanted.any():
        return 0.0
    products = np.clip(products, *np.quantile(products, (_OUTLIERS, 1 - _OUTLIERS)))
    error = float(products.std() / np.sqrt(products.size))
    return float(products.mean()) / max(error, _LEAST_ERROR * float(np.square(wanted).sum()))


def _periods(plane: Plane, period: int) -> Plane:
    """Cut a plane into whole periods: (rows, period, columns, period)."""
    rows, columns = (side // period for side in plane.shape)
    return plane[: rows * period, : columns * period].reshape(rows, period, columns, period)


def _synchronised_lines(pattern: MeasuredPattern, sync: Sync) -> NDArray[np.complexfloating]:
    """Return the watermark's spectrum on a sync's grid, without the lines of JPEG's blocks."""
    spectrum = np.fft.fft2(pattern.resampled(sync.grid))
    energy = np.square(np.abs(spectrum))
    kept = energy > _LEAST_ENERGY * energy.sum()
    if all(_differ(one, sync.grid) < _NEAR for one in sync.scale):  # there JPEG's blocks repeat
        harmonic = np.arange(len(kept)) % max(1, len(kept) // _BLOCK) == 0
        kept &= ~np.outer(harmonic, harmonic)
    lines: NDArray[np.complexfloating] = spectrum * kept
    return lines


def _from_corner(part: Pixels, pattern: MeasuredPattern, sync: Sync) -> Sync:
    """Find where a period begins, if the picture was cropped: not at its corner."""
    plane = _details(luma(synchronised(part, sync, pattern.period)))
    periods = _periods(plane, int(pattern.period * sync.grid))
    if not periods.size:
        return sync
    spectrum = np.fft.fft2(periods.mean(axis=(0, 2)))
    match = _finer(spectrum * _synchronised_lines(pattern, sync).conj())
    down, across = np.unravel_index(int(match.argmax()), match.shape)
    if match.max() <= _CORNER * match[0, 0]:
        return sync
    rows, columns = (
        place / _FINER * scale / sync.grid
        for place, scale in zip((int(down), int(across)), sync.scale, strict=True)
    )
    if sync.scale == (1.0, 1.0):  # cropped by whole pixels
        rows, columns = round(rows), round(columns)
    return replace(sync, offset=(rows, columns))


def _finer(spectrum: NDArray[np.complexfloating]) -> Array:
    """Return the real values of a spectrum, between its pixels as well."""
    half = len(spectrum) // 2
    wide = np.zeros([_FINER * len(spectrum)] * 2, np.complex128)
    for rows, columns in product((slice(half), slice(-half, None)), repeat=2):
        wide[rows, columns] = spectrum[rows, columns]
    values: Array = np.fft.ifft2(wide).real
    return values
