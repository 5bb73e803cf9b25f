"""The header of a JPEG file (ITU-T T.81, annex B) as far as it shows who wrote it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from channel.errors import ChannelError
from channel.jpeg_file import (
    APP0,
    APP1,
    APP2,
    APP13,
    COM,
    Segment,
    is_jpeg,
    read_jpeg,
    scan_offsets,
)
from channel.jpeg_tables import zigzag

_DQT, _DHT, _DRI = 0xDB, 0xC4, 0xDD
_APP11, _APP14 = 0xEB, 0xEE
_FRAMES: Final = {0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF}
_PROGRESSIVE: Final = {0xC2, 0xC6, 0xCA, 0xCE}
_ARITHMETIC: Final = {0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF}
# Lengths of the codes in the luma DC table K.3 of T.81, which encoders use that don't optimise.
_STANDARD_DC: Final = bytes([0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0])
# Lengths of the luma AC table K.5.
_STANDARD_AC: Final = bytes([0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 0x7D])
# Facebook's IPTC record 2:103, 20 characters, as the first of all (vsjoen/IBSNtools@99fc942;
# agencies' have other lengths and follow other records), and Meta's FBMD trailer in 2:40: version,
# number of scans, offsets.
_TRANSMISSION_REFERENCE: Final = re.compile(
    rb"Photoshop 3\.0\x008BIM\x04\x04\x00{4}..\x1c\x02g\x00\x14[\w-]{20}(\x00?$|\x1c\x02\()",
    re.ASCII | re.DOTALL,
)
_FBMD: Final = re.compile(rb"FBMD([0-9a-fA-F]{2})([0-9a-fA-F]{4})((?:[0-9a-fA-F]{8})+)")


@dataclass(frozen=True)
class JpegHeader:
    """What a JPEG file says before and about its scans.

    ``luma`` and ``chroma`` are the 64 quantisation steps in natural order; ``chroma`` is None for
    grey pictures. ``fbmd`` is the version of Meta's trailer, ``fbmd_whole`` whether its scan count
    and file size are this file's; ``transmission_reference`` whether IPTC has Facebook's 2:103, and
    no other's. ``icc_bytes`` is 0 without a colour profile; −1 stands for one of a size that isn't
    known, where a header is read from a table.
    """

    width: int
    height: int
    luma: tuple[int, ...]
    chroma: tuple[int, ...] | None
    subsampling: str
    progressive: bool
    arithmetic: bool
    scans: int
    standard_huffman: bool
    jfif: tuple[int, int, int, int] | None = None
    exif: bool = False
    xmp: bool = False
    icc_bytes: int = 0
    fbmd: str | None = None
    fbmd_whole: bool = False
    transmission_reference: bool = False
    comment: str | None = None
    adobe: bool = False
    c2pa: bool = False
    restart_interval: int = 0

    @property
    def marks(self) -> tuple[str, ...]:
        """Segments that name software, in words."""
        return tuple(self._marks())

    def _marks(self) -> Iterator[str]:
        if self.jfif:
            yield f"JFIF {self.jfif[0]}.{self.jfif[1]:02d}"
        if self.exif:
            yield "Exif"
        if self.xmp:
            yield "XMP"
        if self.icc_bytes:
            yield f"colour profile of {self.icc_bytes} bytes"
        if self.fbmd:
            whole = "whole" if self.fbmd_whole else "not of this file"
            yield f"Meta's FBMD trailer {self.fbmd}, {whole}"
        if self.transmission_reference:
            yield "Facebook's IPTC 2:103"
        if self.comment is not None:
            yield f"comment {self.comment[:40]!r}"
        if self.adobe:
            yield "Adobe"
        if self.c2pa:
            yield "C2PA"


def jpeg_header(data: bytes) -> JpegHeader | None:
    """Read a file's header; None if it isn't a JPEG file, or one without frame or tables."""
    if not is_jpeg(data):
        return None
    try:
        segments = read_jpeg(data).header
        offsets = scan_offsets(data)
        return _header(segments, offsets, len(data))
    except (ChannelError, IndexError, ValueError, KeyError):
        return None


def _header(segments: tuple[Segment, ...], offsets: list[int], size: int) -> JpegHeader | None:
    frame = next((s for s in segments if s.marker in _FRAMES), None)
    if frame is None:
        return None
    tables = _tables(segments)
    payload = frame.payload
    components = [payload[6 + 3 * i : 9 + 3 * i] for i in range(payload[5])]
    fbmd, whole = _fbmd(segments, len(offsets), size)
    comment = next((s.payload for s in segments if s.marker == COM), None)
    return JpegHeader(
        width=int.from_bytes(payload[3:5], "big"),
        height=int.from_bytes(payload[1:3], "big"),
        luma=tables[components[0][2]],
        chroma=tables[components[1][2]] if len(components) > 1 else None,
        subsampling=_subsampling(components),
        progressive=frame.marker in _PROGRESSIVE,
        arithmetic=frame.marker in _ARITHMETIC,
        scans=len(offsets),
        standard_huffman=_standard_huffman(segments),
        jfif=_jfif(segments),
        exif=_has(segments, APP1, b"Exif\x00"),
        xmp=_has(segments, APP1, b"http://ns.adobe.com/"),
        icc_bytes=sum(len(s.payload) - 14 for s in _with(segments, APP2, b"ICC_PROFILE\x00")),
        fbmd=fbmd,
        fbmd_whole=whole,
        transmission_reference=any(
            _TRANSMISSION_REFERENCE.match(s.payload) for s in _of(segments, APP13)
        ),
        comment=None if comment is None else comment.decode("latin-1"),
        adobe=_has(segments, _APP14, b"Adobe"),
        c2pa=any(b"c2pa" in s.payload for s in _of(segments, _APP11)),
        restart_interval=next((int.from_bytes(s.payload, "big") for s in _of(segments, _DRI)), 0),
    )


def _of(segments: tuple[Segment, ...], marker: int) -> Iterator[Segment]:
    return (s for s in segments if s.marker == marker)


def _with(segments: tuple[Segment, ...], marker: int, start: bytes) -> Iterator[Segment]:
    return (s for s in _of(segments, marker) if s.payload.startswith(start))


def _has(segments: tuple[Segment, ...], marker: int, start: bytes) -> bool:
    return next(_with(segments, marker, start), None) is not None


def _tables(segments: tuple[Segment, ...]) -> dict[int, tuple[int, ...]]:
    """Quantisation tables by number, in natural order (T.81 B.2.4.1)."""
    tables: dict[int, tuple[int, ...]] = {}
    for segment in _of(segments, _DQT):
        rest = segment.payload
        while rest:
            bytes_each = 2 if rest[0] >> 4 else 1
            values = rest[1 : 1 + 64 * bytes_each]
            steps = [
                int.from_bytes(values[i : i + bytes_each], "big")
                for i in range(0, len(values), bytes_each)
            ]
            natural = [0] * 64
            for place, step in zip(zigzag(), steps, strict=True):
                natural[place] = step
            tables[rest[0] & 15] = tuple(natural)
            rest = rest[1 + 64 * bytes_each :]
    return tables


def _subsampling(components: list[bytes]) -> str:
    if len(components) == 1:
        return "grey"
    across, down = components[0][1] >> 4, components[0][1] & 15
    others = {(c[1] >> 4, c[1] & 15) for c in components[1:3]}
    other_across, other_down = others.pop()
    if others or not other_across or not other_down:
        return "unusual"
    if across % other_across or down % other_down:
        return "unusual"
    ratio = across // other_across, down // other_down
    names = {(1, 1): "4:4:4", (2, 1): "4:2:2", (2, 2): "4:2:0", (1, 2): "4:4:0", (4, 1): "4:1:1"}
    return names.get(ratio, "unusual")


def _standard_huffman(segments: tuple[Segment, ...]) -> bool:
    lengths = []
    for segment in _of(segments, _DHT):
        rest = segment.payload
        while len(rest) >= 17:
            lengths.append(rest[1:17])
            rest = rest[17 + sum(rest[1:17]) :]
    return _STANDARD_DC in lengths and _STANDARD_AC in lengths


def _jfif(segments: tuple[Segment, ...]) -> tuple[int, int, int, int] | None:
    for segment in _with(segments, APP0, b"JFIF\x00"):
        payload = segment.payload
        return payload[5], payload[6], payload[7], int.from_bytes(payload[8:10], "big")
    return None


def _fbmd(segments: tuple[Segment, ...], scans: int, size: int) -> tuple[str | None, bool]:
    """Meta's trailer in IPTC 2:40: version, scan count, and offsets that end at the file's size."""
    for segment in _of(segments, APP13):
        found = _FBMD.search(segment.payload)
        if found is None:
            continue
        version, count, offsets = (part.decode("ascii") for part in found.groups())
        last = bytes.fromhex(offsets[8 * int(count, 16) :][:8])
        whole = int(count, 16) == scans and int.from_bytes(last, "little") == size
        return version, whole
    return None, False
