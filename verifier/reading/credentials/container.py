"""Where in a file its C2PA manifest store lies, to the byte (C2PA 2.2, A.3 "Embedding manifests").

A signature covers every byte of a file but these. So these have to be the store alone: what else
lies between or behind its parts was put there by anybody, and a decoder may act on it.
"""

import struct
from collections.abc import Iterator
from io import BytesIO
from typing import Final, TypeVar

_Place = TypeVar("_Place")
Range = tuple[int, int]
"""First byte, and number of bytes."""

_JPEG_START: Final = b"\xff\xd8"
_JPEG_APP11: Final = 0xEB
_JPEG_SCAN: Final = (0xDA, 0xD9)
_JPEG_ALONE: Final = (0x01, *range(0xD0, 0xD8))  # markers without a length
_JUMBF_SEGMENT: Final = b"JP"  # ISO/IEC 19566-5, D.2
_PNG_START: Final = 8
_GIF_EXTENSION, _GIF_IMAGE, _GIF_TRAILER = 0x21, 0x2C, 0x3B
_TIFF_TAG: Final = 0xCD41
# The UUID of a C2PA manifest store (C2PA 2.2, 11.1.4.1), in the description box of its superbox.
STORE: Final = bytes.fromhex("6332706100110010800000aa00389b71")


class ContainerError(Exception):
    """The store doesn't lie in the file as it has to; the message says what is wrong."""


def store_ranges(data: bytes, mime_type: str) -> tuple[Range, ...]:
    """Return the bytes that the manifest store takes in a file, in the file's order.

    Parameters
    ----------
    data
        The file.
    mime_type
        Such as "image/jpeg".

    Returns
    -------
    Ranges that touch are one.

    Raises
    ------
    ContainerError
        If the store is in several places, is split by something else, is followed by filler, or if
        it isn't known where a file of this type has it.
    """
    reader = _READERS.get(mime_type)
    if reader is None:
        raise ContainerError(f"where a file of the type {mime_type} holds it isn't known here")
    try:
        return _joined(reader(data))
    except (struct.error, IndexError, ValueError) as error:
        raise ContainerError("the file is damaged where it should lie") from error


def _joined(ranges: list[Range]) -> tuple[Range, ...]:
    """Make one of ranges that touch."""
    found: list[Range] = []
    for start, length in sorted(ranges):
        if found and sum(found[-1]) == start:
            found[-1] = (found[-1][0], found[-1][1] + length)
        else:
            found.append((start, length))
    return tuple(found)


def check_length(said: int, there: int) -> None:
    """Raise `ContainerError` unless a store is as long as the place that was made for it."""
    if said != there:
        raise ContainerError(f"it has {said} bytes, and {there} are set aside for it")


# JPEG: segments APP11 (ISO/IEC 19566-5, annex D)


def _in_jpeg(data: bytes) -> list[Range]:
    segments = [
        (start, data[start : start + length])
        for start, length, marker in _segments(data)
        if marker == _JPEG_APP11 and data[start + 4 : start + 6] == _JUMBF_SEGMENT
    ]
    numbers = [segment[6:8] for _, segment in segments if STORE in segment[20:44]]
    if len(set(numbers)) != 1 or len(numbers) != 1:
        raise ContainerError("the file holds none, or more than one")
    parts = [(start, segment) for start, segment in segments if segment[6:8] == numbers[0]]
    order = [struct.unpack(">I", segment[8:12])[0] for _, segment in parts]
    if order != list(range(1, len(parts) + 1)):
        raise ContainerError("its segments are not in order")
    first = parts[0][1]
    said, header = box_length(first[12:])
    for _, segment in parts[1:]:  # each repeats the header of the box
        if segment[12 : 12 + header] != first[12 : 12 + header]:
            raise ContainerError("its segments don't belong together")
    check_length(said, header + sum(len(segment) - 12 - header for _, segment in parts))
    ranges = [(start, len(segment)) for start, segment in parts]
    if len(_joined(ranges)) != 1:
        raise ContainerError("something else lies between its segments")
    return ranges


