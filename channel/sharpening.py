"""Sharpening after a resize, as Flickr does it: an unsharp mask with a Gaussian."""

import math

import numpy as np
from numpy.typing import NDArray

from channel.profile import UnsharpMask

Pixels = NDArray[np.uint8]


def sharpened(values: NDArray[np.float64], mask: UnsharpMask) -> Pixels:
    """Unsharp mask with a sampled Gaussian on levels (H, W, 3) or (H, W); returns uint8."""
    weights = gaussian_weights(mask.sigma)
    blurred = values
    for axis in (0, 1):
        blurred = _convolved(blurred, weights, axis)
    result = values + mask.amount * (values - blurred)
    return np.clip(np.floor(result + 0.5), 0, 255).astype(np.uint8)


def _convolved(
    values: NDArray[np.float64], weights: NDArray[np.float64], axis: int
) -> NDArray[np.float64]:
    radius = len(weights) // 2
    margins = [(radius, radius) if a == axis else (0, 0) for a in range(values.ndim)]
    padded = np.moveaxis(np.pad(values, margins, mode="edge"), axis, 0)
    total = np.zeros_like(np.moveaxis(values, axis, 0))
    for offset, weight in enumerate(weights):
        total += weight * padded[offset : offset + values.shape[axis]]
    return np.moveaxis(total, 0, axis)


def gaussian_weights(sigma: float) -> NDArray[np.float64]:
    """Sample a Gaussian out to four sigma (at least one pixel) on each side, summing to 1."""
    radius = max(1, math.ceil(4 * sigma))
    x = np.arange(-radius, radius + 1)
    weights = np.exp(-(x**2) / (2 * sigma**2))
    total: NDArray[np.float64] = weights / weights.sum()
    return total
