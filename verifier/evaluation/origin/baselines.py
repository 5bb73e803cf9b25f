"""Hand-crafted baselines of origin, and the confound test: classifiers that see no pixels."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from channel.evaluation.table import Table
from verifier.evaluation.linear_classifier import fit_linear
from verifier.evaluation.origin.bench import AS_FOUND, DRAWS, FEEDS, PATCHES, fed
from verifier.evaluation.origin.features import BASELINES, container
from verifier.evaluation.origin.tables import PARTS, feed_words, mean_of_classes
from verifier.features.edge_patches import edge_patches
from verifier.judging.calibration import upper_bound
from verifier.training.origin.equalise import decode
from verifier.training.picture_sets import Picture, Split

Array = NDArray[np.float64]

_SIDE: Final = 224  # of a patch, as the network has it
# Files of each picture in the confound test: their histories are independent, so each file counts.
_CONFOUND_DRAWS: Final = 8


@dataclass(frozen=True)
class Samples:
    """Features (N, F), with the class and the name of what each row is of.

    Rows of one name are voted over: patches of a picture.
    """

    features: Array
    kinds: tuple[str, ...]
    names: tuple[str, ...]


def container_samples(pictures: Sequence[Picture], feed: int) -> Samples:
    """Return features of the files without their pixels, as fed."""
    rows = [
        (container(data), picture, f"{picture.name} {draw}")
        for picture in pictures
        for draw, data in enumerate(_files(picture, feed, _CONFOUND_DRAWS))
    ]
    return _samples(rows)


def pixel_samples(
    pictures: Sequence[Picture], feed: int, report: Callable[[], object] = lambda: None
) -> dict[str, Samples]:
    """Return each baseline's features of the patches of files, as fed."""
    rows: dict[str, list[tuple[Array, Picture, str]]] = {name: [] for name in BASELINES}
    for picture in pictures:
        for data in _files(picture, feed, DRAWS):
            pixels = np.asarray(decode(data))
            for left, top in edge_patches(pixels, _SIDE, PATCHES[feed]).places:
                patch = pixels[top : top + _SIDE, left : left + _SIDE]
                for name, features in BASELINES.items():
                    rows[name].append((features(patch), picture, picture.name))
        report()
    return {name: _samples(found) for name, found in rows.items()}


def _files(picture: Picture, feed: int, draws: int) -> list[bytes]:
    pixels = picture.pixels()
    files = [fed(picture, pixels, feed, draw) for draw in range(1 if feed == AS_FOUND else draws)]
    return [data for data in files if data is not None]


def _samples(rows: Sequence[tuple[Array, Picture, str]]) -> Samples:
    return Samples(
        np.stack([features for features, _, _ in rows]),
        tuple(picture.kind for _, picture, _ in rows),
        tuple(name for _, _, name in rows),
    )


@dataclass(frozen=True)
class Measured:
    """The share that is named rightly, mean over classes, and of how many."""

    accuracy: float
    count: int


def fitted_and_measured(
    training: Samples, tests: Sequence[Samples], labels: Sequence[str]
) -> list[Measured]:
    """Fit a linear classifier to training files, and measure it on others by majority."""
    kinds = np.array([labels.index(kind) for kind in training.kinds])
    classifier = fit_linear(training.features, kinds, len(labels))
    found = []
    for test in tests:
        named = classifier.named(test.features)
        right, of_kind = [], []
        for name in dict.fromkeys(test.names):
            at = [place for place, one in enumerate(test.names) if one == name]
            votes = np.bincount(named[at], minlength=len(labels))
            right.append(float(labels[int(votes.argmax())] == test.kinds[at[0]]))
            of_kind.append(test.kinds[at[0]])
        found.append(Measured(mean_of_classes(right, of_kind), len(right)))
    return found


def _parts(pictures: Split) -> dict[str, tuple[Picture, ...]]:
    """Return the pictures of each part that has any, by what it is called."""
    parts = {words: getattr(pictures, part) for part, words in PARTS.items()}
    return {words: part for words, part in parts.items() if part}


def baselines_table(
    pictures: Split, labels: Sequence[str], report: Callable[[], object] = lambda: None
) -> str:
    """Measure how the three hand-crafted baselines do on the smallest feed."""
    feed = FEEDS[0]
    training = pixel_samples(pictures.training, feed, report)
    parts = _parts(pictures)
    tests = [pixel_samples(part, feed, report) for part in parts.values()]
    rows = []
    for name, samples in training.items():
        measured = fitted_and_measured(samples, [test[name] for test in tests], labels)
        rows.append((name, *(f"{one.accuracy:.1%}" for one in measured)))
    return str(Table(("features", *parts), rows))


def confound_table(pictures: Split, labels: Sequence[str]) -> str:
    """Measure how a classifier does that sees container, size and JPEG's coding, and no pixel.

    The bound is that of chance: what it may reach by luck on so many files, 95% sure.
    """
    parts = _parts(pictures)
    rows = []
    for feed in (*FEEDS[:-1], AS_FOUND):
        training = container_samples(pictures.training, feed)
        tests = [container_samples(part, feed) for part in parts.values()]
        measured = fitted_and_measured(training, tests, labels)
        chance = 1 / len(labels)
        bounds = ", ".join(
            f"{upper_bound(round(chance * one.count), one.count):.0%}" for one in measured
        )
        cells = (f"{one.accuracy:.1%} of {one.count}" for one in measured)
        rows.append((feed_words(feed), *cells, f"{chance:.0%}, {bounds}"))
    return str(Table(("fed", *parts, "chance, and its 95% bound"), rows))
