"""A run of the training of origin: classes, split, network, and what its label says."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from verifier.errors import TrainingError
from verifier.training.listed_sets import (
    WHAT_SETS_SHOW,
    say_what_is_shown,
    shown_words,
    trained_on,
)
from verifier.training.origin.classes import ORIGIN_RANGES, labels_of
from verifier.training.origin.cnn import OriginCNN, OriginVGG
from verifier.training.origin.data import Source, load
from verifier.training.origin.train import Origin, OriginRecipe, first_stage_of
from verifier.training.picture_sets import Split, list_pictures, sets_of, split
from verifier.weights import Label

RANGES = ORIGIN_RANGES


@dataclass(frozen=True)
class OriginTask:
    """What is trained on: classes in order, and pictures by what they are for.

    ``sets`` is the list of sets that was given, and ``refused`` the sets, with their subjects, that
    it left out as one class alone shows what they show.
    """

    labels: tuple[Label, ...]
    pictures: Split
    sets: Path | None = None
    refused: Mapping[str, str] = field(default_factory=dict)

    @property
    def kinds(self) -> list[str]:
        """Names of the classes, which are their folders."""
        return [label.name for label in self.labels]

    @property
    def words(self) -> str:
        """What whoever trains should know of what the sets show, or ""."""
        return say_what_is_shown(self.sets, self.refused)


def task_of(
    folder: Path,
    classes: Sequence[str] | None,
    unseen: Sequence[str],
    seed: int,
    sets: Path | None = None,
) -> OriginTask:
    """List and split a folder.

    Parameters
    ----------
    unseen
        Sets that are kept out whole.
    sets
        A list of what each set shows and is for; those not for training are kept out, too.

    Raises
    ------
    PicturesError
        If classes or sets aren't there.
    TrainingError
        If a class has no picture to validate on.
    """
    labels = labels_of(classes)
    kinds = [label.name for label in labels]
    listed = list_pictures(folder, kinds)
    kept, refused = trained_on(listed, sets)
    outside = [name for name in sets_of(listed) if name not in sets_of(kept)]
    pictures = split(listed, dict.fromkeys((*unseen, *outside)), seed=seed)
    for kind in kinds:
        if not any(picture.kind == kind for picture in pictures.calibration):
            raise TrainingError(
                f"class {kind!r} has too few pictures to hold a tenth of a set out for validation; "
                "give at least six in one set"
            )
    return OriginTask(labels, pictures, sets, refused)


def load_task(
    task: OriginTask, patches: int, report: Callable[[int], None] = lambda _: None
) -> tuple[list[Source], list[Source]]:
    """Load the pictures that are trained on, and those that are held out of their sets.

    Parameters
    ----------
    task
        Classes and pictures.
    patches
        Of each picture, drawn from 20 times as many (M).
    report
        Receives how many pictures are done.
    """
    training, held = task.pictures.training, task.pictures.calibration
    return (
        load(training, task.kinds, patches, lambda done, _: report(done)),
        load(held, task.kinds, patches, lambda done, _: report(len(training) + done)),
    )


def network_of(
    recipe: OriginRecipe, classes: int, vgg: Path | None, start_from: Path | None
) -> Origin:
    """Make the network: new, on a user's VGG-19, or going on from another run's first stage."""
    model = OriginVGG(vgg, classes) if vgg else OriginCNN(classes, recipe.stages[0].head)
    return first_stage_of(start_from, model) if start_from else model


def stated_of(task: OriginTask, start_from: Path | None) -> dict[str, str | int | float | bool]:
    """Say what the recipe of a model doesn't: histories, and which pictures were for what."""
    return {
        "histories": str(RANGES),
        "started from": start_from.name if start_from else "random weights",
        WHAT_SETS_SHOW: shown_words(task.sets, task.refused),
        "sets held out whole": ", ".join(sets_of(task.pictures.unseen)) or "none",
        "pictures: training": len(task.pictures.training),
        "pictures: calibration": len(task.pictures.calibration),
        "pictures: tests of sets seen": len(task.pictures.seen),
    }
