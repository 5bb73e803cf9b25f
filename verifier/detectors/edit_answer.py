"""What is said of a whole picture by how likely each edit is, and in which words.

What sharpens and what takes fine detail have thresholds of their own. Less detail than the camera
left may be smoothing, or what a photographer's export takes: as one answer that informs both are
true, and accuse nobody. Only what takes more than exports do is called an edit.
"""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from verifier.judging.decision import Answer, how_often_wrong, role_probability
from verifier.report.record import Finding
from verifier.report.wording import percent
from verifier.watermark.edit_strength import STRONGEST, blur_of, sharpening_of
from verifier.weights import Calibration, Label, ModelEntry, Threshold

SHARPENED: Final = "sharpen"
EXPORTED: Final = "exported"
"""Label of what was made smaller and saved, as photographers do for the web."""
SOFTENED: Final = Label(
    name="softened",
    role="class",
    words="softened: smoothed or resized, or made smaller and compressed for the web",
)
"""Answered where that is all that is sure, by a threshold that has its name."""
LEAST_BLUR: Final = 0.3
"""Pixels: a blur that is stated, in one decimal, is at least this."""

_NO_EDIT: Final = (
    "What is left of the camera's watermark doesn't say surely enough whether it was edited."
)
_NEVER_UNEDITED: Final = (
    "That a photo is unedited can't be told by the group's key: who has it can put back what an "
    "edit took. Its vendor's measuring service asks by the photo's own key, and sees more."
)
_ASK: Final = "Ask for the photo as the camera saved it: that file tells one from the other."


@dataclass(frozen=True)
class Decided:
    """The label that is answered, by which threshold, and how likely it is."""

    label: Label
    threshold: Threshold
    probability: float


def decided(entry: ModelEntry, calibration: Calibration, found: dict[str, float]) -> Decided | None:
    """Take the first answer whose threshold is reached: sharpened, less detail, softened, unedited.

    Parameters
    ----------
    found
        The calibrated probability of each label.
    """
    edits = [label for label in entry.labels if label.role == "edit"]
    unedited = next(label for label in entry.labels if label.role == "native")
    more = [label for label in edits if label.name == SHARPENED]
    less = [label for label in edits if label.name != SHARPENED]
    likeliest = sorted(less, key=lambda label: found[label.name], reverse=True)[:1]
    much_less = sum(found[label.name] for label in less)
    of_sharpened = calibration.named_as.get(SHARPENED, calibration.edited)
    asked = [
        *((label, of_sharpened, found[label.name]) for label in more),
        *((label, calibration.edited, much_less) for label in likeliest),
        (SOFTENED, calibration.named_as.get(SOFTENED.name), much_less + found.get(EXPORTED, 0)),
        (unedited, calibration.native, role_probability(entry, found, "native")),
    ]
    reached = (
        Decided(label, threshold, min(1.0, value))
        for label, threshold, value in asked
        if threshold is not None and value >= threshold.value
    )
    return next(reached, None)


def answer_of(entry: ModelEntry, calibration: Calibration, found: dict[str, float]) -> Answer:
    """Answer by the calibrated probability of each label."""
    of = decided(entry, calibration, found)
    if of is None:
        return _undecided(calibration)
    if of.label.role == "edit":
        amount, whose = ("More", "") if of.label.name == SHARPENED else ("Less", " of any of these")
        said = (
            f"{amount} is left of the camera's watermark at fine detail than scaling and "
            f"compressing leave. The picture was probably {of.label.words} (probability{whose} "
            f"{percent(of.probability)})."
        )
        return _answered(of, "evidence against", said, "unedited")
    if of.label is SOFTENED:
        said = (
            "Less is left of the camera's watermark at fine detail than platforms leave of a "
            "camera's file. Smoothing takes as much, and so does an export, which makes a photo "
            f"smaller and compresses it (probability of either {percent(of.probability)})."
        )
        return _answered(of, "informs", said, "unedited, full-size", _ASK)
    said = (
        "What is left of the camera's watermark is what scaling and compressing leave "
        f"(probability {percent(of.probability)}). A watermark can be copied to another picture, "
        "so that is no evidence for this one."
    )
    return _answered(of, "informs", said, "edited")


def _answered(of: Decided, finding: Finding, said: str, others: str, *more: str) -> Answer:
    reasons = (said, how_often_wrong(of.threshold, others), *more)
    return Answer("ran", finding, reasons, of.label, True, of.threshold, of.probability)


def with_strength(answer: Answer, described: NDArray[np.float32], *, keyed: bool) -> Answer:
    """Say how strong an edit was that is named.

    Parameters
    ----------
    described
        (5,) as `verifier.watermark.description.describe` gives it.
    keyed
        Whether the photo's own key was at hand.
    """
    if answer.answer is None or answer.answer.role == "native":
        return answer
    if answer.answer.name == SHARPENED:
        much = sharpening_of(described, keyed=keyed)
        words = (
            f"Detail ten pixels long is about {much.likeliest:.0%} stronger "
            f"({much.least:.0%} to {much.most:.0%})."
        )
    else:
        much = blur_of(described, keyed=keyed)
        if not much.likeliest >= LEAST_BLUR:
            return answer
        words = (
            f"That is about what a blur of {much.likeliest:.1f} pixels of the photo takes "
            f"({much.least:.1f} to {much.most:.1f})."
            if much.most < STRONGEST
            else f"That is at least what a blur of {much.least:.1f} pixels of the photo takes."
        )
    said, *others = answer.reasons
    return replace(answer, reasons=(said, words, *others))


def _undecided(calibration: Calibration) -> Answer:
    """Answer nothing. No probability stands there: it would be read as an answer."""
    by_the_photo = (
        "What is left of the camera's watermark fits neither an unedited photo surely enough nor "
        "an edited one."
    )
    reasons = (_NO_EDIT, _NEVER_UNEDITED) if calibration.native is None else (by_the_photo,)
    return Answer("ran", "inconclusive", reasons, in_domain=True)
