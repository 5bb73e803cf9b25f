"""One gate for every optional tag of a RAW file: its type, its count, finite, in its range.

`TAGS` says what each may be. A tag that can't be what it says is taken out before anybody reads the
file, ourselves, Pillow or LibRaw: it counts as not stated, and a note says so. So a wrong optional
tag never refuses a file, nor spoils its picture. What LibRaw has decoded goes through the same
gate (`numbers`), for maker formats state their white balance and levels in places of their own.

Sources: DNG 1.7.1, chapters 4 to 6; TIFF 6.0; Exif 3.0, chapter 4.6.
"""

import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np

from camera_sim.errors import RawUnreadableError
from camera_sim.raw import colour
from camera_sim.raw.colour import MOST_GAIN
from camera_sim.raw.noise_profile import MOST_READ, MOST_SHOT
from camera_sim.raw.raw_file import RawFile
from camera_sim.raw.tiff_directory import (
    ASCII,
    BYTE,
    DOUBLE,
    EXIF_DIRECTORY,
    FLOAT,
    FRACTIONS,
    GPS_DIRECTORY,
    IFD_POINTER,
    LONG,
    RATIONAL,
    SHORT,
    SLONG,
    SRATIONAL,
    SSHORT,
    TYPES,
    UNDEFINED,
    UTF8,
    Directory,
    Entry,
    directories,
    is_directory,
)

WHOLE = frozenset([BYTE, SHORT, LONG])
POSITIVE = WHOLE | {RATIONAL, FLOAT, DOUBLE}
SIGNED = POSITIVE | {SSHORT, SLONG, SRATIONAL}
TEXT = frozenset([ASCII, BYTE, UTF8])
BYTES = frozenset([BYTE, UNDEFINED])
# Neither TIFF, DNG, Exif nor a maker that LibRaw knows has a tag of this number.
TAKEN_OUT = 60001
DNG_VERSION = 50706
WIDTH, HEIGHT, BITS, PHOTOMETRIC, STRIP_OFFSETS, COLOURS = 256, 257, 258, 262, 273, 277
COLOUR_FILTERS, LINEAR_RAW = 32803, 34892  # DNG 1.7.1, chapter 4: PhotometricInterpretation

MAKERS_OWN = {37500: "MakerNote", 50740: "DNGPrivateData"}

MOST_VALUES = 200_000
"""Of numbers in a tag: a linearisation table has 65,536."""
LEAST_LEVELS = 64  # of a linearisation table; those of 8 bits have 256
MOST_NOTES, MOST_ROUNDS = 20, 8

Values = tuple[float, ...]
Check = Callable[[Values, Directory], "str | None"]


def _any(_: Values, __: Directory) -> None:
    return None


@dataclass(frozen=True)
class Tag:
    """What a tag may be.

    Attributes
    ----------
    types
        TIFF types it may have.
    counts
        Numbers of values it may have; () for any from 1.
    low, high
        Of each value, both allowed.
    check
        Says what is wrong with the values together, in their directory; None where nothing is.
        Of text and bytes it is given a directory of that entry alone.
    may_be_unknown
        Whether a value may be 0/0.
    needed
        Whether it is left in the file all the same: LibRaw recognises a maker's files by it.
    """

    name: str
    types: frozenset[int]
    counts: tuple[int, ...] = ()
    low: float = -math.inf
    high: float = math.inf
    check: Check = _any
    may_be_unknown: bool = False
    needed: bool = False


@dataclass(frozen=True)
class Screened:
    """A file without the tags that can't be, and a sentence of each."""

    file: RawFile
    notes: tuple[str, ...] = ()


def screened(file: RawFile) -> Screened:
    """Take out what can't be; the file as it is where all can be, or it is no TIFF structure.

    Directories of a damaged file may overlap: taking a tag out of one can change another.

    Raises
    ------
    RawUnreadableError
        If they do so without an end, or the mosaic's number of bits can't be.
    """
    content, notes = file.content, list[str]()
    for _ in range(MOST_ROUNDS):
        bad = list(_bad_entries(content))
        if any(tag is MOSAIC_BITS for _, tag, _ in bad):
            raise RawUnreadableError(f"{file.path} is damaged: it doesn't say how many bits a "
                                     "sample has; copy it from the card again")  # fmt: skip
        notes += [note for *_, note in bad]
        taken_out = _without(content, [entry for entry, tag, _ in bad if tag and not tag.needed])
        if taken_out == content:
            return Screened(replace(file, content=content), _few(notes))
        content = taken_out
    raise RawUnreadableError(f"{file.path} is damaged: its directories overlap")


