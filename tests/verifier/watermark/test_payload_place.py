"""Placing a cut picture by its payload, where the pilot's phases don't."""

import numpy as np
import pytest

from tests.verifier.watermark.made import GROUP, PAYLOAD, photo, scene
from verifier.watermark.payload_place import placed_by_payload
from verifier.watermark.place import Array
from verifier.watermark.reader import read_watermark
from verifier.watermark.spectrum import Spectrum
from verifier.watermark.whitening import reduced, whitened
from watermark.keys import GroupKey

SIZE, TOP, LEFT = (1200, 1600), 251, 417


@pytest.fixture(scope="module")
def cut() -> Array:
    return whitened(reduced(photo(SIZE)[TOP : TOP + 700, LEFT : LEFT + 900]))


def test_a_place_is_found_by_the_payload_and_the_pilot_says_in_which_eighth(cut: Array) -> None:
    found = next(placed_by_payload(cut, Spectrum(cut), GROUP))
    assert found.place.corner == pytest.approx((TOP / 1600, LEFT / 1600), abs=1e-3)
    assert found.place.steps == pytest.approx((1 / 1600, 1 / 1600), rel=1e-3)
    assert found.score > 5


def test_another_groups_payload_has_no_place(cut: Array) -> None:
    assert not list(
        placed_by_payload(cut, Spectrum(cut), GroupKey(b"another group's key, 32 bytes..."))
    )


def test_nor_has_a_picture_without(cut: Array) -> None:
    plain = whitened(scene(cut.shape).astype(np.float32))
    assert not list(placed_by_payload(plain, Spectrum(plain), GROUP))


@pytest.mark.slow
def test_a_cut_picture_is_read_where_the_pilot_places_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("verifier.watermark.reader.searched", lambda *_: [])
    part = photo(SIZE)[TOP : TOP + 700, LEFT : LEFT + 900]
    reading = read_watermark(np.fliplr(np.rot90(part)), [GROUP])
    assert reading.payload == PAYLOAD
    assert reading.offset == pytest.approx((LEFT, TOP), abs=3)
    assert reading.mirrored
