"""The metadata that platforms leave, take and add: JFIF, EXIF, ICC, IPTC, Meta's FBMD trailer."""

import string
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Final

import numpy as np
from PIL import ExifTags, Image

from channel.jpeg_file import APP0, APP1, APP2, APP13, COM, JPEGFile, Segment, scan_offsets
from channel.profile import Metadata

_ICC_HEADER: Final = b"ICC_PROFILE\x00"  # ICC.1:2022, annex B.4
_EXIF_HEADERS: Final = (b"Exif\x00", b"http://ns.adobe.com/")  # Exif 2.32 4.7.2; XMP part 3, 1.1.3
_IPTC_CAPTION: Final = b"Photoshop 3.0\x008BIM\x04\x04\x00\x00"  # resource 0x0404, without a name
_REFERENCE_SIZE: Final = 20  # characters of IPTC 2:103 in two Facebook files of 2016


def finished(
    file: JPEGFile,
    sent: Sequence[Segment],
    metadata: Metadata,
    generator: np.random.Generator,
) -> bytes:
    """Put a platform's metadata into the file that it serves.

    ``sent`` are the segments of the upload: what is kept is from there.
    """
    segments = [jfif(metadata), *(s for s in sent if _is_kept(s, metadata))]
    if metadata.transmission_reference:
        segments.append(_iptc(103, _reference(generator), padding_counted=False))
    if metadata.added_icc:
        segments.append(Segment(APP2, _ICC_HEADER + b"\x01\x01" + _profile(metadata.added_icc)))
    if metadata.comment is not None:
        digits = f"{int(generator.integers(2**32)):08x}"
        segments.append(Segment(COM, metadata.comment.format(digits).encode()))
    file = file.with_metadata(segments)
    return _with_fbmd(file, metadata) if metadata.fbmd else file.encoded()


def icc_segments(profile: bytes) -> tuple[Segment, ...]:
    """Colour profile of an upload that isn't JPEG as APP2 segments (ICC.1:2022, annex B.4)."""
    size = 65519  # what a segment holds beside its own header
    parts = [profile[start : start + size] for start in range(0, len(profile), size)]
    count = len(parts)
    return tuple(
        Segment(APP2, _ICC_HEADER + bytes([number, count]) + part)
        for number, part in enumerate(parts, 1)
    )


def orientation_exif(orientation: int) -> Segment:
    """Write EXIF that states an orientation from 1 to 8, and nothing else."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    return Segment(APP1, exif.tobytes())


def is_exif(segment: Segment) -> bool:
    """Whether a segment is EXIF or XMP."""
    return segment.marker == APP1 and segment.payload.startswith(_EXIF_HEADERS)


def is_icc(segment: Segment) -> bool:
    """Whether a segment is a part of a colour profile."""
    return segment.marker == APP2 and segment.payload.startswith(_ICC_HEADER)


def _is_kept(segment: Segment, metadata: Metadata) -> bool:
    if is_exif(segment):
        return metadata.exif == "kept"
    return is_icc(segment) and metadata.icc == "kept"


def jfif(metadata: Metadata) -> Segment:
    """JFIF header (ITU-T T.871, 10.1) with a platform's version and density."""
    major, minor, unit, density = metadata.jfif
    size = density.to_bytes(2, "big")
    return Segment(APP0, b"JFIF\x00" + bytes([major, minor, unit]) + size + size + b"\x00\x00")


def _iptc(dataset: int, value: bytes, *, padding_counted: bool) -> Segment:
    """One record-2 dataset of IPTC IIM 4.2 in a Photoshop resource block."""
    record = bytes([0x1C, 2, dataset]) + len(value).to_bytes(2, "big") + value
    padding = bytes(len(record) % 2)
    length = len(record) + (len(padding) if padding_counted else 0)
    return Segment(APP13, _IPTC_CAPTION + length.to_bytes(4, "big") + record + padding)


def _reference(generator: np.random.Generator) -> bytes:
    alphabet = list(string.ascii_letters + string.digits + "_-")
    return "".join(generator.choice(alphabet, _REFERENCE_SIZE)).encode()


def _with_fbmd(file: JPEGFile, metadata: Metadata) -> bytes:
    """Write the offsets of all scans and the size of the file into the file (IPTC 2:40).

    Layout as in 85 of 85 Meta files of PLATFORMS: "FBMD", version, number of scans, then offsets
    and size, all in hexadecimal, the latter little-endian.
    """
    empty = [0] * (len(scan_offsets(file.encoded())) + 1)
    data = _with_trailer(file, metadata, empty).encoded()  # where everything ends up
    return _with_trailer(file, metadata, [*scan_offsets(data), len(data)]).encoded()


def _with_trailer(file: JPEGFile, metadata: Metadata, numbers: list[int]) -> JPEGFile:
    trailer = b"".join(number.to_bytes(4, "little") for number in numbers).hex()
    value = f"FBMD{metadata.fbmd}{len(numbers) - 1:04x}{trailer}".encode()
    segment = _iptc(40, value, padding_counted=metadata.fbmd_padding_counted)
    return JPEGFile((file.header[0], segment, *file.header[1:]), file.scans)


@cache
def _profile(name: str) -> bytes:
    return (files("channel.platforms") / name).read_bytes()
