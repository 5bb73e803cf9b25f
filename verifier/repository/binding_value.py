"""A soft binding's value as the API writes it, in base64, and as repositories keep it, in bytes.

Of camsim's watermark that is the payload's 8 bytes. c2pa writes them into a manifest as text of 16
hexadecimal digits, and clients that take the value from there send the text's bytes: both are read.
"""

import base64
import binascii
import re
from typing import Final

from verifier.repository.repository import MOST_VALUE_BYTES
from watermark.payload import ALGORITHM, PAYLOAD_BYTES

_AS_TEXT: Final = re.compile(rb"[0-9a-fA-F]{%d}" % (2 * PAYLOAD_BYTES))
_URL_SAFE: Final = str.maketrans("-_ ", "+/+")  # RFC 4648, 5; and a "+" that a query has as a space


def value_of_api(alg: str, text: str) -> bytes | None:
    """Read a value as the API has it; None where it is none.

    >>> value_of_api("org.camsim.watermark.1", "AAECAwQFBgc=").hex()
    '0001020304050607'
    >>> value_of_api("org.camsim.watermark.1", "MDAwMTAyMDMwNDA1MDYwNw").hex()
    '0001020304050607'
    """
    plain = text.translate(_URL_SAFE).rstrip("=")
    try:
        value = base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None
    if alg == ALGORITHM and _AS_TEXT.fullmatch(value):
        value = bytes.fromhex(value.decode())
    return value if 0 < len(value) <= MOST_VALUE_BYTES else None


def value_for_api(value: bytes) -> str:
    """Write a value as the API has it."""
    return base64.b64encode(value).decode()
