"""Where a cut picture lies, by the payload of a group whose key is known, whatever it says.

The pilot has twenty lines. In a picture full of texture few of them stand out, and those few agree
at many places, though size and turn are clear. The payload has some three thousand lines, and many
carry the same coded bit. Where the place is right they agree, whether the bit is 0 or 1: the sum of
the bits' squares is largest there. That tells the corner but for eighths of the photo, in which the
payload repeats. Which of them it is, the pilot tells.

Noise has no direction, so a place that is chosen by a sum of squares makes a false hit no likelier.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from verifier.watermark.finding import Found, Pilot
from verifier.watermark.likeliest import CUT, SIZE_STEP, likeliest, power_scores
from verifier.watermark.place import Array, Place
from verifier.watermark.spectrum import Spectrum
from watermark.code import CODED_BITS
from watermark.keys import GroupKey
from watermark.pattern import TILES, Complex, Spreading, payload_lines

Floats = NDArray[np.floating]
LEAST_POWER: Final = 6.0  # deviations of the pilot's power; few pictures without one have as much
MOST_PLACES: Final = 4
CORNERS: Final = np.arange(128) / (128 * TILES)
"""Each way in an eighth, in longer sides; from one to the next a fine line turns by a third."""
BETWEEN: Final = np.arange(-4, 5) / 4 * CORNERS[1]
SIZES: Final = np.arange(-2, 3) * SIZE_STEP / 2
"""By which a size is changed, between those that are looked at."""
STANDS_OUT: Final = 5.0  # deviations of all corners' sums; the largest wrong ones have 4.5
LEAST_PILOT: Final = 5.0  # deviations, at the eighth that is taken
AHEAD: Final = 2.0  # and by so many before the next


def placed_by_payload(weighed: Array, spectrum: Spectrum, key: GroupKey) -> Iterator[Found]:
    """Yield where a whitened (H, W) picture may lie in a photo of a group's."""
    bits = _Bits(key)
    for place in _promising(max(weighed.shape), spectrum):
        upright = place.upright(weighed)
        sums = bits.sums_of_squares(upright, place, CORNERS, CORNERS)
        if sums.max() - sums.mean() > STANDS_OUT * sums.std():
            row, column = divmod(int(sums.argmax()), len(CORNERS))
            moved = place.changed(np.array([0, 0, CORNERS[row], CORNERS[column]]), upright.shape)
            yield from _in_its_eighth(_near(moved, upright, bits), weighed, spectrum)


def _promising(longer_side: int, spectrum: Spectrum) -> list[Place]:
    """Return the sizes and turns at which the pilot's lines have most power."""
    powers = {
        place: float(power_scores(place, np.array([1 / place.steps[0]]), spectrum)[0])
        for place in likeliest(CUT, longer_side, spectrum)
    }
    best = sorted(powers, key=lambda place: -powers[place])[:MOST_PLACES]
    return [place for place in best if powers[place] >= LEAST_POWER]


class _Bits:
    """Which coded bits of a group's payloads each line carries."""

    def __init__(self, key: GroupKey) -> None:
        spreading = Spreading.by(key)
        columns, column_of = np.unique(payload_lines().columns, return_inverse=True)
        real, imaginary = (
            spreading.bits[part::2] * 2 * len(columns) + column_of for part in (0, 1)
        )
        self._columns = columns
        self._signs = spreading.signs[0::2], spreading.signs[1::2]
        # A bit's cosines of moving across, by column, then its sines.
        as_sines = real + len(columns), imaginary + len(columns)
        self._cells = np.concatenate([real, imaginary, *as_sines])

    def sums_of_squares(self, upright: Array, place: Place, down: Floats, across: Floats) -> Floats:
        """Sum the squares of all bits' soft values.

        Parameters
        ----------
        upright
            (H, W), the whitened picture turned upright.
        down, across
            (A,), (B,) by how much the place's corner is moved, in longer sides of the photo.

        Returns
        -------
        (A, B).
        """
        lines = payload_lines()
        amplitudes = place.lattice_amplitudes(upright, lines) / np.sqrt(lines.radii)
        moved = amplitudes * np.exp(-2j * np.pi * np.outer(down, lines.rows))
        turns = 2 * np.pi * np.outer(self._columns, across)
        waves = np.concatenate([np.cos(turns), np.sin(turns)]).astype(np.float32)
        return np.stack([np.square(self._by_bit(line) @ waves).sum(axis=0) for line in moved])

    def _by_bit(self, amplitudes: Complex) -> Array:
        """Sort (N,) amplitudes by bit and column."""
        real, imaginary = amplitudes.real, amplitudes.imag
        first, second = self._signs
        # Moved by t, a real part is re·cos t + im·sin t, an imaginary one im·cos t − re·sin t.
        parts = [first * real, second * imaginary, first * imaginary, -second * real]
        shape = CODED_BITS, 2 * len(self._columns)
        cells = np.bincount(self._cells, np.concatenate(parts), shape[0] * shape[1])
        table: Array = cells.reshape(shape).astype(np.float32)
        return table


def _near(place: Place, upright: Array, bits: _Bits) -> Place:
    """Return the best corner and size around a place of the grid."""
    best, most = place, 0.0
    for larger in SIZES:
        sized = place.changed(np.array([larger, larger, 0, 0]), upright.shape)
        sums = bits.sums_of_squares(upright, sized, BETWEEN, BETWEEN)
        if sums.max() > most:
            row, column = divmod(int(sums.argmax()), len(BETWEEN))
            change = np.array([0, 0, BETWEEN[row], BETWEEN[column]])
            best, most = sized.changed(change, upright.shape), float(sums.max())
    return best


def _in_its_eighth(place: Place, weighed: Array, spectrum: Spectrum) -> Iterator[Found]:
    """Move a place by eighths to where the pilot agrees best; none where several are alike."""
    pilot = Pilot.at(replace(place, corner=(0.0, 0.0)), weighed, spectrum)
    eighths = [(at + np.arange(TILES) / TILES) % 1 for at in place.corner]
    scores = pilot.scores_at(*eighths)
    next_, best = np.sort(scores, axis=None)[-2:]
    if best >= max(LEAST_PILOT, next_ + AHEAD):
        row, column = divmod(int(scores.argmax()), TILES)
        corner = pilot.unwrapped(np.array([eighths[0][row], eighths[1][column]]))
        yield Found(replace(place, corner=(float(corner[0]), float(corner[1]))), float(best))
