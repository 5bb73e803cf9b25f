"""Patches are chosen by their variance and by how much of them is clipped, in whole numbers."""

import numpy as np
import pytest
from numpy.typing import NDArray

from verifier.features.patches import choose_patches
from verifier.weights import Selection


def by_definition(
    pixels: NDArray[np.uint8], side: int, selection: Selection
) -> tuple[tuple[int, int], ...]:
    """Look at one patch after another."""
    height, width = pixels.shape[:2]
    usable = []
    for top in range(0, height - side + 1, selection.stride):
        for left in range(0, width - side + 1, selection.stride):
            values = pixels[top : top + side : 2, left : left + side : 2].astype(np.float64)
            black, white = (values == 0).all(2), (values == 255).all(2)
            flat = np.var(values / 255) < selection.min_variance
            if not flat and (black | white).mean() <= selection.most_clipped:
                usable.append((left, top))
    return tuple(usable)


def picture(height: int, width: int) -> NDArray[np.uint8]:
    """Make one with flat, dark, bright and textured parts."""
    rng = np.random.default_rng(height)
    spread = np.kron(rng.uniform(0, 60, (-(-height // 20), -(-width // 20))), np.ones((20, 20)))
    mean = np.kron(rng.uniform(-60, 315, spread[::30, ::30].shape), np.ones((30 * 20, 30 * 20)))
    noise = rng.normal(0, 1, (height, width, 3)) * spread[:height, :width, None]
    levels = mean[:height, :width, None] + noise
    return np.clip(np.rint(levels), 0, 255).astype(np.uint8)


@pytest.mark.parametrize(("side", "stride"), [(32, 32), (32, 16), (16, 24), (24, 8)])
@pytest.mark.parametrize("size", [(200, 311), (128, 96), (20, 500)])
def test_the_patches_are_those_of_the_definition(
    side: int, stride: int, size: tuple[int, int]
) -> None:
    selection = Selection(
        stride=stride, most_patches=10_000, brief_patches=4, min_variance=0.01, most_clipped=0.5
    )
    pixels = picture(*size)
    chosen = choose_patches(pixels, side, selection)
    assert chosen.places == by_definition(pixels, side, selection)
    assert chosen.usable == len(chosen.places)
    assert chosen.of == sum(
        1
        for _ in range(0, size[0] - side + 1, stride)
        for _ in range(0, size[1] - side + 1, stride)
    )


def test_half_a_patch_may_be_clipped_and_no_more() -> None:
    selection = Selection(
        stride=16, most_patches=9, brief_patches=9, min_variance=0.0, most_clipped=0.5
    )
    pixels = np.full((16, 16, 3), 128, np.uint8)
    pixels[:, :8] = 255
    assert choose_patches(pixels, 16, selection).usable == 1
    pixels[0, 8] = 255
    assert choose_patches(pixels, 16, selection).usable == 0
