"""The picture made small for a report."""

from dataclasses import dataclass
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from channel.picture_file import SIDEWAYS, UPRIGHT_TURNS, turned

# Wide enough for a browser's column, small enough for a mail.
LONGEST_SIDE = 1400
QUALITY = 82


@dataclass(frozen=True)
class Preview:
    """A small JPEG file of the picture in sRGB, upright, and the size of the picture itself."""

    jpeg: bytes
    width: int
    height: int

    def turned(self, orientation: int) -> "Preview":
        """Turn one upright that is as the picture is coded."""
        if orientation not in UPRIGHT_TURNS:
            return self
        return _preview(Image.open(BytesIO(self.jpeg)), self.width, self.height, orientation)


def preview_of(pixels: NDArray[np.uint8], orientation: int = 1) -> Preview:
    """Shrink (H, W, 3) uint8 pixels for a report, and turn them upright by their orientation."""
    height, width = pixels.shape[:2]
    step = max(1, max(height, width) // (2 * LONGEST_SIDE))
    image = Image.fromarray(np.ascontiguousarray(pixels[::step, ::step]))
    image.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.BOX)
    return _preview(image, width, height, orientation)


def _preview(image: Image.Image, width: int, height: int, orientation: int) -> Preview:
    file = BytesIO()
    turned(image, orientation).save(file, "JPEG", quality=QUALITY)
    sides = (height, width) if orientation in SIDEWAYS else (width, height)
    return Preview(file.getvalue(), *sides)
