"""What a watermark says: 64 bits that name a photo, the photo's size, and a checksum."""

import binascii
import secrets
from dataclasses import dataclass

from watermark.errors import WatermarkError

ALGORITHM = "org.camsim.watermark.1"
"""This watermark's name in soft bindings of C2PA; another pattern or code gets another."""
PAYLOAD_BYTES = 8
SIZE_UNIT = 4  # pixels
MOST_UNITS = 2**12 - 1
MESSAGE_BITS = 64 + 12 + 16
VALID_MESSAGES_LOG2 = 64 + 12


@dataclass(frozen=True)
class Message:
    """A payload and the size of the photo that carries it.

    Attributes
    ----------
    payload
        8 bytes.
    longer_side
        Of the photo as developed, in pixels; carried in steps of 4, up to 16,380.
    """

    payload: bytes
    longer_side: int

    def to_bits(self) -> int:
        """Return 92 bits: payload, size in steps, CRC-16 (polynomial 0x1021, from 0) of both."""
        units = min(MOST_UNITS, max(1, round(self.longer_side / SIZE_UNIT)))
        head = self.payload + units.to_bytes(2)
        body = int.from_bytes(self.payload) << 12 | units
        return body << 16 | binascii.crc_hqx(head, 0)

    @classmethod
    def from_bits(cls, bits: int) -> "Message | None":
        """Return the message, or None where the checksum doesn't hold."""
        body, checksum = bits >> 16, bits & 0xFFFF
        units, payload = body & MOST_UNITS, (body >> 12).to_bytes(PAYLOAD_BYTES)
        if binascii.crc_hqx(payload + units.to_bytes(2), 0) != checksum or not units:
            return None
        return cls(payload, units * SIZE_UNIT)


def draw_payload() -> bytes:
    """Draw a payload at random."""
    return secrets.token_bytes(PAYLOAD_BYTES)


def parse_payload(text: str) -> bytes:
    """Read a payload of 16 hexadecimal digits.

    Raises
    ------
    WatermarkError
        If it is none.
    """
    try:
        payload = bytes.fromhex(text)
    except ValueError:
        payload = b""
    if len(payload) != PAYLOAD_BYTES or len(text) != 2 * PAYLOAD_BYTES:
        raise WatermarkError(f"a payload is 16 hexadecimal digits, not {text[:40]!r}")
    return payload
