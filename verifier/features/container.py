"""Where the picture in a file ends: what follows is another picture, or another file."""

from typing import Final

_PNG: Final = b"\x89PNG\r\n\x1a\n"
_EOI: Final = b"\xff\xd9"


def trailing_bytes(data: bytes) -> int:
    """Count the bytes after the end of a JPEG, PNG or WebP picture; 0 for others.

    JPEG: after its last end marker (T.81 B.1.1.3); thumbnails lie before it. PNG: after IEND
    (ISO/IEC 15948, 11.2.5). WebP: after the RIFF chunk.
    """
    if data[:3] == b"\xff\xd8\xff":
        return _after_jpeg(data)
    if data.startswith(_PNG):
        return _after_png(data)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        end = 8 + int.from_bytes(data[4:8], "little")
        return max(0, len(data) - end - end % 2)
    return 0


def _after_jpeg(data: bytes) -> int:
    """Count from the first end marker after the segments of the main picture."""
    position = 2
    while position + 4 <= len(data) and data[position] == 0xFF:
        marker = data[position + 1]
        length = int.from_bytes(data[position + 2 : position + 4], "big")
        if marker == 0xDA:
            end = data.find(_EOI, position)
            return 0 if end < 0 else len(data) - end - 2
        if length < 2:
            return 0
        position += 2 + length
    return 0


def _after_png(data: bytes) -> int:
    position = len(_PNG)
    while position + 12 <= len(data):
        length = int.from_bytes(data[position : position + 4], "big")
        kind = data[position + 4 : position + 8]
        position += 12 + length
        if kind == b"IEND":
            return max(0, len(data) - position)
    return 0