def without_maker_notes(gated: Screened) -> Screened | None:
    """Take out what only its maker can read; None where a DNG has no such, or it is no DNG.

    LibRaw reads maker notes by itself, and may fail over one; a DNG says all it needs elsewhere.
    """
    found = directories(gated.file.content)
    if not any(directory.find(DNG_VERSION) for directory in found):
        return None
    private = [entry for one in found for entry in one.entries if entry.tag in MAKERS_OWN]
    if not private:
        return None
    notes = [
        f"{MAKERS_OWN[entry.tag]} (tag {entry.tag}) is wrong and ignored: with it the file can't "
        "be decoded"
        for entry in private
    ]
    file = replace(gated.file, content=_without(gated.file.content, private))
    return Screened(file, (*gated.notes, *dict.fromkeys(notes)))


def _without(content: bytes, entries: Sequence[Entry]) -> bytes:
    if not entries:
        return content
    changed = bytearray(content)
    for entry in entries:
        number = TAKEN_OUT.to_bytes(2, "little" if entry.order == "<" else "big")
        changed[entry.place : entry.place + 2] = number
    return bytes(changed)


def _few(notes: Sequence[str]) -> tuple[str, ...]:
    kept = list(dict.fromkeys(notes))
    if len(kept) > MOST_NOTES:
        kept[MOST_NOTES:] = [f"and {len(kept) - MOST_NOTES} more tags are wrong and ignored"]
    return tuple(kept)


def _bad_entries(content: bytes) -> Iterator[tuple[Entry, Tag | None, str]]:
    found = directories(content)
    is_dng = any(directory.find(DNG_VERSION) for directory in found)
    for directory in found:
        for entry in directory.entries:
            tag = TAGS[directory.kind].get(entry.tag)
            if tag is None and is_dng and directory.kind == "image":
                tag = MOSAIC_BITS if _is_mosaic_bits(entry, directory) else DNG_TAGS.get(entry.tag)
            if tag and entry.tag in POINTERS:
                fault = _leads_nowhere(entry, tag, directory, content)
            elif tag:
                fault = _fault(entry, tag, directory)
            else:
                fault = None if directory.kind == "image" else shapeless(entry)
            if fault:
                said = f"{tag.name} (tag {entry.tag}) is wrong and ignored: {fault}" if tag else ""
                yield entry, tag, said or "tags of EXIF are damaged and left out"


def _fault(entry: Entry, tag: Tag, directory: Directory) -> str | None:
    """Say what is wrong with an entry; None where nothing is."""
    if entry.type not in tag.types:
        return f"its type is {entry.type}"
    are_numbers = tag.types not in (TEXT, BYTES)
    if (
        entry.count == 0
        or (tag.counts and entry.count not in tag.counts)
        or (are_numbers and entry.count > MOST_VALUES)
    ):
        return f"it has {entry.count} value{'' if entry.count == 1 else 's'}"
    if entry.data is None:
        return "its value lies outside of the file"
    if not are_numbers:
        return tag.check((), Directory(directory.kind, (entry,)))
    values = entry.numbers()
    fault = None if tag.may_be_unknown else _of_values(values, tag.low, tag.high)
    return fault or tag.check(values, directory)


def _leads_nowhere(entry: Entry, tag: Tag, directory: Directory, content: bytes) -> str | None:
    """Say why there is no directory where an entry points; what stands there is left as it is."""
    fault = _fault(entry, tag, directory)
    if fault is None and not is_directory(content, int(entry.numbers()[0])):
        fault = "it leads to no directory"
    return fault


