"""Payloads and the message around them."""

import pytest

from watermark.errors import WatermarkError
from watermark.payload import MESSAGE_BITS, Message, draw_payload, parse_payload

PAYLOAD = bytes.fromhex("0123456789abcdef")


def test_message_is_pinned() -> None:
    """Payload, 4032 / 4 = 0x3f0, and the CRC of 0123456789abcdef03f0: as documented."""
    assert f"{Message(PAYLOAD, 4032).to_bits():x}" == "123456789abcdef3f017fa"


@pytest.mark.parametrize(("side", "carried"), [(4032, 4032), (4033, 4032), (1, 4), (99999, 16380)])
def test_size_comes_back_in_steps(side: int, carried: int) -> None:
    assert Message.from_bits(Message(PAYLOAD, side).to_bits()) == Message(PAYLOAD, carried)


def test_any_changed_bit_breaks_the_checksum() -> None:
    bits = Message(PAYLOAD, 4032).to_bits()
    assert all(Message.from_bits(bits ^ 1 << place) is None for place in range(MESSAGE_BITS))


def test_all_zeros_are_no_message() -> None:
    assert Message.from_bits(0) is None


def test_drawn_payloads_differ() -> None:
    assert len({draw_payload() for _ in range(100)}) == 100


@pytest.mark.parametrize(
    "text", ["", "0123", "0123456789abcdeg", "0123456789abcdef00", "01 23456789abcde"]
)
def test_what_is_no_payload_is_refused(text: str) -> None:
    with pytest.raises(WatermarkError, match="16 hexadecimal digits"):
        parse_payload(text)


def test_payload_is_read() -> None:
    assert parse_payload("0123456789ABCDEF") == PAYLOAD
