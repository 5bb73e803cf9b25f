"""Generated pictures: test crops, a model's scores of them, and average precision by generator.

Wang et al., CVPR 2020, section 4: the centre crop of 224 pixels, the detector's score, and average
precision (AP) of each generator's pictures among the photographs.
"""

import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from verifier.detectors.model import BATCH, Model
from verifier.errors import ScoresError
from verifier.evaluation.average_precision import average_precision
from verifier.evaluation.generated.log_odds import log_odds, place_of_generated
from verifier.training.generated.sets import CROP, GENERATED, NATURAL, RANGES
from verifier.training.origin.equalise import draw_history, equalised_pixels
from verifier.training.picture_sets import Picture, sets_of

Pixels = NDArray[np.uint8]
Change = Callable[[Pixels], Pixels]


@dataclass(frozen=True)
class TestCrop:
    """The centre of a picture, (224, 224, 3) uint8 sRGB, with the history that all are given."""

    __test__ = False  # it's no test of pytest's

    picture: Picture
    pixels: Pixels


def centre_crops(
    pictures: Sequence[Picture], seed: int = 0, *, watermark: bool = False
) -> tuple[TestCrop, ...]:
    """Cut the centre of every picture, and give it a history; too small ones are left out.

    Parameters
    ----------
    seed
        Of the histories: a picture's doesn't depend on what other pictures there are.
    watermark
        Whether a watermark of the CompVis scripts is left in; see
        `verifier.training.generated.compvis_watermark`.

    Raises
    ------
    ScoresError
        If a class has no picture that is large enough.
    PicturesError
        If one can't be read.
    """
    from verifier.training.generated.compvis_watermark import unmarked  # needs OpenCV

    found = []
    for picture in pictures:
        source = picture.pixels()
        source = source if watermark else unmarked(source)
        height, width = source.shape[:2]
        rng = np.random.default_rng([seed, 1, zlib.crc32(picture.name.encode())])
        history = draw_history(rng, height, width, CROP, RANGES, (width / 2, height / 2))
        if history is not None:
            found.append(TestCrop(picture, equalised_pixels(source, history, CROP)))
    missing = {NATURAL, GENERATED}.difference(crop.picture.kind for crop in found)
    if missing:
        raise ScoresError(f"no {sorted(missing)[0]} picture has {CROP} pixels a side; give larger")
    return tuple(found)


def scores_of(
    model: Model, crops: Sequence[TestCrop], change: Change | None = None
) -> NDArray[np.float64]:
    """Score crops, (N,): the log odds of "generated".

    Parameters
    ----------
    change
        What is done to each crop first, such as a blur; None: nothing.

    Raises
    ------
    ScoresError
        If the model has no such class.
    """
    place = place_of_generated(model.entry.name, model.entry.labels)
    logits = model.logits(_batches([change(c.pixels) if change else c.pixels for c in crops]))
    return log_odds(logits, place)


def _batches(pixels: Sequence[Pixels]) -> Iterator[NDArray[np.float32]]:
    for start in range(0, len(pixels), BATCH):
        stacked = np.stack(pixels[start : start + BATCH]).transpose(0, 3, 1, 2)
        yield np.ascontiguousarray(stacked, dtype=np.float32) / np.float32(255)


def precision_by_set(crops: Sequence[TestCrop], scores: NDArray[np.float64]) -> dict[str, float]:
    """AP of each generator's pictures among all photographs, by the generator's set."""
    natural = np.array([crop.picture.kind == NATURAL for crop in crops])
    found = {}
    for name in sets_of([c.picture for c in crops if c.picture.kind == GENERATED]):
        of_set = np.array([crop.picture.set == name for crop in crops])
        kept = natural | of_set
        found[name.removeprefix(f"{GENERATED}/")] = average_precision(scores[kept], of_set[kept])
    return found


def count_by_set(crops: Sequence[TestCrop]) -> dict[str, int]:
    """How many pictures of each generator there are, by the generator's set."""
    names = [crop.picture.set for crop in crops if crop.picture.kind == GENERATED]
    return {name.removeprefix(f"{GENERATED}/"): names.count(name) for name in dict.fromkeys(names)}


def chance_by_set(crops: Sequence[TestCrop]) -> dict[str, float]:
    """Average precision of guessing: each generator's share of the pictures."""
    natural = sum(crop.picture.kind == NATURAL for crop in crops)
    return {name: count / (natural + count) for name, count in count_by_set(crops).items()}
