"""Canon's CRW container (CIFF 1.0 revision 4), read and written: to cut a genuine file down.

A heap ends with the offset of its directory; a directory lists records, some of them heaps again.
"""

import struct
from dataclasses import dataclass, replace

HEADER = 26
IMAGE_SIZE, SENSOR_INFO, RAW_DATA = 0x1810, 0x1031, 0x2005
PREVIEWS = (0x2007, 0x2008)
ENTRY = struct.Struct("<HII")


@dataclass(frozen=True)
class Record:
    """A record: its bytes, or the records of a heap in it."""

    type: int
    data: bytes
    heap: "tuple[Record, ...] | None" = None


def read(content: bytes) -> tuple[Record, ...]:
    """Read the root heap of a valid little-endian file."""
    return _heap(content[HEADER:])


def _heap(block: bytes) -> tuple[Record, ...]:
    place = struct.unpack("<I", block[-4:])[0]
    count = struct.unpack_from("<H", block, place)[0]
    records = []
    for number in range(count):
        start = place + 2 + ENTRY.size * number
        kind, size, offset = ENTRY.unpack_from(block, start)
        if kind & 0xC000:  # the value lies in the entry
            records.append(Record(kind, block[start + 2 : start + 10]))
            continue
        data = block[offset : offset + size]
        is_heap = kind & 0x3800 in (0x2800, 0x3000)
        records.append(Record(kind, b"", _heap(data)) if is_heap else Record(kind, data))
    return tuple(records)


def written(header: bytes, records: tuple[Record, ...]) -> bytes:
    """Return a file of these records, the first one right behind the header."""
    return header + _written_heap(records)


def _written_heap(records: tuple[Record, ...]) -> bytes:
    block, entries = bytearray(), bytearray()
    for record in records:
        if record.type & 0xC000:
            entries += struct.pack("<H", record.type) + record.data
            continue
        data = record.data if record.heap is None else _written_heap(record.heap)
        entries += ENTRY.pack(record.type, len(data), len(block))
        block += data + b"\0" * (len(data) % 2)
    place = len(block)
    return bytes(block + struct.pack("<H", len(records)) + entries + struct.pack("<I", place))


def cut_down(content: bytes, rows: int) -> bytes:
    """Return a CRW of the first rows alone, without previews: some tens of kilobytes."""
    records = read(content)
    height = _rows(records)
    return written(content[:HEADER], _cut(records, rows, 2 * rows / height))


def _rows(records: tuple[Record, ...]) -> int:
    for record in records:
        if record.type == SENSOR_INFO:
            return int(struct.unpack_from("<H", record.data, 4)[0])
        if record.heap and (found := _rows(record.heap)):
            return found
    return 0


def _cut(records: tuple[Record, ...], rows: int, share: float) -> tuple[Record, ...]:
    kept = []
    for record in records:
        data = record.data
        if record.type == RAW_DATA:
            data = data[: int(len(data) * share) + 4096]
        elif record.type == SENSOR_INFO:
            data = data[:4] + struct.pack("<H", rows) + data[6:]
        elif record.type == IMAGE_SIZE:
            data = data[:4] + struct.pack("<I", rows) + data[8:]
        elif record.type in PREVIEWS:
            continue
        heap = None if record.heap is None else _cut(record.heap, rows, share)
        kept.append(replace(record, data=data, heap=heap))
    return tuple(kept)
