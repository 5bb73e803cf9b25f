"""SSIM with gradients (Wang, Bovik, Sheikh & Simoncelli, IEEE TIP 2004); needs torch."""

from functools import lru_cache

import torch
from torch import Tensor

# The paper's section III-C: an 11×11 Gaussian window of 1.5 pixels, K1 and K2.
SIDE, SIGMA = 11, 1.5
STABILITY = (0.01**2, 0.03**2)


def ssim(first: Tensor, second: Tensor) -> Tensor:
    """Compare (N, C, H, W) pictures in [0, 1]; return (N,) means over channels and pixels.

    Windows that reach over the border are left out, so sides must be at least 11.
    """
    mean_1, mean_2 = _windowed(first), _windowed(second)
    variance_1 = _windowed(first * first) - mean_1 * mean_1
    variance_2 = _windowed(second * second) - mean_2 * mean_2
    covariance = _windowed(first * second) - mean_1 * mean_2
    c1, c2 = STABILITY
    luminance = (2 * mean_1 * mean_2 + c1) / (mean_1 * mean_1 + mean_2 * mean_2 + c1)
    structure = (2 * covariance + c2) / (variance_1 + variance_2 + c2)
    return (luminance * structure).mean(dim=(1, 2, 3))


def _windowed(pictures: Tensor) -> Tensor:
    """Mean over the Gaussian window around each pixel that has a whole one, as two products."""
    down = _window_matrix(pictures.shape[-2]).to(pictures)
    across = _window_matrix(pictures.shape[-1]).to(pictures)
    return down @ pictures @ across.T


@lru_cache(maxsize=8)
def _window_matrix(side: int) -> Tensor:
    """(side − 10, side): each row the Gaussian window around one pixel."""
    offsets = torch.arange(SIDE) - SIDE // 2
    weights = torch.exp(-(offsets**2) / (2 * SIGMA**2))
    matrix = torch.zeros(side - SIDE + 1, side)
    for row in range(len(matrix)):
        matrix[row, row : row + SIDE] = weights / weights.sum()
    return matrix
