"""Directories of a TIFF structure, as far as they can be trusted: bounded, and never an error.

RAW files of most makers and EXIF blocks are such structures (TIFF 6.0, section 2; Exif 3.0, 4.6).
tifffile and Pillow interpret a tag while they read it, and fail in many ways on a damaged one.
Here an entry is what stands in the file; what it means, and whether it can be, is judged elsewhere.
"""

import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

Order = Literal["<", ">"]
Kind = Literal["image", "exif", "gps"]
ORDERS: dict[bytes, Order] = {b"II": "<", b"MM": ">"}
# After the byte order: TIFF, Olympus' ORF (two) and Panasonic's RW2.
MAGICS = frozenset([42, 0x4F52, 0x5352, 0x55])

BYTE, ASCII, SHORT, LONG, RATIONAL = 1, 2, 3, 4, 5
SBYTE, UNDEFINED, SSHORT, SLONG, SRATIONAL, FLOAT, DOUBLE, IFD_POINTER = 6, 7, 8, 9, 10, 11, 12, 13
UTF8 = 129  # Exif 3.0
# Letters of `struct`, and numbers in a value.
TYPES: dict[int, tuple[str, int]] = {
    BYTE: ("B", 1), ASCII: ("B", 1), SHORT: ("H", 1), LONG: ("I", 1), RATIONAL: ("I", 2),
    SBYTE: ("b", 1), UNDEFINED: ("B", 1), SSHORT: ("h", 1), SLONG: ("i", 1), SRATIONAL: ("i", 2),
    FLOAT: ("f", 1), DOUBLE: ("d", 1), IFD_POINTER: ("I", 1), UTF8: ("B", 1),
}  # fmt: skip
FRACTIONS = (RATIONAL, SRATIONAL)
SUB_DIRECTORIES, EXIF_DIRECTORY, GPS_DIRECTORY = 330, 34665, 34853
MOST_DIRECTORIES, MOST_ENTRIES = 64, 4096
ENTRY_SIZE = 12
HEADER_SIZE = 8


@dataclass(frozen=True)
class Entry:
    """A tag as it stands in a file.

    Attributes
    ----------
    data
        Its value in the file's byte order, not copied from there; None where that would lie
        outside of the file, or the type is none of TIFF's.
    place
        Where in the file the entry starts.
    """

    tag: int
    type: int
    count: int
    data: bytes | memoryview | None
    order: Order = "<"
    place: int = 0

    def numbers(self) -> tuple[float, ...]:
        """Return the values; a fraction over 0 is not a number. Of no number: nothing."""
        if self.data is None or self.type not in TYPES:
            return ()
        letter, parts = TYPES[self.type]
        count = len(self.data) // struct.calcsize(letter)
        values = struct.unpack(f"{self.order}{count}{letter}", self.data)
        if parts == 1:
            return values
        pairs = zip(values[::2], values[1::2], strict=True)
        return tuple(top / bottom if bottom else float("nan") for top, bottom in pairs)

    def text(self) -> str:
        """Return the text up to its first NUL: UTF-8, as cameras write it today, or Latin-1."""
        content = bytes(self.data or b"").split(b"\0")[0].strip()
        try:
            return content.decode("utf-8")
        except UnicodeDecodeError:
            return content.decode("latin-1")


@dataclass(frozen=True)
class Directory:
    """One directory: ``image`` for pictures' own, else ``exif`` or ``gps``."""

    kind: Kind
    entries: tuple[Entry, ...]

    def find(self, tag: int) -> Entry | None:
        """Return the entry of a tag, or None."""
        return next((entry for entry in self.entries if entry.tag == tag), None)


