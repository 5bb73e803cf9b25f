"""The picture that a user sends: opened, checked, and brought to 8-bit RGB or grey."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from channel.errors import PictureError, PictureTooLargeError, UnreadablePictureError
from channel.jpeg_file import JPEGFile, is_jpeg, read_jpeg
from channel.profile import Subsampling, Tables

Photo = str | Path | bytes | NDArray[Any]
MOST_PIXELS: Final = 178_000_000  # Pillow refuses about as many as decompression bombs
ORIENTATION: Final = 0x0112  # Exif 2.32, 4.6.4 A
_WHITE: Final = 255  # what networks put under transparency (assumed: it is what browsers show)
_SUBSAMPLINGS: Final[dict[tuple[int, int], Subsampling]] = {
    (1, 1): "4:4:4",
    (2, 1): "4:2:2",
    (2, 2): "4:2:0",
}


@dataclass(frozen=True)
class Upload:
    """The bytes that are sent, and what is in them."""

    data: bytes

    @cached_property
    def jpeg(self) -> JPEGFile | None:
        """The file's segments, or None if it isn't JPEG."""
        return read_jpeg(self.data) if is_jpeg(self.data) else None

    @cached_property
    def image(self) -> Image.Image:
        """The picture, opened but not decoded, after the checks that `opened` describes."""
        with _pillow_errors():
            image = Image.open(BytesIO(self.data))
        if image.width * image.height > MOST_PIXELS:
            raise PictureTooLargeError(
                f"the picture has {image.width}×{image.height} pixels; "
                f"send at most {MOST_PIXELS // 1_000_000} megapixels"
            )
        frames = getattr(image, "n_frames", 1)
        if frames > 1 and image.format != "MPO":
            raise PictureError(
                f"the picture is animated ({frames} frames), which networks treat as video; send "
                "one frame"
            )
        return image

    @property
    def tables(self) -> Tables | None:
        """Quantisation tables of a JPEG file, None for others."""
        found = getattr(self.image, "quantization", None)
        if not found:
            return None
        luma, chroma = found[0], found[min(len(found) - 1, 1)]
        return Tables("the upload's own", tuple(luma), tuple(chroma))

    @property
    def subsampling(self) -> Subsampling | None:
        """Chroma subsampling of a colour JPEG file, None for others."""
        layer = getattr(self.image, "layer", [])
        return _SUBSAMPLINGS.get(layer[0][1:3]) if len(layer) == 3 else None

    def picture(self, *, upright: bool = True) -> Image.Image:
        """Decode to 8-bit RGB or grey, turned upright as EXIF says unless told otherwise."""
        with _pillow_errors():
            return in_8_bits(self.image, upright=upright)

    def pixels(self) -> NDArray[np.uint8]:
        """Decode to (H, W, 3), or (H, W) for grey, uint8, upright."""
        return np.asarray(self.picture())


def opened(photo: Photo) -> Upload:
    """Take a picture as path, file content or pixels.

    Parameters
    ----------
    photo
        A path, the bytes of a file in a format that Pillow reads, or an array (H, W), (H, W, 3) or
        (H, W, 4) of uint8 in sRGB (sent as PNG).

    Raises
    ------
    UnreadablePictureError
        If it can't be read or isn't a picture.
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
            data = Path(photo).read_bytes()
        except IsADirectoryError as error:
            raise UnreadablePictureError(
                f"{photo} is a folder; name the pictures in it, such as {photo}/*.jpg"
            ) from error
        except OSError as error:
            raise UnreadablePictureError(f"can't read {photo}: {error.strerror}") from error
    if not data:
        raise UnreadablePictureError("the file is empty (0 bytes); get it again")
    upload = Upload(data)
    _ = upload.image
    return upload


def in_8_bits(image: Image.Image, *, upright: bool) -> Image.Image:
    """Bring any mode of Pillow to 8-bit RGB or grey, transparency over white."""
    if upright and image.getexif().get(ORIENTATION, 1) != 1:
        image = ImageOps.exif_transpose(image)
    if image.mode.startswith(("I", "F")):
        return Image.fromarray(_grey_of_deep(np.asarray(image)))
    mode = "L" if image.mode in ("1", "L", "LA") else "RGB"
    if image.has_transparency_data:
        image = image.convert("RGBA")
        paper = Image.new("RGBA", image.size, (_WHITE, _WHITE, _WHITE, 255))
        image = Image.alpha_composite(paper, image)
    image.load()
    return image if image.mode == mode else image.convert(mode)


def _grey_of_deep(values: NDArray[Any]) -> NDArray[np.uint8]:
    """Take the high byte of 16 bits, as libpng's strip_16 does; 0–1 for floating point."""
    if values.dtype.kind == "f":
        values = np.clip(values, 0, 1) * 65535
    levels: NDArray[np.uint8] = (np.clip(values, 0, 65535).astype(np.uint16) >> 8).astype(np.uint8)
    return levels


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


@contextmanager
def _pillow_errors() -> Iterator[None]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's size warning comes before our own check
            yield
    except Image.DecompressionBombError as error:
        raise PictureTooLargeError(
            f"{error}; send at most {MOST_PIXELS // 1_000_000} megapixels"
        ) from error
    except UnidentifiedImageError as error:
        raise UnreadablePictureError(
            "the file is in no picture format that can be read; send JPEG, PNG, WebP or TIFF"
        ) from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise UnreadablePictureError(f"the picture is damaged ({error}); get it again") from error
