"""What JPEG's rounding leaves of a faint pattern: all at fine steps, little at coarse ones."""

import numpy as np
import pytest

from tests.verifier.watermark.made import scene
from verifier.watermark.jpeg_loss import left_by_rounding

SIZE = (256, 321)  # a column is cut off its block
PATTERN = np.random.default_rng(3).normal(0, 0.4, SIZE).astype(np.float32)


def _share(steps: int) -> float:
    luma = np.rint(scene(SIZE))
    left = left_by_rounding(luma, [steps] * 64, PATTERN)
    return float((left * PATTERN).sum() / np.square(PATTERN).sum())


def test_steps_of_a_level_leave_all() -> None:
    assert _share(1) == pytest.approx(1, abs=0.03)


def test_the_coarser_the_steps_the_less_is_left() -> None:
    shares = [_share(steps) for steps in (1, 8, 24, 60)]
    assert shares == sorted(shares, reverse=True)
    assert shares[-1] < 0.4


def test_blocks_that_are_cut_off_keep_the_pattern() -> None:
    left = left_by_rounding(scene(SIZE), [60] * 64, PATTERN)
    assert np.array_equal(left[:, 320:], PATTERN[:, 320:])
    assert left.dtype == np.float32


def test_a_flat_picture_takes_what_is_under_half_a_step() -> None:
    flat = np.full(SIZE, 128, np.float32)
    left = left_by_rounding(flat, [40] * 64, PATTERN)
    assert np.abs((left * PATTERN)[:256, :320].sum()) < 0.1 * np.square(PATTERN).sum()


def test_it_gives_the_same_again() -> None:
    luma = scene(SIZE)
    first, second = (left_by_rounding(luma, [20] * 64, PATTERN) for _ in range(2))
    assert np.array_equal(first, second)
