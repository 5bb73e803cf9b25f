"""Finding the pilot: how a picture lies in its photo, if it is of one that carries a watermark.

First a picture is taken for uncut. Else the pilot's lines are looked for in its spectrum, at every
size, and at last at every slant; the few likeliest are placed by the phases of their lines, and
then refined.
"""

from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from verifier.watermark.likeliest import CUT, FINEST, SLANTED, likeliest
from verifier.watermark.place import TURNS, Array, Floats, Place
from verifier.watermark.refining import climbed, in_blocks
from verifier.watermark.spectrum import MOST_DEVIATIONS, Spectrum
from watermark.pattern import Complex, pilot

REFINED = 3
AGREES, MOST_REFINED = 8.0, 8
"""Where few lines are strong, they agree at several places so well; the payload says at which."""
UNCUT = 2  # turns of an uncut picture that are tried
GRID = 1024  # places along the photo's longer side
PLACES = 8  # of the grid that are looked at more closely
BETWEEN = np.arange(-2, 3) / 4 / GRID
LEAST = 1e-30


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
    amplitudes
        (N,) of the lines in it.
    expected
        (N,) conjugate coefficients: a whitened picture has each line in the measure of its weight
        already. Of a line that stands out as only the picture's own can, less.
    deviation
        Of noise's correlation with them.
    """

    place: Place
    upright: Array
    amplitudes: Complex
    expected: Complex
    deviation: float

    @classmethod
    def at(cls, place: Place, weighed: Array, spectrum: Spectrum) -> "Pilot":
        """Look at a whitened picture as lying at a place."""
        lines, coefficients = pilot()
        down, across = lines.rows * place.steps[0], lines.columns * place.steps[1]
        noise = spectrum.noise(*place.received(down, across))
        expected = np.where(np.hypot(down, across) < FINEST, np.conj(coefficients), 0)
        deviation = float(np.sqrt((np.square(np.abs(expected)) * noise).sum() / 2))
        upright = place.turn.undo(weighed)
        amplitudes = place.amplitudes(upright, lines)
        own = np.maximum(np.abs(amplitudes), LEAST)
        limited = np.minimum(1, MOST_DEVIATIONS * np.sqrt(noise) / own)
        return cls(place, upright, amplitudes, expected * limited, max(deviation, LEAST))

    def score(self) -> float:
        """Return the correlation, in deviations."""
        return float((self.expected * self.amplitudes).sum().real) / self.deviation

    def placed(self) -> list[Found]:
        """Find where the picture may begin: where the phases agree best, at few places."""
        agreeing = self.expected * self.amplitudes
        down, across = _waves_of_grid()
        turned = agreeing * down
        surface = turned.real @ across.real.T - turned.imag @ across.imag.T
        found = []
        for _ in range(PLACES):
            row, column = divmod(int(surface.argmax()), GRID)
            around = np.ix_(*((x + np.arange(-1, 2)) % GRID for x in (row, column)))
            surface[around] = -np.inf
            found.append(self._near(self.unwrapped(np.array([row, column]) / GRID)))
        return found

    def unwrapped(self, corner: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return where a corner in the pattern, from 0 to 1, lies: it repeats, the photo doesn't.

        Of a corner within the photo and one before it, that which shows more of the photo.
        """
        extent = np.array(self.upright.shape) * self.place.steps
        within, before = np.minimum(1 - corner, extent), np.minimum(extent - (1 - corner), 1)
        return np.where(before > within, corner - 1, corner)

    def scores_at(self, down: Floats, across: Floats) -> Floats:
        """Return the correlations, in deviations, for corners down (A,) and across (B,): (A, B).

        Of a place whose corner is 0.
        """
        lines = pilot()[0]
        waves_down = np.exp(-2j * np.pi * np.outer(down, lines.rows))
        waves_across = np.exp(-2j * np.pi * np.outer(across, lines.columns))
        agreeing = self.expected * self.amplitudes
        scores: Floats = ((waves_down * agreeing) @ waves_across.T).real / self.deviation
        return scores

    def _near(self, corner: NDArray[np.float64]) -> Found:
        """Find the best place around one of the grid, between which fine lines turn by a third."""
        down, across = corner[0] + BETWEEN, corner[1] + BETWEEN
        scores = self.scores_at(down, across)
        row, column = divmod(int(scores.argmax()), len(BETWEEN))
        place = replace(self.place, corner=(float(down[row]), float(across[column])))
        return Found(place, float(scores[row, column]))

    def refined(self) -> Found:
        """Move and stretch the picture until the phases agree best."""
        blocks = in_blocks(self.upright, self.place, pilot()[0], self.expected)
        change, agreement = climbed(blocks)
        return Found(self.place.changed(change, self.upright.shape), agreement / self.deviation)


@cache
def _waves_of_grid() -> tuple[Complex, Complex]:
    """Return the lines' conjugate waves at the places of the grid, down and across: (GRID, N)."""
    lines, places = pilot()[0], np.arange(GRID) / GRID
    down, across = (
        np.exp(-2j * np.pi * np.outer(places, frequencies)).astype(np.complex64)
        for frequencies in (lines.rows, lines.columns)
    )
    return down, across


def uncut(weighed: Array, spectrum: Spectrum) -> list[Found]:
    """Score a picture as if it were the whole photo, in all its turns, best first."""
    step = 1 / max(weighed.shape)
    places = [Place(turn, (step, step)).sized(step, spectrum.pitch) for turn in TURNS]
    pilots = [Pilot.at(place, weighed, spectrum) for place in places]
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
    placed = [one for at in places for one in Pilot.at(at, weighed, spectrum).placed()]
    placed.sort(key=lambda one: -one.score)
    best = [one for n, one in enumerate(placed) if n < REFINED or one.score > AGREES][:MOST_REFINED]
    return _best_refined([Pilot.at(one.place, weighed, spectrum) for one in best])


def _best_refined(pilots: list[Pilot]) -> list[Found]:
    refined = [one.refined() for one in pilots]
    return sorted(refined, key=lambda one: -one.score)
