"""A RAW file whose first directory states what a test wants, right or wrong."""

import struct
from fractions import Fraction
from pathlib import Path

from camera_sim.raw import tiff_directory
from camera_sim.raw.tiff_directory import (
    ASCII,
    BYTE,
    DOUBLE,
    FLOAT,
    LONG,
    RATIONAL,
    SHORT,
    SLONG,
    SRATIONAL,
    UNDEFINED,
    Entry,
)
from camera_sim.sensor.dng import write_dng
from tests.camera_sim.scenes import capture

__all__ = ["ASCII", "BYTE", "DOUBLE", "FLOAT", "LONG", "RATIONAL", "SHORT", "SLONG", "SRATIONAL",
           "UNDEFINED", "dng", "entry", "with_entries"]  # fmt: skip


def entry(tag: int, kind: int, *values: object) -> Entry:
    """Make a tag: fractions as (numerator, denominator) or numbers, text and bytes as bytes."""
    if len(values) == 1 and isinstance(values[0], bytes):
        return Entry(tag, kind, len(values[0]), values[0])
    flat = [part for value in values for part in _parts(kind, value)]
    letter = tiff_directory.TYPES[kind][0]
    return Entry(tag, kind, len(values), struct.pack(f"<{len(flat)}{letter}", *flat))


def _parts(kind: int, value: object) -> tuple:
    if kind not in tiff_directory.FRACTIONS:
        return (value,)
    if isinstance(value, tuple):
        return value
    return Fraction(value).limit_denominator(10_000).as_integer_ratio()


def with_entries(content: bytes, *changed: Entry, without: tuple[int, ...] = ()) -> bytes:
    """Append a first directory with these tags in place of those it had, little-endian."""
    taken = {*without, *(e.tag for e in changed)}
    kept = [e for e in tiff_directory.directories(content)[0].entries if e.tag not in taken]
    content += b"\0" * (len(content) % 2)
    directory = tiff_directory.encoded([*kept, *changed], "<", len(content))
    return content[:4] + struct.pack("<I", len(content)) + content[8:] + directory


def dng(path: Path, *changed: Entry, without: tuple[int, ...] = (), **fields: object) -> Path:
    """Write a small simulated capture with these tags."""
    write_dng(path, capture(64, 96, **fields), force=True)
    path.write_bytes(with_entries(path.read_bytes(), *changed, without=without))
    return path
