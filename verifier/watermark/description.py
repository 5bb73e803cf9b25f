"""What a measured watermark says of a picture's history, as a few numbers.

A filter of a few pixels weighs frequencies by nearly a power of the square: sharpening raises the
logarithm of what is left as the square of the frequency in the photo's own pixels, smoothing and
resampling lower it. So the slope over that square says what was done, at any scale, and its error
says how surely. The line is fitted to shares, whose errors are known, and not to their logarithms:
a band that seems to have more by chance would weigh more (iteratively reweighted least squares).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from verifier.watermark.regions import BY_CHANCE
from verifier.watermark.transfer import BANDS, Transfer

Floats = NDArray[np.float64]

FROM: Final = 2  # the first bands hold too few lines
UNIT: Final = 0.1  # cycles a pixel of the photo, where the square counts as 1
LEAST_SHARE, MOST_SHARE = 0.03, 4.5
CHANCE: Final = BY_CHANCE**2  # of the variance of what is found, beside what `Transfer.laid` says
UNSURE: Final = 0.02  # of a band's share: the least error, whatever its information
BY_LOSS: Final = 0.1  # of the logarithm of what JPEG leaves: how far that is known
OVERRATED: Final = 0.4
"""Of the logarithm of what JPEG leaves, by how much too much it is said to take: places whose
detail outlived it count more, and there the watermark did, too."""
GROUPS: Final = 12  # of windows, by activity
PRIOR: Final = 5.0  # information with which a group is taken to be laid as estimated
STEPS: Final = 3  # from a level line to the likeliest one
LEAST_LEFT: Final = -0.1
"""Mean logarithm of what the file's JPEG leaves, from which on that is known well enough: more than
this it takes unevenly, from photo to photo, and unedited photos look smoothed."""
LEANING: Final = 2.5
"""Deviations by which fine lines are fainter in smooth parts than in busy ones, from which on the
photo was compressed strongly before it was scaled down: that takes what stands alone first, where a
filter takes as much everywhere."""
NAMES: Final = ("slope", "error", "finest", "left", "lean")


def describe(transfer: Transfer) -> NDArray[np.float32]:
    """Return the (5,) numbers of `NAMES`.

    ``slope`` of the logarithm of what is left over the square of the frequency, its standard
    ``error``; the mean square of the frequencies that weigh, ``finest``; the mean logarithm of what
    the file's JPEG leaves there, ``left``; by how many deviations the slope of the busier half is
    above that of the smoother one, ``lean``.
    """
    left = np.maximum(transfer.left[FROM:].astype(float), LEAST_SHARE)
    found, laid = (
        values.reshape(-1, values.shape[-1])[:, FROM:].astype(float)
        for values in (transfer.found, transfer.laid)
    )
    middle = np.sqrt([low * high for low, high in BANDS])[FROM:]
    at = np.square(middle / transfer.longer_side / UNIT)
    order = np.argsort(laid.sum(1), kind="stable")  # what is busy hides more, so it weighs less
    line, weight = _fitted(found, laid, left, at, order)
    busy, smooth = (_fitted(found, laid, left, at, half)[0] for half in np.array_split(order, 2))
    lean = (busy.slope - smooth.slope) / float(np.hypot(busy.error, smooth.error))
    total = max(weight.sum(), 1e-9)
    finest, lost = (float((weight * of).sum() / total) for of in (at, np.log(left)))
    return np.array((line.slope, line.error, finest, lost, lean), np.float32)


def is_known(described: NDArray[np.float32]) -> bool:
    """Whether a picture's compression leaves enough for its history to be told."""
    return bool(described[NAMES.index("left")] >= LEAST_LEFT)


def was_compressed_before(described: NDArray[np.float32]) -> bool:
    """Whether what is left is uneven as a strong compression before would leave it."""
    slope, lean = (described[NAMES.index(name)] for name in ("slope", "lean"))
    return bool(slope < 0 and lean >= LEANING)


def _fitted(
    found: Floats, laid: Floats, left: Floats, at: Floats, windows: NDArray[np.int64]
) -> tuple["_Line", Floats]:
    """Fit a line to what some (N, bands) windows have, in the order of their activity.

    Returns
    -------
    It, and the weight of each band in it.
    """
    found, laid = _at_even_strength(found[windows], laid[windows], left)
    share = found / np.maximum(laid * left, 1e-9)
    loss = np.log(left)
    whole = found.sum() / max((laid * left).sum(), 1e-9)
    expected = np.full(len(at), np.log(np.clip(whole, LEAST_SHARE, MOST_SHARE)))
    for _ in range(STEPS):
        likely = np.exp(expected)
        error = (
            CHANCE / np.maximum(laid * np.square(left * likely), 1e-9)
            + UNSURE**2
            + np.square(BY_LOSS * loss)
        )
        weight = np.where(laid > 0, 1 / error, 0)
        level = expected + np.clip(share / likely - 1, -0.9, 3) + OVERRATED * loss
        line = _Line.fitted(level, at, weight)
        near = line.at(at) - OVERRATED * loss
        expected = np.clip(near, np.log(LEAST_SHARE), np.log(MOST_SHARE))
    return line, weight


def _at_even_strength(found: Floats, laid: Floats, left: Floats) -> tuple[Floats, Floats]:
    """Sum what was found and laid over windows, by band, each as strongly as it was laid.

    How strongly the camera lays at a place is only estimated from texture, and bands draw on
    different places. Of windows of like activity all bands together say how strongly it was.

    Parameters
    ----------
    found, laid
        (N, bands), windows in the order of their activity.
    """
    groups = [
        (some.sum(0), of.sum(0))
        for some, of in zip(*(np.array_split(one, GROUPS) for one in (found, laid)), strict=True)
    ]
    strengths = [
        max(((f * left).sum() + PRIOR) / ((n * left**2).sum() + PRIOR), LEAST_SHARE)
        for f, n in groups
    ]
    sums = [
        (strength * f, strength**2 * n) for strength, (f, n) in zip(strengths, groups, strict=True)
    ]
    return sum(f for f, _ in sums), sum(n for _, n in sums)


@dataclass(frozen=True)
class _Line:
    """A line by weighted least squares: its value at a middle, its slope, and that one's error."""

    middle: float
    level: float
    slope: float
    error: float

    @classmethod
    def fitted(cls, level: Floats, at: Floats, weight: Floats) -> "_Line":
        total = max(weight.sum(), 1e-9)
        middle, mean = ((weight * of).sum() / total for of in (at, level))
        away = at - middle
        spread = (weight * np.square(away)).sum() + 1e-6
        slope = (weight * away * level).sum() / spread
        return cls(float(middle), float(mean), float(slope), float(spread**-0.5))

    def at(self, places: Floats) -> Floats:
        return self.level + self.slope * (places - self.middle)
