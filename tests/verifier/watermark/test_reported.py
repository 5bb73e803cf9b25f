"""What a report says of a watermark: in an editor's words, and no more than was read."""

import math
from dataclasses import replace

import pytest

from tests.verifier.watermark.made import GROUP, PAYLOAD, photo
from verifier.report.record import WatermarkFacts
from verifier.watermark.place import TURNS, Place
from verifier.watermark.reader import WatermarkReading, read_watermark
from verifier.watermark.reported import NOT_LOOKED_FOR, as_facts

PHOTO = 4000  # longer side
WHOLE = WatermarkReading(
    found=True,
    payload=PAYLOAD,
    key=GROUP.name,
    false_hit_rate=3e-15,
    longer_side=PHOTO,
    scale=1.0,
    offset=(0.4, -1.2),
)


def said(shown: float = PHOTO, **given: object) -> str:
    """Say what was read of a picture that shows so many pixels of the photo's longer side."""
    found = replace(WHOLE, **given)
    return " ".join(as_facts(found, round(shown * (found.scale or 1))).words)


def test_the_photo_is_named() -> None:
    facts = as_facts(WHOLE, PHOTO)
    assert (facts.state, facts.payload, facts.key) == ("read", PAYLOAD.hex(), GROUP.name)
    assert (facts.scale, facts.offset, facts.longer_side) == (1.0, (0.4, -1.2), PHOTO)
    assert facts.false_hit_rate == 3e-15
    assert f"names the photo: {PAYLOAD.hex()}" in said()


@pytest.mark.parametrize(
    ("scale", "words"),
    [(0.37, "at 37% of its size"), (1.002, "at its full size"), (1.25, "at 125% of its size")],
)
def test_the_size_is_said(scale: float, words: str) -> None:
    assert f"The picture shows the photo {words}." in said(scale=scale)


@pytest.mark.parametrize(
    ("offset", "shown", "words"),
    [
        ((800.0, 1600.0), 2400, "corner lies 800 pixels across and 1,600 pixels down the photo"),
        ((0.0, 1600.0), 4000, "corner lies 0 pixels across and 1,600 pixels down"),
        ((0.0, 0.0), 3000, "the right or the lower side is missing"),
    ],
)
def test_a_part_is_called_one(offset: tuple[float, float], shown: float, words: str) -> None:
    assert "It shows a part of the photo" in said(shown, offset=offset, scale=0.37)
    assert words in said(shown, offset=offset, scale=0.37)
    assert "around the photo" not in said(shown, offset=offset)


@pytest.mark.parametrize(
    ("offset", "shown"), [((-90.0, -60.0), 4180), ((0.0, 0.0), 4400), ((900.0, -300.0), 3000)]
)
def test_a_frame_is_said(offset: tuple[float, float], shown: float) -> None:
    assert "Something lies around the photo" in said(shown, offset=offset)


def test_of_a_whole_photo_no_part_is_claimed_to_be_missing_or_all_to_be_shown() -> None:
    for scale in (0.27, 0.998, 1.0, 1.5):
        words = said(PHOTO + 9, scale=scale, offset=(11.0, -8.0))
        assert not {"part", "whole", "around"} & set(words.replace(".", "").split())


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("quarters", range(4))
def test_turns_are_said(quarters: int, mirrored: bool) -> None:
    wanted = (90 * quarters, mirrored)
    [turn] = [one for one in TURNS if (one.degrees, one.mirrored) == wanted]
    place = Place(turn, (1.0, 1.0), (0.0, 0.0))
    facts = as_facts(replace(WHOLE, place=place), PHOTO)
    assert (facts.turned, facts.mirrored) == (90 * quarters, mirrored)
    words = " ".join(facts.words)
    assert ("mirrored" in words) == mirrored
    assert (f"turned clockwise by {90 * quarters}°" in words) == (quarters > 0)


@pytest.mark.parametrize(
    ("slant", "words"), [(1.97, "clockwise in it by 2.0°"), (-0.6, "counterclockwise in it by 0.6")]
)
def test_that_it_was_straightened_is_said(slant: float, words: str) -> None:
    facts = as_facts(replace(WHOLE, place=Place(TURNS[0], (1.0, 1.0), slant=slant)), PHOTO)
    assert facts.slant == round(slant, 1)
    assert words in " ".join(facts.words)


@pytest.mark.parametrize("rate", [1e-8, 3e-15, 1e-80, 0.0])
def test_chance_is_never_made_rarer_than_it_is(rate: float) -> None:
    words = said(false_hit_rate=rate)
    [number] = [word for word in words.split() if "," in word and word[0].isdigit()]
    assert 1e8 <= int(number.replace(",", "")) <= (1.0001 / rate if rate else math.inf)


def test_what_it_does_not_say_is_said() -> None:
    assert "does not say whether the picture was edited" in said()
    assert "to whoever keeps its record" in said()
    assert "no signature" in said()


def test_where_none_was_found_nobody_is_accused() -> None:
    facts = as_facts(read_watermark(photo((64, 80), levels=0), [GROUP]), 80)
    assert (facts.state, facts.payload, facts.scale) == ("not found", None, None)
    words = " ".join(facts.words)
    for cause in ("no evidence against", "other cameras", "Copying", "cropping"):
        assert cause in words


def test_without_a_key_it_says_what_to_do() -> None:
    assert NOT_LOOKED_FOR.state == "not looked for"
    assert "gives you its key" in " ".join(NOT_LOOKED_FOR.words)


@pytest.mark.parametrize("found", [WHOLE, WatermarkReading(found=False), None])
def test_sentences_are_short(found: WatermarkReading | None) -> None:
    facts = WatermarkFacts() if found is None else as_facts(found, PHOTO // 2)
    for words in facts.words:
        for sentence in words.removesuffix(".").split(". "):
            assert len(sentence.split()) <= 25
        assert words.endswith(".")