def _of_values(values: Sequence[float], low: float, high: float) -> str | None:
    if not all(map(math.isfinite, values)):
        return "a value is not a number"
    if values and not (low <= min(values) and max(values) <= high):
        worst = min(values) if min(values) < low else max(values)
        return f"a value is {worst:g}, and {low:g} to {high:g} can be"
    return None


def shapeless(entry: Entry) -> str | None:
    """Say what is wrong with a tag that nothing here knows: EXIF is kept, but not such of it."""
    if entry.tag == TAKEN_OUT:
        return None
    if entry.type not in TYPES:
        return f"its type is {entry.type}"
    if entry.data is None:
        return "its value lies outside of the file"
    if entry.type in (*FRACTIONS, FLOAT, DOUBLE) and entry.count <= MOST_VALUES:
        return _of_values(entry.numbers(), -math.inf, math.inf)
    return None


def numbers(
    read: Callable[[], Any], counts: Sequence[int], low: float, high: float
) -> Values | None:
    """Read numbers of what LibRaw decoded; None where they can't be, or can't be read at all."""
    try:
        values = tuple(float(value) for value in read())
    except Exception:  # whatever a binding makes of damaged memory: UnicodeDecodeError, overflow
        return None
    if (counts and len(values) not in counts) or _of_values(values, low, high):
        return None
    return values


def text(read: Callable[[], Any]) -> str:
    """Read text of what LibRaw decoded; "" where it can't be read."""
    try:
        found = read()
    except Exception:  # rawpy decodes as strict UTF-8
        return ""
    return str(found).strip("\0 ") if found else ""


def _stated(directory: Directory, tag: int, count: int) -> Values:
    """Return another tag's values; () where it hasn't so many, or can't be itself."""
    entry, rule = directory.find(tag), DNG_TAGS[tag]
    if entry is None or entry.count != count or entry.type not in rule.types:
        return ()
    values = entry.numbers()
    is_right = len(values) == count and not _of_values(values, rule.low, rule.high)
    return values if is_right else ()


def _side(directory: Directory, tag: int) -> float:
    entry = directory.find(tag)
    values = entry.numbers() if entry else ()
    return values[0] if values else math.inf


def _active_area(values: Values, directory: Directory) -> str | None:
    top, left, bottom, right = values
    height, width = _side(directory, HEIGHT), _side(directory, WIDTH)
    if top < bottom <= height and left < right <= width:
        return None
    return "it is no area of the picture"


def _picture_area(values: Values, directory: Directory) -> str | None:
    """Sensors have a margin of some lines, never of half of their lines."""
    fault = _active_area(values, directory)
    top, left, bottom, right = values
    rows, columns = 2 * (bottom - top), 2 * (right - left)
    if fault or (rows >= _side(directory, HEIGHT) and columns >= _side(directory, WIDTH)):
        return fault
    return "it is less than half of the picture"


def _masked_areas(values: Values, directory: Directory) -> str | None:
    if len(values) % 4:
        return f"it has {len(values)} values, and each area takes 4"
    areas = [values[start : start + 4] for start in range(0, len(values), 4)]
    active = _stated(directory, 50829, 4) or (0, 0, math.inf, math.inf)
    if any(_active_area(area, directory) for area in areas):
        return "it is no area of the picture"
    return "it overlaps the picture" if any(_overlap(area, active) for area in areas) else None


def _overlap(first: Values, second: Values) -> bool:
    rows = first[0] < second[2] and second[0] < first[2]
    return rows and first[1] < second[3] and second[1] < first[3]


def _crop_origin(values: Values, directory: Directory) -> str | None:
    inside = values[0] < _side(directory, WIDTH) and values[1] < _side(directory, HEIGHT)
    return None if inside else "it lies outside of the picture"


def _crop_size(values: Values, directory: Directory) -> str | None:
    inside = values[0] <= _side(directory, WIDTH) and values[1] <= _side(directory, HEIGHT)
    return None if inside and min(values) > 0 else "it is no part of the picture"


def _black_count(values: Values, directory: Directory) -> str | None:
    rows, columns = _stated(directory, 50713, 2) or (1, 1)
    colours = _side(directory, COLOURS)
    if len(values) != rows * columns * (colours if colours < 5 else 1):
        return f"it has {len(values)} values for {rows:g}×{columns:g} sites"
    top = _largest(directory)
    return f"{max(values):g} is as bright as a sample can be" if max(values) >= top else None


