"""From a picture's scores to an answer, or to an abstention with its reason."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from verifier.features.patches import Patches
from verifier.features.watermark_gaps import WatermarkGaps
from verifier.features.watermark_proof import WatermarkProof
from verifier.features.watermark_sync import Sync
from verifier.judging import calibration as calibrating
from verifier.reading.reading import Reading
from verifier.report.record import Finding, Status
from verifier.report.wording import percent
from verifier.weights import Calibration, Label, ModelEntry, Role, Threshold

# Labels of what sharing does to every picture: reported, and never held against one.
BY_SHARING: Final = ("jpeg",)
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


def decide(entry: ModelEntry, grounds: Grounds, proof: WatermarkProof | None = None) -> Answer:
    """Answer whether a picture was edited, or abstain.

    Parameters
    ----------
    proof
        How the camera's watermark lies in the picture, and the evidence for it, if it was looked
        for.
    """
    calibration, found = grounds.calibration, grounds.found
    outside = calibration.out_of_domain
    if outside and role_probability(entry, found, "out-of-domain") >= outside.value:
        return abstained(
            "The picture doesn't look as if the camera pipeline "
            f"{entry.pipeline or entry.name} developed it. The detector knows no other "
            "pipeline, so it can't assess edits.",
            in_domain=False,
        )
    without = without_watermark(entry, proof) if proof else None
    return without or _decided(entry, calibration, found, proof.sync if proof else None)


def without_watermark(entry: ModelEntry, proof: WatermarkProof) -> Answer | None:
    """Abstain without the camera's watermark, or at a size that hides edits."""
    pipeline = entry.pipeline or entry.name
    if proof.sync.absent:
        return abstained(
            f"No watermark of the camera pipeline {pipeline} was found, so edits were not "
            "assessed. The picture may be from elsewhere, or smoothed or compressed until none "
            "is left."
        )
    if not proof.holds:
        return abstained(
            "The picture has periodic lines that are not proven to be the watermark of the camera "
            f"pipeline {pipeline}. Charts, tiles, screens and JPEG blocks have such lines as well. "
            "The camera and edits were not assessed."
        )
    if proof.sync.scaled:
        return abstained(
            f"The watermark of the camera pipeline {pipeline} was found; the picture was resized "
            f"to {proof.sync.scale[0]:.1%}. At this size edits cannot be distinguished, so whether "
            "it was edited remains open.",
            in_domain=True,
        )
    return None


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
    if calibration.isotonic:
        found = _with_edit_share(entry, calibration, found)
    return calibrating.shares([label.name for label in entry.labels], np.clip(found, 0, 1))


def role_probability(entry: ModelEntry, found: dict[str, float], role: Role) -> float:
    """Sum the probabilities of the labels that have a role."""
    return min(1.0, sum(found[label.name] for label in entry.labels if label.role == role))


def _with_edit_share(
    entry: ModelEntry, calibration: Calibration, found: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Map the probability of any edit, and scale the others to what it leaves."""
    assert calibration.isotonic is not None
    edits = np.isin(np.arange(len(found)), entry.indices("edit"))
    before = float(found[edits].sum())
    after = float(calibrating.apply_isotonic(calibration.isotonic, before))
    scale = np.where(edits, after / max(before, 1e-12), (1 - after) / max(1 - before, 1e-12))
    return found * scale


def _decided(
    entry: ModelEntry, calibration: Calibration, found: dict[str, float], sync: Sync | None
) -> Answer:
    edited = role_probability(entry, found, "edit")
    native = role_probability(entry, found, "native")
    if calibration.edited is not None and edited >= calibration.edited.value:
        edits = [label for label in entry.labels if label.role == "edit"]
        likeliest = max(edits, key=lambda label: found[label.name])
        if likeliest.name in BY_SHARING:
            return _shared_again(entry, calibration.edited, likeliest, edited)
        said = (
            f"The picture looks as if {entry.pipeline or entry.name} developed it and it was "
            f"edited after that, most likely {likeliest.words} (probability of any edit "
            f"{percent(edited)})."
        )
        reasons = (said, how_often_wrong(calibration.edited, "unedited"))
        return Answer(
            "ran", "evidence against", reasons, likeliest, True, calibration.edited, edited
        )
    if calibration.native is not None and native >= calibration.native.value:
        if sync is not None and sync.unseen:
            return abstained(
                f"The picture looks as it left the camera pipeline {entry.pipeline or entry.name}, "
                "but hardly anything of that camera's watermark was found in it."
            )
        label = next(label for label in entry.labels if label.role == "native")
        said = (
            "The picture looks as it left the camera pipeline "
            f"{entry.pipeline or entry.name} (probability {percent(native)})."
        )
        reasons = (said, how_often_wrong(calibration.native, "edited"))
        return Answer("ran", "consistent", reasons, label, True, calibration.native, native)
    undecided = (
        "It looks neither clearly as the camera left it nor clearly edited: probability of an edit "
        f"{percent(edited)}."
    )
    return Answer("ran", "inconclusive", (undecided,), in_domain=True)


def _shared_again(entry: ModelEntry, threshold: Threshold, label: Label, edited: float) -> Answer:
    """Report what a further upload leaves as what it is: no evidence against a picture."""
    said = (
        f"The picture looks as if {entry.pipeline or entry.name} developed it and it was "
        f"{label.words} since (probability of any change {percent(edited)}). Every upload does "
        "that, so it is no evidence against the picture. Whether it was also edited remains open."
    )
    return Answer("ran", "informs", (said,), label, True, threshold, edited)


def without_gaps(answer: Answer, gaps: WatermarkGaps) -> Answer:
    """Take back that a picture is as the camera left it where its watermark is missing in parts."""
    if answer.finding != "consistent" or gaps.box is None:
        return answer
    left, top, right, bottom = gaps.box
    said = (
        "Most of the picture looks as the camera left it. But its watermark is missing in "
        f"{gaps.missing} of {gaps.judged} parts that can be judged. Something may have been put "
        "in, painted over or smoothed there, so no answer is given. Look between columns "
        f"{left} and {right}, rows {top} and {bottom}."
    )
    return abstained(said, in_domain=True)


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