def directories(content: bytes) -> tuple[Directory, ...]:
    """Return every directory that can be reached, the first one first; () of what is no TIFF."""
    order = byte_order(content)
    if order is None:
        return ()
    first = struct.unpack(f"{order}I", content[4:8])[0]
    todo: list[tuple[int, Kind]] = [(first, "image")]
    found: list[Directory] = []
    seen: set[int] = set()
    while todo and len(found) < MOST_DIRECTORIES:
        place, kind = todo.pop(0)
        if place in seen or not HEADER_SIZE <= place <= len(content) - 2:
            continue
        seen.add(place)
        entries = tuple(_entries(content, place, order))
        found.append(Directory(kind, entries))
        if kind == "image":
            todo += [*_pointers(entries), *_next(content, place, order)]
    return tuple(found)


def is_directory(content: bytes, place: int) -> bool:
    """Whether a directory can stand there: all of it in the file, most types those of TIFF."""
    order = byte_order(content)
    if order is None or not HEADER_SIZE <= place <= len(content) - 2:
        return False
    entries = tuple(_entries(content, place, order))
    known = sum(entry.type in TYPES for entry in entries)
    is_known = not entries or 2 * known > len(entries)
    return is_known and len(entries) == _stated_count(content, place, order)


def _stated_count(content: bytes, place: int, order: Order) -> int:
    return int(struct.unpack_from(f"{order}H", content, place)[0])


def byte_order(content: bytes) -> Order | None:
    """Return the byte order of a TIFF structure; None of anything else."""
    order = ORDERS.get(content[:2])
    if order is None or len(content) < HEADER_SIZE:
        return None
    return order if struct.unpack(f"{order}H", content[2:4])[0] in MAGICS else None


def _entries(content: bytes, place: int, order: Order) -> Iterator[Entry]:
    count = _stated_count(content, place, order)
    for number in range(min(count, MOST_ENTRIES)):
        start = place + 2 + ENTRY_SIZE * number
        if start + ENTRY_SIZE > len(content):
            return
        tag, kind, length = struct.unpack_from(f"{order}HHI", content, start)
        yield Entry(tag, kind, length, _value(content, start, kind, length, order), order, start)


def _value(content: bytes, start: int, kind: int, count: int, order: Order) -> memoryview | None:
    if kind not in TYPES:
        return None
    letter, parts = TYPES[kind]
    size = struct.calcsize(letter) * parts * count
    place = start + 8
    if size > 4:
        place = struct.unpack_from(f"{order}I", content, place)[0]
    return memoryview(content)[place : place + size] if place + size <= len(content) else None


def _pointers(entries: Iterable[Entry]) -> Iterator[tuple[int, Kind]]:
    kinds: dict[int, Kind] = {
        SUB_DIRECTORIES: "image", EXIF_DIRECTORY: "exif", GPS_DIRECTORY: "gps",
    }  # fmt: skip
    for entry in entries:
        if entry.tag in kinds and entry.type in (LONG, IFD_POINTER):
            for place in entry.numbers()[:MOST_DIRECTORIES]:
                yield int(place), kinds[entry.tag]


def _next(content: bytes, place: int, order: Order) -> Iterator[tuple[int, Kind]]:
    count = _stated_count(content, place, order)
    end = place + 2 + ENTRY_SIZE * count
    if end + 4 <= len(content) and (following := struct.unpack_from(f"{order}I", content, end)[0]):
        yield following, "image"


def encoded(entries: Sequence[Entry], order: Order, offset: int) -> bytes:
    """Return a directory that stands at ``offset`` of a file, its values right behind it.

    Every entry has data of this byte order.
    """
    entries = sorted(entries, key=lambda entry: entry.tag)
    behind = offset + 2 + ENTRY_SIZE * len(entries) + 4
    table, values = bytearray(struct.pack(f"{order}H", len(entries))), bytearray()
    for entry in entries:
        data = bytes(entry.data or b"")
        table += struct.pack(f"{order}HHI", entry.tag, entry.type, entry.count)
        if len(data) <= 4:
            table += data.ljust(4, b"\0")
        else:
            table += struct.pack(f"{order}I", behind + len(values))
            values += data + b"\0" * (len(data) % 2)
    return bytes(table + bytes(4) + values)
