"""Was the picture edited after the camera developed it? The FAN of a camera's pair answers.

Forensic analysis network and pooled decision: P. Korus, N. Memon, *Content Authentication for
Neural Imaging Pipelines*, CVPR 2019, section 3.3. It knows pictures of its own pipeline only; for
others it says so, and nothing else.
"""

from dataclasses import dataclass, replace
from typing import ClassVar, Final

from verifier.detectors.detector import PixelDetector, map_values
from verifier.detectors.model import BATCH, Model
from verifier.detectors.patch_scores import PatchScores
from verifier.detectors.pooling import Pooled
from verifier.features.even_border import is_framed
from verifier.features.patches import batches, choose_patches
from verifier.features.watermark_gaps import NO_GAPS, WatermarkGaps
from verifier.features.watermark_proof import WatermarkProof
from verifier.features.watermark_sync import Sync
from verifier.judging import calibration as calibrating
from verifier.judging.decision import (
    Answer,
    Grounds,
    abstained,
    decide,
    without_gaps,
    without_watermark,
)
from verifier.reading.reading import Reading
from verifier.report.record import DetectorResult, PatchMap
from verifier.weights import ANY_CHANNEL

TASK: Final = "manipulation"
_MAP_WORDS: Final = (
    "Each square is the network's impression of one part of the picture, and no proof. Single "
    "squares are often wrong; the answer rests on all of them together."
)

_FRAMED: Final = (
    "Most of the picture looks as the camera left it. But a border of one colour lies along a side "
    "of it, which no camera makes.",
    "What lies under the border is not known, so no answer is given.",
)


@dataclass(frozen=True)
class PictureScores(PatchScores):
    """What a model says of a picture before calibration.

    ``mean_log`` is (K,), the log probabilities of the whole picture where a pooling network judges
    it, and else their mean over patches; ``pooled`` is what that network said.
    """

    pooled: Pooled | None = None

    @property
    def proof(self) -> WatermarkProof | None:
        """How the camera's watermark lies in the picture, and the evidence for that."""
        return self.pooled.proof if self.pooled else None

    @property
    def gaps(self) -> WatermarkGaps:
        """Parts without the watermark; looked for when first asked for."""
        return self.pooled.gaps if self.pooled else NO_GAPS

    @property
    def sync(self) -> Sync | None:
        """How the camera's watermark lies in the picture, if that was looked for."""
        return self.proof.sync if self.proof else None

    @property
    def scaled(self) -> bool:
        """Whether a platform scaled the picture to where there is no answer."""
        return self.sync is not None and self.sync.scaled