def _segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield start, length and marker of each segment before the first scan; T.81, B.1.1."""
    if not data.startswith(_JPEG_START):
        raise ContainerError("the file is no JPEG file")
    place = len(_JPEG_START)
    while place + 4 <= len(data):
        if data[place] != 0xFF:
            raise ContainerError("something lies between the segments of the file")
        marker = data[place + 1]
        if marker == 0xFF:  # a fill byte, which belongs to no segment
            place += 1
            continue
        if marker in _JPEG_SCAN:
            return
        if marker in _JPEG_ALONE:
            length = 2
        else:
            length = 2 + int(struct.unpack(">H", data[place + 2 : place + 4])[0])
        if length < 4 and marker not in _JPEG_ALONE:
            raise ContainerError("a segment of the file is shorter than its length")
        yield place, length, marker
        place += length


def box_length(box: bytes) -> tuple[int, int]:
    """Return the length that a JUMBF box says it has, and of its header (ISO/IEC 19566-5, A.2).

    Raises `ContainerError` if it's no superbox, ``struct.error`` if it is cut.
    """
    length, kind = struct.unpack(">I4s", box[:8])
    if kind != b"jumb":
        raise ContainerError("it doesn't begin with a superbox")
    if length == 1:
        return int(struct.unpack(">Q", box[8:16])[0]), 16
    return int(length), 8


# Others: one chunk, one extension, one box, or one tag


def _in_png(data: bytes) -> list[Range]:
    found = []
    place = _PNG_START
    while place + 12 <= len(data):
        length, kind = struct.unpack(">I4s", data[place : place + 8])
        if kind == b"caBX":
            found.append((place, 12 + length))
        place += 12 + length
    [(start, length)] = _one(found)
    check_length(box_length(data[start + 8 :])[0], length - 12)
    return [(start, length)]


def _in_webp(data: bytes) -> list[Range]:
    found = []
    place = 12  # RIFF, its size, WEBP
    while place + 8 <= len(data):
        kind, length = struct.unpack("<4sI", data[place : place + 8])
        if kind == b"C2PA":
            found.append((place, 8 + length))
        place += 8 + length + length % 2
    [(start, length)] = _one(found)
    check_length(box_length(data[start + 8 :])[0], length - 8)
    return [(start, length)]


def _in_gif(data: bytes) -> list[Range]:
    """Return the application extension (GIF89a, 26) that C2PA's identifier has."""
    found = [(start, end) for start, end in _gif_blocks(data) if _names_c2pa(data, start)]
    [(start, end)] = _one(found)
    content = b"".join(data[at : at + size] for at, size in _sub_blocks(data, start + 14))
    check_length(box_length(content)[0], len(content))
    return [(start, end - start)]


def _names_c2pa(data: bytes, start: int) -> bool:
    return data[start : start + 11] == b"\x21\xff\x0bC2PA_GIF"


def _gif_blocks(data: bytes) -> Iterator[Range]:
    """Yield first byte and end of each extension and each image before the trailer."""
    place = 13 + _colours(data[10])
    while data[place] != _GIF_TRAILER:
        if data[place] == _GIF_EXTENSION:
            first = place + 2
        elif data[place] == _GIF_IMAGE:
            first = place + 11 + _colours(data[place + 9])
        else:
            raise ContainerError("something lies between the blocks of the file")
        end = first + sum(1 + size for _, size in _sub_blocks(data, first)) + 1
        yield place, end
        place = end


def _colours(flags: int) -> int:
    """Return the length of a colour table from the byte that says whether there is one."""
    return int(3 << ((flags & 7) + 1)) if flags & 0x80 else 0


def _sub_blocks(data: bytes, place: int) -> Iterator[Range]:
    """Yield first byte and length of each sub-block before the empty one."""
    while size := data[place]:
        yield place + 1, size
        place += 1 + size


def _in_jxl(data: bytes) -> list[Range]:
    """Return the box of the store; a box may be of others' metadata, too (ISO/IEC 18181-2)."""
    found = []
    place = 0
    while place + 8 <= len(data):
        length, kind = struct.unpack(">I4s", data[place : place + 8])
        length = length or len(data) - place  # up to the end of the file
        if kind == b"jumb" and STORE in data[place + 8 : place + 44]:
            found.append((place, length))
        if length < 8:
            raise ContainerError("a box of the file has a length that isn't read")
        place += length
    return _one(found)


def _in_tiff(data: bytes) -> list[Range]:
    """Return the tag's count and value: the hash leaves out both."""
    import tifffile

    try:
        with tifffile.TiffFile(BytesIO(data)) as file:
            wide = file.is_bigtiff
            found = [
                (tag.offset + 4, tag.valueoffset, tag.count)
                for page in file.pages
                for tag in page.tags
                if tag.code == _TIFF_TAG
            ]
    except Exception as error:  # tifffile raises many kinds for damaged files
        raise ContainerError("the file is damaged where it should lie") from error
    [(entry, start, length)] = _one(found)
    check_length(box_length(data[start:])[0], length)
    return [(entry, 8 if wide else 4), (start, length)]


def _one(found: list[_Place]) -> list[_Place]:
    if len(found) != 1:
        raise ContainerError("the file holds none, or more than one")
    return found


_READERS: Final = {
    "image/jpeg": _in_jpeg,
    "image/png": _in_png,
    "image/webp": _in_webp,
    "image/gif": _in_gif,
    "image/jxl": _in_jxl,
    "image/tiff": _in_tiff,
}
