"""Take an object out of a picture: its place is filled from its edges, with grain like theirs.

``python alter.py PICTURE OUT LEFT TOP RIGHT BOTTOM``, the last four in shares of the sides.
"""

import sys

import numpy as np
from numpy.typing import NDArray
from PIL import Image

GRAIN = 1.5  # levels


def filled(picture: NDArray[np.uint8], box: tuple[int, int, int, int]) -> NDArray[np.uint8]:
    """Fill a box by Coons' patch (1967): what lies on its four edges, blended across it."""
    left, top, right, bottom = box
    part = picture[top:bottom, left:right].astype(float)
    down, across = (np.linspace(0, 1, side)[:, None] for side in part.shape[:2])
    down, across = down[:, None], across[None]
    rows = (1 - down) * part[:1] + down * part[-1:]
    columns = (1 - across) * part[:, :1] + across * part[:, -1:]
    upper = (1 - across) * part[:1, :1] + across * part[:1, -1:]
    lower = (1 - across) * part[-1:, :1] + across * part[-1:, -1:]
    smooth = rows + columns - (1 - down) * upper - down * lower
    grain = np.random.default_rng(0).normal(0, GRAIN, part.shape[:2])[..., None]
    altered = picture.copy()
    altered[top:bottom, left:right] = np.clip(np.rint(smooth + grain), 0, 255)
    return altered


def main(source: str, target: str, *shares: str) -> None:
    """Alter a file, and save it as an editor does."""
    with Image.open(source) as image:
        picture = np.asarray(image.convert("RGB"))
    height, width = picture.shape[:2]
    sides = (width, height, width, height)
    left, top, right, bottom = (round(float(s) * n) for s, n in zip(shares, sides, strict=True))
    altered = filled(picture, (left, top, right, bottom))
    Image.fromarray(altered).save(target, quality=90)


if __name__ == "__main__":
    main(*sys.argv[1:])
