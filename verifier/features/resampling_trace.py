"""A periodic trace of resizing.

A. C. Gallagher, *Detection of Linear and Cubic Interpolation in JPEG Compressed Images*, CRV 2005.

The second difference of an interpolated row varies with the position between source pixels, so its
mean over all rows is periodic. JPEG's own period of 8 is left out. Found are enlarging by more than
a few percent and shrinking without proper smoothing; good shrinking leaves next to nothing.
"""

import numpy as np

from verifier.features.dct_histogram import Plane

# Frequencies beside a multiple of 1/8 cycle a pixel that are left out, in bins.
_GUARD = 3
_LEAST_SIDE = 256
_MOST_ROWS = 1024
# Lowest frequency looked at, cycles a pixel: below it is the picture's own shading.
_LOWEST = 0.04


def resizing_peak(plane: Plane) -> float | None:
    """Return the highest peak over the median of the spectrum; None for too small a picture.

    Parameters
    ----------
    plane
        (H, W) luma in [0, 255].
    """
    if min(plane.shape) < _LEAST_SIDE:
        return None
    return min(_peak(plane), _peak(plane.T))


def _peak(plane: Plane) -> float:
    step = max(1, len(plane) // _MOST_ROWS)
    rows = plane[::step]
    second = np.abs(2 * rows[:, 1:-1] - rows[:, :-2] - rows[:, 2:]).mean(0)
    spectrum = np.abs(np.fft.rfft((second - second.mean()) * np.hanning(len(second))))
    frequencies = np.fft.rfftfreq(len(second))
    width = _GUARD / len(second)
    away = np.abs(frequencies * 8 - np.rint(frequencies * 8)) / 8 > width
    kept = spectrum[away & (frequencies > _LOWEST) & (frequencies < 0.5 - width)]
    if not len(kept):
        return 0.0
    return float(kept.max() / max(float(np.median(kept)), 1e-9))
