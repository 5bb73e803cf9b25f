"""What was put into a picture of the camera, painted over or smoothed has none of its watermark."""

from io import BytesIO

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from tests.verifier.features.test_watermark_proof import Pixels, natural
from tests.verifier.features.test_watermark_sync import RICH, as_pixels, downloaded
from verifier.features.watermark_gaps import NO_GAPS, WatermarkGaps, watermark_gaps
from verifier.features.watermark_sync import MOST_BACK, Sync, find_watermark
from verifier.judging.decision import Answer, without_gaps


def quiet(seed: int) -> NDArray[np.float64]:
    """Texture as photographs have it in most places: (960, 1152) levels."""
    levels: NDArray[np.float64] = 128 + 0.3 * (natural(seed=seed) - 128)
    return levels


def taken() -> Pixels:
    """Carry a watermark, as the camera embeds it."""
    return as_pixels(quiet(0) + np.tile(RICH.levels, (30, 36)))


ELSEWHERE = as_pixels(quiet(1))
PLACES = [
    (slice(0, 480), slice(0, 576)),  # a whole quarter
    (slice(300, 500), slice(400, 640)),
    (slice(720, 960), slice(912, 1152)),
]


def gaps_of(pixels: Pixels) -> WatermarkGaps:
    return watermark_gaps(pixels, RICH, find_watermark(pixels, RICH))


def coded(pixels: Pixels, quality: int) -> Pixels:
    file = BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file))


@pytest.mark.slow
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("way", ["elsewhere", "painted over", "elsewhere, JPEG 90"])
def test_a_part_without_the_watermark_is_found(place: tuple[slice, slice], way: str) -> None:
    picture = taken()
    smooth = np.asarray(Image.fromarray(picture).filter(ImageFilter.GaussianBlur(4)))
    grain = np.random.default_rng(2).normal(0, 2, (*picture.shape[:2], 1))
    painted = np.clip(smooth + grain, 0, 255).astype(np.uint8)
    picture[place] = (painted if way == "painted over" else ELSEWHERE)[place]
    found = gaps_of(coded(picture, 90) if "JPEG" in way else picture)
    assert found.missing
    assert found.box is not None
    left, top, right, bottom = found.box
    rows, columns = place
    assert rows.start - 96 <= top < bottom <= rows.stop + 96
    assert columns.start - 96 <= left < right <= columns.stop + 96


def test_in_a_cropped_picture_it_is_told_where_it_lies_there() -> None:
    picture = taken()
    picture[300:620, 400:720] = ELSEWHERE[300:620, 400:720]
    cropped, sync = picture[45:, 21:], Sync(offset=(64 - 45, 32 - 21))
    found = watermark_gaps(cropped, RICH, sync)
    assert found.box is not None
    left, top, right, bottom = found.box
    assert abs((left + right) / 2 - (560 - 21)) < 40
    assert abs((top + bottom) / 2 - (460 - 45)) < 40


@pytest.mark.slow
@pytest.mark.parametrize("scale", [1.0, 0.5])
@pytest.mark.parametrize("quality", [None, 95, 75])
def test_an_untouched_picture_has_none(scale: float, quality: int | None) -> None:
    picture = downloaded(taken(), scale)
    found = gaps_of(coded(picture, quality) if quality else picture)
    assert (found.missing, found.box) == (0, None)


def test_burnt_out_parts_are_not_judged() -> None:
    picture = taken()
    judged = gaps_of(picture).judged
    picture[:480, :576] = 255
    found = gaps_of(picture)
    assert (found.missing, found.judged < judged) == (0, True)


def test_a_picture_with_such_a_part_is_not_as_the_camera_left_it() -> None:
    native = Answer("ran", "consistent", ("As it left the camera.",), in_domain=True)
    found = without_gaps(native, WatermarkGaps(60, 4, (128, 0, 512, 256)))
    assert (found.status, found.in_domain, found.answer) == ("abstained", True, None)
    assert "columns 128 and 512, rows 0 and 256" in found.reasons[0]
    assert without_gaps(native, NO_GAPS) is native
    edited = Answer("ran", "evidence against", ("Edited.",), in_domain=True)
    assert without_gaps(edited, WatermarkGaps(60, 4, (128, 0, 512, 256))) is edited


@pytest.mark.parametrize("scale", [1.0, 0.75])
def test_the_borders_of_a_large_picture_are_looked_at_as_its_middle_is(scale: float) -> None:
    """The watermark is found in the middle, of at most `MOST_BACK` pixels a side."""
    wide = np.tile(quiet(0), (1, 4)) + np.tile(RICH.levels, (30, 36 * 4))
    picture = as_pixels(wide)
    assert picture.shape[1] - MOST_BACK > 2 * 480
    picture[300:620, :400] = ELSEWHERE[300:620, :400]
    found = watermark_gaps(downloaded(picture, scale), RICH, Sync(scale=(scale, scale)))
    assert found.box is not None
    left, top, right, bottom = (edge / scale for edge in found.box)
    assert -1 <= left < right <= 400 + 96
    assert 300 - 96 <= top < bottom <= 620 + 96
    untouched = watermark_gaps(downloaded(as_pixels(wide), scale), RICH, Sync(scale=(scale, scale)))
    assert (untouched.missing, untouched.judged > found.judged // 2) == (0, True)
