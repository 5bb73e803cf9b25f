from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channel.errors import ChannelValueError
from channel.resample import PILLOW_FILTERS, Resampling, matrix, resized, taps
from tests.channel.conftest import photo

FILTERS = get_args(Resampling)
SIDES = st.integers(1, 60)


@settings(max_examples=60, deadline=None)
@given(before=SIDES, after=SIDES, resampling=st.sampled_from(FILTERS))
def test_weights_of_every_pixel_sum_to_one(before: int, after: int, resampling: Resampling) -> None:
    neighbours, _ = taps(before, after, resampling)
    assert neighbours.min() >= 0
    assert neighbours.max() < before
    np.testing.assert_allclose(matrix(before, after, resampling).sum(1), 1)


@settings(max_examples=60, deadline=None)
@given(before=st.tuples(SIDES, SIDES), after=st.tuples(SIDES, SIDES), seed=st.integers(0, 9))
@pytest.mark.parametrize("resampling", PILLOW_FILTERS)
def test_matrices_are_those_of_pillow(
    resampling: Resampling, before: tuple[int, int], after: tuple[int, int], seed: int
) -> None:
    pixels = photo(*before, seed)
    across = matrix(before[1], after[1], resampling)
    down = matrix(before[0], after[0], resampling)
    first = np.floor(np.einsum("jkc,lk->jlc", pixels, across).clip(0, 255) + 0.5)
    ours = np.floor(np.einsum("ij,jlc->ilc", down, first).clip(0, 255) + 0.5)
    assert np.abs(ours - resized(pixels, after, resampling)).max() <= 1


def test_a_constant_stays_constant() -> None:
    pixels = np.full((31, 45, 3), 200, np.uint8)
    for resampling in FILTERS:
        assert (resized(pixels, (17, 64), resampling) == 200).all(), resampling


def test_area_of_a_whole_factor_is_the_mean_of_each_block() -> None:
    pixels = photo(40, 60)
    blocks = pixels.reshape(10, 4, 15, 4, 3).mean((1, 3))
    np.testing.assert_array_equal(resized(pixels, (10, 15), "area"), np.floor(blocks + 0.5))


def test_point_bilinear_sees_only_the_nearest_pixels() -> None:
    weights = matrix(100, 10, "point-bilinear")
    assert ((weights > 0).sum(1) == 2).all()
    assert (weights.max(1) == 0.5).all()


def test_unweighted_box_counts_whole_pixels() -> None:
    weights = matrix(51, 40, "unweighted-box")
    assert set(np.unique(weights)) == {0.0, 0.5, 1.0}


def test_unknown_filter_and_empty_size_are_refused() -> None:
    with pytest.raises(ChannelValueError, match="'nearest'; choose one of lanczos"):
        resized(photo(4, 4), (2, 2), "nearest")  # type: ignore[arg-type]
    with pytest.raises(ChannelValueError, match="at least 1"):
        resized(photo(4, 4), (0, 2), "lanczos")
