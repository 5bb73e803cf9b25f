"""How much of a watermark is left: all, less after smoothing, none of another photo's."""

import numpy as np
import pytest
from PIL import Image, ImageFilter

from tests.verifier.watermark.made import DEVICE, GROUP, PAYLOAD, Picture, photo
from verifier.watermark.measuring import Left, measure
from verifier.watermark.reader import WatermarkReading, read_watermark

pytestmark = pytest.mark.slow

SIZE = (1200, 1600)
KEY = DEVICE.of_photo(PAYLOAD)


@pytest.fixture(scope="module")
def whole() -> Picture:
    return photo(SIZE)


def _measured(picture: Picture) -> dict[str, Left]:
    reading = read_watermark(picture, [GROUP], search=False)
    return {one.name: one for one in measure(picture, reading, GROUP, KEY)}


def test_all_bands_of_a_photo_as_it_was_laid_are_left(whole: Picture) -> None:
    left = _measured(whole)
    assert len(left) == 7
    shares = [left[f"octave {band}"].share for band in ("72–144", "144–288")]
    assert min(shares) > 0.5
    assert all(0 < left[f"octave {band}"].error < 0.3 for band in ("72–144", "144–288"))


def test_without_the_photos_key_the_payload_is_measured(whole: Picture) -> None:
    reading = read_watermark(whole, [GROUP], search=False)
    names = [one.name for one in measure(whole, reading, GROUP)]
    assert names == ["payload 36–72", "payload 72–144", "payload 144–288"]


def test_of_another_photo_nothing_is_left(whole: Picture) -> None:
    reading = read_watermark(whole, [GROUP], search=False)
    left = measure(whole, reading, GROUP, DEVICE.of_photo(bytes(8)))
    octaves = [one for one in left if one.name.startswith("octave")]
    assert max(abs(one.share) for one in octaves) < 0.5
    assert all(abs(one.share) < 4 * one.error for one in octaves)


def test_smoothing_takes_what_is_fine(whole: Picture) -> None:
    smoothed = np.asarray(Image.fromarray(whole).filter(ImageFilter.GaussianBlur(1.5)))
    before, after = _measured(whole), _measured(smoothed)
    kept = {name: after[name].share / before[name].share for name in before}
    assert kept["octave 288–576"] < 0.7 * kept["octave 72–144"]


def test_what_was_not_read_is_not_measured(whole: Picture) -> None:
    with pytest.raises(ValueError, match="was read"):
        measure(whole, WatermarkReading(found=False), GROUP)
