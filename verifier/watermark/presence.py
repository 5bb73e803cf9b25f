"""Whose octaves a picture has, and where: what a vendor's service answers of a photo.

A device's secret and the payload give the photo's own key, and that the octaves' signs. A secret
that didn't lay them gives signs that are independent of the picture. So their correlation with it
is a sum of independent random signs, whose deviation is known exactly, and that exceeds z
deviations with a probability of at most exp(−z²/2) (Hoeffding, *Probability inequalities for sums
of bounded random variables*, J. Amer. Stat. Assoc. 1963, theorem 2), whatever the picture shows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import exp, log, sqrt
from typing import Final

import numpy as np
from numpy.typing import NDArray

from verifier.watermark.measuring import Left, measure
from verifier.watermark.place import Array, Place
from verifier.watermark.reader import WatermarkReading
from verifier.watermark.transfer import camera_strength, laid_at
from verifier.watermark.whitening import Weighing, reduced
from watermark.embedding import octave_part
from watermark.keys import DeviceSecret, GroupKey, PhotoKey
from watermark.pattern import OCTAVES, SHARES, Complex, Lines, octave_coefficients, octave_lines

MOST_FALSE_ALARMS: Final = 1e-6
"""A device is said to fit where, of pictures that it didn't take, at most this share would."""
COARSE: Final = (0, 1, 2)
"""Octaves by which a device is found: the finest one is empty in small copies."""
SURELY: Final = 3.0  # deviations by which octaves would stand out, where their absence is said
PARTS: Final = (4, 3, 2)
"""Regions across the longer side: coarse, so that answers are of little use for repairing."""
JUDGED: Final = 9.0  # deviations that a region would have, from which it is judged
HAS: Final = 4.5  # deviations from which a region has the octaves: exp(−10.1), one in 24,000
LACKS: Final = 2.0  # deviations under which it hasn't, where more than `JUDGED` would be there
_ALL: Final = range(len(OCTAVES))


@dataclass(frozen=True)
class Presence:
    """What of a photo's octaves is in a picture.

    Attributes
    ----------
    device
        Number of the secret that fits; None: none does.
    deviations
        Of the best one's correlation.
    false_alarm_rate
        Bound of the probability that any of the secrets fits a picture so well by chance.
    would_show
        Whether the octaves would surely stand out, by what is left of the payload.
    octaves
        How much is left of each; none without a device.
    regions
        (rows, columns) of an upright picture: 1 has the octaves, −1 lacks them, 0 isn't known.
    """

    device: int | None
    deviations: float
    false_alarm_rate: float
    would_show: bool
    octaves: tuple[Left, ...]
    regions: NDArray[np.int8]


@dataclass(frozen=True)
class _Weighed:
    """A picture that lies at a place, weighed by what it hides and by how strongly it was laid."""

    place: Place
    luma: Array
    strength: Array
    weighing: Weighing
    found: Array

    @classmethod
    def of(cls, picture: NDArray[np.uint8], place: Place) -> "_Weighed":
        luma = place.upright(reduced(picture))
        weighing = Weighing(luma)
        strength = camera_strength(luma)
        return cls(place, luma, strength, weighing, strength * weighing.apply(luma))

    def expected(self, planes: Sequence[Array]) -> tuple[Array, Array]:
        """Return what planes would correlate to at each place if all of them was left, and do."""
        plane: Array = np.sum(planes, axis=0)
        strong = self.strength * plane
        return strong * self.weighing.apply(strong), plane * self.found


def presence(
    picture: NDArray[np.uint8],
    reading: WatermarkReading,
    group: GroupKey,
    secrets: Sequence[DeviceSecret],
) -> Presence:
    """Find whose octaves a picture has, and where.

    Parameters
    ----------
    picture
        (H, W, 3) uint8, that of the reading.
    reading
        With a payload.
    group
        The key that read it.
    secrets
        Of the devices that may have taken it.

    Raises
    ------
    ValueError
        If no payload was read, or no secret is given.
    """
    if reading.payload is None or reading.place is None or not secrets:
        raise ValueError("octaves are looked for by secrets, where a payload was read")
    weighed = _Weighed.of(picture, reading.place)
    keys = [secret.of_photo(reading.payload) for secret in secrets]
    scores, deviation = _scores(weighed, keys)
    best = int(np.argmax(scores))
    rate = min(1.0, len(keys) * exp(-(max(0.0, scores[best]) ** 2) / 2))
    fits = rate <= MOST_FALSE_ALARMS
    left = measure(picture, reading, group, keys[best] if fits else None)
    planes = [
        laid_at([octave_part(k, keys[best])], reading.place, weighed.luma.shape) for k in _ALL
    ]
    expected = float(weighed.expected(planes[: len(COARSE)])[0].sum()) / deviation
    shows = _payload_share(left) * expected >= threshold(len(keys)) + SURELY
    return Presence(
        device=best if fits else None,
        deviations=float(scores[best]),
        false_alarm_rate=rate,
        would_show=bool(shows or fits),
        octaves=tuple(one for one in left if one.name.startswith("octave")),
        regions=_regions(weighed, planes) if fits else np.zeros((1, 1), np.int8),
    )


