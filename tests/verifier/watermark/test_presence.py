"""Whose octaves a picture has: its device's, in the parts that it took, or nobody's."""

from dataclasses import replace
from math import exp

import numpy as np
import pytest
from PIL import Image, ImageFilter

from tests.verifier.watermark.made import DEVICE, GROUP, PAYLOAD, Picture, in_8_bits, photo, scene
from verifier.watermark.place import TURNS, Place
from verifier.watermark.presence import (
    MOST_FALSE_ALARMS,
    Presence,
    _scores,
    _Weighed,
    presence,
    threshold,
)
from verifier.watermark.reader import WatermarkReading, read_watermark
from watermark.embedding import Watermark
from watermark.keys import DeviceSecret, PhotoKey

pytestmark = pytest.mark.slow

SIZE, LEVELS = (576, 768), 2.0
OTHERS = [DeviceSecret(bytes([n] * 32)) for n in range(40, 42)]


@pytest.fixture(scope="module")
def whole() -> Picture:
    return photo(SIZE, levels=LEVELS)


def _found(picture: Picture, secrets: list[DeviceSecret]) -> Presence:
    return presence(picture, read_watermark(picture, [GROUP], search=False), GROUP, secrets)


def test_the_device_that_took_it_is_found(whole: Picture) -> None:
    found = _found(whole, [*OTHERS, DEVICE])
    assert found.device == len(OTHERS)
    assert found.deviations > 20
    assert found.false_alarm_rate < 1e-12
    assert [one.name for one in found.octaves] == [
        "octave 36–72", "octave 72–144", "octave 144–288", "octave 288–576",
    ]  # fmt: skip
    assert found.regions.shape == (3, 4)
    assert (found.regions >= 0).all()
    assert (found.regions > 0).sum() >= 10


def test_turned_and_small_it_is_found(whole: Picture) -> None:
    small = np.asarray(Image.fromarray(np.rot90(whole)).resize((432, 576)))
    found = _found(small, [*OTHERS, DEVICE])
    assert found.device == len(OTHERS)


def test_of_devices_that_did_not_take_it_none_is_found(whole: Picture) -> None:
    found = _found(whole, OTHERS)
    assert found.device is None
    assert found.would_show
    assert found.octaves == ()
    assert not found.regions.any()


def test_a_copied_payload_has_nobodys_octaves() -> None:
    plane = Watermark(PAYLOAD, GROUP).plane(SIZE)
    laid = LEVELS * plane.window(SIZE, slice(0, SIZE[0]), slice(0, SIZE[1]))
    found = _found(in_8_bits(scene(SIZE, 3) + laid), [*OTHERS, DEVICE])
    assert found.device is None
    assert found.would_show


def test_a_part_from_another_photo_is_where_octaves_are_missing(whole: Picture) -> None:
    pasted = whole.copy()
    pasted[288:, 384:] = in_8_bits(scene(SIZE, seed=5))[288:, 384:]
    regions = _found(pasted, [DEVICE]).regions
    assert regions.shape == (3, 4)
    assert (regions[2, 2:] <= 0).all()
    assert (regions[2, 2:] < 0).any()
    assert (regions[0] >= 0).all()
    assert (regions[:, :2] >= 0).all()


def test_smoothing_of_a_part_shows_there(whole: Picture) -> None:
    smoothed = np.asarray(Image.fromarray(whole).filter(ImageFilter.GaussianBlur(12)))
    pasted = whole.copy()
    pasted[:, 576:] = smoothed[:, 576:]
    regions = _found(pasted, [DEVICE]).regions
    assert (regions[:, 3] < 0).sum() >= 2
    assert (regions[:, :2] >= 0).all()


def test_a_picture_too_small_is_not_judged(whole: Picture) -> None:
    reading = read_watermark(whole, [GROUP], search=False)
    tiny = np.asarray(Image.fromarray(whole).resize((96, 72)))
    place = Place(reading.place.turn, (1 / 96, 1 / 96)) if reading.place else None
    found = presence(tiny, replace(reading, place=place), GROUP, [DEVICE])
    assert found.device is None
    assert not found.would_show


def test_chance_keeps_its_bound_in_a_picture_without_octaves() -> None:
    """500 keys that laid nothing: their correlations are as seldom large as Hoeffding says."""
    picture = in_8_bits(scene((600, 800), 9))
    weighed = _Weighed.of(picture, Place(TURNS[0], (1 / 800, 1 / 800)))
    keys = [PhotoKey(n.to_bytes(32)) for n in range(500)]
    scores, deviation = _scores(weighed, keys)
    assert deviation > 0
    assert 0.95 < scores.std() < 1.05
    for z in (1.5, 2.0, 2.5):
        assert (scores >= z).mean() < exp(-(z**2) / 2)


def test_the_threshold_pays_for_each_secret() -> None:
    for secrets in (1, 20, 1000):
        assert secrets * exp(-(threshold(secrets) ** 2) / 2) == pytest.approx(MOST_FALSE_ALARMS)


def test_without_a_payload_nothing_is_looked_for(whole: Picture) -> None:
    with pytest.raises(ValueError, match="payload was read"):
        presence(whole, WatermarkReading(found=False), GROUP, [DEVICE])
    with pytest.raises(ValueError, match="by secrets"):
        _found(whole, [])
