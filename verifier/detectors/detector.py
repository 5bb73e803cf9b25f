"""What a detector is: a part with a question, that answers from evidence, or abstains."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, Final, Generic, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from verifier.detectors.model import Model
from verifier.detectors.patch_scores import PatchScores
from verifier.features.even_border import is_framed
from verifier.judging import calibration as calibrating
from verifier.judging.decision import (
    Answer,
    Grounds,
    abstained,
    allowed,
    picture_probabilities,
)
from verifier.reading.reading import Reading
from verifier.report.record import DetectorResult, PatchMap
from verifier.weights import FOLDER, Calibration, Label, read_manifest

# Of detectors that are wrong too often, or on too few kinds of pictures, to decide anything.
ONLY_INFORMS: Final = "This is a hint: no verdict rests on it."
_FRAMED: Final = (
    "Most of the picture looks as the camera left it. But a border of one colour lies along a side "
    "of it, which no camera makes.",
    "What lies under the border is not known, so no answer is given.",
)


class Detector(ABC):
    """Answers one question about a picture.

    A detector is pickled into worker processes and used by several threads at once. It holds what
    it needs to load its models, and loads them when it is first asked.
    """

    name: ClassVar[str]
    question: ClassVar[str]
    doing: ClassVar[str] = ""
    """What a page says while it works; the question, where it says nothing."""
    limits: ClassVar[str] = ""
    """What it can't know, in a sentence, whatever it answers."""
    task: ClassVar[str] = ""
    """Of the manifest's entries that it loads; "" for one without models of the manifest."""

    @classmethod
    def from_weights(cls, folder: Path = FOLDER, *, threads: int = 0) -> Self:
        """Make one of a folder of models with a manifest; a folder without its models is fine.

        ``threads`` are those of a run of a model; 0: all cores.
        """
        return cls()

    @property
    def asked(self) -> bool:
        """Whether a verifier of a folder of models asks it."""
        return True

    @abstractmethod
    def analyze(self, reading: Reading, *, brief: bool = False) -> DetectorResult:
        """Answer for a picture.

        Parameters
        ----------
        reading
            Pixels (H, W, 3), uint8, sRGB as coded, and the facts of the file.
        brief
            Whether a quicker look is enough: the stability test asks about several copies.

        Raises
        ------
        WeightsError
            If a model is damaged. Whatever else is in the way of an answer is an abstention.
        """

    def prepare(self) -> None:  # noqa: B027 - most have nothing to load
        """Load what most pictures need, beside the reading of the first. Raises `WeightsError`."""

    def not_run(self, reason: str) -> DetectorResult:
        """Say why there is no answer at all."""
        return DetectorResult(
            name=self.name,
            question=self.question,
            status="not run",
            finding="none",
            reasons=(reason,),
            limits=self.limits,
        )


ScoresT = TypeVar("ScoresT", bound=PatchScores)


class ModelDetector(Detector, Generic[ScoresT]):
    """A detector with trained models that look at patches of a picture.

    Parameters
    ----------
    models
        Of its task, in the manifest's order.
    """

    outside: ClassVar[bool | None] = None
    """What a report says of the domain where a picture is outside of what the model may answer."""

    def __init__(self, models: tuple[Model, ...] = ()) -> None:
        self._models = models

    @classmethod
    def from_weights(cls, folder: Path = FOLDER, *, threads: int = 0) -> Self:
        """Take the models of a folder; raises `WeightsError` for a bad manifest."""
        entries = read_manifest(folder).of_task(cls.task)
        return cls(tuple(Model(entry, folder, threads) for entry in entries))

    def prepare(self) -> None:
        """Load the models; see `Detector.prepare`."""
        for model in self._models:
            model.load()

    @abstractmethod
    def look(self, model: Model, reading: Reading, *, brief: bool) -> ScoresT | None:
        """Run a model on patches of a picture; None if none of it is usable."""

    def score(self, reading: Reading, *, brief: bool = False) -> ScoresT | None:
        """Run the first model; None without one, or if no patch of the picture is usable."""
        return self.look(self._models[0], reading, brief=brief) if self._models else None

    def grounds(self, reading: Reading, scores: ScoresT) -> Grounds | Answer:
        """Return what may be answered by; else the abstention, the same for all detectors."""
        entry = scores.model.entry
        calibration = entry.calibration_for(self.channel_of(reading))
        usable = calibration if calibration and self.calibrated(calibration) else None
        may = allowed(entry, usable, reading, scores.patches, outside=self.outside)
        if isinstance(may, Answer):
            return may
        found = picture_probabilities(entry, may, scores.mean_log, scores.count)
        return Grounds(may, found)

    def channel_of(self, reading: Reading) -> str | None:
        """Name the channel whose calibration is to be used, where there is one."""
        return reading.facts.channel.platform

    def calibrated(self, calibration: Calibration) -> bool:
        """Whether a calibration has the thresholds that an answer needs."""
        return True

    def facts_of(self, scores: ScoresT) -> dict[str, Any]:
        """Return which model looked at the pixels, and its raw scores, as fields of a result."""
        labels = scores.model.entry.labels
        return {
            "model": scores.model.facts,
            "scores": calibrating.shares([label.name for label in labels], scores.mean_log),
            "label_words": {label.name: label.words for label in labels},
            "patches": scores.count,
        }


