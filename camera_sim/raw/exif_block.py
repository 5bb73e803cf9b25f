"""An EXIF block that keeps every value byte for byte: its text may be of any encoding.

Pillow writes text as ASCII, with a question mark for every other letter.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from camera_sim.raw import tiff_directory
from camera_sim.raw.tiff_directory import (
    ASCII,
    EXIF_DIRECTORY,
    GPS_DIRECTORY,
    HEADER_SIZE,
    LONG,
    RATIONAL,
    SHORT,
    Entry,
    Order,
)

PREFIX = b"Exif\0\0"  # Exif 3.0, 4.7.2: the identifier of an APP1 segment
POINTERS = (EXIF_DIRECTORY, GPS_DIRECTORY)
# What fits in an APP1 segment beside its length and the identifier.
LARGEST = 0xFFFF - 2 - len(PREFIX)


@dataclass(frozen=True)
class ExifBlock:
    """Three directories of tags, all values in one byte order.

    Attributes
    ----------
    main
        Of the picture: maker, model, artist …, without the pointers to the others.
    details
        The Exif directory.
    place
        The GPS directory.
    """

    order: Order = "<"
    main: tuple[Entry, ...] = ()
    details: tuple[Entry, ...] = ()
    place: tuple[Entry, ...] = ()

    @classmethod
    def parsed(cls, block: bytes) -> "ExifBlock":
        """Read a block, with or without its prefix; what can't be read is left out."""
        content = block.removeprefix(PREFIX)
        found = tiff_directory.directories(content)
        if not found:
            return cls()
        order = tiff_directory.byte_order(content) or "<"
        parts = {kind: _of(found, kind) for kind in ("exif", "gps")}
        main = tuple(e for e in _whole(found[0].entries) if e.tag not in POINTERS)
        return cls(order, main, parts["exif"], parts["gps"])

    def find(self, tag: int) -> Entry | None:
        """Return a tag of the main directory, or of the Exif one."""
        return next((e for e in (*self.main, *self.details) if e.tag == tag), None)

    def encoded(self) -> bytes:
        """Return the block with its prefix; b"" where nothing is in it."""
        if not (self.main or self.details or self.place):
            return b""
        subs = [
            (pointer, entries)
            for pointer, entries in zip(POINTERS, (self.details, self.place), strict=True)
            if entries
        ]
        main = [*self.main, *(number(pointer, LONG, 0, self.order) for pointer, _ in subs)]
        offset = HEADER_SIZE + len(tiff_directory.encoded(main, self.order, HEADER_SIZE))
        main, behind = list(self.main), b""
        for pointer, entries in subs:
            main.append(number(pointer, LONG, offset + len(behind), self.order))
            behind += tiff_directory.encoded(entries, self.order, offset + len(behind))
        header = (b"II" if self.order == "<" else b"MM") + struct.pack(
            f"{self.order}HI", 42, HEADER_SIZE
        )
        return PREFIX + header + tiff_directory.encoded(main, self.order, HEADER_SIZE) + behind


def _of(found: Sequence[tiff_directory.Directory], kind: str) -> tuple[Entry, ...]:
    return next((_whole(directory.entries) for directory in found if directory.kind == kind), ())


def _whole(entries: Sequence[Entry]) -> tuple[Entry, ...]:
    """Leave out what has no value, and all but the first of one tag."""
    first = {entry.tag: entry for entry in reversed(entries) if entry.data is not None}
    return tuple(first[tag] for tag in sorted(first))


def text(tag: int, content: str | bytes) -> Entry:
    """Make an entry of text; a string is written as UTF-8."""
    data = (content.encode("utf-8", "replace") if isinstance(content, str) else content) + b"\0"
    return Entry(tag, ASCII, len(data), data)


def number(tag: int, kind: int, value: int, order: Order) -> Entry:
    """Make an entry of one SHORT or LONG."""
    return Entry(tag, kind, 1, struct.pack(order + {SHORT: "H", LONG: "I"}[kind], value), order)


def fraction(tag: int, value: float, order: Order) -> Entry:
    """Make an entry of one RATIONAL, 0 ≤ value < 2³²."""
    nearest = Fraction(value).limit_denominator(1_000_000)
    if nearest.numerator >= 2**32:
        nearest = Fraction(round(value))
    data = struct.pack(f"{order}2I", nearest.numerator, nearest.denominator)
    return Entry(tag, RATIONAL, 1, data, order)
