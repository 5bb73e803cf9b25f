"""What a manifest says leads a copy back to it: its soft bindings (C2PA 2.2, 18.10)."""

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from verifier.reading.credentials.json_values import items, mapping
from verifier.reading.credentials.signed_assertions import signed_assertions
from watermark.errors import WatermarkError
from watermark.payload import ALGORITHM, PAYLOAD_BYTES, parse_payload

LABEL: Final = "c2pa.soft-binding"
_MOST: Final = 32  # bindings; a manifest with more is no accident
_LONGEST: Final = 4096  # characters of a value; fingerprints have some hundreds
_LONGEST_NAME: Final = 200  # characters of an algorithm's name


@dataclass(frozen=True)
class SoftBinding:
    """A watermark or a fingerprint of a photo.

    Attributes
    ----------
    alg
        Name of the algorithm, as the manifest has it.
    value
        Its bytes: of `watermark.payload.ALGORITHM` the 8 bytes of the payload.
    """

    alg: str
    value: bytes


def soft_bindings_of(detailed: object) -> tuple[SoftBinding, ...]:
    """Return the soft bindings of the active manifest, each once.

    Parameters
    ----------
    detailed
        What ``c2pa.Reader.detailed_json`` gives, parsed; anything at all is survived.
    """
    found: dict[SoftBinding, None] = {}
    for binding in _bindings(detailed):
        if len(found) < _MOST:
            found[binding] = None
    return tuple(found)


def _bindings(detailed: object) -> Iterator[SoftBinding]:
    for assertion in signed_assertions(detailed, LABEL):
        alg = assertion.get("alg")
        if not isinstance(alg, str) or not 0 < len(alg) <= _LONGEST_NAME:
            continue
        for block in map(mapping, items(assertion.get("blocks"))):
            value = value_of(alg, block.get("value"))
            if value is not None:
                yield SoftBinding(alg, value)


def value_of(alg: str, value: Any) -> bytes | None:
    """Return a value's bytes; None where they aren't known.

    The standard has a string of bytes, which c2pa's reader gives as text in base64. Through c2pa's
    builder only text can be written: our own is 16 hexadecimal digits, others write base64.
    """
    if not isinstance(value, str) or not 0 < len(value) <= _LONGEST:
        return None
    if alg == ALGORITHM:
        return _payload(value)
    return _of_base64(value)


def _payload(text: str) -> bytes | None:
    try:
        return parse_payload(text)
    except WatermarkError:
        found = _of_base64(text)
        return found if found and len(found) == PAYLOAD_BYTES else None


def _of_base64(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True) or None
    except (binascii.Error, ValueError):
        return None
