from itertools import pairwise
from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from channel.errors import ChannelValueError
from channel.resample import PILLOW_FILTERS, resized
from channel.resampling_filters import Resampling, matrix, taps
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
    # Where a first sum lies on the edge of two levels, Pillow's fixed point may choose the other;
    # a filter that overshoots makes more than one level of that.
    most = 1 if np.abs(down).sum(1).max() < 1.001 else 2
    assert np.abs(ours - resized(pixels, after, resampling)).max() <= most


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
        resized(photo(4, 4), (2, 2), "nearest")
    with pytest.raises(ChannelValueError, match="at least 1"):
        resized(photo(4, 4), (0, 2), "lanczos")


@settings(max_examples=200, deadline=None)
@given(before=st.tuples(SIDES, SIDES), shrunk=st.tuples(SIDES, SIDES), seed=st.integers(0, 9))
def test_unweighted_box_averages_whole_pixels_and_rounds_halves_up(
    before: tuple[int, int], shrunk: tuple[int, int], seed: int
) -> None:
    after = min(before[0], shrunk[0]), min(before[1], shrunk[1])
    pixels = np.random.default_rng(seed).integers(0, 256, before, dtype=np.uint8)
    averaged = averaged_rows(averaged_rows(pixels, after[0]).T, after[1]).T
    np.testing.assert_array_equal(resized(pixels, after, "unweighted-box"), averaged)


def averaged_rows(pixels: NDArray[np.integer], after: int) -> NDArray[np.integer]:
    """Average in whole numbers the rows whose centre is above an edge of a new row, or on it."""
    edges = [(2 * i * len(pixels) + after) // (2 * after) for i in range(after + 1)]
    sums = [pixels[a:b].astype(int).sum(0) for a, b in pairwise(edges)]
    return np.stack(
        [
            (2 * s + (b - a)) // (2 * (b - a))
            for s, (a, b) in zip(sums, pairwise(edges), strict=True)
        ]
    )
