"""From untrusted bytes to pixels. Runs in the reading process, never in the service itself."""

import hashlib
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from channel.errors import ChannelError
from channel.upload import ORIENTATION, in_8_bits
from verifier.errors import (
    PhotoTooLargeError,
    PhotoUnreadableError,
    PhotoUnsupportedError,
)
from verifier.features.container import trailing_bytes
from verifier.limits import Limits
from verifier.report import InputFacts

Pixels = NDArray[np.uint8]

# What newsrooms get. Formats whose readers run programs (EPS) or that nobody sends stay shut.
FORMATS: Final = ("JPEG", "MPO", "PNG", "WEBP", "TIFF", "GIF", "BMP", "AVIF")
MIME_TYPES: Final = {
    "JPEG": "image/jpeg",
    "MPO": "image/jpeg",
    "PNG": "image/png",
    "WEBP": "image/webp",
    "TIFF": "image/tiff",
    "GIF": "image/gif",
    "AVIF": "image/avif",
}
_DEEP_MODES: Final = ("I", "F")


@dataclass(frozen=True)
class Decoded:
    """Facts and pixels: (H, W, 3), uint8, sRGB, as coded (EXIF orientation not applied)."""

    facts: InputFacts
    pixels: Pixels


def decode(data: bytes, limits: Limits) -> Decoded:
    """Decode a file of a known format.

    Grey becomes RGB, CMYK is converted without a colour profile, transparency lies over white,
    16 bits become 8; each is noted.

    Raises
    ------
    PhotoUnreadableError
        If it is no picture, or a damaged one.
    PhotoUnsupportedError
        If it is animated.
    PhotoTooLargeError
        If it has more pixels than the limits allow; nothing is decoded then.
    """
    Image.init()  # else Pillow knows only the commonest formats
    with _pillow_errors():
        image = Image.open(BytesIO(data), formats=[name for name in FORMATS if name in Image.OPEN])
    _check_size(image, limits)
    with _pillow_errors():
        frames = getattr(image, "n_frames", 1) if image.format != "MPO" else 1
    if frames > 1:
        raise PhotoUnsupportedError(
            f"the file holds {frames} pictures (an animation, or pages); save the one to be "
            "analysed as a file of its own"
        )
    with _pillow_errors():
        orientation = int(image.getexif().get(ORIENTATION, 1))
        pixels = _rgb(in_8_bits(image, upright=False))
    return Decoded(_facts(data, image, orientation), pixels)


def _check_size(image: Image.Image, limits: Limits) -> None:
    width, height = image.size
    if not width or not height:
        raise PhotoUnreadableError(f"the picture is empty ({width}×{height} pixels)")
    if width * height > limits.pixels or max(width, height) > limits.side:
        raise PhotoTooLargeError(
            f"the picture has {width}×{height} pixels; the limits are {limits.pixels:,} pixels and "
            f"{limits.side:,} a side"
        )


def _rgb(image: Image.Image) -> Pixels:
    return np.asarray(image if image.mode == "RGB" else image.convert("RGB"))


def _facts(data: bytes, image: Image.Image, orientation: int) -> InputFacts:
    trailing = trailing_bytes(data)
    return InputFacts(
        name=None,
        format=str(image.format),
        bytes=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        width=image.width,
        height=image.height,
        mode=image.mode,
        orientation=orientation if 1 <= orientation <= 8 else 1,
        trailing_bytes=trailing,
        notes=tuple(_notes(image, trailing)),
    )


def _notes(image: Image.Image, trailing: int) -> Iterator[str]:
    if image.mode == "CMYK":
        yield "CMYK, converted without its colour profile: colours are approximate."
    if image.mode.startswith(_DEEP_MODES):
        yield "More than 8 bits a pixel; the upper 8 were analysed."
    if image.has_transparency_data:
        yield "Transparent; it was analysed over white."
    if image.format == "MPO":
        yield "The file holds several pictures (MPO); the first was analysed."
    elif trailing:
        yield f"{trailing:,} bytes follow the end of the picture, which aren't part of it."


@contextmanager
def _pillow_errors() -> Iterator[None]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's size warning: our limit is checked before
            yield
    except Image.DecompressionBombError as error:
        raise PhotoTooLargeError(f"the picture is a decompression bomb: {error}") from error
    except UnidentifiedImageError as error:
        raise PhotoUnreadableError(
            f"the file is in no format that is read ({', '.join(FORMATS)}), or its header is "
            "damaged; get it again"
        ) from error
    except MemoryError as error:
        raise PhotoTooLargeError("the picture needs more memory than the limits allow") from error
    except ChannelError as error:
        raise PhotoUnreadableError(str(error)) from error
    except Exception as error:  # Pillow's readers raise nearly anything on damaged files
        kind = type(error).__name__
        raise PhotoUnreadableError(f"the picture is damaged ({kind}: {error}); get it again") from (
            error
        )


def facts_of_array(pixels: NDArray[Any]) -> InputFacts:
    """Describe pixels that were given without a file."""
    content = np.ascontiguousarray(pixels)
    return InputFacts(
        name=None,
        format="pixels",
        bytes=content.nbytes,
        sha256=hashlib.sha256(content.data).hexdigest(),
        width=pixels.shape[1],
        height=pixels.shape[0],
        mode="RGB" if pixels.ndim == 3 else "L",
        notes=("Pixels without a file: no credential, no header, no tables.",),
    )
