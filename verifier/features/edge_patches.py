"""Patches where there is something to see: drawn by how many edges they hold (Huang et al.)."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from verifier.features.canny import canny
from verifier.features.patches import Patches, Place

Pixels = NDArray[np.uint8]

CANDIDATES: Final = 20  # Huang et al.: at least 20 candidates for each patch
_SEED: Final = 20_17
# Edges of a larger picture are looked for in tiles of it: of 12 megapixels they take 2.5 seconds.
_WHOLE: Final = 4_000_000
_TILES: Final = 12
_TILE: Final = 448


def edge_patches(
    pixels: Pixels,
    side: int,
    most: int,
    candidates: int = CANDIDATES,
    rng: np.random.Generator | None = None,
) -> Patches:
    """Draw patches by roulette wheel without replacement, each as likely as it has edges.

    Parameters
    ----------
    pixels
        (H, W, 3), uint8, sRGB.
    side
        Of a patch, pixels.
    most
        Patches to draw (M).
    candidates
        Places to draw from for each patch; fewer where the picture has fewer.
    rng
        None: one of a fixed seed, so that the same picture gets the same patches.

    Returns
    -------
    Patches in the order drawn; those without edges never are. Fewer than ``most`` where the picture
    has fewer places; none if it is smaller than a patch.
    """
    height, width = pixels.shape[:2]
    if min(height, width) < side:
        return Patches(side, (), 0, 0)
    rng = rng or np.random.default_rng(_SEED)
    if height * width > _WHOLE:
        lefts, tops, counts = _of_tiles(rng, pixels, side, most * candidates)
    else:
        lefts, tops = _candidates(rng, height - side + 1, width - side + 1, most * candidates)
        counts = edge_counts(pixels, lefts, tops, side)
    usable = np.flatnonzero(counts)
    # Gumbel noise on logarithms of weights: the largest keys are a roulette wheel's draws without
    # replacement, in its order (Efraimidis & Spirakis 2006).
    keys = np.log(counts[usable]) + rng.gumbel(size=len(usable))
    drawn = usable[np.argsort(-keys)[:most]]
    places: tuple[Place, ...] = tuple((int(lefts[i]), int(tops[i])) for i in drawn)
    return Patches(side, places, len(usable), len(counts))


def edge_counts(
    pixels: Pixels, lefts: NDArray[np.int64], tops: NDArray[np.int64], side: int
) -> NDArray[np.int64]:
    """Count the edge pixels of patches, (N,) places to (N,), by an integral image."""
    edges = canny(pixels)
    height, width = edges.shape
    total = np.zeros((height + 1, width + 1), np.int32)
    total[1:, 1:] = edges.cumsum(0, dtype=np.int32).cumsum(1)
    counts = (
        total[tops + side, lefts + side]
        - total[tops, lefts + side]
        - total[tops + side, lefts]
        + total[tops, lefts]
    )
    return counts.astype(np.int64)


def _of_tiles(
    rng: np.random.Generator, pixels: Pixels, side: int, count: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Draw places from tiles that are spread by chance: lefts, tops and counts of edges."""
    height, width = pixels.shape[:2]
    tall, wide = min(height, max(side, _TILE)), min(width, max(side, _TILE))
    xs, ys = _candidates(rng, height - tall + 1, width - wide + 1, _TILES)
    lefts, tops, counts = [], [], []
    for x, y in zip(xs, ys, strict=True):
        dx, dy = _candidates(rng, tall - side + 1, wide - side + 1, -(-count // len(xs)))
        lefts.append(x + dx)
        tops.append(y + dy)
        counts.append(edge_counts(pixels[y : y + tall, x : x + wide], dx, dy, side))
    return np.concatenate(lefts), np.concatenate(tops), np.concatenate(counts)


def _candidates(
    rng: np.random.Generator, rows: int, columns: int, count: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Draw distinct places, lefts and tops: all of them where there are no more than wanted."""
    places = rows * columns
    if places <= count:
        chosen = np.arange(places)
    else:
        # Sparse draws: a permutation of 12 million places would be slow.
        chosen = rng.permutation(np.unique(rng.integers(places, size=2 * count)))[:count]
    return chosen % columns, chosen // columns
