"""The picture that a user sends: opened, checked, and brought to 8-bit RGB or grey."""

from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from channel.errors import PictureError, PictureTooLargeError, UnreadablePictureError
from channel.jpeg_file import JPEGFile, is_jpeg, read_jpeg
from channel.picture_file import PictureFile, open_picture
from channel.profile import Subsampling, Tables
from channel.regular_file import read_regular

Photo = str | Path | bytes | NDArray[Any]
MOST_PIXELS: Final = 178_000_000  # Pillow refuses about as many as decompression bombs
_MEGAPIXELS: Final = MOST_PIXELS // 1_000_000
_SUBSAMPLINGS: Final[dict[tuple[int, int], Subsampling]] = {
    (1, 1): "4:4:4",
    (2, 1): "4:2:2",
    (2, 2): "4:2:0",
}


@dataclass(frozen=True)
class Upload:
    """The bytes that are uploaded, and what is in them."""

    data: bytes

    @cached_property
    def jpeg(self) -> JPEGFile | None:
        """The file's segments, or None if it isn't JPEG."""
        return read_jpeg(self.data) if is_jpeg(self.data) else None

    @cached_property
    def file(self) -> PictureFile:
        """The picture, opened but not decoded, after the checks that `opened` describes."""
        try:
            file = open_picture(self.data)
        except PictureTooLargeError as error:
            raise PictureTooLargeError(f"{error}; send at most {_MEGAPIXELS} megapixels") from error
        if file.width * file.height > MOST_PIXELS:
            raise PictureTooLargeError(
                f"the picture has {file.width}×{file.height} pixels; "
                f"send at most {_MEGAPIXELS} megapixels"
            )
        if not file.width or not file.height:
            raise PictureError(f"the picture is empty ({file.width}×{file.height} pixels)")
        if file.frames > 1:
            raise PictureError(
                f"the picture is animated ({file.frames} frames), which platforms treat as video; "
                "send one frame"
            )
        return file

    @property
    def size(self) -> tuple[int, int]:
        """Width and height as coded."""
        return self.file.width, self.file.height

    @property
    def tables(self) -> Tables | None:
        """Quantisation tables of a JPEG file, None for others."""
        found = getattr(self.file.image, "quantization", None)
        if not found:
            return None
        luma, chroma = found[0], found[min(len(found) - 1, 1)]
        return Tables("the upload's own", tuple(luma), tuple(chroma))

    @property
    def subsampling(self) -> Subsampling | None:
        """Chroma subsampling of a colour JPEG file, None for others."""
        layer = getattr(self.file.image, "layer", [])
        return _SUBSAMPLINGS.get(layer[0][1:3]) if len(layer) == 3 else None

    def picture(self, *, upright: bool = True, colours_kept: bool = False) -> Image.Image:
        """Decode to 8-bit RGB or grey: upright and in sRGB, unless asked otherwise."""
        if colours_kept:
            return self.file.coded_upright() if upright else self.file.coded()
        return self.file.srgb(upright=upright)

    def pixels(self) -> NDArray[np.uint8]:
        """Decode to (H, W, 3), or (H, W) for grey, uint8, upright, sRGB."""
        return np.asarray(self.picture())


def opened(photo: Photo) -> Upload:
    """Take a picture as path, file content or pixels.

    Parameters
    ----------
    photo
        A path, the bytes of a file in one of `channel.picture_file.FORMATS`, or an array
        (H, W), (H, W, 3) or (H, W, 4) of uint8 in sRGB (uploaded as PNG).

    Raises
    ------
    UnreadablePictureError
        If it can't be read or isn't a picture.
    UnsupportedPictureError
        If it is a RAW file, or of a kind that isn't read.
    PictureTooLargeError
        If it has more than `MOST_PIXELS`.
    PictureError
        If it is animated, empty, or an array of another shape or type.
    """
    if isinstance(photo, np.ndarray):
        return Upload(_png(photo))
    if isinstance(photo, bytes):
        data = photo
    else:
        try:
            data = read_regular(Path(photo))
        except IsADirectoryError as error:
            raise UnreadablePictureError(
                f"{photo} is a folder; name the pictures in it, such as {photo}/*.jpg"
            ) from error
        except OSError as error:
            raise UnreadablePictureError(f"can't read {photo}: {error.strerror}") from error
    if not data:
        raise UnreadablePictureError("the file is empty (0 bytes); get it again")
    upload = Upload(data)
    _ = upload.file
    return upload


def _png(pixels: NDArray[Any]) -> bytes:
    channels = pixels.shape[2] if pixels.ndim == 3 else 1
    if pixels.dtype != np.uint8 or pixels.ndim not in (2, 3) or channels not in (1, 3, 4):
        raise PictureError(
            f"the array is {pixels.dtype} {pixels.shape}; "
            "give uint8, (H, W), (H, W, 3) or (H, W, 4)"
        )
    if 0 in pixels.shape:
        raise PictureError(f"the picture is empty: {pixels.shape}")
    file = BytesIO()
    image = Image.fromarray(pixels[..., 0] if pixels.ndim == 3 and channels == 1 else pixels)
    image.save(file, "PNG", compress_level=1)
    return file.getvalue()