def threshold(secrets: int) -> float:
    """Return the deviations from which one of so many secrets fits."""
    return sqrt(2 * log(secrets / MOST_FALSE_ALARMS))


def _scores(weighed: _Weighed, keys: Sequence[PhotoKey]) -> tuple[NDArray[np.float64], float]:
    """Correlate each key's octaves with a picture, in deviations; and the deviation."""
    amplitudes = [_amplitudes(weighed.place, weighed.found, octave_lines(k)) for k in COARSE]
    powers = [np.square(np.abs(octave_part(k, keys[0])[1])) for k in COARSE]
    variance = sum(
        2 * float((p * np.square(np.abs(a))).sum()) for p, a in zip(powers, amplitudes, strict=True)
    )
    deviation = max(sqrt(variance), 1e-30)
    share = (SHARES["octaves"] / len(OCTAVES)) ** 0.5
    sums = [
        sum(
            2 * float(np.vdot(a, octave_coefficients(k, key)).real)
            for k, a in zip(COARSE, amplitudes, strict=True)
        )
        for key in keys
    ]
    return np.array(sums) * share / deviation, deviation


def _amplitudes(place: Place, picture: Array, lines: Lines) -> Complex:
    return place.lattice_amplitudes(np.ascontiguousarray(picture), lines)


def _payload_share(left: Sequence[Left]) -> float:
    """Return how much of the payload is left, each band by how surely it is known."""
    bands = [one for one in left if one.name.startswith("payload")]
    weights = [1 / max(one.error, 1e-6) ** 2 for one in bands]
    share = np.average([one.share for one in bands], weights=weights)
    return float(np.clip(share, 0, 1))


def _regions(weighed: _Weighed, planes: Sequence[Array]) -> NDArray[np.int8]:
    """Judge the finest regions of which at least half can be judged; else the coarsest."""
    expected, found = weighed.expected(planes)
    levels = np.zeros((1, 1), np.int8)
    for across in PARTS:
        levels = _levels(weighed, found, expected, across)
        if np.count_nonzero(levels) * 2 >= levels.size:
            break
    return levels


def _levels(weighed: _Weighed, found: Array, expected: Array, across: int) -> NDArray[np.int8]:
    tops, lefts = (_edges(side, max(found.shape), across) for side in found.shape)
    measured, wanted = (
        np.add.reduceat(np.add.reduceat(values, tops[:-1], 0), lefts[:-1], 1)
        for values in (found, expected)
    )
    deviation = np.array(
        [
            [_deviation(weighed, slice(*rows), slice(*columns)) for columns in pairwise(lefts)]
            for rows in pairwise(tops)
        ]
    )
    z, likely = measured / deviation, wanted / deviation
    has = z >= HAS
    left = float(np.median((measured / wanted)[has])) if has.any() else 0.0
    lacks = (left * likely >= JUDGED) & (z < LACKS)
    levels: NDArray[np.int8] = has.astype(np.int8) - lacks.astype(np.int8)
    return levels


def _deviation(weighed: _Weighed, rows: slice, columns: slice) -> float:
    """Return that of a region's correlation with random signs.

    Each bin of its spectrum stands for as many lines as there are whole numbers of cycles in it.
    """
    part = weighed.found[rows, columns]
    spectrum = np.square(np.abs(np.fft.rfft2(part)))
    down = np.fft.fftfreq(part.shape[0]) / weighed.place.steps[0]
    across = np.fft.rfftfreq(part.shape[1]) / weighed.place.steps[1]
    lines = abs(down[1] * across[1]) if min(part.shape) > 1 else 0.0
    power = _line_powers(np.hypot(down[:, None], across)) * lines
    power[:, 0] /= 2  # of each pair ± one line is laid, and these bins hold both
    return max(sqrt(2 * float((power * spectrum).sum())), 1e-30)


def _line_powers(radii: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the squared coefficient of a line at each radius; 0 outside of the octaves."""
    powers = np.zeros(radii.shape)
    for number, (low, high) in enumerate(OCTAVES):
        lines = octave_lines(number)
        weight = lines.of_signs[0] ** 2 * lines.radii[0]  # of any line of an octave the same
        inside = (radii >= low) & (radii < high)
        powers[inside] = 2 * weight * SHARES["octaves"] / len(OCTAVES) / radii[inside]
    return powers


def _edges(side: int, longer: int, across: int) -> list[int]:
    parts = max(1, round(across * side / longer))
    return [round(side * n / parts) for n in range(parts + 1)]
