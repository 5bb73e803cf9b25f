"""Whether a picture was reduced to few colours, as GIF does: its flat parts have moved then."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

MOST: Final = 256
"""Colours of a palette."""

FEWER: Final = 4
"""So many times fewer than the signed picture has: a dark or an even one has few by itself."""

SAMPLES: Final = 200_000
GREY: Final = np.array([2, 5, 1], np.uint32)  # eighths, near luma
PACKED: Final = np.array([1 << 16, 1 << 8, 1], np.uint32)


def palette_of(received: NDArray[np.uint8], reference: NDArray[np.uint8]) -> int | None:
    """Return how many colours a received picture was reduced to; None where it wasn't.

    Parameters
    ----------
    received, reference
        (H, W, 3) uint8, of any sizes. Of a grey picture, greys are counted in both.
    """
    there, signed = _sampled(received), _sampled(reference)
    is_grey = bool((there == there[:, :1]).all())
    weights, bits = (GREY, 3) if is_grey else (PACKED, 0)
    count, most = (len(np.unique(pixels @ weights >> bits)) for pixels in (there, signed))
    return count if count <= MOST and count * FEWER <= most else None


def _sampled(picture: NDArray[np.uint8]) -> NDArray[np.uint32]:
    """Return evenly spread pixels: (N, 3)."""
    every = max(1, picture.shape[0] * picture.shape[1] // SAMPLES)
    return picture.reshape(-1, 3)[::every].astype(np.uint32)
