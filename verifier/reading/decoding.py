"""From untrusted bytes to pixels. Runs in the reading process, never in the service itself."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from channel.errors import ChannelError, PictureTooLargeError, UnsupportedPictureError
from channel.picture_file import PictureFile, open_picture
from verifier.errors import (
    PhotoTooLargeError,
    PhotoUnreadableError,
    PhotoUnsupportedError,
)
from verifier.features.container import trailing_bytes
from verifier.limits import Limits
from verifier.reading.unsigned_statements import unsigned_statements
from verifier.report.record import InputFacts, Statement

Pixels = NDArray[np.uint8]

MIME_TYPES: Final = {
    "JPEG": "image/jpeg",
    "MPO": "image/jpeg",
    "PNG": "image/png",
    "WEBP": "image/webp",
    "TIFF": "image/tiff",
    "GIF": "image/gif",
    "AVIF": "image/avif",
    "HEIF": "image/heic",
    "JXL": "image/jxl",
}


@dataclass(frozen=True)
class Decoded:
    """Facts and pixels, (H, W, 3), uint8, not turned.

    Attributes
    ----------
    pixels
        The values as coded, in which traces of coding and the camera's watermark are looked for.
    colours
        The same in sRGB, as they are shown; None where they are the same.
    shows_more
        Whether a viewer may show something else: see `PictureFile.shows_more`.
    statements
        What entries of the file say of how its picture was made.
    """

    facts: InputFacts
    pixels: Pixels
    colours: Pixels | None = None
    statements: tuple[Statement, ...] = ()
    shows_more: bool = False


def decode(data: bytes, limits: Limits) -> Decoded:
    """Decode a file by `channel.picture_file`, and note what was done.

    Raises
    ------
    PhotoUnreadableError
        If it is no picture, or a damaged one.
    PhotoUnsupportedError
        If it is a RAW file, or of a kind that isn't read.
    PhotoTooLargeError
        If it has more pixels than the limits allow; nothing is decoded then.
    """
    with _channel_errors():
        file = open_picture(data)
        _check_size(file, limits)
        pixels = _rgb(file.coded())
        colours = None if file.is_srgb else _rgb(file.srgb(upright=False))
        statements = unsigned_statements(file.image) if file.image else ()
        return Decoded(_facts(data, file), pixels, colours, statements, file.shows_more)


def _check_size(file: PictureFile, limits: Limits) -> None:
    width, height = file.width, file.height
    if not width or not height:
        raise PhotoUnreadableError(f"the picture is empty ({width}×{height} pixels)")
    if width * height > limits.pixels or max(width, height) > limits.side:
        raise PhotoTooLargeError(
            f"the picture has {width}×{height} pixels; the limits are {limits.pixels:,} pixels and "
            f"{limits.side:,} a side"
        )


def _rgb(image: Any) -> Pixels:
    return np.asarray(image if image.mode == "RGB" else image.convert("RGB"))


def _facts(data: bytes, file: PictureFile) -> InputFacts:
    trailing = trailing_bytes(data)
    return InputFacts(
        name=None,
        format=file.format,
        bytes=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        width=file.width,
        height=file.height,
        mode=file.mode,
        orientation=file.orientation,
        trailing_bytes=trailing,
        notes=tuple(_notes(file, trailing)),
    )


def _notes(file: PictureFile, trailing: int) -> Iterator[str]:
    yield from file.notes
    if not file.is_srgb:
        yield "Traces of coding were looked for in the values as the file has them."
    if trailing and file.format != "MPO":
        yield f"{trailing:,} bytes follow the end of the picture, which aren't part of it."


@contextmanager
def _channel_errors() -> Iterator[None]:
    try:
        yield
    except UnsupportedPictureError as error:
        raise PhotoUnsupportedError(str(error)) from error
    except PictureTooLargeError as error:
        raise PhotoTooLargeError(str(error)) from error
    except MemoryError as error:
        raise PhotoTooLargeError("the picture needs more memory than the limits allow") from error
    except ChannelError as error:
        raise PhotoUnreadableError(str(error)) from error


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
