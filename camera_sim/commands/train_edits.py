"""``camsim train edits``: what names the edits of a photo from what is left of its watermark."""

from dataclasses import KW_ONLY, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from camera_sim.developing.files import open_engine
from camera_sim.errors import TrainingError
from camera_sim.weights import FOLDER
from channel.extras import require_torch
from channel.options import Count, TrainingOptions, given
from channel.picture_file.srgb import picture_files
from channel.terminal import track

if TYPE_CHECKING:
    from verifier.training.edits.train import EditRecipe

NAMES = {False: "watermark-edits-4", True: "watermark-edits-keyed-4"}
LEAST_PHOTOS = 5


@dataclass(frozen=True)
class TrainEdits(TrainingOptions):
    """What names a photo's edits from what is left of its watermark.

    Simulate captures of large photographs, develop them with a watermark, edit them, send them
    through platforms, measure what is left, and learn to name the edit. Measuring takes a minute
    or two a photograph; it resumes where a run in --out stopped.

    Parameters
    ----------
    pictures
        A folder of photographs, best of 8 megapixels and more.
    pipeline
        Whose network lays the watermark.
    weights
        Folder of that network's weights.
    limit
        Use the first so many photographs.
    steps
        Of learning.
    licence
        Of what is learnt.
    """

    _: KW_ONLY
    pictures: Path
    pipeline: str = "qnet"
    weights: Path = FOLDER
    limit: Count | None = None
    steps: Count | None = None
    licence: str = "your own"

    def __call__(self) -> int:
        """Measure, learn, calibrate on photos that were held out, and export."""
        require_torch()
        from camera_sim.training.edits.gathering import gathered
        from verifier.training.edits.train import EditRecipe
        from verifier.training.seeded import make_ready

        make_ready(self.seed, self.threads)
        recipe = replace(EditRecipe(seed=self.seed), **given(self, "steps"))
        files = picture_files(self.pictures)[: self.limit]
        if len(files) < LEAST_PHOTOS:
            raise TrainingError(
                f"{self.pictures} holds {len(files)} pictures; training needs at least "
                f"{LEAST_PHOTOS}"
            )
        engine = open_engine(self.pipeline, self.weights)
        for _ in track(gathered(files, engine, self.out, self.seed), "photographs", len(files)):
            pass
        for keyed in NAMES:
            self._learn(recipe, keyed=keyed)
        print(f"weights → {self.out / 'weights'}; use them with")
        print(f"  camsim verify --weights {self.out / 'weights'} photo.jpg")
        return 0

    def _learn(self, recipe: "EditRecipe", *, keyed: bool) -> None:
        """Learn from what one kind of key measured, and say how often held-out photos err."""
        from camera_sim.training.edits.gathering import kept
        from camera_sim.training.edits.learning import (
            calibrated,
            samples_of,
            task_of,
            wrong_answers,
        )
        from verifier.training.edits.export import export_edits
        from verifier.training.edits.train import out_of_fold, train_edits

        samples = samples_of(kept(self.out), keyed=keyed)
        photos = len({sample.photo for sample in samples})
        data = (
            f"{photos} photographs of {self.pictures.name}, simulated captures, edited, exported "
            "and sent"
        )
        calibration = calibrated(out_of_fold(samples, recipe), samples, data, keyed=keyed)
        export_edits(
            train_edits(samples, recipe), NAMES[keyed], task_of(keyed=keyed), self.pipeline,
            recipe, calibration, {}, self.licence, self.out / "weights",
        )  # fmt: skip
        key = "the photo's own key" if keyed else "the group's key alone"
        for said, threshold in wrong_answers(calibration).items():
            wrong = round(threshold.false_alarm_rate * threshold.pictures)
            print(f"{key}, {said}: of {wrong} of {threshold.pictures} photos")
