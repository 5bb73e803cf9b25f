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
    grid = [
        (left, top)
        for top in range(0, height - side + 1, selection.stride)
        for left in range(0, width - side + 1, selection.stride)
    ]
    usable = [place for place in grid if _is_usable(cut_patch(pixels, place, side), selection)]
    chosen = _evenly(usable, selection.brief_patches if brief else selection.most_patches)
    return Patches(side, tuple(chosen), len(usable), len(grid))


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


def _is_usable(patch: Pixels, selection: Selection) -> bool:
    # Every other pixel of every other row tells variance and clipping well enough.
    values = patch[::2, ::2]
    if float(values.std() / 255) ** 2 < selection.min_variance:
        return False
    clipped = ((values == 0).all(2) | (values == 255).all(2)).mean()
    return bool(clipped <= selection.most_clipped)


def _evenly(places: Sequence[Place], most: int) -> Sequence[Place]:
    if len(places) <= most:
        return places
    return [places[i] for i in np.linspace(0, len(places) - 1, most).round().astype(int)]
