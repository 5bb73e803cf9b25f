"""Keys: derived as documented, apart by purpose, and never shown."""

import pytest

from watermark.errors import WatermarkError
from watermark.keys import DeviceSecret, GroupKey

SECRET = bytes(range(32))
PINNED = ["7f11e1f8f153bd78", "130b2ba9986f6ab8"]


def test_numbers_are_pinned() -> None:
    words = GroupKey(SECRET).words("payload signs", 2)
    assert [f"{word:016x}" for word in words.tolist()] == PINNED


def test_purposes_and_keys_draw_apart() -> None:
    one, other = GroupKey(SECRET), GroupKey(SECRET[::-1])
    drawn = [one.words("a", 4), one.words("b", 4), other.words("a", 4)]
    assert len({words.tobytes() for words in drawn}) == 3


def test_longer_draws_begin_alike() -> None:
    key = GroupKey(SECRET)
    assert key.words("a", 100)[:7].tolist() == key.words("a", 7).tolist()


def test_each_photo_has_a_key_of_its_own() -> None:
    device = DeviceSecret(SECRET)
    keys = {device.of_photo(bytes([n] * 8)).secret for n in range(50)}
    assert len(keys) == 50
    assert device.of_photo(bytes(8)) != DeviceSecret(SECRET[::-1]).of_photo(bytes(8))


def test_text_does_not_show_the_secret() -> None:
    assert SECRET.hex()[:8] not in repr(GroupKey(SECRET))
    assert GroupKey(SECRET).name in repr(GroupKey(SECRET))


def test_other_lengths_are_refused() -> None:
    with pytest.raises(WatermarkError, match="32 bytes"):
        GroupKey(b"short")


def test_drawn_keys_differ() -> None:
    assert GroupKey.draw() != GroupKey.draw()
