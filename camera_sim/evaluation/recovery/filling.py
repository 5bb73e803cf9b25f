"""Filling a hole from the rest of the picture by patches: what "content-aware" tools do.

Wexler, Shechtman & Irani, *Space-Time Completion of Video*, IEEE TPAMI 2007, for one picture: each
patch over the hole takes the nearest patch from around, patches vote, and so on. It is done small;
where each pixel came from is then carried out on the picture itself, so its texture is real.
"""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from camera_sim.evaluation.recovery.parts import Mask, Picture

SMALL = 64  # pixels a side of the picture in which patches are looked for
REACH = 2  # patches of 5 by 5
ROUNDS = 6
MEMBRANE_ROUNDS = 200
Array = NDArray[np.float32]


def filled_by_patches(picture: Picture, hole: Mask) -> Picture:
    """Fill the hole of a (H, W, 3) picture from what is around it."""
    height, width = hole.shape
    factor = max(1.0, max(height, width) / SMALL)
    size = max(2 * REACH + 2, round(width / factor)), max(2 * REACH + 2, round(height / factor))
    small = np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BOX), np.float32)
    grown = Image.fromarray(hole).convert("L").resize(size, Image.Resampling.BOX)
    small_hole = np.asarray(grown) > 0
    sources = _sources(small, small_hole)
    return _carried_out(picture, hole, sources)


def spread_inwards(values: Array, hole: Mask) -> Array:
    """Continue (H, W, 3) values smoothly into a hole: a membrane (Perez et al. 2003)."""
    height, width = hole.shape
    factor = max(1.0, max(height, width) / SMALL)
    size = max(4, round(width / factor)), max(4, round(height / factor))
    grown = Image.fromarray(hole).convert("L").resize(size, Image.Resampling.BOX)
    inside = np.asarray(grown) > 0
    planes = [Image.fromarray(np.ascontiguousarray(plane)) for plane in np.moveaxis(values, -1, 0)]
    small = np.stack([np.asarray(p.resize(size, Image.Resampling.BOX)) for p in planes], axis=-1)
    spread = _begun(small, inside)
    for _ in range(MEMBRANE_ROUNDS):
        padded = np.pad(spread, ((1, 1), (1, 1), (0, 0)), mode="edge")
        mean = padded[:-2, 1:-1] + padded[2:, 1:-1] + padded[1:-1, :-2] + padded[1:-1, 2:]
        spread[inside] = mean[inside] / 4
    back = [Image.fromarray(np.ascontiguousarray(plane)) for plane in np.moveaxis(spread, -1, 0)]
    large = [np.asarray(p.resize((width, height), Image.Resampling.BICUBIC)) for p in back]
    return np.stack(large, axis=-1)


def _sources(small: Array, hole: Mask) -> NDArray[np.int64]:
    """Return for each small pixel the row and column that its content comes from: (h, w, 2)."""
    filled = _begun(small, hole)
    height, width = hole.shape
    rows, columns = np.mgrid[REACH : height - REACH, REACH : width - REACH].reshape(2, -1)
    touched = _patches(hole[..., None].astype(np.float32)).any(axis=1)
    whole = np.flatnonzero(~touched)
    if not len(whole):
        raise ValueError("the hole leaves no patch to fill it from; make it smaller")
    targets = np.flatnonzero(touched)
    sources = np.moveaxis(np.mgrid[:height, :width], 0, -1).astype(np.int64)
    known = _patches(small)[whole]
    for _ in range(ROUNDS):
        wanted = _patches(filled)[targets]
        distance = (known**2).sum(1)[None] - 2 * wanted @ known.T
        nearest = whole[distance.argmin(axis=1)]
        votes = np.zeros((*hole.shape, 4), np.float32)
        for down in range(-REACH, REACH + 1):
            for across in range(-REACH, REACH + 1):
                to = rows[targets] + down, columns[targets] + across
                content = small[rows[nearest] + down, columns[nearest] + across]
                np.add.at(votes, to, np.concatenate([content, np.ones((len(to[0]), 1))], axis=1))
        inside = hole & (votes[..., 3] > 0)
        filled[inside] = votes[inside][:, :3] / votes[inside][:, 3:]
        sources[rows[targets], columns[targets]] = np.stack([rows[nearest], columns[nearest]], 1)
    return sources


def _begun(small: Array, hole: Mask) -> Array:
    """Fill a hole smoothly, by means of what is known around, wider and wider."""
    filled, known = small.copy(), ~hole
    while not known.all():
        weight, total = np.zeros(hole.shape, np.float32), np.zeros_like(filled)
        for axis in (0, 1):
            for step in (-1, 1):
                near = np.roll(known, step, axis)
                weight += near
                total += np.roll(filled, step, axis) * near[..., None]
        new = ~known & (weight > 0)
        filled[new] = total[new] / weight[new][:, None]
        known = known | new
    return filled


def _patches(values: Array) -> Array:
    """Return the patches around all pixels that have one: (N, 25·channels)."""
    side = 2 * REACH + 1
    windows = np.lib.stride_tricks.sliding_window_view(values, (side, side), axis=(0, 1))
    return windows.reshape(windows.shape[0] * windows.shape[1], -1)


def _carried_out(picture: Picture, hole: Mask, sources: NDArray[np.int64]) -> Picture:
    """Take each pixel of the hole from where its small one came from."""
    height, width = hole.shape
    small_height, small_width = sources.shape[:2]
    rows, columns = np.nonzero(hole)
    down, across = height / small_height, width / small_width
    small_rows = np.minimum((rows / down).astype(int), small_height - 1)
    small_columns = np.minimum((columns / across).astype(int), small_width - 1)
    source = sources[small_rows, small_columns]
    from_rows = rows + np.rint((source[:, 0] - small_rows) * down).astype(int)
    from_columns = columns + np.rint((source[:, 1] - small_columns) * across).astype(int)
    changed = picture.copy()
    changed[rows, columns] = picture[
        np.clip(from_rows, 0, height - 1), np.clip(from_columns, 0, width - 1)
    ]
    return changed
