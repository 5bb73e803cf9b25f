"""Areas are averaged exactly: against sums of fractions, and against what is known beforehand."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from watermark.area_average import area_average


def by_fractions(pixels: NDArray[Any], width: int, height: int) -> NDArray[np.uint8]:
    """Average by the definition: overlaps as fractions, halves up."""
    tall, wide, _ = pixels.shape
    down, across = _overlaps(tall, height), _overlaps(wide, width)
    values = pixels.astype(int).astype(object)
    sums = np.einsum("iy,yxc,jx->ijc", down, values, across)
    most = int(np.iinfo(pixels.dtype).max)
    levels = [int(Fraction(255, most * tall * wide) * v + Fraction(1, 2)) for v in sums.ravel()]
    return np.array(levels, np.uint8).reshape(sums.shape)


def _overlaps(length: int, parts: int) -> NDArray[Any]:
    """Return how much of each pixel lies in each part, times the number of parts."""
    return np.array(
        [
            [max(0, min((y + 1) * parts, (i + 1) * length) - max(y * parts, i * length))
             for y in range(length)]
            for i in range(parts)
        ],
        object,
    )  # fmt: skip


@settings(max_examples=30, deadline=None)
@given(
    sides=st.tuples(st.integers(1, 24), st.integers(1, 24)),
    parts=st.tuples(st.floats(0, 1), st.floats(0, 1)),
    depth=st.sampled_from([np.uint8, np.uint16]),
    seed=st.integers(0, 1000),
)
def test_it_is_the_mean_of_the_area_to_the_bit(
    sides: tuple[int, int], parts: tuple[float, float], depth: type, seed: int
) -> None:
    most = np.iinfo(depth).max
    pixels = np.random.default_rng(seed).integers(0, most + 1, (*sides, 3)).astype(depth)
    height, width = (1 + int(part * (side - 1)) for part, side in zip(parts, sides, strict=True))
    found = area_average(pixels, width, height)
    np.testing.assert_array_equal(found, by_fractions(pixels, width, height))


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_the_brightest_stays_the_brightest(depth: type) -> None:
    """Sums of the longest columns are still exact."""
    pixels = np.full((65_535, 2, 3), np.iinfo(depth).max, depth)
    assert (area_average(pixels, 1, 7) == 255).all()


def test_at_its_own_size_a_picture_stays_as_it_is() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (9, 7, 3)).astype(np.uint8)
    np.testing.assert_array_equal(area_average(pixels, 7, 9), pixels)
    np.testing.assert_array_equal(area_average(pixels.astype(np.uint16) * 257, 7, 9), pixels)


def test_rows_of_a_picture_that_lies_apart_in_memory() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (40, 60, 3)).astype(np.uint8)
    turned = np.rot90(pixels)
    np.testing.assert_array_equal(area_average(turned, 10, 15), area_average(turned.copy(), 10, 15))
