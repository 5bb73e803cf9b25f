"""Which sizes, turns and slants of the photo are likeliest, by the power of the pilot's lines."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from verifier.watermark.place import TURNS, Floats, Place
from verifier.watermark.spectrum import Spectrum
from watermark.pattern import pilot

SIZE_STEP: Final = 8e-4  # of the logarithm: the outermost line moves by a fifth of a cycle
SLANT_STEP: Final = float(np.rad2deg(SIZE_STEP))  # likewise
PEAK: Final = 0.01  # of the logarithm: sizes so near are taken for one
PEAK_SLANT: Final = 0.2  # degrees
CLEAR: Final = 8.0  # deviations, which pictures without a pilot don't have
NEARBY: Final = np.arange(-2, 3)  # steps: by so little a clear peak may miss the size
FINEST: Final = 0.45  # cycles a sample: beyond, a line is not looked for
HALF_TURNED: Final = tuple(turn for turn in TURNS if not turn.rows)  # others have the same power


@dataclass(frozen=True)
class Search:
    """Where the photo is looked for.

    Attributes
    ----------
    smallest, largest
        The photo's longer side over the picture's: under 1 a frame was added, over 1 it was cut.
    slants
        Degrees by which it may be turned.
    most
        Places that are worth a closer look, but for half turns.
    least
        Power of the pilot, in deviations, under which none is worth one.
    """

    smallest: float
    largest: float
    slants: tuple[float, ...]
    most: int
    least: float = -np.inf


_SLANTS: Final = np.arange(1, 4.0 / SLANT_STEP) * SLANT_STEP  # people straighten by up to 4°
CUT: Final = Search(0.55, 3.2, (0.0,), 6)
SLANTED: Final = Search(0.8, 1.7, (*(-_SLANTS).tolist(), *_SLANTS.tolist()), 8, least=8.0)
"""Pictures without a pilot have 5 to 7 in their likeliest place, straightened photos 10 to 60."""


def likeliest(search: Search, longer_side: int, spectrum: Spectrum) -> list[Place]:
    """Return the likeliest places, whose corners aren't known yet; each upside down, too.

    Parameters
    ----------
    longer_side
        Of the picture, in samples.
    """
    logarithms = np.arange(np.log(search.smallest), np.log(search.largest), SIZE_STEP)
    sizes = longer_side * np.exp(logarithms)
    lying = [Place(t, (1.0, 1.0), slant=s) for t in HALF_TURNED for s in search.slants]
    scores = np.array([power_scores(place, sizes, spectrum) for place in lying])
    taken: list[Place] = []
    for _ in range(search.most):
        way, size = divmod(int(scores.argmax()), len(sizes))
        if scores[way, size] < search.least:
            break
        clear = not taken and scores[way, size] > CLEAR
        for factor in np.exp(NEARBY * SIZE_STEP) if clear else (1.0,):
            step = float(factor / sizes[size])
            taken.append(lying[way].sized(step, spectrum.pitch))
        ways = [_lies_alike(place, lying[way]) for place in lying]
        scores[np.ix_(ways, np.abs(logarithms - logarithms[size]) < PEAK)] = -np.inf
    return taken + [replace(place, turn=place.turn.half_turned()) for place in taken]


def power_scores(place: Place, sizes: Floats, spectrum: Spectrum) -> NDArray[np.float32]:
    """Sum the pilot's power above what lies around it, for (N,) sizes of the photo in samples.

    The place's turn and slant count. The sums are in deviations of noise.
    """
    lines = pilot()[0]
    seen = lines.radii[:, None] / sizes < FINEST
    frequencies = place.received(lines.rows.astype(float), lines.columns.astype(float))
    above = spectrum.above(*frequencies, 1 / sizes)
    summed = np.einsum("ns,ns->s", above, seen)
    scores: NDArray[np.float32] = summed / np.sqrt(np.maximum(seen.sum(axis=0), 1))
    return scores.astype(np.float32)


def _lies_alike(place: Place, other: Place) -> bool:
    return place.turn == other.turn and abs(place.slant - other.slant) < PEAK_SLANT
