"""Lattices that aren't the camera's: of a generator's upsampling, or another camera's trace.

Transposed convolutions weigh the places of their stride unevenly (Odena et al., *Deconvolution and
checkerboard artifacts*, Distill 2016), so generated pictures carry patterns that repeat after 2, 4,
8… pixels, as a trace does. An analyser that saw none takes them for the camera's.
"""

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Plane = NDArray[np.float32]

PERIODS = (2, 4, 8, 16, 32)
MOST_WAVES = 6
STRENGTHS = (36.0, 46.0)  # dB, of the picture that carries the pattern
MOST_DOUBLINGS = 3
UNEVEN = 0.02  # deviation of what the places of a stride weigh
DOUBLED = 0.3  # the share of lattices that come of upsampling


def with_lattice(picture: Picture, rng: np.random.Generator) -> Picture:
    """Return an (H, W, 3) uint8 picture with a drawn lattice."""
    draw = made_larger if rng.random() < DOUBLED else with_pattern
    levels: Picture = (draw(picture.astype(np.float32), rng).clip(0, 255) + 0.5).astype(np.uint8)
    return levels


def with_pattern(picture: Plane, rng: np.random.Generator) -> Plane:
    """Add waves that repeat after one of `PERIODS` to (H, W, 3) levels, alike in all colours."""
    period = int(rng.choice(PERIODS))
    rows, columns = (np.arange(side) for side in picture.shape[:2])
    pattern = np.zeros(picture.shape[:2])
    for _ in range(rng.integers(1, MOST_WAVES + 1)):
        down, right = rng.permutation([rng.integers(1, period), rng.integers(period)])
        phase = down * rows[:, None] / period + right * columns / period + rng.random()
        pattern += rng.normal() * np.cos(2 * np.pi * phase)
    strength = 255 * 10 ** (-rng.uniform(*STRENGTHS) / 20)
    pattern *= strength / max(float(pattern.std()), 1e-6)
    return (picture + pattern[..., None]).astype(np.float32)


def made_larger(picture: Plane, rng: np.random.Generator) -> Plane:
    """Halve (H, W, 3) levels a few times, and double them by uneven transposed convolutions."""
    doublings = int(rng.integers(1, MOST_DOUBLINGS + 1))
    whole = picture.shape[:2]
    down, right = (-side % 2**doublings for side in whole)
    picture = np.pad(picture, ((0, down), (0, right), (0, 0)), mode="edge")
    for _ in range(doublings):
        height, width = (side // 2 for side in picture.shape[:2])
        picture = picture.reshape(height, 2, width, 2, 3).mean(axis=(1, 3))
    for _ in range(doublings):
        picture = _doubled(picture, rng)
    return picture[: whole[0], : whole[1]]


def _doubled(picture: Plane, rng: np.random.Generator) -> Plane:
    """Apply a drawn transposed convolution of 4×4 with a stride of 2, alike in all colours."""
    height, width = picture.shape[:2]
    around = np.pad(picture, ((1, 1), (1, 1), (0, 0)), mode="edge")
    large = np.empty((2 * height, 2 * width, 3), np.float32)
    for row, column in np.ndindex(2, 2):
        taps = rng.dirichlet(np.ones(4)) * rng.normal(1, UNEVEN)
        large[row::2, column::2] = sum(
            tap * around[row + down : row + down + height, column + right : column + right + width]
            for tap, (down, right) in zip(taps, np.ndindex(2, 2), strict=True)
        )
    return large
