"""Histograms of patches of pictures that came through platforms, made once and kept in the run."""

import json
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from channel.output import replacing
from verifier.errors import ScoresError, TrainingError
from verifier.evaluation.platform.classes import CLASSES, PlatformClass
from verifier.evaluation.uploads import drawn_classes, drawn_upload, pixels_of
from verifier.features.dct_histogram import PATCH, patch_histograms

CACHE = "features"
# Flatter patches are all zeros after any platform (of values in [0, 1], squared).
LEAST_VARIANCE = 2e-5


@dataclass(frozen=True)
class CacheRecipe:
    """What the histograms are made of; a change of it makes them anew.

    Attributes
    ----------
    uploads
        Of each source, of differing size and quality.
    patches
        Of each downloaded picture, drawn from the grid of 64×64; flat ones are left out.
    """

    uploads: int = 4
    patches: int = 64
    seed: int = 0


@dataclass(frozen=True)
class Histograms:
    """Patches: ``counts`` (N, 909) uint8, ``labels`` (N,) and ``sources`` (N,) int64.

    Pictures that a platform passed through untouched are not among them.
    """

    counts: NDArray[np.uint8]
    labels: NDArray[np.int64]
    sources: NDArray[np.int64]

    def where(self, kept: NDArray[np.bool_]) -> "Histograms":
        """Keep some patches."""
        return Histograms(self.counts[kept], self.labels[kept], self.sources[kept])


def cached_histograms(
    files: Sequence[Path],
    recipe: CacheRecipe,
    run: Path,
    report: Callable[[int, int], None],
    classes: Sequence[PlatformClass] = CLASSES,
    workers: int = 1,
) -> Histograms:
    """Send every source through every class, or read what an earlier run kept of it.

    Parameters
    ----------
    files
        Sources; every class is made of all of them.
    run
        Folder of the run; one compressed file a source lies in ``run/features``.
    report
        Receives how many sources are done, and of how many.

    Raises
    ------
    TrainingError
        If the cache was made by another recipe, or no source is usable.
    """
    folder = run / CACHE
    _claim(folder, recipe, classes, files)
    tasks = [(path, folder, number, recipe, tuple(classes)) for number, path in enumerate(files)]
    done = 0
    if workers == 1:
        for task in tasks:
            _make(*task)
            report(done := done + 1, len(tasks))
    else:
        with ProcessPoolExecutor(workers) as pool:
            for future in [pool.submit(_make, *task) for task in tasks]:
                future.result()
                report(done := done + 1, len(tasks))
    return _read(folder, len(files))


def _claim(
    folder: Path, recipe: CacheRecipe, classes: Sequence[PlatformClass], files: Sequence[Path]
) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as refused:
        raise TrainingError(f"{folder} cannot hold histograms: {refused.strerror}") from refused
    wanted = asdict(recipe) | {
        "classes": {one.name: list(one.profiles) for one in classes},
        "sources": [path.name for path in files],
    }
    path = folder / "recipe.json"
    if not path.exists():
        with replacing(path) as temporary:
            temporary.write_text(json.dumps(wanted, indent=1), encoding="utf-8")
    elif json.loads(path.read_text(encoding="utf-8")) != wanted:
        raise TrainingError(
            f"{folder} holds histograms of other pictures or classes; choose another --out"
        )


def _make(
    path: Path, folder: Path, number: int, recipe: CacheRecipe, classes: tuple[PlatformClass, ...]
) -> None:
    kept = folder / f"{number:05}.npz"
    if kept.exists():
        return
    counts, labels = [], []
    try:
        source = pixels_of(path)
    except ScoresError as error:
        raise TrainingError(f"{path}: {error}") from error
    for index in range(recipe.uploads if min(source.shape[:2]) >= PATCH else 0):
        rng = np.random.default_rng([recipe.seed, number, index])
        upload = drawn_upload(source, rng)
        for label, got in drawn_classes(upload, classes, int(rng.integers(2**31))):
            if got.untouched and classes[label].role != "native":
                continue
            places = textured_places(got.pixels, rng, recipe.patches)
            if places:
                counts.append(patch_histograms(got.pixels, places))
                labels += [label] * len(places)
    with replacing(kept) as temporary, temporary.open("wb") as file:
        np.savez_compressed(
            file,
            counts=np.concatenate(counts) if counts else np.zeros((0, 909), np.uint8),
            labels=np.array(labels, np.int64),
        )


def textured_places(
    pixels: NDArray[np.uint8], rng: np.random.Generator, most: int
) -> list[tuple[int, int]]:
    """Draw places of patches on the grid, flat ones left out."""
    height, width = pixels.shape[:2]
    grid = [
        (left, top)
        for top in range(0, height - PATCH + 1, PATCH)
        for left in range(0, width - PATCH + 1, PATCH)
    ]
    found: list[tuple[int, int]] = []
    for place in rng.permutation(len(grid)):
        left, top = grid[place]
        patch = pixels[top : top + PATCH : 2, left : left + PATCH : 2]
        if float(patch.std() / 255) ** 2 >= LEAST_VARIANCE:
            found.append((left, top))
        if len(found) == most:
            break
    return found


def _read(folder: Path, count: int) -> Histograms:
    parts = []
    for number in range(count):
        with np.load(folder / f"{number:05}.npz", allow_pickle=False) as file:
            labels = file["labels"]
            sources = np.full(len(labels), number, np.int64)
            parts.append(Histograms(file["counts"], labels, sources))
    if not sum(len(part.labels) for part in parts):
        raise TrainingError("no picture is large enough for a patch of 64 pixels")
    return Histograms(
        np.concatenate([part.counts for part in parts]),
        np.concatenate([part.labels for part in parts]),
        np.concatenate([part.sources for part in parts]),
    )
