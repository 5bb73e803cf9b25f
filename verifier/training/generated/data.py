"""Crops of photographs and of generated pictures, all of one history, kept in memory."""

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from channel.output import write
from verifier.errors import TrainingError
from verifier.training.generated.compvis_watermark import unmarked
from verifier.training.generated.sets import CROP, GENERATED, NATURAL, RANGES, pictures_of_sets
from verifier.training.listed_sets import say_what_is_shown, shown_words, trained_on
from verifier.training.origin.equalise import draw_history, equalised_pixels
from verifier.training.picture_sets import Picture, scenes_of

Pixels = NDArray[np.uint8]
# Of the scenes, to be validated on.
HELD_OUT_SHARE = 0.1


@dataclass(frozen=True)
class CropRecipe:
    """What the crops are made of.

    Attributes
    ----------
    crops
        Of each picture, each with a place, a scale and two JPEG qualities of its own.
    watermark
        Whether what a watermark of the CompVis scripts may have written is left in the pictures.
    """

    crops: int = 8
    watermark: bool = False
    seed: int = 0


@dataclass(frozen=True)
class Crops:
    """``pixels`` (N, 224, 224, 3) uint8 sRGB, ``labels`` (N,) 0 natural and 1 generated, ``sets``.

    ``sets`` (N,) are numbers of the sets, so that each counts the same.
    """

    pixels: Pixels
    labels: NDArray[np.int64]
    sets: NDArray[np.int64]

    def pools(self) -> list[list[NDArray[np.int64]]]:
        """Places of the crops by class and set."""
        return [
            [np.flatnonzero(self.sets == one) for one in np.unique(self.sets[self.labels == label])]
            for label in (0, 1)
        ]


def list_sets(natural: Sequence[Path], generated: Sequence[Path]) -> tuple[Picture, ...]:
    """List photographs and generated pictures, each folder a set.

    Raises
    ------
    PicturesError
        If a folder is missing or holds none.
    """
    return (*pictures_of_sets(NATURAL, natural), *pictures_of_sets(GENERATED, generated))


@dataclass(frozen=True)
class TrainingSets:
    """Pictures that are trained on.

    Attributes
    ----------
    shown
        Whether what the sets show was looked at, for the model's recipe.
    words
        What whoever trains should know of it, or "".
    """

    pictures: tuple[Picture, ...]
    shown: str
    words: str


def choose_sets(
    natural: Sequence[Path], generated: Sequence[Path], listed: Path | None
) -> TrainingSets:
    """List the pictures of folders, and keep those of the sets that a list gives for training.

    Parameters
    ----------
    listed
        See `verifier.training.listed_sets`; None: all are kept.

    Raises
    ------
    PicturesError
        If a folder is missing or holds none, or a set isn't listed.
    """
    pictures, refused = trained_on(list_sets(natural, generated), listed)
    return TrainingSets(pictures, shown_words(listed, refused), say_what_is_shown(listed, refused))


def parted(pictures: Sequence[Picture], out: Path) -> tuple[list[Picture], list[Picture]]:
    """Hold out a tenth of the scenes; ``out/held-out.txt`` names their pictures, for calibration.

    Raises
    ------
    TrainingError
        If there are too few.
    """
    held = held_out_scenes(pictures)
    training = [p for p, kept in zip(pictures, held, strict=True) if not kept]
    held_out = [p for p, kept in zip(pictures, held, strict=True) if kept]
    if not training or not held_out:
        raise TrainingError("too few pictures to hold out a tenth of the scenes; give more")
    write(out / "held-out.txt", "".join(f"{p.path}\n" for p in held_out).encode(), force=True)
    return training, held_out


def held_out_scenes(pictures: Sequence[Picture]) -> NDArray[np.bool_]:
    """Choose a tenth of the scenes by their names alone: (N,).

    A photograph and what a generator made of it have one name, and so are on the same side.
    """
    scenes = [scene.rsplit("/", 1)[1] for scene in scenes_of(pictures)]
    return np.array([zlib.crc32(one.encode()) % 1000 < 1000 * HELD_OUT_SHARE for one in scenes])


def make_crops(
    pictures: Sequence[Picture], recipe: CropRecipe, report: Callable[[int, int], None]
) -> Crops:
    """Cut crops of pictures and give each a history.

    Raises
    ------
    TrainingError
        If no picture is large enough.
    PicturesError
        If one can't be read.
    """
    numbers = {name: n for n, name in enumerate(sorted({p.set for p in pictures}))}
    pixels, labels, sets = [], [], []
    for number, picture in enumerate(pictures):
        source = picture.pixels()
        source = source if recipe.watermark else unmarked(source)
        rng = np.random.default_rng([recipe.seed, zlib.crc32(picture.name.encode())])
        for _ in range(recipe.crops):
            height, width = source.shape[:2]
            history = draw_history(rng, height, width, CROP, RANGES)
            if history is None:
                break
            pixels.append(equalised_pixels(source, history, CROP))
            labels.append(int(picture.kind == GENERATED))
            sets.append(numbers[picture.set])
        report(number + 1, len(pictures))
    if not pixels:
        raise TrainingError(f"no picture is as large as a crop of {CROP} pixels")
    return Crops(np.stack(pixels), np.array(labels), np.array(sets))
