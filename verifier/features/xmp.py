"""XMP packets (ISO 16684-1): what they say of how a picture was made.

Untrusted XML: no entities, no DTD, a bounded size; of what can't be parsed, IPTC's own words are
looked for as bytes.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final
from xml.etree.ElementTree import Element, ParseError

_MAIN: Final = b"http://ns.adobe.com/xap/1.0/\0"
# XMP part 3, 1.1.3.1: GUID (32), length of the whole (4) and offset (4) before each part.
_EXTENDED: Final = b"http://ns.adobe.com/xmp/extension/\0"
_LARGEST: Final = 1_000_000  # bytes of all packets of a file that are parsed
_NEWSCODE: Final = re.compile(rb"newscodes/digitalsourcetype/(\w{3,60})", re.IGNORECASE)
# Whose properties are about another picture: this one's ingredients and what it derives from.
_OF_OTHERS: Final = ("ingredients", "derivedfrom", "pantry")


@dataclass(frozen=True)
class Property:
    """A property's name without its namespace, its value, and whether it is of another picture."""

    name: str
    value: str
    of_another: bool = False


def packets_of_jpeg(segments: list[tuple[str, bytes]]) -> list[bytes]:
    """Return the packets in a JPEG file's application segments, parts of one put together."""
    packets, parts = [], {}
    for name, content in segments:
        if name == "APP1" and content.startswith(_MAIN):
            packets.append(content[len(_MAIN) :])
        elif name == "APP1" and content.startswith(_EXTENDED):
            head = len(_EXTENDED)
            place = content[head : head + 32], int.from_bytes(content[head + 36 : head + 40], "big")
            parts[place] = content[head + 40 :]
    whole: dict[bytes, list[bytes]] = {}
    for guid, offset in sorted(parts):
        whole.setdefault(guid, []).append(parts[guid, offset])
    return [*packets, *map(b"".join, whole.values())]


def properties(packets: Iterable[bytes]) -> Iterator[Property]:
    """Yield the properties in a file's packets, as attributes and as elements."""
    left = _LARGEST
    for packet in packets:
        left -= len(packet)
        root = _parsed(packet) if left >= 0 else None
        if root is not None:
            yield from _walk(root)
            continue
        for name in {*_NEWSCODE.findall(packet), *_NEWSCODE.findall(_utf8(packet))}:
            yield Property("DigitalSourceType", name.decode("ascii", "replace"))


def _utf8(packet: bytes) -> bytes:
    """Return a packet in UTF-8; in PNG, TIFF and others it may be in UTF-16 or UTF-32 as well."""
    encoding = json.detect_encoding(packet)  # by the zeros around the first character, as XML does
    if encoding.startswith("utf-8"):
        return packet
    return packet.decode(encoding, "replace").encode()


def _parsed(packet: bytes) -> Element | None:
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    text = _utf8(packet)
    end = text.rfind(b">") + 1  # padding and trailers aren't XML
    try:
        # As str: what was in another encoding still says so in its first line.
        whole = text[:end] if text is packet else text[:end].decode()
        root: Element = fromstring(whole, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        return None
    return root


def _walk(root: Element) -> Iterator[Property]:
    waiting = [(root, "", False)]
    while waiting:
        element, above, other = waiting.pop()
        name = _local(element.tag)
        # A value may be in a list or a structure of RDF below the property's own element.
        named = (
            above if name.lower() in ("li", "alt", "bag", "seq", "value", "description") else name
        )
        other = other or name.lower() in _OF_OTHERS
        text = (element.text or "").strip()
        if text:
            yield Property(named, text, other)
        for attribute, value in element.attrib.items():
            short = _local(attribute)
            yield Property(named if short in ("resource", "value") else short, value, other)
        waiting += [(child, named, other) for child in element]


def _local(name: object) -> str:
    return str(name).rsplit("}", 1)[-1]
