"""Black level and saturation: what a file states, against its own samples."""

from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

Black = tuple[float, float, float, float]
# Judged by every so-many-th row: enough for a percentile.
ROWS = 512
# A frame taken in the dark lies around its black level, by its noise: half of it under that, and
# none this share of the range under it.
UNDER_BLACK = 0.02
# Saturation is where samples end. So large a share of them so far above it is none.
ABOVE_WHITE, MOST_ABOVE = 0.25, 0.1


@dataclass(frozen=True)
class Levels:
    """Levels that can be, and a sentence of each that was replaced."""

    black: Black
    white: float
    notes: tuple[str, ...] = ()


def plausible_levels(
    black: tuple[float, ...] | None, white: float | None, samples: NDArray[np.uint16]
) -> Levels:
    """Replace levels that the samples contradict.

    Parameters
    ----------
    black
        Of R, G1, G2 and B; None where what is stated is no number.
    white
        Likewise.
    samples
        (H, W) sensor values.
    """
    seen = samples[:: max(1, samples.shape[0] // ROWS)]
    most, notes = float(samples.max()), []
    if black is None:
        black = (0.0,) * 4
        notes.append("the black level is stated wrongly: 0 was taken")
    if white is None:
        white = max(most, 1.0)
        notes.append("the white level is stated wrongly: the brightest sample was taken")
    if white <= max(black) and most <= max(black):
        black = (0.0,) * 4
        notes.append("the black level is above every sample: 0 was taken")
    if white <= max(black):
        notes.append(f"the white level of {white:g} is under the black level: "
                     "the brightest sample was taken")  # fmt: skip
        white = max(most, 1.0)
    if _is_under(seen, black, white):
        black = (0.0,) * 4
        notes.append("the black level is above most samples: 0 was taken")
    limit = white + ABOVE_WHITE * (white - min(black))
    if np.mean(seen > limit) > MOST_ABOVE:
        white = most
        notes.append("many samples are above the white level: the brightest was taken")
    return Levels(cast(Black, black), white, tuple(notes))


def _is_under(samples: NDArray[np.uint16], black: tuple[float, ...], white: float) -> bool:
    """Whether the half of the samples lies far under black."""
    level = float(np.mean(black))
    under = np.count_nonzero(samples < level - UNDER_BLACK * (white - level) - 1)
    return bool(2 * under > samples.size)
