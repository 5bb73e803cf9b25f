"""Two pictures that no camera took, drawn by a seed."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

Pixels = NDArray[np.uint8]
INKS = ((31, 119, 180), (255, 127, 14), (44, 160, 44), (214, 39, 40), (148, 103, 189))


def pie_chart(seed: int, height: int, width: int) -> Pixels:
    rng = np.random.default_rng(seed)
    image, draw = _canvas(rng, height, width)
    edges = np.concatenate([[0], np.sort(rng.uniform(0, 360, 6)), [360]])
    for first, last in pairwise(edges):
        draw.pieslice((40, 40, height - 40, height - 40), first, last, fill=_ink(rng))
        draw.text((height, 60 + int(first)), _words(rng, 3), fill=(90, 90, 90))
    return np.asarray(image)


def screen(seed: int, height: int, width: int) -> Pixels:
    """Draw squares with round corners, as icons on a screen."""
    rng = np.random.default_rng(seed)
    image, draw = _canvas(rng, height, width)
    side = int(rng.choice([48, 64, 96, 128]))
    for top in range(0, height, side):
        for left in range(0, width, side):
            box = (left + 4, top + 4, left + side - 4, top + side - 4)
            draw.rounded_rectangle(box, radius=8, fill=_ink(rng), outline=(128, 128, 128))
            draw.text((left + 8, top + 8), _words(rng, 1), fill=(255, 255, 255))
    return np.asarray(image)


def _canvas(
    rng: np.random.Generator, height: int, width: int
) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    light = int(rng.choice([255, 255, 245, 30]))
    image = Image.new("RGB", (width, height), (light, light, light))
    return image, ImageDraw.Draw(image)


def _ink(rng: np.random.Generator) -> tuple[int, int, int]:
    return INKS[int(rng.integers(len(INKS)))]


def _words(rng: np.random.Generator, count: int) -> str:
    letters = "etaoinshrdlucmfwypvbgk"
    lengths = rng.integers(2, 10, count)
    return " ".join("".join(rng.choice(list(letters), length)) for length in lengths)
