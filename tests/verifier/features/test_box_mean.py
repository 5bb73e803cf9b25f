"""The mean of squares is what its definition says, edges continued."""

import numpy as np
import pytest
from numpy.typing import NDArray

from verifier.features.box_mean import box_mean


def by_definition(values: NDArray[np.float32], side: int) -> NDArray[np.float64]:
    padded = np.pad(values.astype(np.float64), side // 2, mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (side, side))
    mean: NDArray[np.float64] = windows.mean(axis=(2, 3))
    return mean


@pytest.mark.parametrize("side", [1, 3, 5, 7, 9, 25])
@pytest.mark.parametrize("shape", [(1, 1), (3, 50), (70, 33), (129, 5)])
def test_the_mean_of_every_square_is_that_of_its_values(side: int, shape: tuple[int, int]) -> None:
    values = np.random.default_rng(side).uniform(0, 255, shape).astype(np.float32)
    assert box_mean(values, side) == pytest.approx(by_definition(values, side), abs=1e-4)


def test_small_values_beside_large_ones_keep_their_digits() -> None:
    """A running sum over a spectrum would drown them: its values differ by a factor of 1e12."""
    values = np.ones((40, 40), np.float32)
    values[0, 0] = 1e12
    assert box_mean(values, 5)[20:, 20:] == pytest.approx(1, rel=1e-6)