class PixelDetector(ModelDetector[ScoresT]):
    """A detector that answers by pixels alone, after one walk: score, abstain or decide, report.

    Another one says how it looks at patches (`look`) and decides (`decide`), and may draw a map.
    """

    without_models: ClassVar[str]
    """Said where no model is installed."""
    too_little: ClassVar[str]
    """What no part of a picture is, such as "of {side}×{side} pixels with an edge in it"."""

    def analyze(self, reading: Reading, *, brief: bool = False) -> DetectorResult:
        """Answer for a picture; see `Detector.analyze`."""
        if not self._models:
            return self.not_run(self.without_models)
        scores = self.score(reading, brief=brief)
        if scores is None:
            return self._result(abstained(self._nothing_in(reading), in_domain=False))
        answer = self.answer(reading, scores)
        return self._result(answer, **self._shown(reading, answer, scores))

    def answer(self, reading: Reading, scores: ScoresT) -> Answer:
        """Answer by a picture's scores, or abstain; what lies under a border clears nothing."""
        grounds = self.grounds(reading, scores)
        if isinstance(grounds, Answer):
            return grounds
        answer = self.decide(scores, grounds)
        if answer.finding == "consistent" and is_framed(reading.pixels):
            return abstained(*_FRAMED, in_domain=True)
        return replace(answer, probabilities=grounds.found)

    @abstractmethod
    def decide(self, scores: ScoresT, grounds: Grounds) -> Answer:
        """Answer by calibrated probabilities, or abstain."""

    def words_of(self, label: Label) -> str:
        """Call a label that was answered."""
        return label.words

    def patch_map(self, scores: ScoresT, answer: Answer) -> PatchMap | None:
        """Draw what the patches say; None for no map."""
        return None

    def _nothing_in(self, reading: Reading) -> str:
        height, width = reading.pixels.shape[:2]
        part = self.too_little.format(side=self._models[0].entry.input.side)
        return f"The picture ({width}×{height}) has no part {part}."

    def _result(self, answer: Answer, **shown: Any) -> DetectorResult:
        label, threshold = answer.answer, answer.threshold
        return DetectorResult(
            name=self.name,
            question=self.question,
            status=answer.status,
            finding=answer.finding,
            answer=label.name if label else None,
            answer_words=self.words_of(label) if label else None,
            in_domain=answer.in_domain,
            confidence=answer.confidence,
            threshold=threshold.value if threshold else None,
            false_alarm_rate=threshold.false_alarm_rate if threshold else None,
            reasons=answer.reasons,
            limits=self.limits,
            **shown,
        )

    def _shown(self, reading: Reading, answer: Answer, scores: ScoresT) -> dict[str, Any]:
        # A bar of 95% “sharpened” accuses, whatever the sentence beside it says, and where the
        # model may not answer the probabilities are not those that were calibrated.
        reported: Mapping[str, float] = answer.probabilities if answer.status == "ran" else {}
        return {
            **self.facts_of(scores),
            "probabilities": dict(reported),
            "patch_map": self.patch_map(scores, answer),
        }


def map_values(values: NDArray[np.floating[Any]]) -> tuple[float, ...]:
    """Round the value of each patch for a map: (N,), cut to [0, 1]."""
    return tuple(round(float(value), 4) for value in np.clip(values, 0, 1))
