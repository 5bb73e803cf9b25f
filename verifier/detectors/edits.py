"""Was the picture edited after the camera developed it? What is left of its watermark answers.

For pictures whose watermark was read, at any size. It measures how much is left by frequency, and
what of that the file's own compression took (`verifier.watermark.transfer`); a small network names
what was done. The group's key is enough. A watermark can be copied to another picture together with
all that is measured here: so that nothing was found is told, and is no evidence for a picture.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar, Final, Self

import numpy as np
from numpy.typing import NDArray

from verifier.detectors.detector import Detector
from verifier.detectors.edit_answer import SOFTENED, answer_of, with_strength
from verifier.detectors.missing_parts import (
    ANSWER_WORDS,
    MissingParts,
    missing_parts,
    photo_put_in,
)
from verifier.detectors.model import Model
from verifier.features.even_border import even_borders
from verifier.judging.calibration import log_softmax
from verifier.judging.decision import IN_PARTS, Answer, abstained, picture_probabilities
from verifier.reading.reading import Reading
from verifier.report.parts import EDITS
from verifier.report.record import DetectorResult
from verifier.watermark.description import describe, is_known, was_compressed_before
from verifier.watermark.photo import upright
from verifier.watermark.reader import WatermarkReading, read_watermark
from verifier.watermark.regions import regions_of
from verifier.watermark.registration import registered
from verifier.watermark.transfer import FINE_SIDE, Transfer, measure_transfer
from verifier.weights import FOLDER, Label, read_manifest
from watermark.keys import GroupKey, PhotoKey

TASK: Final = "edits"
KEYED_TASK: Final = "edits by the photo's key"
"""Of the model that is asked where the photo's own key is at hand: it sees finer detail."""
MOST_OFF: Final = 1.5e-3
"""Longer sides by which a watermark may lie elsewhere than it was read; it is measured where it
lies. Uncut ones are up to 4e-4 off, those cut by two pixels at 12 megapixels 5e-4 to 1e-3."""
LEAST_PHOTO: Final = 2400
"""Pixels of a photo's longer side, from which its parts are judged."""
LEAST_WHOLE: Final = 3200
"""The same, from which the whole is: of 8 megapixels and more. Of 2,800 pixels unedited ones that
were compressed, resized and compressed again were called smoothed or resized."""
HARMLESS: Final = 94
"""Quality of an earlier JPEG generation from which on it takes nothing: a camera's own file, which
X serves in its own size."""
LEAST_SCORE: Final = 12.0
"""Deviations of the payload, from which the whole is judged. All but one of 32 photographs have 13
to 15.7, and the one, a forest of 10.7 that was barely read, seemed smoothed, unedited as it was."""
COARSE_AT: Final = (1, 2, 3, 8, 9, 10, 16, 17, 24)
"""Numbers, by rows, of the quantisation steps at which a large file's watermark lies."""
MOST_COARSE: Final = 5.5
"""Their mean, in levels, up to which a large file is judged: of libjpeg's qualities those from 79
on. At 70 and less an unedited photo of 6 megapixels was called smoothed."""

_NO_KEY: Final = (
    "Edits are judged by how much is left of a camera's watermark. None was looked for, since no "
    "key of a device group is known."
)
_NO_MODEL: Final = "No trained model of edits is installed."
_NOT_READ: Final = (
    "No watermark of a known key was read, and edits are judged by how much is left of one. The "
    "picture may be from elsewhere, or compressed or cut until none could be read."
)
TOO_STRONGLY: Final = (
    "The file is compressed so strongly that it isn't known well enough how much of the watermark "
    "that took. Ask for a larger copy: X, Telegram and Facebook leave more than messengers do."
)
STRONGLY_BEFORE: Final = (
    "Fine detail is weaker in smooth parts than in busy ones, as when a photo is compressed "
    "strongly before it is scaled down. So it isn't known whether it was smoothed."
)
_CUT: Final = (
    "The picture seems cut by a few pixels, so its watermark lies a little beside where it was "
    "read. How much of its fine detail is left isn't known then."
)
_STRAIGHTENED: Final = (
    "The picture was straightened, which takes fine detail away by itself: whether more was done "
    "can't be told from its watermark."
)
_BENT: Final = (
    "The picture was turned a little or bent, as a correction of lens or perspective does. Parts "
    "of its watermark lie beside where it was read, so what is left of it isn't known."
)
_TWICE: Final = (
    "The file was compressed before at the same size, and it isn't known how much of the watermark "
    "that took, or seems to have added."
)
_BARELY: Final = (
    "The watermark was barely read, as in a picture full of strong detail. How much of it is left "
    "isn't known well enough."
)
_MAYBE_TWICE: Final = (
    "It can't be seen whether the file was compressed before at the same size: it is too small, "
    "too smooth or drawn. Such a compression changes how much of the watermark is left."
)


