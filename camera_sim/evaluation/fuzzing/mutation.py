"""Damage to RAW files: of bytes, as cards and transfers do it, and of tags, as programs do it."""

import struct
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from camera_sim.evaluation.fuzzing.seeds import Seed, with_entries
from camera_sim.raw.libraw_file import CIFF_SIGNATURE
from camera_sim.raw.tag_gate import DNG_TAGS, EXIF_TAGS, IMAGE_TAGS
from camera_sim.raw.tiff_directory import TYPES, Entry, byte_order, directories

Mutation = Callable[[bytearray, "np.random.Generator", Sequence[Seed]], bytearray]
_TAGS: Final = sorted(DNG_TAGS | EXIF_TAGS | IMAGE_TAGS)
_COUNTS: Final = (0, 1, 2, 3, 4, 6, 9, 12, 255, 65535, 2**31, 2**32 - 1)
_WORDS: Final = (0, 1, 2, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0x7F800000, 0x7FC00000, 0xFF800000)
_HEADER: Final = 400


def mutated(rng: np.random.Generator, files: Sequence[Seed]) -> Seed:
    """Take one of the files and damage it, once to four times."""
    suffix, content = files[int(rng.integers(len(files)))]
    data = bytearray(content)
    for _ in range(int(rng.integers(1, 5))):
        data = MUTATIONS[int(rng.integers(len(MUTATIONS)))](data, rng, files)
    return suffix, bytes(data)


def _place(data: bytearray, rng: np.random.Generator) -> int:
    """Choose a place: in the header, at the end where a CRW has its directory, or anywhere."""
    kind = rng.random()
    if kind < 0.4:
        return int(rng.integers(max(1, min(len(data), _HEADER))))
    if kind < 0.6:
        return max(0, len(data) - 1 - int(rng.integers(_HEADER)))
    return int(rng.integers(max(1, len(data))))


def flip_bits(data: bytearray, rng: np.random.Generator, _: Sequence[Seed]) -> bytearray:
    """Flip up to 20 bits."""
    for _number in range(int(rng.integers(1, 21))):
        if data:
            data[_place(data, rng)] ^= 1 << int(rng.integers(8))
    return data


def set_extremes(data: bytearray, rng: np.random.Generator, _: Sequence[Seed]) -> bytearray:
    """Set up to 8 bytes in a row to 0 or 255."""
    start = _place(data, rng)
    count = min(int(rng.integers(1, 9)), max(len(data) - start, 0))
    data[start : start + count] = bytes([int(rng.choice([0, 255]))]) * count
    return data


def truncate(data: bytearray, rng: np.random.Generator, _: Sequence[Seed]) -> bytearray:
    """Cut the end off."""
    return data[: _place(data, rng)]


def shift(data: bytearray, rng: np.random.Generator, _: Sequence[Seed]) -> bytearray:
    """Remove or insert up to 64 bytes: everything behind moves."""
    start, count = _place(data, rng), int(rng.integers(1, 65))
    if rng.random() < 0.5:
        del data[start : start + count]
    else:
        data[start:start] = rng.bytes(count)
    return data


def splice(data: bytearray, rng: np.random.Generator, files: Sequence[Seed]) -> bytearray:
    """Go on as another file does."""
    other = bytearray(files[int(rng.integers(len(files)))][1])
    return data[: _place(data, rng)] + other[_place(other, rng) :]


def change_tag(data: bytearray, rng: np.random.Generator, _: Sequence[Seed]) -> bytearray:
    """Change one entry of one directory: its number, type, count, or the value itself."""
    if bytes(data[6:14]) == CIFF_SIGNATURE:
        return _change_record(data, rng)
    content = bytes(data)
    entries = [entry for found in directories(content) for entry in found.entries]
    if not entries:
        return data
    entry = entries[int(rng.integers(len(entries)))]
    order, place = entry.order, entry.place
    match int(rng.integers(4)):
        case 0:
            struct.pack_into(f"{order}H", data, place, int(rng.choice(_TAGS)))
        case 1:
            struct.pack_into(f"{order}H", data, place + 2, int(rng.integers(15)))
        case 2:
            struct.pack_into(f"{order}I", data, place + 4, int(rng.choice(_COUNTS)))
        case _:
            struct.pack_into(f"{order}I", data, place + 8, int(rng.choice(_WORDS)))
    return data


def _change_record(data: bytearray, rng: np.random.Generator) -> bytearray:
    """Change an entry of a CRW's directory, which lies at the end."""
    end = len(data) - 4
    start = max(26, end - 10 * int(rng.integers(1, 20)))
    if start + 10 <= len(data):
        offset = int(rng.choice([0, 2, 6]))
        struct.pack_into("<I", data, start + offset, int(rng.choice([*_COUNTS, *_WORDS])))
    return data


def state_tag(data: bytearray, rng: np.random.Generator, _: Sequence[Seed]) -> bytearray:
    """State an optional tag with values of any kind."""
    content = bytes(data)
    order = byte_order(content)
    if order is None or not directories(content):
        return data
    tag, kind = int(rng.choice(_TAGS)), int(rng.choice(list(TYPES)))
    letter, parts = TYPES[kind]
    count = int(rng.choice([1, 2, 3, 4, 6, 9, 64, 96]))
    size = struct.calcsize(letter) * parts * count
    words = rng.choice(_WORDS, -(-size // 4)) if rng.random() < 0.5 else None
    value = rng.bytes(size) if words is None else struct.pack(f"{order}{len(words)}I", *words)
    return bytearray(with_entries(content, [Entry(tag, kind, count, value[:size], order)]))


MUTATIONS: Final[tuple[Mutation, ...]] = (
    flip_bits,
    set_extremes,
    truncate,
    shift,
    splice,
    change_tag,
    change_tag,
    state_tag,
    state_tag,
    state_tag,
)
