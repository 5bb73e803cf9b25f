"""The invisible watermark of Stable Diffusion's CompVis scripts: reading it, and taking it away.

The scripts write "StableDiffusionV1" by the "dwtDct" method of the package invisible-watermark
(ShieldMnt): one bit in each block of 8×8 pixels, in the approximation band of a Haar transform of
the chroma plane U. Of the block's 4×4 coefficients the one of the largest magnitude, its first
aside, is quantised to a quarter or three quarters of a step of 36. A detector that learnt this
would find the script and not the generator.
"""

from collections.abc import Iterator
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Array = NDArray[np.float32]

MESSAGE: Final = b"StableDiffusionV1"
STEP: Final = 36.0
_SIDE: Final = 4  # coefficients of a block's side; each is of 2×2 pixels
_U: Final = 1


def written_bits(message: bytes = MESSAGE) -> NDArray[np.uint8]:
    """Return the bits of a message, the first of each byte first."""
    return np.unpackbits(np.frombuffer(message, np.uint8))


def read_bits(pixels: Pixels, length: int) -> NDArray[np.float64]:
    """Read a watermark of ``length`` bits from (H, W, 3) uint8 sRGB.

    Returns
    -------
    (length,) mean over blocks of each bit, 0 to 1; about 0.5 where nothing is written.
    """
    band = _band(_planes(pixels))
    votes = [(band[place] % STEP) > STEP / 2 for place in _places(band)]
    return np.array([np.mean(votes[bit::length]) for bit in range(length)])


def agreement(pixels: Pixels, message: bytes = MESSAGE) -> float:
    """Share of a message's bits that a picture's majorities agree with: 0.5 is chance."""
    bits = written_bits(message)
    return float(((read_bits(pixels, len(bits)) > 0.5) == bits).mean())


def marked(pixels: Pixels, message: bytes = MESSAGE) -> Pixels:
    """Write a message into (H, W, 3) uint8 sRGB, as the scripts do."""
    planes = _planes(pixels)
    band = _band(planes)
    bits = written_bits(message)
    change = np.zeros_like(band)
    for number, place in enumerate(_places(band)):
        wanted = (0.25 + 0.5 * bits[number % len(bits)]) * STEP
        change[place] = band[place] // STEP * STEP + wanted - band[place]
    return _changed(planes, change)


def unmarked(pixels: Pixels) -> Pixels:
    """Take away what a watermark of this kind may have written into (H, W, 3) uint8 sRGB.

    In every block the coefficient that can carry a bit becomes the median of itself and its eight
    neighbours. It is done to pictures of every class, so that it shows nothing of the class itself.
    """
    planes = _planes(pixels)
    band = _band(planes)
    median = cv2.medianBlur(band, 3)
    change = np.zeros_like(band)
    for place in _places(band):
        change[place] = median[place] - band[place]
    return _changed(planes, change)


def _planes(pixels: Pixels) -> Pixels:
    return np.asarray(cv2.cvtColor(np.ascontiguousarray(pixels), cv2.COLOR_RGB2YUV), np.uint8)


def _band(planes: Pixels) -> Array:
    """Half the sum of each 2×2 pixels of U: the Haar approximation, whole blocks alone."""
    height, width = (side // (2 * _SIDE) * _SIDE for side in planes.shape[:2])
    chroma = planes[: 2 * height, : 2 * width, _U].astype(np.float32)
    band: Array = chroma.reshape(height, 2, width, 2).sum(axis=(1, 3)) / 2
    return band


def _places(band: Array) -> Iterator[tuple[int, int]]:
    """Where each block's bit is, in reading order."""
    height, width = band.shape
    for top in range(0, height, _SIDE):
        for left in range(0, width, _SIDE):
            block = band[top : top + _SIDE, left : left + _SIDE].ravel()
            row, column = divmod(int(np.abs(block[1:]).argmax()) + 1, _SIDE)
            yield top + row, left + column


def _changed(planes: Pixels, change: Array) -> Pixels:
    """Add a change of the band to the picture: half of it to each of the four pixels."""
    height, width = (2 * side for side in change.shape)
    found = planes.astype(np.float32)
    found[:height, :width, _U] += np.repeat(np.repeat(change / 2, 2, axis=0), 2, axis=1)
    rounded = np.clip(np.round(found), 0, 255).astype(np.uint8)
    return np.asarray(cv2.cvtColor(rounded, cv2.COLOR_YUV2RGB), np.uint8)