class WatermarkEdits(Detector):
    """Names what was done to a picture from how much of its watermark is left.

    Parameters
    ----------
    blind, keyed
        Models for the group's key alone, and for the photo's own; None: nothing is answered.
    keys
        Of the device groups whose watermarks may be read.
    """

    name: ClassVar[str] = EDITS
    task: ClassVar[str] = TASK
    question: ClassVar[str] = "Was the picture edited after the camera developed it?"
    doing: ClassVar[str] = "Looking for edits"
    limits: ClassVar[str] = (
        "It sees what was done to the whole picture's sharpness, and parts without the watermark. "
        "Small parts, and changes of brightness and colour, it does not see."
    )

    def __init__(
        self,
        blind: Model | None = None,
        keyed: Model | None = None,
        keys: Sequence[GroupKey] = (),
    ) -> None:
        self._blind, self._keyed = blind, keyed
        self._keys = tuple(keys)

    @classmethod
    def from_weights(cls, folder: Path = FOLDER, *, threads: int = 0) -> Self:
        """Take the models of a folder; raises `WeightsError` for a bad manifest."""
        manifest = read_manifest(folder)
        found = [manifest.of_task(task) for task in (TASK, KEYED_TASK)]
        blind, keyed = (Model(of[0], folder, threads) if of else None for of in found)
        return cls(blind, keyed)

    def by(self, keys: Sequence[GroupKey]) -> "WatermarkEdits":
        """Return one that reads with other keys."""
        return WatermarkEdits(self._blind, self._keyed, keys)

    def analyze(self, reading: Reading, *, brief: bool = False) -> DetectorResult:
        """Read the watermark and answer by it; see `Detector.analyze`."""
        picture = upright(reading)
        return self.judge(reading, picture, read_watermark(picture, self._keys))

    def without_key(self) -> DetectorResult:
        """Say why nothing is answered where no key is known."""
        return self.not_run(_NO_KEY)

    def prepare(self) -> None:
        """Load the model that a newsroom asks, where it has a key; see `Detector.prepare`."""
        if self._keys and self._blind is not None:
            self._blind.load()

    def judge(
        self,
        reading: Reading,
        picture: NDArray[np.uint8],
        found: WatermarkReading,
        photo: PhotoKey | None = None,
    ) -> DetectorResult:
        """Answer for a picture whose watermark was looked for.

        Parameters
        ----------
        picture
            (H, W, 3) uint8 as it is shown: that of ``found``.
        photo
            The photo's own key, where it is at hand: more of the watermark is known by it. Of parts
            nothing is said then: who asks a vendor's service could repair them by its answers.
        """
        group = next((key for key in self._keys if key.name == found.key), None)
        model = self._blind if photo is None else self._keyed
        if not self._keys or model is None:
            return self.not_run(_NO_MODEL) if self._keys else self.without_key()
        if not found.found or group is None:
            return self._result(model, abstained(_NOT_READ))
        found, why = placed_exactly(found, group)
        if why:
            return self._result(model, abstained(why, in_domain=True))
        orientation = reading.facts.input.orientation
        steps = reading.facts.luma_steps if orientation == 1 else None
        transfer = measure_transfer(picture, found, group, photo, steps)
        unknown = unknown_of_the_whole(reading, picture, found)
        whole = self._of_the_whole(model, reading, transfer, unknown)
        regions = regions_of(transfer).inside_of(even_borders(picture), picture.shape)
        parts = missing_parts(regions, picture.shape, orientation)
        if parts is None or photo is not None:
            return whole
        other = photo_put_in(picture, regions, self._keys, found.payload or b"")
        return _changed_in(parts, whole, other)

    def _of_the_whole(
        self, model: Model, reading: Reading, transfer: Transfer, unknown: str | None
    ) -> DetectorResult:
        """Answer for the whole picture, unless something keeps it from being known."""
        described = describe(transfer)
        if unknown is None:
            unknown = unknown_of(described)
        if unknown:
            return self._result(model, abstained(unknown, in_domain=True))
        logits = model.logits([described[None]])
        answer = self._answered(model, reading, log_softmax(logits)[0])
        keyed = model is self._keyed
        return self._result(model, with_strength(answer, described, keyed=keyed))

    def _answered(self, model: Model, reading: Reading, logarithms: NDArray[np.float64]) -> Answer:
        entry = model.entry
        calibration = entry.calibration_for(reading.facts.channel.platform)
        if calibration is None:
            unfitted = "The model isn't calibrated, so its scores give no answer."
            return abstained(unfitted, in_domain=True)
        found = picture_probabilities(entry, calibration, logarithms, 1)
        return replace(answer_of(entry, calibration, found), probabilities=found)

    def _result(self, model: Model, answer: Answer) -> DetectorResult:
        threshold = answer.threshold
        return DetectorResult(
            name=self.name,
            question=self.question,
            status=answer.status,
            finding=answer.finding,
            answer=answer.answer.name if answer.answer else None,
            answer_words=answer.answer.words if answer.answer else None,
            in_domain=answer.in_domain,
            confidence=answer.confidence,
            threshold=threshold.value if threshold else None,
            false_alarm_rate=threshold.false_alarm_rate if threshold else None,
            reasons=answer.reasons,
            limits=self.limits,
            model=model.facts,
            probabilities=dict(answer.probabilities),
            label_words={
                label.name: label.words for label in (*model.entry.labels, *_also_said(answer))
            },
        )