def _white_over_black(values: Values, directory: Directory) -> str | None:
    black = directory.find(50714)
    levels = [level for level in (black.numbers() if black else ()) if math.isfinite(level)]
    top = _largest(directory)
    if values[0] > top + 1:
        return f"it is {values[0]:g}, and a sample is {top:g} at most"
    levels = [level for level in levels if level < top]
    return "it is not above the black level" if levels and values[0] <= max(levels) else None


def _largest(directory: Directory) -> float:
    """Return what a sample can be at most."""
    bits = _side(directory, BITS)
    return 2.0**bits - 1 if bits <= 16 and not directory.find(50712) else 65535.0


def _rising(values: Values, _: Directory) -> str | None:
    falls = any(later < earlier for earlier, later in pairwise(values))
    if falls or values[-1] <= values[0]:
        return "it does not rise"
    levels = len(set(values))
    return f"it has {levels} levels, too few for a picture" if levels < LEAST_LEVELS else None


def _of_width(values: Values, directory: Directory) -> str | None:
    return _fits(values, _area_sides(directory)[1])


def _of_height(values: Values, directory: Directory) -> str | None:
    return _fits(values, _area_sides(directory)[0])


def _fits(values: Values, side: float) -> str | None:
    return None if len(values) == side else f"it has {len(values)} values for a side of {side:g}"


def _area_sides(directory: Directory) -> tuple[float, float]:
    stated = _stated(directory, 50829, 4)
    if stated and not _picture_area(stated, directory):
        top, left, bottom, right = stated
        return bottom - top, right - left
    return _side(directory, HEIGHT), _side(directory, WIDTH)


def _no_mosaic(_: Values, directory: Directory) -> str | None:
    """LibRaw reads the samples from there, too."""
    return "it is for previews, and this is the mosaic" if _is_mosaic(directory) else None


def _is_mosaic(directory: Directory) -> bool:
    return _side(directory, PHOTOMETRIC) in (COLOUR_FILTERS, LINEAR_RAW)


def _is_mosaic_bits(entry: Entry, directory: Directory) -> bool:
    return entry.tag == BITS and _is_mosaic(directory)


def _no_strips(_: Values, directory: Directory) -> str | None:
    strips = directory.find(STRIP_OFFSETS)
    is_stated = strips is not None and strips.type in (SHORT, LONG)
    return "the picture lies in strips, not in tiles" if is_stated else None


def _plane_colours(values: Values, _: Directory) -> str | None:
    return None if len(set(values)) == len(values) else "two planes are of one colour"


def _opcodes(_: Values, directory: Directory) -> str | None:
    """DNG 1.7.1, chapter 7: a number of codes, each with 16 bytes before its own; big-endian."""
    data = directory.entries[0].data or b""
    if len(data) < 4:
        return "it is cut off"
    place = 4
    for _number in range(min(int.from_bytes(data[:4], "big"), len(data))):
        place += 16 + int.from_bytes(data[place + 12 : place + 16], "big")
        if place > len(data):
            return "it is cut off"
    return None


def _ratio(values: Values, _: Directory) -> str | None:
    if min(values) <= 0 or max(values) / min(values) > MOST_GAIN:
        return "it is the white of no light"
    return None


def _colour_matrix(values: Values, _: Directory) -> str | None:
    try:
        colour.camera_to_srgb(np.reshape(values, (3, 3)))
    except ValueError as error:
        return str(error)
    return None


def _invertible(values: Values, _: Directory) -> str | None:
    matrix = np.reshape(values, (3, 3))
    return None if abs(np.linalg.det(matrix)) > 1e-9 else "it is singular"


def _white_xy(values: Values, _: Directory) -> str | None:
    x, y = values
    return None if x + y < 1 and min(x, y) > 0.01 else "it is the white of no light"


def _noise_profile(values: Values, _: Directory) -> str | None:
    shot, read = max(values[::2]), max(values[1::2])
    if shot <= MOST_SHOT and read <= MOST_READ:
        return None
    return f"{shot:g} and {read:g} are more noise than any sensor has; it is not normalised"


