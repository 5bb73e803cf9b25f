"""Was the picture made by a generator? One network, trained on a few, asked about all.

S.-Y. Wang, O. Wang, R. Zhang, A. Owens, A. Efros, *CNN-generated images are surprisingly easy to
spot… for now*, CVPR 2020: a plain classifier with blur and JPEG as augmentation. No model of it is
shipped, as the detector of origin answers this question too: it is for a user's own, and isn't
asked without one. It answers only above a threshold that was measured on photographs of no training
set, and reports how often that was wrong. Otherwise it is silent. What it says informs: no verdict
rests on it. That no trace is found never means that a picture is a photograph.
"""

from typing import ClassVar, Final

from verifier.detectors.detector import ONLY_INFORMS, PixelDetector, map_values
from verifier.detectors.model import BATCH, Model
from verifier.detectors.patch_scores import PatchScores, patch_scores
from verifier.features.patches import batches, choose_patches
from verifier.judging.decision import Answer, Grounds, how_often_wrong
from verifier.reading.reading import Reading
from verifier.report.record import PatchMap
from verifier.report.wording import percent
from verifier.weights import Calibration, Label

TASK: Final = "generated"
GENERATED: Final = "generated"


class GeneratedDetector(PixelDetector[PatchScores]):
    """Distinguishes generated pictures from photographs, or abstains.

    Parameters
    ----------
    models
        Of the task "generated"; the first answers.
    """

    task: ClassVar[str] = TASK
    name: ClassVar[str] = "generated"
    question: ClassVar[str] = "Was it made by a generator?"
    doing: ClassVar[str] = "Looking for traces of a generator"
    limits: ClassVar[str] = (
        "It knows few generators and misses most pictures of others: no trace is no evidence for "
        "a picture."
    )
    without_models: ClassVar[str] = "No trained model of generated pictures is installed."
    too_little: ClassVar[str] = "of {side}×{side} pixels that is neither uniform nor overexposed"

    @property
    def asked(self) -> bool:
        """Only where a model of its task is installed: the shipped origins answer it as well."""
        return bool(self._models)

    def look(self, model: Model, reading: Reading, *, brief: bool) -> PatchScores | None:
        """Run a model on crops; see `ModelDetector.look`."""
        entry = model.entry
        patches = choose_patches(reading.colours, entry.input.side, entry.selection, brief=brief)
        if not patches.places:
            return None
        return patch_scores(model, patches, model.logits(batches(reading.colours, patches, BATCH)))

    def calibrated(self, calibration: Calibration) -> bool:
        """Whether it has a threshold; see `ModelDetector.calibrated`."""
        return calibration.named is not None

    def decide(self, scores: PatchScores, grounds: Grounds) -> Answer:
        """Answer above a threshold; see `PixelDetector.decide`."""
        threshold, value = grounds.calibration.named, grounds.found[GENERATED]
        assert threshold is not None  # `calibrated` saw to it
        if value < threshold.value:
            words = "It has too few traces of a generator for an answer."
            return Answer("ran", "inconclusive", (words,), in_domain=True)
        words = f"The picture has traces that generators leave (probability {percent(value)})."
        reasons = (words, how_often_wrong(threshold, "photographic"), ONLY_INFORMS)
        label = next(label for label in scores.model.entry.labels if label.name == GENERATED)
        return Answer("ran", "informs", reasons, label, True, threshold, value)

    def words_of(self, label: Label) -> str:
        """Call a label that was answered."""
        return f"Looks like {label.words}"

    def patch_map(self, scores: PatchScores, answer: Answer) -> PatchMap:
        """Draw how much each crop looks generated."""
        entry = scores.model.entry
        place = [label.name for label in entry.labels].index(GENERATED)
        return PatchMap(
            side=entry.input.side,
            places=scores.patches.places,
            values=map_values(scores.shares[:, place]),
            words="Each square is the network's impression of one part: how much it looks "
            "generated. Single squares are often wrong.",
            low="looks like a photograph",
            high="looks generated",
        )
