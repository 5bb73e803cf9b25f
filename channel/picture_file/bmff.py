"""What an AVIF file says of its primary picture (ISO/IEC 23008-12; 14496-12): turns, colours.

In this container the turns are properties (``irot``, ``imir``), and an orientation in EXIF data is
for information alone.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_MOST_BOXES: Final = 10_000
# Orientation after a turn by 90° against the clock, and after a mirror image.
_TURNED: Final = {0: 1, 1: 8, 2: 3, 3: 6}
_MIRRORED: Final = {
    (1, 0): 4, (1, 1): 2,  # imir's axis 0 exchanges top and bottom, 1 left and right
    (8, 0): 5, (8, 1): 7, (3, 0): 2, (3, 1): 4, (6, 0): 7, (6, 1): 5,
}  # fmt: skip


@dataclass(frozen=True)
class Properties:
    """Orientation 1 to 8, bits a channel, and the colours' code points (ITU-T H.273), if stated."""

    orientation: int = 1
    bits: int | None = None
    primaries: int | None = None
    transfer: int | None = None


def brands_of(data: bytes) -> frozenset[bytes]:
    """Return the brands that a file claims, the major one too; none if it has no ftyp."""
    if data[4:8] != b"ftyp":
        return frozenset()
    end = min(int.from_bytes(data[:4], "big"), 512)
    return frozenset({data[8:12]} | {data[at : at + 4] for at in range(16, end, 4)})


def properties_of(data: bytes) -> Properties:
    """Read the primary picture's properties; what is missing or damaged counts as not stated."""
    try:
        return _properties(data)
    except (IndexError, KeyError, ValueError):
        return Properties()


def _properties(data: bytes) -> Properties:
    meta = dict(_boxes(_box(data, b"meta")[4:]))
    primary = meta[b"pitm"]
    wide_item = primary[0] > 0
    item = int.from_bytes(primary[4 : 8 if wide_item else 6], "big")
    parts = dict(_boxes(meta[b"iprp"]))
    every = list(_boxes(parts[b"ipco"]))
    turn, mirror, bits = 0, None, None
    colours: tuple[int | None, int | None] = (None, None)
    for place in _associated(parts[b"ipma"], item):
        kind, content = every[place - 1]
        if kind == b"irot":
            turn = content[0] & 3
        elif kind == b"imir":
            mirror = content[0] & 1
        elif kind == b"pixi":
            bits = content[5]
        elif kind == b"colr" and content[:4] == b"nclx":
            colours = int.from_bytes(content[4:6], "big"), int.from_bytes(content[6:8], "big")
    turned = _TURNED[turn]
    orientation = turned if mirror is None else _MIRRORED[turned, mirror]
    return Properties(orientation, bits, *colours)


def _box(data: bytes, wanted: bytes) -> bytes:
    return next((content for kind, content in _boxes(data) if kind == wanted), b"")


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = 0
    for _ in range(_MOST_BOXES):
        size, kind, head = (
            int.from_bytes(data[place : place + 4], "big"),
            data[place + 4 : place + 8],
            8,
        )
        if len(kind) < 4:
            return
        if size == 1:
            size, head = int.from_bytes(data[place + 8 : place + 16], "big"), 16
        end = place + size if size else len(data)
        if end < place + head:
            return
        yield kind, data[place + head : end]
        place = end


def _associated(ipma: bytes, item: int) -> Iterator[int]:
    """Name the places in ipco, from 1, of an item's properties, in their order."""
    wide_item, wide_place = ipma[0] > 0, bool(ipma[3] & 1)
    count, place = int.from_bytes(ipma[4:8], "big"), 8
    item_size, place_size = 4 if wide_item else 2, 2 if wide_place else 1
    for _ in range(min(count, _MOST_BOXES)):
        found = int.from_bytes(ipma[place : place + item_size], "big")
        number, place = ipma[place + item_size], place + item_size + 1
        for _ in range(number):
            value = int.from_bytes(ipma[place : place + place_size], "big")
            place += place_size
            if found == item and (index := value & (0x7FFF if wide_place else 0x7F)):
                yield index
