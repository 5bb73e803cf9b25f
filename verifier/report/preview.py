"""The picture made small for a report."""

from dataclasses import dataclass
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

# Wide enough for a browser's column, small enough for a mail.
LONGEST_SIDE = 1400
QUALITY = 82


@dataclass(frozen=True)
class Preview:
    """A small JPEG file of the picture in sRGB, not turned, and the size of the picture itself."""

    jpeg: bytes
    width: int
    height: int


def preview_of(pixels: NDArray[np.uint8]) -> Preview:
    """Shrink (H, W, 3) uint8 pixels for a report."""
    height, width = pixels.shape[:2]
    step = max(1, max(height, width) // (2 * LONGEST_SIDE))
    image = Image.fromarray(np.ascontiguousarray(pixels[::step, ::step]))
    image.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.BOX)
    file = BytesIO()
    image.save(file, "JPEG", quality=QUALITY)
    return Preview(file.getvalue(), width, height)
