"""Was the picture edited after the camera developed it? The FAN of a camera's pair answers.

Forensic analysis network and pooled decision: P. Korus, N. Memon, *Content Authentication for
Neural Imaging Pipelines*, CVPR 2019, section 3.3. It knows pictures of its own pipeline only; for
others it says so, and nothing else.
"""

from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from verifier.detectors.detector import ModelDetector
from verifier.detectors.model import BATCH, Model
from verifier.features.patches import Patches, batches, choose_patches
from verifier.features.trace_gaps import NO_GAPS, TraceGaps
from verifier.features.trace_proof import TraceProof
from verifier.features.trace_sync import Sync
from verifier.judging import calibration as calibrating
from verifier.judging.decision import Answer, decide, picture_probabilities, without_gaps
from verifier.reading.reading import Reading
from verifier.report.record import DetectorResult, PatchMap
from verifier.weights import ANY_CHANNEL, ModelEntry

TASK: Final = "manipulation"
_MAP_WORDS: Final = (
    "Each square is the network's impression of one part of the picture, not a proof about it: "
    "single squares are often wrong, the answer above rests on all of them together."
)


@dataclass(frozen=True)
class PictureScores:
    """What a model says of a picture before calibration.

    ``mean_log`` is (K,), the log probabilities of the whole picture where a pooling network judges
    it, and else their mean over patches; ``edited`` is (N,), the probability of any edit of each
    patch; ``proof`` is how the camera's trace lies in the picture, and what speaks for that, if it
    was looked for; ``gaps`` are parts without it.
    """

    model: Model
    patches: Patches
    mean_log: NDArray[np.float64]
    edited: NDArray[np.float64]
    proof: TraceProof | None = None
    gaps: TraceGaps = NO_GAPS

    @property
    def sync(self) -> Sync | None:
        """How the camera's trace lies in the picture, if that was looked for."""
        return self.proof.sync if self.proof else None

    @property
    def count(self) -> int:
        """How many patches there are."""
        return len(self.edited)

    @property
    def scaled(self) -> bool:
        """Whether a network scaled the picture to where there is no answer."""
        return self.sync is not None and self.sync.scaled


class ManipulationDetector(ModelDetector):
    """Tells straight from the camera from sharpened, smoothed, recompressed and resampled.

    Parameters
    ----------
    models
        FANs of the pairs that are known, in the manifest's order.
    """

    task: ClassVar[str] = TASK
    name: ClassVar[str] = "manipulation"
    question: ClassVar[str] = "Was the picture edited after the camera developed it?"

    def analyze(self, reading: Reading, *, brief: bool = False) -> DetectorResult:
        """Answer for a picture; see `Detector.analyze`."""
        if not self._models:
            return self.not_run("No trained model of a camera's pair is installed.")
        scores = self.score(reading, brief=brief)
        if scores is None:
            return self._too_little(reading)
        return self._result(reading, scores)

    def score(self, reading: Reading, *, brief: bool = False) -> PictureScores | None:
        """Run the model that fits the picture; None if no patch of it is usable.

        Where the credential names a pair that is known, that pair's model; else each in turn, and
        the one to which the picture is least foreign.
        """
        scored = [self._score(reading, model, brief=brief) for model in self._candidates(reading)]
        found = [scores for scores in scored if scores is not None]
        return min(found, key=_foreignness) if found else None

    def _candidates(self, reading: Reading) -> tuple[Model, ...]:
        development = reading.facts.credential.development
        pair = development.pair if development else None
        named = tuple(model for model in self._models if pair and model.entry.pair == pair)
        return named or self._models

    def _score(self, reading: Reading, model: Model, *, brief: bool) -> PictureScores | None:
        entry = model.entry
        patches = choose_patches(reading.pixels, entry.input.side, entry.selection, brief=brief)
        if not patches.places:
            return None
        logits = model.logits(batches(reading.pixels, patches, BATCH))
        edited = calibrating.probabilities(logits, 1.0)[:, entry.indices("edit")].sum(1)
        mean_log = calibrating.mean_log_probabilities(logits)
        if model.pooling is None:
            return PictureScores(model, patches, mean_log, np.clip(edited, 0, 1))
        pooled = model.pooling(reading.pixels, mean_log)
        edited = np.clip(edited, 0, 1)
        return PictureScores(
            model, patches, pooled.log_probabilities, edited, pooled.proof, pooled.gaps
        )

    def _too_little(self, reading: Reading) -> DetectorResult:
        height, width = reading.pixels.shape[:2]
        return DetectorResult(
            name=self.name,
            question=self.question,
            status="abstained",
            finding="inconclusive",
            in_domain=False,
            reasons=(
                f"The picture ({width}×{height}) has no part that is large enough, and neither "
                "flat nor burnt out.",
            ),
        )

    def _result(self, reading: Reading, scores: PictureScores) -> DetectorResult:
        entry = scores.model.entry
        channel = reading.facts.channel.network
        calibration = entry.calibration_for(channel)
        found = (
            picture_probabilities(entry, calibration, scores.mean_log, len(scores.edited))
            if calibration
            else {}
        )
        answer = without_gaps(
            decide(entry, calibration, found, reading, scores.patches, scores.proof), scores.gaps
        )
        names = [label.name for label in entry.labels]
        return DetectorResult(
            name=self.name,
            question=self.question,
            status=answer.status,
            finding=answer.finding,
            answer=answer.answer.name if answer.answer else None,
            answer_words=answer.answer.words if answer.answer else None,
            model=scores.model.facts,
            in_domain=answer.in_domain,
            confidence=answer.confidence,
            scores=calibrating.shares(names, scores.mean_log),
            # A bar of 95% “sharpened” accuses, whatever the sentence beside it says, and where the
            # model may not speak the probabilities are not those that were calibrated.
            probabilities=found if answer.status == "ran" else {},
            label_words={label.name: label.words for label in entry.labels},
            threshold=answer.threshold.value if answer.threshold else None,
            false_alarm_rate=answer.threshold.false_alarm_rate if answer.threshold else None,
            calibrated_for=_calibrated_for(entry, channel),
            patches=len(scores.edited),
            patch_map=_patch_map(scores) if answer.finding != "informs" else None,
            reasons=(*answer.reasons, *_where(answer, scores.sync)),
        )


def _patch_map(scores: PictureScores) -> PatchMap:
    return PatchMap(
        side=scores.patches.side,
        places=scores.patches.places,
        values=tuple(round(float(value), 4) for value in scores.edited),
        words=_MAP_WORDS,
    )


def _where(answer: Answer, sync: Sync | None) -> tuple[str, ...]:
    """Say how a camera's trace was found, where that speaks for an answer."""
    if not answer.in_domain or sync is None or not sync.found or sync.scaled:
        return ()
    cropped = ", and the picture was cropped" if any(sync.offset) else ""
    return (f"The camera's trace was found at {sync.scale[0]:.0%} of its size{cropped}.",)


def _foreignness(scores: PictureScores) -> float:
    foreign = scores.model.entry.indices("foreign")
    return float(calibrating.probabilities(scores.mean_log, 1.0)[foreign].sum())


def _calibrated_for(entry: ModelEntry, channel: str | None) -> str | None:
    if not entry.calibrations:
        return None
    return channel if channel in entry.calibrations else ANY_CHANNEL
