"""How strong an edit was, by the slope of what is left of a photo's watermark.

A Gaussian blur of σ pixels leaves exp(−2π²σ²f²) of a frequency of f cycles a pixel, so its slope
over f² says σ. Of a strong blur less is measured. What was resized is as if blurred, and what was
sharpened has a slope that rises.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from verifier.watermark.description import NAMES, UNIT

UNEDITED, UNEDITED_BLIND = 0.03, 0.09
"""Slope of photos to which nothing was done, by the photo's own key and by the group's alone: a
line that lies in phase with the picture raises the power that it is weighed by, and counts less."""
NEAR, BEYOND = 0.9, 1.29
"""Of the slope x of a Gaussian blur x / (NEAR + BEYOND · x) is measured: where the most is taken,
lines weigh least."""
MOST_SLOPE: Final = 0.6  # measured, beyond which a blur is only known to be strong
SCATTER, OF_SLOPE = 0.04, 0.2
"""Standard deviation of photos' slopes about that of what was done to them, and what of it is a
share of the slope, beside the error that is stated. All are measured on the copies that
`camsim train edits` keeps."""
OF_NINE_IN_TEN: Final = 1.64  # standard deviations
STRONGEST: Final = 3.45  # pixels: a blur that reaches so far may be stronger


@dataclass(frozen=True)
class Strength:
    """A strength, and what lies around it in nine of ten copies.

    Attributes
    ----------
    likeliest, least, most
        Of a blur, its σ in pixels of the photo. Of sharpening, by which share detail ten pixels
        long is stronger: 0.2 is 20%.
    """

    likeliest: float
    least: float
    most: float


def blur_of(described: NDArray[np.floating], *, keyed: bool) -> Strength:
    """Return the Gaussian blur that leaves as much as a (5,) description of `describe` says.

    ``keyed`` says whether the photo's own key was at hand.
    """
    most, likeliest, least = (_sigma(slope) for slope in _slopes(described, keyed=keyed))
    return Strength(likeliest, least, most)


def sharpening_of(described: NDArray[np.floating], *, keyed: bool) -> Strength:
    """Return how much stronger fine detail is by a (5,) description; ``keyed`` as `blur_of`."""
    slopes = _slopes(described, keyed=keyed)
    least, likeliest, most = (max(0.0, float(np.expm1(one))) for one in slopes)
    return Strength(likeliest, least, most)


def _slopes(described: NDArray[np.floating], *, keyed: bool) -> tuple[float, float, float]:
    slope, error = (float(described[NAMES.index(name)]) for name in ("slope", "error"))
    slope -= UNEDITED if keyed else UNEDITED_BLIND
    off = OF_NINE_IN_TEN * float(np.linalg.norm((error, SCATTER, OF_SLOPE * slope)))
    return slope - off, slope, slope + off


def _sigma(slope: float) -> float:
    measured = min(max(0.0, -slope), MOST_SLOPE)
    theory = NEAR * measured / (1 - BEYOND * measured)
    return float(np.sqrt(theory / 2)) / (np.pi * UNIT)
