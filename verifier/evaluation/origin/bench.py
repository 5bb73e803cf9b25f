"""What a model of origins says of every test picture, as fed: one record a picture and feed.

A feed is how pictures reach the model: with one history for every class (`verifier.training
.equalise`), cropped to a side, or as found, where the class goes with size and container. Answers
are kept, so that tables can be printed again.
"""

import json
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from channel.errors import reason_of
from verifier.detectors.model import Model
from verifier.detectors.origin import scored
from verifier.detectors.patch_scores import PatchScores
from verifier.errors import ScoresError
from verifier.evaluation.origin.conditions import CONDITIONS, Condition
from verifier.training.origin.classes import ORIGIN_RANGES
from verifier.training.origin.equalise import decode, draw_history, equalise
from verifier.training.picture_sets import Picture, Split, list_pictures, split
from verifier.weights import ModelEntry

AS_FOUND: Final = 0
# In a model's recipe: that its training saw the calibration's pictures too, and what is calibrated
# is what was said of sets that were left out of training in turn.
CALIBRATED_ON: Final = "calibrated on"
SETS_LEFT_OUT: Final = "sets left out in turn"
# Sides of the crops, 0 as found. The smallest sets are of 256 pixels; a larger one has more parts.
FEEDS: Final = (256, 384, AS_FOUND)
DRAWS: Final = 2
PATCHES: Final = {256: 2, 384: 4, AS_FOUND: 6}
CURVE_PICTURES: Final = 2  # one of so many: 25 conditions of each
_CURVE_PATCHES: Final = 1


@dataclass(frozen=True)
class OriginRecord:
    """What a model says of one picture.

    Attributes
    ----------
    name
        Class, set and file.
    part
        "calibration", "seen" or "unseen".
    feed
        Side of the crop, or 0 as found.
    condition, level
        What was done to it before it was asked about, and how much; "" and 0 for nothing.
    votes
        Patches that are likeliest of each label.
    mean_log, patches
        Mean log probabilities of the labels, over so many patches.
    """

    name: str
    part: str
    kind: str
    set: str
    feed: int
    draw: int
    condition: str
    level: float
    votes: tuple[int, ...]
    mean_log: tuple[float, ...]
    patches: int


def split_of(entry: ModelEntry, folder: Path) -> Split:
    """Split a folder as the training of a model did, by what its label in the manifest says.

    Raises
    ------
    ScoresError
        If the label doesn't say which sets were held out.
    PicturesError
        If the folder has not those classes and sets.
    """
    held, seed = entry.recipe.get("sets held out whole"), entry.recipe.get("seed")
    if not isinstance(held, str) or not isinstance(seed, int):
        raise ScoresError(f"{entry.name} doesn't say which pictures its training saw")
    pictures = list_pictures(folder, [label.name for label in entry.labels])
    return split(pictures, held.split(", ") if held != "none" else (), seed=seed)


def saw_calibration(entry: ModelEntry) -> bool:
    """Whether a model's training saw all pictures but those of the tests."""
    return entry.recipe.get(CALIBRATED_ON) == SETS_LEFT_OUT


def fed(picture: Picture, pixels: NDArray[np.uint8], feed: int, draw: int) -> bytes | None:
    """Return the file that is fed; None for what is too small for it.

    A picture, a feed and a draw give the same file in every run.
    """
    if feed == AS_FOUND:
        return picture.path.read_bytes()
    rng = np.random.default_rng([zlib.crc32(picture.name.encode()), feed, draw])
    height, width = pixels.shape[:2]
    history = draw_history(rng, height, width, feed, ORIGIN_RANGES)
    return equalise(pixels, history, feed) if history else None


def measure(
    model: Model, part: str, picture: Picture, feeds: Sequence[int] = FEEDS, draws: int = DRAWS
) -> Iterator[OriginRecord]:
    """Ask a model about one picture by every feed."""
    pixels = picture.pixels()
    for feed in feeds:
        for draw in range(1 if feed == AS_FOUND else draws):
            data = fed(picture, pixels, feed, draw)
            if data is None:
                continue
            given = pixels if feed == AS_FOUND else np.asarray(decode(data))
            scores = scored(model, given, PATCHES.get(feed, 4))
            if scores is not None:
                yield _record(scores, part, picture, feed, draw)


def measure_curves(model: Model, part: str, picture: Picture) -> Iterator[OriginRecord]:
    """Ask about one picture of the smallest feed under every condition of figure 5."""
    pixels = picture.pixels()
    data = fed(picture, pixels, FEEDS[0], 0)
    if data is None:
        return
    given = np.asarray(decode(data))
    for condition in CONDITIONS:
        scores = scored(model, condition.apply(given), _CURVE_PATCHES)
        if scores is not None:
            yield _record(scores, part, picture, FEEDS[0], 0, condition)


def _record(
    scores: PatchScores,
    part: str,
    picture: Picture,
    feed: int,
    draw: int,
    condition: Condition | None = None,
) -> OriginRecord:
    return OriginRecord(
        name=picture.name,
        part=part,
        kind=picture.kind,
        set=picture.set,
        feed=feed,
        draw=draw,
        condition=condition.name if condition else "",
        level=condition.level if condition else 0.0,
        votes=tuple(int(count) for count in scores.votes(list(range(len(scores.mean_log))))),
        mean_log=tuple(round(float(value), 5) for value in scores.mean_log),
        patches=scores.count,
    )


def read_origin_records(path: Path) -> list[OriginRecord]:
    """Read what `write_records` wrote. Raises `ScoresError` for anything else."""
    try:
        found = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        for one in found:
            one |= {"votes": tuple(one["votes"]), "mean_log": tuple(one["mean_log"])}
        return [OriginRecord(**one) for one in found]
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ScoresError(
            f"{path} holds no records of pictures ({reason_of(error)}); remove it"
        ) from error
