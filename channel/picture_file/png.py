"""The chunks of a PNG file that say how its values are meant (PNG, third edition, clause 11.3)."""

from typing import Final

SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_MOST_CHUNKS: Final = 1_000_000


def chunks_of(data: bytes) -> dict[bytes, bytes]:
    """Return the first chunk of each type but the pixels, up to the end or to damage."""
    found: dict[bytes, bytes] = {}
    place = len(SIGNATURE)
    for _ in range(_MOST_CHUNKS):
        length, kind = int.from_bytes(data[place : place + 4], "big"), data[place + 4 : place + 8]
        if len(kind) < 4 or kind == b"IEND":
            break
        if kind not in (b"IDAT", b"fdAT"):
            found.setdefault(kind, data[place + 8 : place + 8 + length])
        place += 12 + length
    return found
