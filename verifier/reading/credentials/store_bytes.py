"""The C2PA manifest store of a file by itself, as a repository keeps it (C2PA 2.2, A.3 and 11.1).

A file has it in pieces or with headers between; a repository keeps the JUMBF superbox alone.
"""

import struct
from collections.abc import Callable, Iterator
from typing import Final

from verifier.reading.credentials.container import (
    STORE,
    ContainerError,
    box_length,
    check_length,
    store_ranges,
)

# C2PA 2.2, A.5: a box of this kind holds its own kind again, version and flags, a purpose that
# ends with a zero, 8 bytes of where a further part lies, and the store.
_BMFF_C2PA: Final = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")
_BMFF_TYPES: Final = ("image/avif", "image/heic", "image/heif")
_MANIFEST: Final = b"manifest\0"


def manifest_store_of(data: bytes, mime_type: str) -> bytes | None:
    """Take the manifest store out of a signed file; nothing of it is checked but its place.

    Parameters
    ----------
    data
        The file.
    mime_type
        Such as "image/jpeg".

    Returns
    -------
    The store's JUMBF superbox, byte for byte as it was signed; None if the file holds none.

    Raises
    ------
    ContainerError
        If the file holds several, one that isn't whole, or one where none is looked for.
    """
    if STORE not in data:
        return None
    store = _taken(data, mime_type)
    said, header = box_length(store)
    if store[header + 8 : header + 24] != STORE or said != len(store):
        raise ContainerError("what lies in its place is no manifest store")
    return store


def _taken(data: bytes, mime_type: str) -> bytes:
    if mime_type in _BMFF_TYPES:
        return _of_bmff(data)
    ranges = store_ranges(data, mime_type)  # refuses several, and those that aren't whole
    start, length = ranges[-1]  # a TIFF file has the tag's count before
    found = data[start : start + length]
    take = _HEADERS.get(mime_type)
    return take(found) if take else found


def _of_jpeg(segments: bytes) -> bytes:
    parts, place = [], 0
    while place < len(segments):
        [length] = struct.unpack(">H", segments[place + 2 : place + 4])
        parts.append(segments[place + 12 : place + 2 + length])  # marker, length, what and which
        place += 2 + length
    header = box_length(parts[0])[1]  # each segment repeats the header of the box
    return parts[0] + b"".join(part[header:] for part in parts[1:])


def _of_gif(extension: bytes) -> bytes:
    blocks, place = [], 14
    while size := extension[place]:
        blocks.append(extension[place + 1 : place + 1 + size])
        place += 1 + size
    return b"".join(blocks)


_HEADERS: Final[dict[str, Callable[[bytes], bytes]]] = {
    "image/jpeg": _of_jpeg,
    "image/png": lambda chunk: chunk[8:-4],  # length, kind; CRC
    "image/webp": lambda chunk: chunk[8:],  # kind, length
    "image/gif": _of_gif,
}


def _of_bmff(data: bytes) -> bytes:
    try:
        found = [box for box in _bmff_boxes(data) if box[:16] == _BMFF_C2PA]
        stores = [box[20:] for box in found if box[20:].startswith(_MANIFEST)]
        if len(stores) != 1:
            raise ContainerError("the file holds none, or more than one")
        store = stores[0][len(_MANIFEST) + 8 :]
        check_length(box_length(store)[0], len(store))
    except struct.error as error:
        raise ContainerError("the file is damaged where it should lie") from error
    return store


def _bmff_boxes(data: bytes) -> Iterator[bytes]:
    """Yield the content of each outermost box of the kind ``uuid`` (ISO/IEC 14496-12, 4.2)."""
    place = 0
    while place < len(data):
        length, kind = struct.unpack(">I4s", data[place : place + 8])
        header = 8
        if length == 1:
            header, [length] = 16, struct.unpack(">Q", data[place + 8 : place + 16])
        length = length or len(data) - place  # up to the end of the file
        if length < header or place + length > len(data):
            raise ContainerError("a box of the file has a length that isn't read")
        if kind == b"uuid":
            yield data[place + header : place + length]
        place += length
