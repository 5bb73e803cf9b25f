"""How strong an edit was, by the slope of what is left of a photo's watermark.

A Gaussian blur of σ pixels leaves exp(−2π²σ²f²) of a frequency of f cycles a pixel, so its slope
over f² says σ. Slopes that are measured are nine tenths of that. What was resized is as if blurred,
and what was sharpened has a slope that rises.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from verifier.watermark.description import NAMES, UNIT

UNEDITED: Final = 0.03
"""Slope of photos to which nothing was done: a line that lies in phase with the picture raises the
power that it is weighed by, and so counts less."""
OF_THEORY: Final = 0.9
"""Of the slope of a Gaussian blur, what is measured: where the most is taken, lines weigh least."""
SCATTER, OF_SLOPE = 0.04, 0.2
"""Standard deviation of photos' slopes about that of what was done to them, and what of it is a
share of the slope, beside the error that is stated. All are measured on the copies that
`camsim train edits` keeps."""
OF_NINE_IN_TEN: Final = 1.64  # standard deviations


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


def blur_of(described: NDArray[np.floating]) -> Strength:
    """Return the Gaussian blur that leaves as much as a (5,) description of `describe` says."""
    most, likeliest, least = (_sigma(slope) for slope in _slopes(described))
    return Strength(likeliest, least, most)


def sharpening_of(described: NDArray[np.floating]) -> Strength:
    """Return how much stronger fine detail is by a (5,) description of `describe`."""
    least, likeliest, most = (max(0.0, float(np.expm1(one))) for one in _slopes(described))
    return Strength(likeliest, least, most)


def _slopes(described: NDArray[np.floating]) -> tuple[float, float, float]:
    slope, error = (float(described[NAMES.index(name)]) for name in ("slope", "error"))
    slope -= UNEDITED
    off = OF_NINE_IN_TEN * float(np.linalg.norm((error, SCATTER, OF_SLOPE * slope)))
    return slope - off, slope, slope + off


def _sigma(slope: float) -> float:
    return float(np.sqrt(max(0.0, -slope) / OF_THEORY / 2)) / (np.pi * UNIT)
