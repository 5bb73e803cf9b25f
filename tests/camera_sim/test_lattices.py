"""Lattices on foreign pictures: as strong as said, and where their period says."""

import numpy as np
import pytest

from camera_sim.training.foreign import ForeignSource
from camera_sim.training.lattices import STRENGTHS, made_larger, with_lattice, with_pattern
from camera_sim.training.validation import psnr
from tests.channel.conftest import photo


@pytest.mark.parametrize("seed", range(8))
def test_a_pattern_is_as_strong_as_drawn_and_repeats(seed: int) -> None:
    flat = np.full((96, 160, 3), 128, np.float32)
    pattern = with_pattern(flat, np.random.default_rng(seed)) - flat
    strength = 20 * np.log10(255 / pattern.std())
    assert STRENGTHS[0] - 0.01 <= strength <= STRENGTHS[1] + 0.01
    np.testing.assert_allclose(pattern[32:], pattern[:-32], atol=1e-3)
    np.testing.assert_allclose(pattern[:, 32:], pattern[:, :-32], atol=1e-3)
    assert np.ptp(pattern, axis=2).max() < 1e-3  # alike in all colours


def test_what_was_made_larger_has_a_lattice_of_its_stride() -> None:
    """In an even picture only the uneven weights of a stride's places are left."""
    flat = np.full((64, 64, 3), 128, np.float32)
    found = [made_larger(flat, np.random.default_rng(seed)) for seed in range(6)]
    assert max(np.ptp(one) for one in found) > 1
    for one in found:
        np.testing.assert_allclose(one[16:-8], one[8:-16], atol=1e-3)  # its edges aside


@pytest.mark.parametrize("sides", [(128, 128), (183, 183), (50, 77)])
def test_any_size_comes_back_at_its_size_and_different(sides: tuple[int, int]) -> None:
    picture = photo(*sides)
    for seed in range(12):
        found = with_lattice(picture, np.random.default_rng(seed))
        assert (found.shape, found.dtype) == (picture.shape, np.uint8)
        assert psnr(found, picture) < 60


def test_a_share_of_foreign_patches_carries_one() -> None:
    picture = photo(200, 200)
    counts = []
    for latticed in (0.0, 1.0):
        source = ForeignSource([picture], edited=0, latticed=latticed)
        patches = source.batch(np.random.default_rng(0), 20, 64)
        levels = (255 * patches).round().byte().numpy().transpose(0, 2, 3, 1)
        turned = [np.rot90(picture, k) for k in range(4)]
        counts.append(sum(any(_holds(t, patch) for t in turned) for patch in levels))
    assert counts == [20, 0]


def _holds(picture: np.ndarray, patch: np.ndarray) -> bool:
    windows = np.lib.stride_tricks.sliding_window_view(picture[..., 0], patch.shape[:2])
    return bool((windows == patch[..., 0]).all(axis=(2, 3)).any())
