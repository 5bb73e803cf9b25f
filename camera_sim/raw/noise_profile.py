"""How noisy a capture is: the noise profile of the DNG specification, stated or estimated.

Shot noise grows with the signal, read noise does not: variance = shot · signal + read, with the
signal from 0 (black) to 1 (saturation). DNG files may state it (tag NoiseProfile, 51041, DNG 1.7.1
chapter 6); for others it is estimated from the flattest blocks of the mosaic.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]

# Of a noise profile: ten times what a small sensor has at its highest ISO. By more, the networks
# shift green by over 5 levels.
MOST_SHOT, MOST_READ = 0.1, 0.01
# Blocks of so many packed pixels a side are judged flat or not.
BLOCK = 16
# The share of blocks of one brightness that are taken to be flat.
FLAT_SHARE = 0.1
BRIGHTNESS_BINS = 16
FEWEST_BLOCKS = 12


@dataclass(frozen=True)
class NoiseProfile:
    """Variance = shot · signal + read, for a signal from 0 to 1."""

    shot: float = 0.0
    read: float = 0.0

    def scaled(self, strength: float) -> "NoiseProfile":
        """Return the profile of a capture with ``strength`` times the deviation."""
        return NoiseProfile(self.shot * strength**2, self.read * strength**2)

    def limited(self) -> "NoiseProfile":
        """Return what networks can be given: more noise than any sensor has they paint green."""
        return NoiseProfile(min(self.shot, MOST_SHOT), min(self.read, MOST_READ))


def estimate(windows: Sequence[Array]) -> NoiseProfile:
    """Estimate the noise of a mosaic from (h, w, 4) normalised windows of it.

    The diagonal Haar detail of each plane is free of smooth content; among blocks of one
    brightness the flattest tenth hold noise alone. A line is fitted through brightness and the
    variance there. Texture everywhere makes it too high; clipping and denoising, too low.
    """
    statistics = [_block_statistics(window) for window in windows]
    mean, variance = (np.concatenate(values) for values in zip(*statistics, strict=True))
    points = [_flat_variance(mean, variance, i) for i in range(BRIGHTNESS_BINS)]
    kept = [point for point in points if point]
    if not kept:
        return NoiseProfile()
    signal, level, weight = np.array(kept).T
    return _fit_line(signal, level, weight)


def _block_statistics(packed: Array) -> tuple[Array, Array]:
    """Return brightness and noise variance of every block of every plane."""
    height, width = (side // BLOCK * BLOCK for side in packed.shape[:2])
    quads = packed[:height, :width].reshape(height // 2, 2, width // 2, 2, 4)
    detail = (quads[:, 0, :, 0] - quads[:, 0, :, 1] - quads[:, 1, :, 0] + quads[:, 1, :, 1]) / 2
    half = BLOCK // 2
    blocks = (height // BLOCK, half, width // BLOCK, half, 4)
    variance = np.square(detail).reshape(blocks).mean(axis=(1, 3))
    mean = quads.mean(axis=(1, 3)).reshape(blocks).mean(axis=(1, 3))
    return mean.ravel(), variance.ravel()


def _flat_variance(mean: Array, variance: Array, index: int) -> tuple[float, float, float] | None:
    """Return brightness, noise variance and weight of one bin; None where it has few blocks."""
    inside = (mean >= index / BRIGHTNESS_BINS) & (mean < (index + 1) / BRIGHTNESS_BINS)
    count = int(inside.sum())
    if count < FEWEST_BLOCKS or index == BRIGHTNESS_BINS - 1:  # the last bin may be clipped
        return None
    level = np.quantile(variance[inside], FLAT_SHARE)
    # The lower tenth of a chi-squared of 64 degrees over its mean (Wilson & Hilferty 1931).
    degrees = (BLOCK // 2) ** 2
    bias = (1 - 2 / (9 * degrees) - 1.2816 * (2 / (9 * degrees)) ** 0.5) ** 3
    return float(mean[inside].mean()), float(level / bias), float(count) ** 0.5


def _fit_line(
    signal: NDArray[np.float64], level: NDArray[np.float64], weight: NDArray[np.float64]
) -> NoiseProfile:
    """Fit level = shot · signal + read by least squares of the relative error, both ≥ 0."""
    weight = weight / np.maximum(level, 1e-8)
    rows = np.stack([signal, np.ones_like(signal)], axis=1) * weight[:, None]
    shot, read = np.linalg.lstsq(rows, level * weight, rcond=None)[0]
    if read < 0:
        shot, read = _one_term(signal, level, weight), 0.0
    elif shot < 0:
        shot, read = 0.0, _one_term(np.ones_like(signal), level, weight)
    return NoiseProfile(float(shot), float(read))


def _one_term(
    term: NDArray[np.float64], level: NDArray[np.float64], weight: NDArray[np.float64]
) -> float:
    return float((weight**2 * term * level).sum() / max((weight**2 * term**2).sum(), 1e-30))
