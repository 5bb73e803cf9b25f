"""A photo as path, bytes or pixels: checked before anything is read from it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from channel.printable import name_as_text
from verifier.errors import (
    PhotoNotFoundError,
    PhotoTooLargeError,
    PhotoUnreadableError,
    PhotoUnsupportedError,
)
from verifier.limits import Limits

_LONGEST_NAME = 255  # characters

Photo = str | Path | bytes | NDArray[np.uint8]


@dataclass(frozen=True)
class LoadedPhoto:
    """A photo that is loaded: a file's bytes or (H, W, 3) uint8 pixels, and its name."""

    content: bytes | NDArray[np.uint8]
    name: str | None


def load(photo: Photo, limits: Limits) -> LoadedPhoto:
    """Load a photo.

    Raises
    ------
    PhotoNotFoundError
        If there is no such file.
    PhotoUnreadableError
        If it is empty.
    PhotoTooLargeError
        If it is larger than the limits allow.
    PhotoUnsupportedError
        If it is an array of another shape or type, or no photo at all.
    """
    if isinstance(photo, np.ndarray):
        return LoadedPhoto(_pixels(photo, limits), None)
    if isinstance(photo, (bytes, bytearray, memoryview)):
        return LoadedPhoto(_checked(bytes(photo), limits), None)
    if not isinstance(photo, (str, Path)):
        raise PhotoUnsupportedError(
            f"a photo can't be {type(photo).__name__}; give a path, bytes or an array"
        )
    return LoadedPhoto(_checked(_content(Path(photo), limits), limits), _name_of(Path(photo)))


def _name_of(path: Path) -> str:
    """Return a file's name as a report has it: valid Unicode, whatever its bytes."""
    return name_as_text(path.name)[:_LONGEST_NAME]


def _content(path: Path, limits: Limits) -> bytes:
    try:
        if not path.is_file():
            what = "is a folder; name the pictures in it" if path.is_dir() else "is not a file"
            raise PhotoNotFoundError(f"{path} {what if path.exists() else 'does not exist'}")
        with path.open("rb") as file:
            return file.read(limits.file_bytes + 1)
    except (OSError, ValueError) as error:  # ValueError: a null byte in the name
        reason = getattr(error, "strerror", None) or error
        raise PhotoNotFoundError(f"{str(path)!r} can't be read: {reason}") from error


def _checked(data: bytes, limits: Limits) -> bytes:
    if not data:
        raise PhotoUnreadableError("the file is empty (0 bytes); get it again")
    if len(data) > limits.file_bytes:
        raise PhotoTooLargeError(
            f"the file is larger than {limits.file_bytes:,} bytes; raise Limits.file_bytes if you "
            "trust it"
        )
    return data


def _pixels(photo: NDArray[Any], limits: Limits) -> NDArray[np.uint8]:
    channels = photo.shape[2] if photo.ndim == 3 else 1
    if photo.dtype != np.uint8 or photo.ndim not in (2, 3) or channels not in (1, 3):
        raise PhotoUnsupportedError(
            f"the array is {photo.dtype} {photo.shape}; give uint8 sRGB, (H, W, 3) or (H, W)"
        )
    if 0 in photo.shape:
        raise PhotoUnreadableError(f"the picture is empty: {photo.shape}")
    height, width = photo.shape[:2]
    if height * width > limits.pixels or max(height, width) > limits.side:
        raise PhotoTooLargeError(
            f"the picture has {width}×{height} pixels; the limits are {limits.pixels:,} pixels and "
            f"{limits.side:,} a side"
        )
    grey = photo if photo.ndim == 2 else photo[..., 0]
    return np.ascontiguousarray(photo if channels == 3 else np.stack([grey] * 3, -1))
