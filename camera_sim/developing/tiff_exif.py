"""The tags of an EXIF block in a TIFF or DNG file, byte for byte, around what tifffile writes."""

import os
import struct
from typing import BinaryIO

import tifffile

from camera_sim.raw import tiff_directory
from camera_sim.raw.exif_block import POINTERS, ExifBlock
from camera_sim.raw.tiff_directory import EXIF_DIRECTORY, LONG, Entry

MAKE, MODEL, ARTIST, COPYRIGHT = 271, 272, 315, 33432
TiffTag = tuple[int, str, int, object, bool]


def described_tags(exif: ExifBlock) -> list[TiffTag]:
    """Return the tags of the first directory that TIFF and DNG files keep, for tifffile."""
    kept = (MAKE, MODEL, ARTIST, COPYRIGHT)
    return [(e.tag, "s", 0, bytes(e.data or b""), True) for e in exif.main if e.tag in kept]


def directory_tags(exif: ExifBlock) -> list[TiffTag]:
    """Return tags for tifffile to write where `append_directories` will put the pointers.

    tifffile refuses to write the pointers' own numbers, so their neighbours keep the places.
    """
    return [(pointer - 1, "I", 1, 0, True) for pointer in POINTERS if _entries(exif, pointer)]


def append_directories(file: BinaryIO, exif: ExifBlock) -> None:
    """Append the Exif and GPS directories and point at them (TIFF 6.0 section 2; Exif 4.6.3).

    The file must have the block's byte order.
    """
    for pointer in POINTERS:
        if entries := _entries(exif, pointer):
            _append_directory(file, pointer, entries)


def _entries(exif: ExifBlock, pointer: int) -> tuple[Entry, ...]:
    return exif.details if pointer == EXIF_DIRECTORY else exif.place


def _append_directory(file: BinaryIO, pointer: int, entries: tuple[Entry, ...]) -> None:
    file.seek(0)
    with tifffile.TiffFile(file) as tiff:
        order, place = tiff.byteorder, tiff.pages[0].tags[pointer - 1].offset
    offset = file.seek(0, os.SEEK_END)
    offset += file.write(b"\0" * (offset % 2))
    file.write(tiff_directory.encoded(entries, order, offset))
    file.seek(place)
    file.write(struct.pack(f"{order}HHII", pointer, LONG, 1, offset))
