"""The strength of an edit by its slope: of blurs whose slope is known in closed form."""

import numpy as np
import pytest

from verifier.watermark.description import UNIT
from verifier.watermark.edit_strength import (
    BEYOND,
    NEAR,
    STRONGEST,
    UNEDITED,
    UNEDITED_BLIND,
    blur_of,
    sharpening_of,
)


def _described(slope: float, error: float = 0.01) -> np.ndarray:
    return np.array((slope, error, 1.0, 0.0, 0.0), np.float32)


@pytest.mark.parametrize("sigma", [0.6, 1.0, 2.0])
def test_a_gaussian_blur_has_its_sigma(sigma: float) -> None:
    theory = 2 * (np.pi * sigma * UNIT) ** 2
    found = blur_of(_described(UNEDITED - theory / (NEAR + BEYOND * theory)), keyed=True)
    assert found.likeliest == pytest.approx(sigma, rel=1e-4)
    assert found.least < sigma < found.most


def test_sharpening_is_what_detail_of_ten_pixels_gains() -> None:
    found = sharpening_of(_described(UNEDITED + float(np.log(1.25))), keyed=True)
    assert found.likeliest == pytest.approx(0.25, rel=1e-4)
    assert found.least < 0.25 < found.most


def test_what_is_badly_known_has_a_wide_range_and_none_below_nothing() -> None:
    sure, unsure = (blur_of(_described(-0.05, error), keyed=True) for error in (0.01, 0.2))
    assert (unsure.least, unsure.likeliest) == (0, sure.likeliest)
    assert unsure.most > sure.most
    assert sharpening_of(_described(0.05, 0.2), keyed=True).least == 0


def test_beyond_the_strongest_blur_only_the_least_is_known() -> None:
    assert blur_of(_described(-0.58), keyed=True).most >= STRONGEST
    assert blur_of(_described(-0.2), keyed=True).most < STRONGEST


def test_by_the_groups_key_an_unedited_photo_has_a_slope_of_its_own() -> None:
    unedited = _described(UNEDITED_BLIND)
    assert sharpening_of(unedited, keyed=False).likeliest == pytest.approx(0, abs=1e-4)
    assert sharpening_of(unedited, keyed=True).likeliest > 0.05
