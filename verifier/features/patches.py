"""The patches of a picture that a detector looks at (Korus & Memon, CVPR 2019, section 4.4)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from verifier.weights import Selection

Pixels = NDArray[np.uint8]
Place = tuple[int, int]  # left and top


@dataclass(frozen=True)
class Patches:
    """Places of the chosen patches, and how many of how many were usable."""

    side: int
    places: tuple[Place, ...]
    usable: int
    of: int


def choose_patches(
    pixels: Pixels, side: int, selection: Selection, *, brief: bool = False
) -> Patches:
    """Choose usable patches on a grid that keeps to JPEG's 8×8 blocks.

    Flat and clipped patches are left out: they look the same whatever was done to them. Of too many
    an even choice in reading order is taken.

    Parameters
    ----------
    pixels
        (H, W, 3), uint8, sRGB.
    side
        Of a patch, pixels.
    """
    height, width = pixels.shape[:2]
    rows, columns = (max(0, (whole - side) // selection.stride + 1) for whole in (height, width))
    usable = [
        place
        for top in range(0, height - side + 1, selection.stride)
        for place in _usable(pixels, top, side, selection)
    ]
    chosen = _evenly(usable, selection.brief_patches if brief else selection.most_patches)
    return Patches(side, tuple(chosen), len(usable), rows * columns)


def batches(pixels: Pixels, patches: Patches, size: int) -> Iterator[NDArray[np.float32]]:
    """Cut the chosen patches, a few at a time: (N, 3, side, side), float32 in [0, 1]."""
    for start in range(0, len(patches.places), size):
        cut = [cut_patch(pixels, place, patches.side)
               for place in patches.places[start : start + size]]  # fmt: skip
        stacked = np.stack(cut).transpose(0, 3, 1, 2)
        yield np.ascontiguousarray(stacked, dtype=np.float32) / np.float32(255)


def cut_patch(pixels: Pixels, place: Place, side: int) -> Pixels:
    """Return the patch at a place: (side, side, 3), a view."""
    left, top = place
    return pixels[top : top + side, left : left + side]


def _usable(pixels: Pixels, top: int, side: int, selection: Selection) -> Iterator[Place]:
    """Yield the places, from the left, where patches between two rows are neither flat nor clipped.

    All in whole numbers: which patches are looked at must not depend on how a processor rounds.
    """
    # Every other pixel of every other row shows variance and clipping well enough.
    band = pixels[top : top + side : 2]
    levels = band.astype(np.uint16)
    sums = levels.sum(axis=0, dtype=np.int64).sum(axis=1)
    squares = np.square(levels).sum(axis=0, dtype=np.int64).sum(axis=1)
    clipped = (_all_are(band, 0) | _all_are(band, 255)).sum(axis=0)
    for left in range(0, pixels.shape[1] - side + 1, selection.stride):
        columns = slice(left, left + side, 2)
        count = len(band) * len(clipped[columns])
        values = 3 * count
        variance = values * int(squares[columns].sum()) - int(sums[columns].sum()) ** 2
        if (
            variance / (255 * values) ** 2 >= selection.min_variance
            and clipped[columns].sum() / count <= selection.most_clipped
        ):
            yield left, top


def _all_are(band: Pixels, level: int) -> NDArray[np.bool_]:
    red, green, blue = (band[..., colour] == level for colour in range(3))
    same: NDArray[np.bool_] = red & green & blue
    return same


def _evenly(places: Sequence[Place], most: int) -> Sequence[Place]:
    if len(places) <= most:
        return places
    return [places[i] for i in np.linspace(0, len(places) - 1, most).round().astype(int)]
