"""Finding the pilot: how a picture lies in its photo, if it is of one that carries a watermark.

First a picture is taken for uncut. Else the pilot's lines are looked for in its spectrum, at every
size, and at last at every slant; the few likeliest are placed by the phases of their lines, and
then refined.
"""

from dataclasses import dataclass, replace

import numpy as np

from verifier.watermark.likeliest import CUT, FINEST, SLANTED, likeliest
from verifier.watermark.place import TURNS, Array, Place
from verifier.watermark.refining import climbed, in_blocks
from verifier.watermark.spectrum import MOST_DEVIATIONS, Spectrum
from watermark.pattern import Complex, pilot

REFINED = 3
UNCUT = 2  # turns of an uncut picture that are tried
GRID = 1024  # places along the photo's longer side
LEAST = 1e-30
BEFORE = 0.1  # of the longer side: how much of a frame there may be before the photo begins


@dataclass(frozen=True)
class Found:
    """Where a picture seems to lie.

    Attributes
    ----------
    score
        The pilot's correlation, in standard deviations of noise.
    """

    place: Place
    score: float


@dataclass(frozen=True)
class Pilot:
    """The pilot's lines in a picture that lies somehow.

    Attributes
    ----------
    upright
        (H, W), the whitened picture turned upright.
    expected
        (N,) conjugate coefficients, each over the noise at its line; of a line that stands out as
        only the picture's own can, less.
    deviation
        Of noise's correlation with them.
    """

    place: Place
    upright: Array
    expected: Complex
    deviation: float

    @classmethod
    def at(cls, place: Place, weighed: Array, spectrum: Spectrum) -> "Pilot":
        """Look at a whitened picture as lying at a place."""
        lines, coefficients = pilot()
        down, across = lines.rows * place.steps[0], lines.columns * place.steps[1]
        noise = spectrum.noise(*place.received(down, across))
        expected = np.where(np.hypot(down, across) < FINEST, np.conj(coefficients) / noise, 0)
        deviation = float(np.sqrt((np.square(np.abs(expected)) * noise).sum() / 2))
        upright = place.turn.undo(weighed)
        amplitudes = np.abs(place.amplitudes(upright, lines))
        limited = np.minimum(1, MOST_DEVIATIONS * np.sqrt(noise) / np.maximum(amplitudes, LEAST))
        return cls(place, upright, expected * limited, max(deviation, LEAST))

    def score(self) -> float:
        """Return the correlation, in deviations."""
        amplitudes = self.place.amplitudes(self.upright, pilot()[0])
        return float((self.expected * amplitudes).sum().real) / self.deviation

    def placed(self) -> Found:
        """Find where the picture begins: all phases agree at one place of the photo."""
        lines = pilot()[0]
        grid = np.zeros((GRID, int(lines.columns.max()) + 1), np.complex64)
        agreeing = self.expected * self.place.amplitudes(self.upright, lines)
        grid[lines.rows % GRID, lines.columns] = np.conj(agreeing)
        down = np.fft.ifft(grid, axis=0, norm="forward")
        surface = np.fft.irfft(down, GRID, axis=1, norm="forward") / 2  # no line has column 0
        best = int(surface.argmax())
        row, column = (x / GRID - (x > GRID * (1 - BEFORE)) for x in divmod(best, GRID))
        score = float(surface.flat[best]) / self.deviation
        return Found(replace(self.place, corner=(row, column)), score)

    def refined(self) -> Found:
        """Move and stretch the picture until the phases agree best."""
        blocks = in_blocks(self.upright, self.place, pilot()[0], self.expected)
        change, agreement = climbed(blocks)
        return Found(self.place.changed(change, self.upright.shape), agreement / self.deviation)


def uncut(weighed: Array, spectrum: Spectrum) -> list[Found]:
    """Score a picture as if it were the whole photo, in all its turns, best first."""
    step = 1 / max(weighed.shape)
    pilots = [Pilot.at(Place(turn, (step, step)), weighed, spectrum) for turn in TURNS]
    found = [Found(pilot.place, pilot.score()) for pilot in pilots]
    best = sorted(zip(found, pilots, strict=True), key=lambda pair: -pair[0].score)[:UNCUT]
    as_they_are = [found for found, _ in best]  # exact, where the pilot is too faint to refine
    return as_they_are + _best_refined([pilot for _, pilot in best])


def searched(weighed: Array, spectrum: Spectrum) -> list[Found]:
    """Look for the photo that a picture may be cut from, best first."""
    return _best_placed(likeliest(CUT, max(weighed.shape), spectrum), weighed, spectrum)


def straightened(weighed: Array, spectrum: Spectrum) -> list[Found]:
    """Look for the photo that somebody may have turned by a few degrees and cut, best first."""
    return _best_placed(likeliest(SLANTED, max(weighed.shape), spectrum), weighed, spectrum)


def _best_placed(places: list[Place], weighed: Array, spectrum: Spectrum) -> list[Found]:
    placed = [Pilot.at(place, weighed, spectrum).placed() for place in places]
    placed.sort(key=lambda one: -one.score)
    return _best_refined([Pilot.at(one.place, weighed, spectrum) for one in placed[:REFINED]])


def _best_refined(pilots: list[Pilot]) -> list[Found]:
    refined = [one.refined() for one in pilots]
    return sorted(refined, key=lambda one: -one.score)
