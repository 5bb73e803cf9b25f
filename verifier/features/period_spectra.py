"""The spectrum of each period of a picture.

A period has 16 or 32 pixels a side: so few that a product with the matrix of the transform, over
all periods of a row at once, is several times as fast as a Fourier transform of each.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float32]
Spectrum = NDArray[np.complex64]


def period_spectra(plane: Plane, period: int) -> Spectrum:
    """Transform each whole period of a plane, from its upper left corner.

    Parameters
    ----------
    plane
        (H, W), float32.
    period
        Pixels.

    Returns
    -------
    (rows, columns, period, period // 2 + 1), as `numpy.fft.rfft2` of each gives them; a view whose
    values lie in another order.
    """
    rows, columns = (side // period for side in plane.shape)
    whole = np.ascontiguousarray(plane[: rows * period, : columns * period], np.float32)
    waves = _waves(period)
    half = np.ascontiguousarray(waves[:, : period // 2 + 1]).view(np.float32)
    across = (whole.reshape(-1, period) @ half.reshape(period, -1)).view(np.complex64)
    down = waves @ across.reshape(rows, period, columns * (period // 2 + 1))
    return down.reshape(rows, period, columns, period // 2 + 1).transpose(0, 2, 1, 3)


@lru_cache
def _waves(period: int) -> Spectrum:
    """Return the matrix of the discrete Fourier transform: (period, period)."""
    turns = np.outer(np.arange(period), np.arange(period)) % period / period
    waves: Spectrum = np.exp(-2j * np.pi * turns).astype(np.complex64)
    return waves
