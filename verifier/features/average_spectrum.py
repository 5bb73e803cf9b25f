"""The average spectrum of a set's pictures after a high-pass (Wang et al., CVPR 2020, figure 7).

A picture less its median-filtered copy is what is left of noise and of a generator's traces;
upsampling shows as a lattice of bright dots in the spectrum (Zhang, Karaman & Chang, WIFS 2019).
"""

from collections.abc import Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

Pixels = NDArray[np.uint8]

# The authors' demonstration has 3.
MEDIAN: Final = 3


def high_pass(pixels: Pixels) -> NDArray[np.float64]:
    """Luma (BT.601) of (H, W, 3) uint8 less its median over 3×3: (H, W), levels."""
    luma = Image.fromarray(pixels).convert("L")
    smooth = luma.filter(ImageFilter.MedianFilter(MEDIAN))
    return np.asarray(luma, np.float64) - np.asarray(smooth, np.float64)


def average_spectrum(crops: Iterable[Pixels]) -> NDArray[np.float64]:
    """Mean magnitude of the Fourier transform after the high-pass.

    Parameters
    ----------
    crops
        (side, side, 3), uint8, all of one size; at least one.

    Returns
    -------
    (side, side), frequency 0 in the middle, a set's overall strength divided out.
    """
    total: NDArray[np.float64] | None = None
    for crop in crops:
        magnitude = np.abs(np.fft.fft2(high_pass(crop)))
        total = magnitude if total is None else total + magnitude
    if total is None:
        raise ValueError("there are no crops to average")
    found: NDArray[np.float64] = np.fft.fftshift(total / max(float(total.mean()), 1e-12))
    return found
