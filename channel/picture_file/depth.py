"""Any number of bits as 8, by what the file states: nothing wraps round, nothing is cut off."""

import logging
from io import BytesIO
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from channel.errors import UnsupportedPictureError

Levels = NDArray[np.uint8]

_LEVELS: Final = 255
_SHAPES: Final = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}


def in_8_bits(values: NDArray[Any], bits: int | None = None) -> Levels:
    """Bring values to 8 bits: the upper eight of whole numbers, 0 to 1 for floating point.

    Parameters
    ----------
    values
        Of any shape: unsigned, signed (below zero is black), or floating point. Where floating
        point exceeds 1, its largest value is white; what is not finite is black.
    bits
        That the values have, where it isn't all of their type.
    """
    kind, width = values.dtype.kind, 8 * values.dtype.itemsize
    if kind == "f":
        return _of_floating_point(values)
    if kind == "i":
        values, width = np.maximum(values, 0), width - 1
        bits = bits and bits - 1
    most = (1 << (bits or width)) - 1
    shift = (bits or width) - 8
    capped = np.minimum(values, most)
    levels = capped >> shift if shift >= 0 else capped.astype(np.uint16) * _LEVELS // most
    eight: Levels = levels.astype(np.uint8)
    return eight


def _of_floating_point(values: NDArray[Any]) -> Levels:
    finite = np.nan_to_num(values.astype(np.float32), nan=0, posinf=0, neginf=0)
    white = max(1.0, float(finite.max(initial=0)))
    levels: Levels = np.rint(np.clip(finite / white, 0, 1) * _LEVELS).astype(np.uint8)
    return levels


def grey_of(
    image: Image.Image, bits: int | None, *, signed: bool = False, white_is_zero: bool = False
) -> Image.Image:
    """Bring a grey picture of more than 8 bits (modes I, I;16…, F) to mode L.

    ``bits`` are those that the file states, signed or not: Pillow has 32 signed ones in mode I
    whatever they mean, so that large values of 32 bits are below zero.
    """
    values = np.asarray(image)
    if image.mode == "I" and not signed:
        values = values.view(np.uint32) if bits == 32 else values.clip(0, 65535).astype(np.uint16)
    levels = in_8_bits(values, _bits_of(image, bits, signed=signed))
    clear = image.info.get("transparency")
    if isinstance(clear, int) and image.mode != "F":
        levels = np.where(values == clear, _LEVELS, levels).astype(np.uint8)
    return Image.fromarray(_LEVELS - levels if white_is_zero else levels)


def _bits_of(image: Image.Image, bits: int | None, *, signed: bool) -> int | None:
    """Return how many bits the values have, where Pillow holds them in more and as they are."""
    is_tiff_of_12 = image.format == "TIFF" and image.mode.startswith("I;") and bits == 12
    return bits if is_tiff_of_12 or (signed and bits == 16) else None


def _tifffile() -> Any:
    """Import it, without its log: what is damaged, our errors say."""
    import tifffile

    logging.getLogger("tifffile").setLevel(logging.CRITICAL + 1)
    return tifffile


def profile_of_deep_tiff(data: bytes) -> bytes | None:
    """Return the colour profile of the first page of a TIFF file, as tifffile reads it."""
    tifffile = _tifffile()
    try:
        with tifffile.TiffFile(BytesIO(data)) as file:
            return file.pages.first.iccprofile or None
    except Exception:  # it raises nearly anything; the page itself shows what is wrong
        return None


def read_deep_tiff(data: bytes) -> Image.Image:
    """Read the first page of a TIFF file by tifffile, which knows more depths than Pillow.

    Raises
    ------
    UnsupportedPictureError
        If it can't be read either.
    """
    tifffile = _tifffile()
    try:
        with tifffile.TiffFile(BytesIO(data)) as file:
            page = file.pages.first
            values = np.asarray(page.asarray())
            planar, white_is_zero = page.planarconfig == 2, page.photometric == 0
            bits = int(page.bitspersample)
    except Exception as error:  # it raises nearly anything on what it doesn't know
        raise UnsupportedPictureError(
            f"this kind of TIFF isn't read ({error}); save it with 8 or 16 bits a channel"
        ) from error
    if values.ndim == 3 and planar:
        values = np.moveaxis(values, 0, -1)
    if values.ndim == 2:
        values = values[..., None]
    if values.ndim != 3 or values.shape[2] not in _SHAPES:
        raise UnsupportedPictureError(
            f"this TIFF has {values.shape} values; save it as a grey or RGB picture"
        )
    levels = in_8_bits(values, bits)
    levels = _LEVELS - levels if white_is_zero else levels
    squeezed = levels[..., 0] if levels.shape[2] == 1 else levels
    return Image.fromarray(np.ascontiguousarray(squeezed), _SHAPES[levels.shape[2]])
