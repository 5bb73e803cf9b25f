"""A sheet for the eye: what a watermark looks like at 100% where nothing hides it."""

from collections.abc import Sequence
from itertools import product
from pathlib import Path

import numpy as np
from PIL import Image

from camera_sim.developing.compare import difference
from camera_sim.training.pair.captures import DevelopedCapture, Picture

SIDE = 320
# Means between which an even part is neither shadow nor burnt out.
DARKEST, BRIGHTEST = 60, 220


def draw_watermark_sheet(captures: Sequence[DevelopedCapture], path: Path) -> Path:
    """Draw each capture's most even square: plain, with the watermark, their difference magnified.

    Pictures smaller than the square are left out; without any nothing is written.
    """
    rows = []
    for capture in captures:
        if min(capture.plain.shape[:2]) < SIDE:
            continue
        window = _most_even(capture.plain)
        plain, watermarked = capture.plain[window], capture.watermarked[window]
        rows.append(np.concatenate([plain, watermarked, difference(watermarked, plain)], axis=1))
    if rows:
        Image.fromarray(np.concatenate(rows)).save(path)
    return path


def _most_even(picture: Picture) -> tuple[slice, slice]:
    height, width = picture.shape[:2]
    step = SIDE // 4
    places = product(range(0, height - SIDE + 1, step), range(0, width - SIDE + 1, step))
    windows = [(slice(top, top + SIDE), slice(left, left + SIDE)) for top, left in places]

    def unevenness(window: tuple[slice, slice]) -> float:
        values = picture[window].mean(axis=2)
        visible = DARKEST < values.mean() < BRIGHTEST
        return float(values.std()) + (0 if visible else 255)

    return min(windows, key=unevenness)