def _also_said(answer: Answer) -> tuple[Label, ...]:
    """Return what is answered beside the model's labels, if it is."""
    return (SOFTENED,) if answer.answer is SOFTENED else ()


def _changed_in(parts: MissingParts, whole: DetectorResult, other: str | None) -> DetectorResult:
    """Answer that parts were changed; what speaks against the whole picture stands beside it.

    That the whole looks unedited doesn't: it would seem to say that of the parts, too.
    """
    put_in = (f"The part carries the watermark of another photo: {other}.",) if other else ()
    is_edited = whole.finding == "evidence against"
    of_whole = whole.reasons if is_edited or whole.status == "abstained" else ()
    return whole.model_copy(
        update={
            "status": "ran",
            "finding": "evidence against",
            "answer": IN_PARTS,
            "answer_words": ANSWER_WORDS,
            "confidence": None,
            "threshold": None,
            "false_alarm_rate": None,
            "probabilities": whole.probabilities if is_edited else {},
            "label_words": {**whole.label_words, IN_PARTS: ANSWER_WORDS},
            "patch_map": parts.patch_map,
            "reasons": (*parts.words, *put_in, *of_whole),
        }
    )


def placed_exactly(found: WatermarkReading, group: GroupKey) -> tuple[WatermarkReading, str | None]:
    """Place a watermark by all its lines, to be measured; say why it isn't, if nothing of it is.

    Parameters
    ----------
    group
        The key that read it.
    """
    if (found.longer_side or 0) < LEAST_PHOTO:
        return found, (
            f"The photo has {found.longer_side} pixels on its longer side; edits are judged from "
            f"{LEAST_PHOTO:,} on."
        )
    if found.slant:
        return found, _STRAIGHTENED
    lies = registered(found, group)
    why = _CUT if lies.moved > MOST_OFF else _BENT if lies.bent else None
    return replace(found, place=lies.place), why


def unknown_of(described: NDArray[np.float32]) -> str | None:
    """Say why nothing is known of the whole by what was measured, as `describe` gives it."""
    if not is_known(described):
        return TOO_STRONGLY
    return STRONGLY_BEFORE if was_compressed_before(described) else None


def unknown_of_the_whole(
    reading: Reading, picture: NDArray[np.uint8], found: WatermarkReading
) -> str | None:
    """Say why nothing is known of the whole picture, though its parts are measured, if nothing is.

    Parameters
    ----------
    reading
        Of the file, with the cues of its channel.
    picture
        (H, W, 3) uint8 as it is shown: that of ``found``.
    """
    return next(_reasons(reading, picture, found), None)


def _reasons(
    reading: Reading, picture: NDArray[np.uint8], found: WatermarkReading
) -> Iterator[str]:
    if found.score < LEAST_SCORE:
        yield _BARELY
    earlier = reading.facts.channel.double_compression
    if earlier.found is None and reading.facts.luma_steps:
        yield _MAYBE_TWICE
    if earlier.found and (earlier.quality or 0) < HARMLESS:
        yield _TWICE
    if (found.longer_side or 0) < LEAST_WHOLE:
        yield (
            f"The photo has {found.longer_side} pixels on its longer side; edits of all of it are "
            f"judged from {LEAST_WHOLE:,} on."
        )
    steps, large = reading.facts.luma_steps, max(picture.shape) >= FINE_SIDE
    if steps is None:
        yield (
            "The file is no JPEG, so what an earlier compression took of the watermark is not "
            "known. Ask for the file as the platform serves it."
        )
    if large and steps and np.mean([steps[number] for number in COARSE_AT]) > MOST_COARSE:
        yield TOO_STRONGLY
    if not large and reading.facts.input.orientation != 1:
        yield "The file is stored turned, and edits are judged of pictures that are upright."