MOMENT = re.compile(r"\d{4}[:./-]\d\d[:./-]\d\d([ T]\d\d:\d\d(:\d\d)?)?")
NO_MOMENT = re.compile(r"[0 :]*")  # Exif: blanks where it is not known; some write zeros


def _moment(_: Values, directory: Directory) -> str | None:
    stated = directory.entries[0].text()
    if MOMENT.match(stated) or NO_MOMENT.fullmatch(stated):
        return None
    return f"{stated[:40]!r} is no date"


def _matrix(name: str, check: Check = _invertible) -> Tag:
    return Tag(name, SIGNED, (9,), -1e6, 1e6, check)


def _positive(name: str, high: float, counts: tuple[int, ...] = (1,)) -> Tag:
    return Tag(name, POSITIVE, counts, 0, high)


IMAGE_TAGS: dict[int, Tag] = {
    270: Tag("ImageDescription", TEXT),
    271: Tag("Make", TEXT, needed=True),
    272: Tag("Model", TEXT, needed=True),
    315: Tag("Artist", TEXT),
    33432: Tag("Copyright", TEXT),
    274: Tag("Orientation", WHOLE, (1,), 1, 8),
    306: Tag("DateTime", TEXT, check=_moment),
}
EXIF_TAGS: dict[int, Tag] = {
    33434: _positive("ExposureTime", 1e6),
    33437: _positive("FNumber", 1e4),
    34855: Tag("ISO", WHOLE, (), 0, 2**32 - 1),
    34864: Tag("SensitivityType", WHOLE, (1,)),
    36867: Tag("DateTimeOriginal", TEXT, check=_moment),
    36868: Tag("DateTimeDigitized", TEXT, check=_moment),
    37377: Tag("ShutterSpeedValue", SIGNED, (1,), -30, 100),
    37378: _positive("ApertureValue", 100),
    37379: Tag("BrightnessValue", SIGNED, (1,)),
    37380: Tag("ExposureBias", SIGNED, (1,), -100, 100),
    37381: _positive("MaxApertureValue", 100),
    37382: _positive("SubjectDistance", 2**32),
    37386: _positive("FocalLength", 1e5),
    41989: Tag("FocalLengthIn35mm", WHOLE, (1,)),
    42033: Tag("BodySerialNumber", TEXT),
    42035: Tag("LensMake", TEXT),
    42036: Tag("LensModel", TEXT),
    42032: Tag("CameraOwnerName", TEXT),
    42034: Tag("LensSpecification", frozenset([RATIONAL]), (4,), may_be_unknown=True),
}
GPS_TAGS: dict[int, Tag] = {
    0: Tag("GPSVersionID", BYTES, (4,)),
    1: Tag("GPSLatitudeRef", TEXT),
    2: _positive("GPSLatitude", 90, (3,)),
    3: Tag("GPSLongitudeRef", TEXT),
    4: _positive("GPSLongitude", 180, (3,)),
    6: _positive("GPSAltitude", 1e6),
    7: _positive("GPSTimeStamp", 60, (3,)),
    29: Tag("GPSDateStamp", TEXT, check=_moment),
}
DNG_TAGS: dict[int, Tag] = {
    322: Tag("TileWidth", WHOLE, (1,), 1, 2**32 - 1, _no_strips),
    323: Tag("TileLength", WHOLE, (1,), 1, 2**32 - 1, _no_strips),
    324: Tag("TileOffsets", WHOLE, (), check=_no_strips),
    325: Tag("TileByteCounts", WHOLE, (), check=_no_strips),
    513: Tag("JPEGInterchangeFormat", WHOLE, (1,), check=_no_mosaic),
    514: Tag("JPEGInterchangeFormatLength", WHOLE, (1,), check=_no_mosaic),
    50710: Tag("CFAPlaneColor", frozenset([BYTE]), (3, 4), 0, 6, _plane_colours),
    50711: Tag("CFALayout", WHOLE, (1,), 1, 9),
    50712: Tag("LinearizationTable", frozenset([SHORT]), (), 0, 65535, _rising),
    50713: Tag("BlackLevelRepeatDim", WHOLE, (2,), 1, 64),
    50714: Tag("BlackLevel", POSITIVE, (), 0, 65534, _black_count),
    50715: Tag("BlackLevelDeltaH", SIGNED, (), -65535, 65535, _of_width),
    50716: Tag("BlackLevelDeltaV", SIGNED, (), -65535, 65535, _of_height),
    50717: Tag("WhiteLevel", POSITIVE, (), 1, 65535, _white_over_black),
    50718: Tag("DefaultScale", POSITIVE, (2,), 0.25, 4),
    50719: Tag("DefaultCropOrigin", POSITIVE, (2,), 0, 1e6, _crop_origin),
    50720: Tag("DefaultCropSize", POSITIVE, (2,), 1, 1e6, _crop_size),
    50721: _matrix("ColorMatrix1", _colour_matrix),
    50722: _matrix("ColorMatrix2", _colour_matrix),
    50723: _matrix("CameraCalibration1"),
    50724: _matrix("CameraCalibration2"),
    50725: _matrix("ReductionMatrix1"),
    50726: _matrix("ReductionMatrix2"),
    50727: Tag("AnalogBalance", POSITIVE, (3,), 1e-3, 1e3, _ratio),
    50728: Tag("AsShotNeutral", POSITIVE, (3,), 1e-3, 1e3, _ratio),
    50729: Tag("AsShotWhiteXY", POSITIVE, (2,), 0, 1, _white_xy),
    50730: Tag("BaselineExposure", SIGNED, (1,), -16, 16),
    50731: _positive("BaselineNoise", 1e3),
    50732: _positive("BaselineSharpness", 1e3),
    50733: Tag("BayerGreenSplit", WHOLE, (1,)),
    50734: Tag("LinearResponseLimit", POSITIVE, (1,), 0.01, 1),
    50739: Tag("ShadowScale", POSITIVE, (1,), 0.01, 100),
    50778: Tag("CalibrationIlluminant1", WHOLE, (1,), 0, 255),
    50779: Tag("CalibrationIlluminant2", WHOLE, (1,), 0, 255),
    50780: Tag("BestQualityScale", POSITIVE, (1,), 0.25, 4),
    50829: Tag("ActiveArea", WHOLE, (4,), 0, 1e6, _picture_area),
    50830: Tag("MaskedAreas", WHOLE, (), 0, 1e6, _masked_areas),
    50964: _matrix("ForwardMatrix1"),
    50965: _matrix("ForwardMatrix2"),
    51008: Tag("OpcodeList1", BYTES, check=_opcodes),
    51009: Tag("OpcodeList2", BYTES, check=_opcodes),
    51022: Tag("OpcodeList3", BYTES, check=_opcodes),
    51041: Tag("NoiseProfile", POSITIVE - WHOLE, (2, 6, 8), 0, 1e6, _noise_profile),
    51044: _positive("DefaultUserCrop", 1, (4,)),
    51109: Tag("BaselineExposureOffset", SIGNED, (1,), -16, 16),
    50708: Tag("UniqueCameraModel", TEXT),
    50709: Tag("LocalizedCameraModel", TEXT),
    50735: Tag("CameraSerialNumber", TEXT),
}
# Not optional: without it the samples are anything, and LibRaw takes any number of bits.
MOSAIC_BITS = Tag("BitsPerSample", frozenset([SHORT]), (), 8, 32)
POINTERS: dict[int, Tag] = {
    EXIF_DIRECTORY: Tag("ExifIFD", frozenset([LONG, IFD_POINTER]), (1,)),
    GPS_DIRECTORY: Tag("GPSInfoIFD", frozenset([LONG, IFD_POINTER]), (1,)),
}
# TIFF/EP has the tags of an exposure beside those of the picture.
TAGS: dict[str, dict[int, Tag]] = {
    "image": EXIF_TAGS | IMAGE_TAGS | POINTERS,
    "exif": EXIF_TAGS,
    "gps": GPS_TAGS,
}
"""By the kind of directory; `DNG_TAGS` beside those of a picture where the file is a DNG."""
