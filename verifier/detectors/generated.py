"""Was the picture made by a generator? One network, trained on a few, asked about all.

S.-Y. Wang, O. Wang, R. Zhang, A. Owens, A. Efros, *CNN-generated images are surprisingly easy to
spot… for now*, CVPR 2020: a plain classifier with blur and JPEG as augmentation. Ours is small, has
seen few generators, and a photograph called generated is the worst that it can do: it says so only
above a threshold that photographs of no training set were measured at, tells how often that was
wrong, and is silent otherwise. What it says informs: no verdict rests on it. That no trace is found
never means that a picture is a photograph.
"""

from typing import ClassVar, Final

import numpy as np

from verifier.detectors.detector import ONLY_INFORMS, ModelDetector
from verifier.detectors.model import BATCH
from verifier.detectors.patch_scores import PatchScores, patch_scores
from verifier.features.patches import batches, choose_patches
from verifier.judging import calibration as calibrating
from verifier.judging.decision import how_often_wrong, outside_domain, picture_probabilities
from verifier.reading.reading import Reading
from verifier.report.record import DetectorResult, PatchMap
from verifier.report.wording import percent
from verifier.weights import ModelEntry, Threshold

TASK: Final = "synthetic"
GENERATED: Final = "generated"
_LIMITS: Final = (
    "It knows few generators, and misses most pictures of others: that it finds no trace says "
    "nothing for a picture."
)


class SyntheticDetector(ModelDetector):
    """Tells generated pictures from photographs, or is not sure.

    Parameters
    ----------
    models
        Of the task "synthetic"; the first answers.
    """

    task: ClassVar[str] = TASK
    name: ClassVar[str] = "synthetic"
    question: ClassVar[str] = "Was it made by a generator?"

    def analyze(self, reading: Reading, *, brief: bool = False) -> DetectorResult:
        """Answer for a picture; see `Detector.analyze`."""
        if not self._models:
            return self.not_run("No trained model of generated pictures is installed.")
        scores = self.score(reading, brief=brief)
        if scores is None:
            return self._too_little(reading)
        entry = scores.model.entry
        calibration = entry.calibration_for(reading.facts.channel.network)
        outside = outside_domain(entry, reading, scores.patches)
        if outside:
            return self._result(scores, {}, None, outside)
        if calibration is None or calibration.named is None:
            reason = "The model isn't calibrated, so its scores give no answer."
            return self._result(scores, {}, None, (reason,))
        found = picture_probabilities(entry, calibration, scores.mean_log, scores.count)
        value = found[GENERATED]
        if value < calibration.named.value:
            words = (
                f"No answer: the probability of a generated picture is {percent(value)}, and only "
                f"from {percent(calibration.named.value)} on would it be said."
            )
            return self._result(scores, found, None, (words, _LIMITS))
        words = f"The picture has traces as generators leave them (probability {percent(value)})."
        wrong = how_often_wrong(calibration.named, "photographic")
        return self._result(scores, found, calibration.named, (words, wrong, ONLY_INFORMS))

    def score(self, reading: Reading, *, brief: bool = False) -> PatchScores | None:
        """Run the model; None without one, or if no crop of the picture is usable."""
        if not self._models:
            return None
        model = self._models[0]
        entry = model.entry
        patches = choose_patches(reading.colours, entry.input.side, entry.selection, brief=brief)
        if not patches.places:
            return None
        return patch_scores(model, patches, model.logits(batches(reading.colours, patches, BATCH)))

    def _too_little(self, reading: Reading) -> DetectorResult:
        height, width = reading.pixels.shape[:2]
        side = self._models[0].entry.input.side
        return DetectorResult(
            name=self.name,
            question=self.question,
            status="abstained",
            finding="inconclusive",
            in_domain=False,
            reasons=(
                f"The picture ({width}×{height}) has no part of {side}×{side} pixels that is "
                "neither flat nor burnt out.",
            ),
        )

    def _result(
        self,
        scores: PatchScores,
        found: dict[str, float],
        threshold: Threshold | None,
        reasons: tuple[str, ...],
    ) -> DetectorResult:
        entry = scores.model.entry
        label = next(label for label in entry.labels if label.name == GENERATED)
        return DetectorResult(
            name=self.name,
            question=self.question,
            status="ran" if found else "abstained",
            finding="informs" if threshold else "inconclusive",
            answer=label.name if threshold else None,
            answer_words=f"Looks like {label.words}" if threshold else None,
            model=scores.model.facts,
            in_domain=bool(found) or None,
            confidence=found[GENERATED] if threshold else None,
            scores=calibrating.shares([one.name for one in entry.labels], scores.mean_log),
            probabilities=found,
            label_words={one.name: one.words for one in entry.labels},
            threshold=threshold.value if threshold else None,
            false_alarm_rate=threshold.false_alarm_rate if threshold else None,
            patches=scores.count,
            patch_map=_patch_map(entry, scores),
            reasons=reasons,
        )


def _patch_map(entry: ModelEntry, scores: PatchScores) -> PatchMap:
    place = [label.name for label in entry.labels].index(GENERATED)
    generated = np.clip(scores.shares[:, place], 0, 1)
    return PatchMap(
        side=entry.input.side,
        places=scores.patches.places,
        values=tuple(round(float(value), 4) for value in generated),
        words="Each square is the network's impression of one part: how much it looks generated. "
        "Single squares are often wrong.",
        low="looks like a photograph",
        high="looks generated",
    )
