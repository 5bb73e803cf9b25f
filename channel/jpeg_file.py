"""The segments of a JPEG file (ITU-T T.81, annex B): read them, leave some out, put others in."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from channel.errors import UnreadablePictureError

APP0, APP1, APP2, APP13, COM = 0xE0, 0xE1, 0xE2, 0xED, 0xFE
_SOI: Final = b"\xff\xd8"
_SOS, _EOI = 0xDA, 0xD9
_FRAMES: Final = (0xC0, 0xC1, 0xC2)  # SOF0–SOF2: baseline, extended, progressive
_MARKER: Final = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")  # T.81 B.1.1.5: no stuffing, no restart


@dataclass(frozen=True)
class Segment:
    """A marker and what follows its length."""

    marker: int
    payload: bytes

    @property
    def is_metadata(self) -> bool:
        """Whether decoders can do without it: APPn and COM."""
        return 0xE0 <= self.marker <= 0xEF or self.marker == COM

    def encoded(self) -> bytes:
        """Return the bytes in the file."""
        length = (len(self.payload) + 2).to_bytes(2, "big")
        return bytes([0xFF, self.marker]) + length + self.payload


@dataclass(frozen=True)
class JPEGFile:
    """Segments before the first scan, and everything from there on."""

    header: tuple[Segment, ...]
    scans: bytes

    def encoded(self) -> bytes:
        """Return the bytes of the file."""
        return _SOI + b"".join(segment.encoded() for segment in self.header) + self.scans

    def with_metadata(self, metadata: Sequence[Segment]) -> "JPEGFile":
        """Replace all APPn and COM segments."""
        rest = tuple(segment for segment in self.header if not segment.is_metadata)
        return JPEGFile((*metadata, *rest), self.scans)


def is_jpeg(data: bytes) -> bool:
    """Whether a file starts as JPEG files do."""
    return data[:3] == _SOI + b"\xff"


def read_jpeg(data: bytes) -> JPEGFile:
    """Take a file apart. Raises `UnreadablePictureError` if it isn't a complete JPEG header."""
    header: list[Segment] = []
    for position, segment in _segments(data):
        if segment.marker == _SOS:
            return JPEGFile(tuple(header), data[position:])
        header.append(segment)
    raise UnreadablePictureError("the JPEG file ends before its first scan; get it again")


def scan_offsets(data: bytes) -> list[int]:
    """Positions of the SOS markers in a file."""
    return [position for position, segment in _segments(data) if segment.marker == _SOS]


def with_usual_component_ids(data: bytes) -> bytes:
    """Renumber the components from 1, as JFIF says (ITU-T T.871, clause 9), in frame and scans."""
    result = bytearray(data)
    ids: dict[int, int] = {}
    for position, segment in _segments(data):
        payload = position + 4
        if segment.marker in _FRAMES:
            places = [payload + 6 + 3 * i for i in range(segment.payload[5])]
            ids = {data[place]: number for number, place in enumerate(places, 1)}
        elif segment.marker == _SOS:
            places = [payload + 1 + 2 * i for i in range(segment.payload[0])]
        else:
            continue
        for place in places:
            result[place] = ids[data[place]]
    return bytes(result)


def _segments(data: bytes) -> Iterator[tuple[int, Segment]]:
    position = len(_SOI)
    while found := _MARKER.search(data, position):
        position = found.start()
        marker = data[position + 1]
        length = int.from_bytes(data[position + 2 : position + 4], "big")
        if marker == _EOI or length < 2:
            return
        yield position, Segment(marker, data[position + 4 : position + 2 + length])
        position += 2 + length
