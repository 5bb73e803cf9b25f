"""What a file says of how its picture was made outside of any credential: XMP, IPTC, EXIF, text.

Anybody can write or remove such an entry; it is reported as what it is, and establishes nothing.
"""

import re
import warnings
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from typing import Any, Final

from PIL import Image

from verifier.features.xmp import Property, packets_of_jpeg, properties
from verifier.reading.source_types import WORDS, made, source_type_name
from verifier.report.quoting import term
from verifier.report.record import Made, Statement

_MOST: Final = 16  # statements
_LOOKED_AT: Final = 20_000  # characters of an entry

# Entries of XMP, by Pillow's names: the usual one, and PNG texts of other kinds.
_PACKETS: Final = ("xmp", "XML:com.adobe.xmp", "Raw profile type xmp", "Raw profile type APP1")
_RAW_PROFILE: Final = re.compile(rb"\s*[\w ]{1,20}\n\s*\d+\n")

# Names that generators write for themselves, and that mean nothing else.
_PROGRAMS: Final = re.compile(
    r"Stable[ _-]?Diffusion|AUTOMATIC1111|Midjourney|DALL[·\-]?E\b|Adobe Firefly|NovelAI|ComfyUI"
    r"|InvokeAI|Fooocus|Draw Things|Made with Google AI",
    re.IGNORECASE,
)
# Settings as the common programs for Stable Diffusion, and Midjourney, write them into a text.
_SETTINGS: Final = re.compile(
    r"\bSteps: \d+, .{0,300}?\b(Sampler|CFG scale|Seed): |\bJob ID: [0-9a-f]{8}-", re.DOTALL
)
_GRAPH: Final = re.compile(r'"class_type"\s*:')  # ComfyUI's, in JSON
_AIGC: Final = re.compile(r'"?Label"?\s*:\s*"?([123])\b')  # GB 45438-2025, annex E
_OF_A_PROGRAM: Final = ("creatortool", "credit", "software", "artist", "author", "creator")
_TEXTS: Final = ("Dream", "sd-metadata", "invokeai_metadata", "invokeai_graph")

_SOFTWARE, _DESCRIPTION, _ARTIST, _COMMENT, _EXIF = 0x0131, 0x010E, 0x013B, 0x9286, 0x8769
# An entry's name, and whether it names who or what made the picture: in a caption or a comment the
# name of a generator may be that of a subject.
_EXIF_ENTRIES: Final = {
    _SOFTWARE: ("EXIF Software", True),
    _ARTIST: ("EXIF Artist", True),
    _DESCRIPTION: ("EXIF ImageDescription", False),
    _COMMENT: ("EXIF UserComment", False),
}
# IIM 4.2: special instructions, originating program, by-line, credit, caption.
_IPTC_ENTRIES: Final = {40: False, 65: True, 80: True, 110: True, 120: False}


def unsigned_statements(image: Image.Image) -> tuple[Statement, ...]:
    """Return what a picture's entries state; the image's pixels must have been loaded."""
    found: dict[Statement, None] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's of damaged entries
        for entries in (_xmp, _texts, _exif, _iptc):
            # Pillow's readers raise nearly anything on damaged entries; what was found stays.
            with suppress(Exception):
                for statement in islice(entries(image), _MOST):
                    found[statement] = None
    return tuple(found)[:_MOST]


def _xmp(image: Image.Image) -> Iterator[Statement]:
    packets = packets_of_jpeg(getattr(image, "applist", []))
    if not packets:
        packets = [_packet(image.info[key]) for key in _PACKETS if image.info.get(key)]
    for found in properties(packets):
        yield from _property(found)


def _packet(entry: object) -> bytes:
    """Return an XMP packet; ImageMagick and ExifTool may write one in hexadecimal digits."""
    packet = entry if isinstance(entry, bytes) else str(entry).encode()
    digits = _RAW_PROFILE.match(packet)
    return bytes.fromhex(packet[digits.end() :].decode("ascii")) if digits else packet


def _property(found: Property) -> Iterator[Statement]:
    name, where = found.name.lower(), f"XMP {term(found.name)}"
    if name.endswith("digitalsourcetype"):
        source_type = source_type_name(found.value)
        yield _statement(made(source_type), source_type, where, other=found.of_another)
    elif name == "aisystemused":
        yield _statement("generated", term(found.value), where, other=found.of_another)
    elif name == "aigc":
        yield from _label(found.value, where)
    elif name in _OF_A_PROGRAM:
        yield from _program(found.value, where)


def _texts(image: Image.Image) -> Iterator[Statement]:
    """Text chunks of PNG, comments of JPEG and GIF."""
    for key, value in image.info.items():
        if not isinstance(key, str) or not isinstance(value, str | bytes):
            continue
        text, where = _text(value), f"text “{term(key)}”"
        if key in _TEXTS:
            yield _statement("generated", key, where)
        elif key == "AIGC":
            yield from _label(text, where)
        elif key not in ("xmp", "exif", "icc_profile", "XML:com.adobe.xmp"):
            yield from _written(text, where, maker=key.lower() in _OF_A_PROGRAM)


def _exif(image: Image.Image) -> Iterator[Statement]:
    exif = image.getexif()
    values: dict[int, Any] = {**exif, **exif.get_ifd(_EXIF)}
    for tag, (where, maker) in _EXIF_ENTRIES.items():
        if tag in values:
            yield from _written(_text(values[tag]), where, maker=maker)


def _iptc(image: Image.Image) -> Iterator[Statement]:
    from PIL.IptcImagePlugin import getiptcinfo

    found = getiptcinfo(image) or {}  # type: ignore[arg-type]
    for number, maker in _IPTC_ENTRIES.items():
        value = found.get((2, number), b"")
        for part in value if isinstance(value, list) else [value]:
            yield from _written(_text(part), f"IPTC 2:{number:02}", maker=maker)


def _written(text: str, where: str, *, maker: bool) -> Iterator[Statement]:
    if _SETTINGS.search(text) or _GRAPH.search(text):
        yield _statement("generated", "settings of a generator", where)
    elif maker:
        yield from _program(text, where)


def _program(text: str, where: str) -> Iterator[Statement]:
    if match := _PROGRAMS.search(text[:_LOOKED_AT]):
        yield _statement("generated", match.group(), where)


def _label(text: str, where: str) -> Iterator[Statement]:
    if match := _AIGC.search(text[:_LOOKED_AT]):
        yield _statement("generated", f"AIGC label {match.group(1)}", where)


def _text(value: object) -> str:
    """Return the beginning of an entry as text, whatever its encoding."""
    if not isinstance(value, bytes):
        return str(value)[:_LOOKED_AT]
    # EXIF 2.32, 4.6.5: eight bytes name the encoding of a UserComment.
    if value.startswith(b"UNICODE\0"):
        body = value[8 : 8 + 2 * _LOOKED_AT]
        little = body[:200:2].count(0) < body[1:200:2].count(0)
        return body.decode("utf-16-le" if little else "utf-16-be", "replace")
    return value[:_LOOKED_AT].decode("utf-8", "replace")


def _statement(what: Made, source_type: str, where: str, *, other: bool = False) -> Statement:
    subject = "a picture behind this one" if other else "this picture"
    return Statement(
        made=what,
        of="component" if other else "picture",
        by="nobody",
        source_type=source_type,
        where=where,
        words=f"An unsigned entry of the file ({where}) declares that {subject} {WORDS[what]} "
        f"({source_type}). Anybody can write or remove such an entry.",
    )
