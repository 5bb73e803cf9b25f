"""From a picture's scores to an answer, or to an abstention with its reason."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from verifier.features.patches import Patches
from verifier.judging import calibration as calibrating
from verifier.reading.reading import Reading
from verifier.report.record import Finding, Status
from verifier.report.wording import percent
from verifier.weights import Calibration, Label, ModelEntry, Role, Threshold

IN_PARTS: Final = "parts"
"""Answer where parts lack the watermark of the rest."""


@dataclass(frozen=True)
class Answer:
    """A finding with its grounds; ``probabilities`` are calibrated, empty where there are none."""

    status: Status
    finding: Finding
    reasons: tuple[str, ...]
    answer: Label | None = None
    in_domain: bool | None = None
    threshold: Threshold | None = None
    confidence: float | None = None
    probabilities: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Grounds:
    """What a model may answer by: its calibration, and the probability of each label by it."""

    calibration: Calibration
    found: dict[str, float]


def allowed(
    entry: ModelEntry,
    calibration: Calibration | None,
    reading: Reading,
    patches: Patches,
    *,
    outside: bool | None = None,
) -> Calibration | Answer:
    """Return the calibration by which a model may answer about a picture; else its abstention.

    The one place where detectors abstain before they decide.

    Parameters
    ----------
    outside
        What the abstention says of the domain where the picture is outside of it.
    """
    reasons = outside_domain(entry, reading, patches)
    if reasons:
        return abstained(*reasons, in_domain=outside)
    return calibration or abstained("The model isn't calibrated, so its scores give no answer.")


def outside_domain(entry: ModelEntry, reading: Reading, patches: Patches) -> tuple[str, ...]:
    """Say why a model may not answer for a picture; empty if it may."""
    reasons = []
    height, width = reading.pixels.shape[:2]
    domain = entry.domain
    if min(height, width) < domain.min_side:
        reasons.append(
            f"The picture is too small: {width}×{height}, at least {domain.min_side} pixels a side "
            "are needed."
        )
    if len(patches.places) < domain.min_patches:
        reasons.append(
            f"Too little of the picture can be judged: {patches.usable} of {patches.of} parts "
            f"are neither uniform nor overexposed, {domain.min_patches} are needed."
        )
    jpeg = reading.facts.channel.jpeg
    if domain.least_quality is not None and jpeg and jpeg.quality < domain.least_quality:
        reasons.append(
            f"The picture is compressed too much: quality {jpeg.quality}, the network was tested "
            f"down to {domain.least_quality}."
        )
    return tuple(reasons)


def picture_probabilities(
    entry: ModelEntry, calibration: Calibration, mean_log: NDArray[np.float64], patches: int
) -> dict[str, float]:
    """Turn the scores of a picture into a calibrated probability of each label.

    Parameters
    ----------
    mean_log
        (K,) mean log probabilities.
    patches
        Over how many patches.
    """
    scores = calibrating.pooled(mean_log[None], [patches], calibration.exponent)
    found = calibrating.probabilities(scores, calibration.temperature)[0]
    return calibrating.shares([label.name for label in entry.labels], np.clip(found, 0, 1))


def role_probability(entry: ModelEntry, found: dict[str, float], role: Role) -> float:
    """Sum the probabilities of the labels that have a role."""
    return min(1.0, sum(found[label.name] for label in entry.labels if label.role == role))


def how_often_wrong(threshold: Threshold, kind: str) -> str:
    """Say in a sentence how often an answer was wrong on pictures of a kind, such as "edited"."""
    wrong = round(threshold.false_alarm_rate * threshold.pictures)
    return (
        f"Of {threshold.pictures} {kind} test pictures {wrong or 'none'} got this answer wrongly; "
        f"at most {percent(threshold.upper_bound)} of such pictures do, 95% sure."
    )


def abstained(*reasons: str, in_domain: bool | None = None) -> Answer:
    """Give no answer, on purpose, and say why."""
    return Answer("abstained", "inconclusive", reasons, in_domain=in_domain)
