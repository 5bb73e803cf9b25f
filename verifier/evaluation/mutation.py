"""Files made to break a reader: small pictures of every format that is read, mutated."""

from collections.abc import Callable, Sequence
from io import BytesIO
from typing import Any, Final

import numpy as np
from PIL import Image

Mutation = Callable[[bytearray, "np.random.Generator", Sequence[bytes]], bytearray]

_SIDES: Final = (40, 56)  # height and width of the seeds


def seeds() -> list[bytes]:
    """Make a valid file of each kind: formats, modes, depths, structures."""
    rng = np.random.default_rng(0)
    rgb = rng.integers(0, 256, (*_SIDES, 3), dtype=np.uint8)
    image = Image.fromarray(rgb)
    deep = Image.fromarray(rng.integers(0, 65536, _SIDES, dtype=np.uint16))
    exif = Image.Exif()
    exif[0x0112] = 6
    kinds: list[tuple[Image.Image, str, dict[str, Any]]] = [
        (image, "JPEG", {}),
        (image.resize((300, 260)), "JPEG", {"quality": 92}),
        (image, "JPEG", {"progressive": True, "quality": 90, "exif": exif.tobytes()}),
        (image, "JPEG", {"subsampling": 0, "icc_profile": b"\0" * 200}),
        (image.convert("L"), "JPEG", {"restart_marker_rows": 1}),
        (image.convert("CMYK"), "JPEG", {}),
        (image, "MPO", {}),
        (image, "PNG", {}),
        (deep, "PNG", {}),
        (image.convert("RGBA"), "PNG", {}),
        (image.convert("P"), "PNG", {}),
        (image.convert("1"), "PNG", {}),
        (image, "WEBP", {}),
        (image.convert("RGBA"), "WEBP", {"lossless": True}),
        (image, "TIFF", {}),
        (image, "TIFF", {"compression": "tiff_lzw"}),
        (image, "TIFF", {"compression": "jpeg"}),
        (deep, "TIFF", {"compression": "tiff_adobe_deflate"}),
        (image, "GIF", {}),
        (image, "BMP", {}),
    ]
    return [_encoded(*kind) for kind in kinds]


def _encoded(image: Image.Image, file_format: str, options: dict[str, Any]) -> bytes:
    file = BytesIO()
    image.save(file, file_format, **options)
    return file.getvalue()


def mutated(rng: np.random.Generator, files: Sequence[bytes]) -> bytes:
    """Take one of the files and damage it, once to four times."""
    data = bytearray(files[int(rng.integers(len(files)))])
    for _ in range(int(rng.integers(1, 5))):
        data = MUTATIONS[int(rng.integers(len(MUTATIONS)))](data, rng, files)
    return bytes(data)


def _place(data: bytearray, rng: np.random.Generator) -> int:
    """Choose a place, half of the time in the header, where structure is."""
    end = min(len(data), 400) if rng.random() < 0.5 else len(data)
    return int(rng.integers(max(end, 1)))


def flip_bits(data: bytearray, rng: np.random.Generator, _: Sequence[bytes]) -> bytearray:
    """Flip up to 20 bits."""
    for _number in range(int(rng.integers(1, 21))):
        if data:
            data[_place(data, rng)] ^= 1 << int(rng.integers(8))
    return data


def set_extremes(data: bytearray, rng: np.random.Generator, _: Sequence[bytes]) -> bytearray:
    """Set up to 8 bytes in a row to 0 or 255: lengths and dimensions become huge or nothing."""
    start = _place(data, rng)
    count = min(int(rng.integers(1, 9)), max(len(data) - start, 0))
    data[start : start + count] = bytes([int(rng.choice([0, 255]))]) * count
    return data


def truncate(data: bytearray, rng: np.random.Generator, _: Sequence[bytes]) -> bytearray:
    """Cut the end off."""
    return data[: _place(data, rng)]


def remove(data: bytearray, rng: np.random.Generator, _: Sequence[bytes]) -> bytearray:
    """Remove up to 64 bytes."""
    start = _place(data, rng)
    del data[start : start + int(rng.integers(1, 65))]
    return data


def insert(data: bytearray, rng: np.random.Generator, _: Sequence[bytes]) -> bytearray:
    """Insert up to 64 random bytes."""
    start = _place(data, rng)
    data[start:start] = rng.bytes(int(rng.integers(1, 65)))
    return data


def repeat(data: bytearray, rng: np.random.Generator, _: Sequence[bytes]) -> bytearray:
    """Repeat a piece, up to 30 times."""
    start = _place(data, rng)
    piece = data[start : start + int(rng.integers(1, 200))]
    data[start:start] = piece * int(rng.integers(1, 31))
    return data


def splice(data: bytearray, rng: np.random.Generator, files: Sequence[bytes]) -> bytearray:
    """Go on as another file does: a polyglot."""
    other = files[int(rng.integers(len(files)))]
    return data[: _place(data, rng)] + other[_place(bytearray(other), rng) :]


def append(data: bytearray, rng: np.random.Generator, files: Sequence[bytes]) -> bytearray:
    """Add a whole other file behind."""
    return data + files[int(rng.integers(len(files)))]


MUTATIONS: Final[tuple[Mutation, ...]] = (
    flip_bits,
    set_extremes,
    truncate,
    remove,
    insert,
    repeat,
    splice,
    append,
)