class ManipulationDetector(PixelDetector[PictureScores]):
    """Distinguishes straight from the camera from sharpened, smoothed, recompressed and resampled.

    Parameters
    ----------
    models
        FANs of the pairs that are known, in the manifest's order.
    """

    task: ClassVar[str] = TASK
    name: ClassVar[str] = "manipulation"
    question: ClassVar[str] = "Was the picture edited after the camera developed it?"
    doing: ClassVar[str] = "Looking for edits"
    limits: ClassVar[str] = (
        "It can't see changes of brightness, of colour or of small parts, nor edits of pictures "
        "of other cameras."
    )
    without_models: ClassVar[str] = "No trained model of a camera's pair is installed."
    too_little: ClassVar[str] = "that is large enough, and neither uniform nor overexposed"
    outside: ClassVar[bool | None] = False

    def analyze(self, reading: Reading, *, brief: bool = False) -> DetectorResult:
        """Answer for a picture; see `Detector.analyze`.

        Without the camera's watermark, or where it hides edits, no patch is looked at: whatever
        they said, there would be no answer. That is so for most pictures, and takes a third.
        """
        first, *others = [self.without(one, reading) for one in self._candidates(reading)] or [None]
        if first is not None and None not in others:
            return first
        return super().analyze(reading, brief=brief)

    def prepare(self) -> None:
        """Load what looks for watermarks: most pictures need no more; see `Detector.prepare`."""
        for model in self._models:
            (model.pooling or model).load()

    def without(self, model: Model, reading: Reading) -> DetectorResult | None:
        """Abstain for want of a watermark; None where there is one, or the model can't say."""
        if model.pooling is None or model.entry.calibration_for(self.channel_of(reading)) is None:
            return None
        answer = without_watermark(model.entry, model.pooling.prove(reading.pixels))
        return self._result(answer, model=model.facts) if answer else None

    def score(self, reading: Reading, *, brief: bool = False) -> PictureScores | None:
        """Run the model that fits the picture; None if no patch of it is usable.

        Where the credential names a pair that is known, that pair's model; else each in turn, and
        the one to which the picture is least out of domain.
        """
        scored = [self.look(model, reading, brief=brief) for model in self._candidates(reading)]
        found = [scores for scores in scored if scores is not None]
        return min(found, key=_out_of_domain) if found else None

    def _candidates(self, reading: Reading) -> tuple[Model, ...]:
        development = reading.facts.credential.development
        pair = development.pair if development else None
        named = tuple(model for model in self._models if pair and model.entry.pair == pair)
        return named or self._models

    def look(self, model: Model, reading: Reading, *, brief: bool) -> PictureScores | None:
        """Run a model on patches, and its pooling network; see `ModelDetector.look`."""
        entry = model.entry
        patches = choose_patches(reading.pixels, entry.input.side, entry.selection, brief=brief)
        if not patches.places:
            return None
        pooling = model.pooling
        measured = model.cores.beside(pooling.measure, reading.pixels) if pooling else None
        logits = model.logits(batches(reading.pixels, patches, BATCH))
        shares = calibrating.probabilities(logits, 1.0)
        mean_log = calibrating.mean_log_probabilities(logits)
        if pooling is None or measured is None:
            return PictureScores(model, patches, mean_log, shares)
        pooled = pooling.judge(measured(), mean_log)
        return PictureScores(model, patches, pooled.log_probabilities, shares, pooled)

    def decide(self, scores: PictureScores, grounds: Grounds) -> Answer:
        """Answer by roles of labels and the watermark; see `verifier.judging.decision.decide`."""
        decided = decide(scores.model.entry, grounds, scores.proof)
        is_native = decided.finding == "consistent"
        answer = without_gaps(decided, scores.gaps) if is_native else decided
        return replace(answer, reasons=(*answer.reasons, *_where(answer, scores.sync)))

    def answer(self, reading: Reading, scores: PictureScores) -> Answer:
        """Answer, but don't clear what something lies around; see `PixelDetector.answer`."""
        answer = super().answer(reading, scores)
        if answer.finding == "consistent" and is_framed(reading.pixels):
            return abstained(*_FRAMED, in_domain=True)
        return answer

    def calibrated_for(self, reading: Reading, scores: PictureScores) -> str | None:
        """Name the channel of the calibration that was used."""
        channel, calibrations = self.channel_of(reading), scores.model.entry.calibrations
        if not calibrations:
            return None
        return channel if channel in calibrations else ANY_CHANNEL

    def patch_map(self, scores: PictureScores, answer: Answer) -> PatchMap | None:
        """Draw the probability of any edit of each patch."""
        if answer.finding == "informs":
            return None
        return PatchMap(
            side=scores.patches.side,
            places=scores.patches.places,
            values=map_values(scores.shares[:, scores.model.entry.indices("edit")].sum(1)),
            words=_MAP_WORDS,
        )


def _where(answer: Answer, sync: Sync | None) -> tuple[str, ...]:
    """Say how a camera's watermark was found, where that is evidence for an answer."""
    if not answer.in_domain or sync is None or not sync.found or sync.scaled:
        return ()
    cropped = ", and the picture was cropped or framed" if any(sync.offset) else ""
    return (f"The camera's watermark was found at {sync.scale[0]:.0%} of its size{cropped}.",)


def _out_of_domain(scores: PictureScores) -> float:
    places = scores.model.entry.indices("out-of-domain")
    return float(calibrating.probabilities(scores.mean_log, 1.0)[places].sum())
