"""An added detector beside the product's own: it informs, and decides nothing."""

import logging
from pathlib import Path
from typing import ClassVar, Final

from verifier.detectors.added.calibration import ChannelCalibration
from verifier.detectors.added.network import Network
from verifier.detectors.added.preparing import prepared
from verifier.detectors.added.store import Added, records, user_folder
from verifier.detectors.detector import ONLY_INFORMS, Detector
from verifier.errors import WeightsError
from verifier.judging.decision import how_often_wrong
from verifier.reading.reading import Reading
from verifier.report.record import DetectorResult, ModelFacts
from verifier.report.wording import percent
from verifier.watermark.photo import upright

_log = logging.getLogger(__name__)
PREFIX: Final = "added-"
"""Of its name in reports, so that it is never taken for one of the product's."""
_LABELS: Final = {"photograph": "a photograph", "generated": "generated"}


class AddedDetector(Detector):
    """Somebody else's network, as its card has it.

    Parameters
    ----------
    added
        Its card, digest and calibration.
    network
        What runs.
    """

    name: ClassVar[str] = PREFIX
    question: ClassVar[str] = ""

    def __init__(self, added: Added, network: Network) -> None:
        self._added, self._network = added, network
        # A detector's own are those of its class; each of these has its card's.
        self.name = PREFIX + added.card.name  # type: ignore[misc]
        self.question = added.card.question  # type: ignore[misc]
        self.doing = f"Asking {added.card.name}"  # type: ignore[misc]
        self.limits = added.card.limits  # type: ignore[misc]

    def __reduce__(self) -> tuple[type["AddedDetector"], tuple[Added, Network]]:
        return AddedDetector, (self._added, self._network)

    @property
    def added(self) -> Added:
        """Its card, digest and calibration."""
        return self._added

    def analyze(self, reading: Reading, *, brief: bool = False) -> DetectorResult:
        """Answer for a picture; a model that fails is no reason to answer nothing at all."""
        card = self._added.card
        values = prepared(upright(reading), card)
        if values is None:
            return self._no_answer(
                f"The picture is smaller than the {card.width}×{card.height} pixels that are cut "
                "out of it."
            )
        try:
            score = self._network.score(values)
        except WeightsError as error:
            return self.not_run(f"{str(error)[:1].upper()}{str(error)[1:]}.")
        return self._answer(score, reading.facts.channel.platform)

    def score(self, reading: Reading) -> float | None:
        """Return the log odds of "generated", for calibration; None of a picture too small."""
        values = prepared(upright(reading), self._added.card)
        return None if values is None else self._network.score(values)

    def _answer(self, score: float, platform: str | None) -> DetectorResult:
        calibration = self._added.calibration
        scores = {"generated": score}
        if calibration is None:
            return self._no_answer(
                "It was added without a calibration, so its score means nothing yet.", scores
            )
        channel, found = calibration.of_channel(platform)
        if not found.answers:
            return self._no_answer(
                f"Of {found.threshold.pictures} photographs that it was tested on, "
                f"{percent(found.threshold.false_alarm_rate)} were called generated: too many.",
                scores,
            )
        return self._calibrated(score, channel, found)

    def _calibrated(self, score: float, channel: str, found: ChannelCalibration) -> DetectorResult:
        threshold, value = found.threshold, found.probability(score)
        names = value >= threshold.value
        words = (
            f"It takes the picture for generated (probability {percent(value)})."
            if names
            else "It finds too little for an answer, which clears nothing."
        )
        reasons = [words, how_often_wrong(threshold, "photographic")] if names else [words]
        reasons += [
            f"Of {found.generated} generated test pictures it finds {found.found}.",
            *([ONLY_INFORMS] if names else []),
        ]
        return self._result(
            "informs" if names else "inconclusive",
            reasons,
            {"generated": score},
            answer="generated" if names else None,
            answer_words="Looks generated, by a detector that you added" if names else None,
            confidence=value if names else None,
            threshold=threshold.value if names else None,
            false_alarm_rate=threshold.false_alarm_rate if names else None,
            probabilities={"photograph": 1 - value, "generated": value},
            calibrated_for=channel,
        )

    def _no_answer(self, words: str, scores: dict[str, float] | None = None) -> DetectorResult:
        return self._result("inconclusive", [words], scores or {}, status="abstained")

    def _result(
        self, finding: str, reasons: list[str], scores: dict[str, float], **more: object
    ) -> DetectorResult:
        card = self._added.card
        whose = f"You added it: {card.name}, licence {card.licence}, from {card.source}."
        return DetectorResult.model_validate(
            {
                "name": self.name, "question": self.question, "status": "ran", "finding": finding,
                "scores": scores, "label_words": _LABELS, "limits": self.limits,
                "reasons": (*reasons, whose), "patches": 1 if scores else 0, "model": self._facts,
            } | more
        )  # fmt: skip

    @property
    def _facts(self) -> ModelFacts:
        sha256 = self._added.sha256
        return ModelFacts(
            name=self._added.card.name, version="added", sha256=sha256, pair=None, pipeline=None
        )


def added_detectors(folder: Path | None = None) -> list[AddedDetector]:
    """Return the detectors of a folder, or of the user's own; one that is damaged is a warning."""
    place = folder if folder is not None else user_folder()
    found = []
    for path, added in records(place) if place else ():
        if added is None:
            _log.warning("%s is no added detector, or a damaged one; remove it", path)
        else:
            found.append(AddedDetector(added, added.network(path.parent)))
    return found
