"""Edits of a part of a picture, which a patch map should show."""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from channel.manipulations import GAUSSIAN, SHARPEN
from verifier.training.manipulation.fan import PATCH

Picture = NDArray[np.uint8]
Mask = NDArray[np.bool_]
LocalEdit = Callable[[Picture, Picture], tuple[Picture, Mask]]
# The edited rectangle: this share of the longer side, from its start. Patches of a small downloaded
# picture must fit in what is left.
SHARE = 0.45
CLONE_OFFSET = (5, 3)  # rows and columns
# What inpainting takes away: bars so high, one in each period, as of a fence or of writing.
BAR, BARS_PERIOD, INPAINTING_RADIUS = 32, 64, 3.0


def spliced(picture: Picture, other: Picture) -> tuple[Picture, Mask]:
    """Paste a part of another picture, enlarged by a quarter as editors do to make it fit."""
    window, mask = _part(picture)
    height, width = picture[window].shape[:2]
    source = other[: max(2, int(height / 1.25)), : max(2, int(width / 1.25))]
    pasted = Image.fromarray(source).resize((width, height), Image.Resampling.BICUBIC)
    return _with(picture, window, np.asarray(pasted)), mask


def smoothed(picture: Picture, other: Picture) -> tuple[Picture, Mask]:
    """Smooth a part, as skin is."""
    window, mask = _part(picture)
    return _with(picture, window, GAUSSIAN(np.ascontiguousarray(picture[window]))), mask


def sharpened(picture: Picture, other: Picture) -> tuple[Picture, Mask]:
    """Sharpen a part."""
    window, mask = _part(picture)
    return _with(picture, window, SHARPEN(np.ascontiguousarray(picture[window]))), mask


def replaced(picture: Picture, other: Picture) -> tuple[Picture, Mask]:
    """Paste a part of another picture of the same camera, as it is."""
    window, mask = _part(picture)
    height, width = picture[window].shape[:2]
    patch = np.resize(other[:height, :width], (height, width, 3)).astype(np.uint8)
    return _with(picture, window, patch), mask


def cloned(picture: Picture, other: Picture) -> tuple[Picture, Mask]:
    """Copy a part of the picture itself over another, off the grid of JPEG's squares."""
    window, mask = _part(picture)
    height, width = picture[window].shape[:2]
    moved = np.roll(picture, CLONE_OFFSET, axis=(0, 1))[-height:, -width:]
    return _with(picture, window, moved), mask


def inpainted(picture: Picture, other: Picture) -> tuple[Picture, Mask]:
    """Take bars out of a part and fill them from around, by Telea's method (2004)."""
    window, mask = _part(picture)
    rows = np.arange(len(picture)) % BARS_PERIOD < BAR
    taken = (mask & rows[:, None]).astype(np.uint8)
    filled = cv2.inpaint(picture, taken, INPAINTING_RADIUS, cv2.INPAINT_TELEA)
    return _with(picture, window, np.asarray(filled, np.uint8)[window]), mask


LOCAL_EDITS: dict[str, LocalEdit] = {
    "smoothed part": smoothed,
    "sharpened part": sharpened,
    "splice, enlarged by a quarter": spliced,
    "clone, moved off the grid": cloned,
    "bars inpainted, half of the part": inpainted,
    "splice of the same camera, as it is": replaced,
}


def covered_share(mask: Mask, place: tuple[int, int], downloaded: tuple[int, int]) -> float:
    """Return how much of a downloaded picture's patch was edited, by the uploaded one's mask."""
    left, top = place
    rows, columns = (before / after for before, after in zip(mask.shape, downloaded, strict=True))
    down = slice(int(top * rows), int((top + PATCH) * rows))
    across = slice(int(left * columns), int((left + PATCH) * columns))
    return float(mask[down, across].mean())


def _part(picture: Picture) -> tuple[tuple[slice, slice], Mask]:
    """Return the edited rectangle, and True within it."""
    height, width = picture.shape[:2]
    window = slice(0, round(height * SHARE)), slice(None)
    if width >= height:
        window = slice(None), slice(0, round(width * SHARE))
    mask = np.zeros((height, width), bool)
    mask[window] = True
    return window, mask


def _with(picture: Picture, window: tuple[slice, slice], part: Picture) -> Picture:
    changed = picture.copy()
    changed[window] = part
    return changed
