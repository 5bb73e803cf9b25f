"""The directories of a TIFF file (TIFF 6.0, section 2; BigTIFF): which page is the picture.

Also the directories of EXIF data and of RAW files, which are TIFF (DNG 1.7, chapter 2).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from struct import calcsize, error, pack_into, unpack_from
from typing import Final

SUBFILE, WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC = 254, 256, 257, 258, 259, 262
ORIENTATION, PLANAR, SUB_IFDS, SAMPLE_FORMAT, DNG_VERSION = 274, 284, 330, 339, 50706
_READ: Final = frozenset(
    (SUBFILE, WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC, ORIENTATION, PLANAR, SUB_IFDS,
     SAMPLE_FORMAT, DNG_VERSION)
)  # fmt: skip
# Types of whole numbers: BYTE, SHORT, LONG, IFD, LONG8, IFD8.
_TYPES: Final = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}
_MOST_DIRECTORIES, _MOST_ENTRIES, _MOST_VALUES = 1000, 4096, 64
_REDUCED, _MASK = 1, 4  # bits of NewSubfileType
_CFA, _LINEAR_RAW = 32803, 34892  # DNG 1.7, PhotometricInterpretation


@dataclass(frozen=True)
class Page:
    """A directory: where it is, and its whole numbers by tag."""

    offset: int
    tags: dict[int, tuple[int, ...]]
    places: dict[int, tuple[int, str]]

    def first(self, tag: int, missing: int = 0) -> int:
        """Return the first value of a tag."""
        return (self.tags.get(tag) or (missing,))[0]

    @property
    def area(self) -> int:
        """Pixels."""
        return self.first(WIDTH) * self.first(HEIGHT)

    @property
    def is_picture(self) -> bool:
        """Whether it is neither a reduced copy of another page nor its mask."""
        return not self.first(SUBFILE) & (_REDUCED | _MASK)

    @property
    def is_raw(self) -> bool:
        """Whether it holds values of a sensor."""
        return DNG_VERSION in self.tags or self.first(PHOTOMETRIC) in (_CFA, _LINEAR_RAW)


def is_tiff(data: bytes) -> bool:
    """Whether a file starts as TIFF or BigTIFF."""
    return data[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


def pages_of(data: bytes) -> list[Page]:
    """List the directories, and those that they name as theirs (SubIFDs); what is damaged ends it.

    Returns
    -------
    In the order of the file, each followed by its own.
    """
    return list(_walked(data)) if is_tiff(data) else []


def the_picture(pages: list[Page]) -> Page:
    """Choose the largest page that is no thumbnail and no mask; of equals the first."""
    return max([page for page in pages if page.is_picture] or pages, key=lambda page: page.area)


def with_first(data: bytes, page: Page, **values: int) -> bytes:
    """Return the file with a page as its first, not turned: what a reader of one page needs."""
    patched = bytearray(data)
    big, order = _layout(data)
    _put(patched, 8 if big else 4, order + ("Q" if big else "I"), page.offset)
    if ORIENTATION in page.places:
        _put(patched, *page.places[ORIENTATION], 1)
    return bytes(patched)


def orientation_of_exif(exif: bytes | None) -> int:
    """Return the orientation that EXIF data state, 1 where they state none or can't be read."""
    data = (exif or b"").removeprefix(b"Exif\0\0")
    pages = pages_of(data)
    return pages[0].first(ORIENTATION, 1) if pages else 1


def _walked(data: bytes) -> Iterator[Page]:
    big, order = _layout(data)
    waiting, seen = [_number(data, order, "Q" if big else "I", 8 if big else 4)], set[int]()
    while waiting and len(seen) < _MOST_DIRECTORIES:
        offset = waiting.pop()
        if not offset or offset in seen:
            continue
        seen.add(offset)
        try:
            page, after = _page(data, order, offset, big=big)
        except (error, OverflowError):  # cut off
            continue
        yield page
        # The stack's top comes next: a page's own directories, then the page that follows.
        waiting += [after, *reversed(page.tags.get(SUB_IFDS, ()))]


def _layout(data: bytes) -> tuple[bool, str]:
    order = "<" if data[:1] == b"I" else ">"
    return b"+" in data[2:4], order


def _number(data: bytes, order: str, kind: str, place: int) -> int:
    try:
        return int(unpack_from(order + kind, data, place)[0])
    except error:
        return 0


def _page(data: bytes, order: str, offset: int, *, big: bool) -> tuple[Page, int]:
    count_kind, entry_size, offset_kind, inline = ("Q", 20, "Q", 8) if big else ("H", 12, "I", 4)
    [count] = unpack_from(order + count_kind, data, offset)
    start = offset + calcsize(order + count_kind)
    tags: dict[int, tuple[int, ...]] = {}
    places: dict[int, tuple[int, str]] = {}
    for entry in range(start, start + min(count, _MOST_ENTRIES) * entry_size, entry_size):
        tag, kind = unpack_from(order + "HH", data, entry)
        if tag == DNG_VERSION:
            tags[tag] = ()  # a DNG whatever this says
        if tag not in _READ or kind not in _TYPES:
            continue
        [number] = unpack_from(order + offset_kind, data, entry + 4)
        value = entry + 4 + calcsize(order + offset_kind)
        number = min(number, _MOST_VALUES)
        layout = f"{order}{number}{_TYPES[kind]}"
        if calcsize(layout) > inline:
            [value] = unpack_from(order + offset_kind, data, value)
        try:
            found = unpack_from(layout, data, value)
        except (error, OverflowError):
            continue
        if found:
            tags[tag], places[tag] = found, (value, order + _TYPES[kind])
    after = _number(data, order, offset_kind, start + count * entry_size)
    return Page(offset, tags, places), after


def _put(data: bytearray, place: int, layout: str, value: int) -> None:
    pack_into(layout, data, place, value)
