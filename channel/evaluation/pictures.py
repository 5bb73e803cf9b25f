"""Pictures to measure on: found ones, and one that is made up where any photograph would do."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from channel.errors import UnreadablePictureError
from channel.upload import opened

Pixels = NDArray[np.uint8]
_LOSSLESS = {".png", ".webp", ".tif", ".tiff", ".bmp"}


def scene(height: int, width: int, seed: int = 0) -> Pixels:
    """Make a colourful picture with gradients, edges and grain: (H, W, 3), uint8."""
    generator = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width].astype(np.float32) / 48
    edges = 60 * (np.hypot(x - 1, y - 1) % 1 < 0.4)
    planes = [
        128 + 45 * (np.sin(x + y * k) + np.cos(y - x * k)) + share * edges
        for k, share in ((0.3, 1.0), (1.1, -0.5), (2.3, 0.7))
    ]
    grain = generator.normal(0, 6, (height, width, 3)).astype(np.float32)
    return np.clip(np.stack(planes, -1) + grain, 0, 255).round().astype(np.uint8)


def lossless(folder: Path, count: int) -> Sequence[tuple[str, Pixels]]:
    """Return the first lossless pictures of a folder in order of name, as (name, RGB pixels).

    Raises `UnreadablePictureError` if it has fewer.
    """
    paths = sorted(path for path in folder.glob("*") if path.suffix.lower() in _LOSSLESS)
    if len(paths) < count:
        raise UnreadablePictureError(
            f"{folder} has {len(paths)} lossless pictures, {count} are needed; name another folder"
        )
    return [(path.name, _rgb(path)) for path in paths[:count]]


def _rgb(path: Path) -> Pixels:
    return np.asarray(opened(path).picture().convert("RGB"))
