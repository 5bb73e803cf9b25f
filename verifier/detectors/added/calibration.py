"""An added detector's calibration: log odds into probabilities, thresholds, and how often it errs.

Of each picture all versions are on one side: half is fitted to, the other measured. Fitting needs
numpy alone, since newsrooms install no more.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from verifier.errors import ScoresError
from verifier.judging.calibration import threshold_for, upper_bound
from verifier.weights import ANY_CHANNEL, Probability, Threshold

LEAST_PICTURES: Final = 40
"""Of each folder: half of them are held out, and fewer than 20 prove no rate of percents."""
RATE: Final = 0.01
MOST_WRONG: Final = 0.05
"""Measured share of photographs called generated, from which a channel gets no answer."""
_STEPS, _RIDGE = 50, 1e-3

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Scored:
    """One version of a picture.

    Attributes
    ----------
    picture
        Name of the picture; its versions share it.
    channel
        Platform that it came through, or "none".
    score
        Log odds of "generated", as the network gives them.
    """

    picture: str
    generated: bool
    channel: str
    score: float


class ChannelCalibration(BaseModel):
    """What one channel's pictures taught.

    Attributes
    ----------
    slope, offset
        Log odds that were measured: slope · score + offset (Platt 1999).
    threshold
        Probability from which "generated" is answered; its false alarms are those of photographs
        that were not fitted to. "any" counts a photograph as wrong if any version of it is.
    found, generated
        Generated pictures, not fitted to, that reach it, and how many there were.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    slope: float = Field(ge=0)
    offset: float
    threshold: Threshold
    found: int = Field(ge=0)
    generated: int = Field(ge=1)

    def probability(self, score: float) -> float:
        """Return the probability of "generated"."""
        return float(1 / (1 + np.exp(-np.clip(self.slope * score + self.offset, -500, 500))))

    @property
    def answers(self) -> bool:
        """Whether it was seldom enough wrong to answer at all."""
        return self.threshold.false_alarm_rate <= MOST_WRONG


class AddedCalibration(BaseModel):
    """Of all channels; "any" is for those that have none of their own."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    channels: dict[str, ChannelCalibration]
    photographs: int
    generated: int
    data: str
    expected_calibration_error: Probability | None = None

    def of_channel(self, platform: str | None) -> tuple[str, ChannelCalibration]:
        """Return the calibration of a platform that a file is from, and which one it is."""
        name = platform if platform in self.channels else ANY_CHANNEL
        return str(name), self.channels[str(name)]


def calibrated(scores: Sequence[Scored], data: str) -> AddedCalibration:
    """Fit on half of the pictures, by channel, and measure on the others.

    Raises
    ------
    ScoresError
        If there are too few pictures.
    """
    photographs = {one.picture for one in scores if not one.generated}
    generated = {one.picture for one in scores if one.generated}
    check_enough(len(photographs), len(generated))
    # In one order: sums are then the same to the bit, however the folders were walked.
    ordered = sorted(scores, key=lambda one: (one.generated, one.picture, one.channel, one.score))
    fitted, held_out = _halves(ordered)
    names = sorted({one.channel for one in scores if one.channel != "none"})
    channels = {ANY_CHANNEL: _of_channel(fitted, held_out)}
    for name in names:
        parts = ([one for one in half if one.channel == name] for half in (fitted, held_out))
        channels[name] = _of_channel(*parts)
    return AddedCalibration(
        channels=channels, photographs=len(photographs), generated=len(generated), data=data
    )


def check_enough(photographs: int, generated: int) -> None:
    """Refuse too few pictures. Raises `ScoresError`."""
    if min(photographs, generated) < LEAST_PICTURES:
        raise ScoresError(
            f"there are {photographs} photographs and {generated} generated pictures; "
            f"{LEAST_PICTURES} of each are the least that a calibration takes"
        )


def _of_channel(fitted: Sequence[Scored], held_out: Sequence[Scored]) -> ChannelCalibration:
    slope, offset = _platt([one.score for one in fitted], [one.generated for one in fitted])
    chosen, measured = (
        _by_picture([one for one in half if not one.generated], slope, offset, worst=True)
        for half in (fitted, held_out)
    )
    value = threshold_for(chosen, RATE).value
    alarms = int((measured >= value).sum())
    found = _by_picture([one for one in held_out if one.generated], slope, offset, worst=False)
    return ChannelCalibration(
        slope=slope,
        offset=offset,
        threshold=Threshold(
            value=value,
            false_alarm_rate=alarms / len(measured),
            upper_bound=upper_bound(alarms, len(measured)),
            pictures=len(measured),
        ),
        found=int((found >= value).sum()),
        generated=len(found),
    )


def _by_picture(scores: Sequence[Scored], slope: float, offset: float, *, worst: bool) -> Array:
    """Return a probability a picture: the highest of its versions, or the lowest."""
    by: dict[str, list[float]] = {}
    for one in scores:
        by.setdefault(one.picture, []).append(slope * one.score + offset)
    if not by:
        raise ScoresError("a channel has no pictures of one kind; use pictures that can be read")
    odds = np.array([max(values) if worst else min(values) for values in by.values()])
    return np.asarray(1 / (1 + np.exp(-np.clip(odds, -500, 500))))


def _platt(scores: Sequence[float], generated: Sequence[bool]) -> tuple[float, float]:
    """Fit slope and offset by Newton's method; both classes weigh the same.

    J. Platt, *Probabilistic outputs for support vector machines*, 1999, with his targets.
    """
    values, truth = np.array(scores), np.array(generated, bool)
    middle, spread = values.mean(), max(values.std(), 1e-9)
    rows = np.stack([(values - middle) / spread, np.ones(len(values))], axis=1)
    many = np.where(truth, truth.sum(), (~truth).sum())
    target = np.where(truth, (many + 1) / (many + 2), 1 / (many + 2))
    found = np.zeros(2)
    for _ in range(_STEPS):
        likely = 1 / (1 + np.exp(-np.clip(rows @ found, -30, 30)))
        slopes = rows.T @ ((likely - target) / many) + _RIDGE * found
        curvature = (rows * (likely * (1 - likely) / many)[:, None]).T @ rows
        found = found - np.linalg.solve(curvature + _RIDGE * np.eye(2), slopes)
    slope = max(0.0, float(found[0] / spread))  # the card says which way it points
    return slope, float(found[1] - slope * middle)


def _halves(scores: Sequence[Scored]) -> tuple[list[Scored], list[Scored]]:
    """Split photographs and generated pictures each in half, by their names, the same again."""
    first: set[tuple[bool, str]] = set()
    for generated in (False, True):
        names = sorted({one.picture for one in scores if one.generated == generated}, key=_shuffled)
        first |= {(generated, name) for name in names[: len(names) // 2]}
    fitted = [one for one in scores if (one.generated, one.picture) in first]
    return fitted, [one for one in scores if (one.generated, one.picture) not in first]


def _shuffled(name: str) -> str:
    return hashlib.sha256(name.encode(errors="surrogateescape")).hexdigest()
