"""The signed reference picture: what a photo showed, small, under the photo's own signature.

A copy without its credential leads back to the signed photo by its watermark. This is what it is
compared with there. docs/reference/credential.md has its fields.
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from channel.errors import ChannelError
from channel.picture_file import open_picture
from watermark.area_average import area_average

REFERENCE: Final = "org.camsim.reference"
"""Label of its assertion in a manifest of C2PA."""
LONGER_SIDE: Final = 512
AIM_BYTES: Final = 60_000
MOST_BYTES: Final = 100_000
MOST_SIDE: Final = 1024
_MOST_PHOTO_SIDE: Final = 1 << 20
# Of 40 photographs of 8 to 24 MP half are over 48 kB at 95, with luma at 46 dB; the same size in
# 4:4:4 leaves luma, by which pictures are compared, at 44 dB.
_QUALITIES: Final = range(95, 4, -5)
_SUBSAMPLING: Final = "4:2:0"
_SAID: Final = {
    "format": "image/jpeg",
    "colourSpace": "sRGB",
    "transfer": "IEC 61966-2-1",
    "resampling": "area average of coded values",
}
_SIZES: Final = ("width", "height", "photoWidth", "photoHeight")


@dataclass(frozen=True)
class ReferencePicture:
    """A small picture of a whole photo, upright as the photo was signed.

    Attributes
    ----------
    jpeg
        JPEG file without metadata, sRGB, 4:2:0.
    width, height
        Of the reference, in pixels; the longer is 512, or the photo's own where that is less.
    photo_width, photo_height
        Of the signed photo, in pixels.
    """

    jpeg: bytes
    width: int
    height: int
    photo_width: int
    photo_height: int

    @classmethod
    def of_photo(cls, pixels: NDArray[Any]) -> Self:
        """Make the reference of a photo: `area_average`, in the best quality of up to 60 kB.

        Parameters
        ----------
        pixels
            (H, W, 3) sRGB, uint8 or uint16, upright.
        """
        tall, wide = pixels.shape[:2]
        width, height = reference_size(wide, tall)
        small = Image.fromarray(area_average(pixels, width, height))
        return cls(_encoded(small), width, height, photo_width=wide, photo_height=tall)

    def stated(self) -> dict[str, Any]:
        """Return the data of the assertion."""
        sizes = (self.width, self.height, self.photo_width, self.photo_height)
        data = base64.b64encode(self.jpeg).decode()
        return {**_SAID, **dict(zip(_SIZES, sizes, strict=True)), "data": data}

    @classmethod
    def of_statement(cls, data: object) -> Self | None:
        """Read the data of an assertion, which anybody may have made.

        Returns
        -------
        None unless all of it is as `stated` writes it: sizes within bounds and of one shape, and a
        JPEG file that says the same size in its header. Its pixels aren't decoded here.
        """
        said = data if isinstance(data, Mapping) else {}
        sizes: list[Any] = [said.get(name) for name in _SIZES]
        if any(said.get(name) != value for name, value in _SAID.items()) or not _fit(sizes):
            return None
        jpeg = _decoded_base64(said.get("data"))
        if jpeg is None or _size_in_header(jpeg) != tuple(sizes[:2]):
            return None
        return cls(jpeg, *sizes)

    def pixels(self) -> NDArray[np.uint8] | None:
        """Decode it: (height, width, 3) uint8 sRGB; None if the file is damaged."""
        try:
            image = open_picture(self.jpeg).coded()
        except ChannelError:
            return None
        if image.mode != "RGB" or image.size != (self.width, self.height):
            return None
        return np.asarray(image)


def reference_size(photo_width: int, photo_height: int) -> tuple[int, int]:
    """Return width and height of a photo's reference; the shorter side to the nearest pixel."""
    longer = max(photo_width, photo_height)
    side = min(LONGER_SIDE, longer)

    def scaled(length: int) -> int:
        return max(1, (2 * length * side + longer) // (2 * longer))

    return scaled(photo_width), scaled(photo_height)


def _encoded(small: Image.Image) -> bytes:
    for quality in _QUALITIES:
        file = BytesIO()
        small.save(file, "JPEG", quality=quality, subsampling=_SUBSAMPLING, optimize=True)
        if file.tell() <= AIM_BYTES:
            break
    return file.getvalue()


def _fit(sizes: list[Any]) -> bool:
    """Whether sizes are within bounds, and the reference is of the photo's shape."""
    if any(type(size) is not int or size < 1 for size in sizes):
        return False
    width, height, wide, tall = sizes
    if max(width, height) > MOST_SIDE or max(wide, tall) > _MOST_PHOTO_SIDE:
        return False
    # Each side is rounded to a pixel: so much may the shapes differ.
    is_alike = abs(width * tall - height * wide) <= max(wide, tall)
    return bool(width <= wide and height <= tall and is_alike)


def _decoded_base64(text: object) -> bytes | None:
    if not isinstance(text, str) or len(text) > 4 * -(-MOST_BYTES // 3):
        return None
    try:
        found = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return found if len(found) <= MOST_BYTES else None


def _size_in_header(jpeg: bytes) -> tuple[int, int] | None:
    if not jpeg.startswith(b"\xff\xd8\xff"):
        return None
    try:
        file = open_picture(jpeg)
    except ChannelError:
        return None
    is_rgb = (file.format, file.mode) == ("JPEG", "RGB")
    return (file.width, file.height) if is_rgb else None
