"""The error-correcting code: what it is, what it mends, and how rarely noise passes."""

import numpy as np
import pytest

from watermark.code import CODED_BITS, Decoded, decode, encode, generator_matrix
from watermark.payload import MESSAGE_BITS, Message

MESSAGE = Message(bytes.fromhex("0123456789abcdef"), 4032).to_bits()


def _powers() -> list[int]:
    powers = [1]
    while len(powers) < 255:
        doubled = powers[-1] << 1
        powers.append(doubled ^ 0x11D if doubled & 0x100 else doubled)
    return powers


def test_is_the_bch_code_of_its_description() -> None:
    powers = _powers()
    for row in generator_matrix():
        ones = [CODED_BITS - 1 - int(place) for place in np.flatnonzero(row)]
        for root in range(1, 47):  # every codeword vanishes at α, α², …, α⁴⁶
            value = 0
            for exponent in ones:
                value ^= powers[root * exponent % 255]
            assert value == 0


def test_message_comes_first() -> None:
    codeword = encode(MESSAGE)
    assert int("".join(map(str, codeword[:MESSAGE_BITS])), 2) == MESSAGE


def test_mends_what_hard_decisions_could_not() -> None:
    rng = np.random.default_rng(0)
    signs = 1 - 2.0 * encode(MESSAGE)
    soft = [signs * 1.3 + rng.normal(size=CODED_BITS) for _ in range(20)]
    assert min((values * signs < 0).sum() for values in soft) > 10
    assert max((values * signs < 0).sum() for values in soft) > 23  # beyond t
    assert all(decode(values).message == MESSAGE for values in soft)


@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e9])
def test_score_knows_no_scale(scale: float) -> None:
    rng = np.random.default_rng(1)
    values = 1 - 2.0 * encode(MESSAGE) + rng.normal(size=CODED_BITS)
    assert decode(values * scale).score == pytest.approx(decode(values).score)


def test_noise_is_never_taken_for_a_payload() -> None:
    rng = np.random.default_rng(2)
    decoded = [decode(rng.normal(size=CODED_BITS)) for _ in range(60)]
    assert max(one.score for one in decoded) < 10.3
    assert min(one.false_hit_rate for one in decoded) > 1e-8


def test_silence_has_no_score() -> None:
    decoded = decode(np.zeros(CODED_BITS))
    assert decoded.score == 0
    assert decoded.false_hit_rate == 1


def test_false_hit_rate_falls_with_the_score() -> None:
    codeword = encode(MESSAGE)
    rates = [Decoded(0, codeword, score).false_hit_rate for score in (5, 9, 10, 11, 15, 15.75)]
    assert rates == sorted(rates, reverse=True)
    assert rates[0] == 1
    assert rates[3] < 1e-12
