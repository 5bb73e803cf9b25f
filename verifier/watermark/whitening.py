"""What of a picture could be a watermark: every place and frequency weighed by what hides there.

A matched filter for faint noise: each window's spectrum is divided by its own smoothed power, so
that what the picture, its grain and its compression hold counts the less the more it is.
"""

from collections.abc import Iterable, Iterator
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Array = NDArray[np.float32]

LONGER_SIDE = 1024
"""Samples of a picture's longer side while its watermark is looked for; smaller ones stay."""
WINDOW = 128
STEP = WINDOW // 2
CORNER = 0.05  # cycles a sample; under it a picture's steep spectrum is flattened beforehand
QUIETEST = 2.0  # levels²: no power spectrum is taken for lower than that of such white noise
SMOOTHED = 2  # bins each way over which a window's power is averaged, as logarithms
LEAST_POWER = 1e-3
STRIP = 128  # rows


def luma_of(picture: NDArray[np.uint8]) -> Array:
    """Return the luma (BT.601) of a (H, W, 3) picture, float32 levels."""
    luma: Array = np.matmul(picture, np.array([0.299, 0.587, 0.114], np.float32), dtype=np.float32)
    return luma


def reduced(picture: NDArray[np.uint8], most: int = LONGER_SIDE) -> Array:
    """Return a (H, W, 3) picture's luma, of at most so many samples a side, float32.

    By Lanczos' kernel, as `scaled_down`; rows are made narrow a few at a time, so that a large
    picture needs a few megabytes.
    """
    height, width = _scaled(picture.shape[:2], most)
    if (height, width) == picture.shape[:2]:
        return luma_of(picture)
    narrow = np.empty((picture.shape[0], width), np.float32)
    for top in range(0, len(picture), STRIP):
        strip = luma_of(picture[top : top + STRIP])
        narrow[top : top + STRIP] = _resized(strip, (len(strip), width))
    return _resized(narrow, (height, width))


def pitch_of(samples: tuple[int, ...], picture: tuple[int, ...]) -> tuple[float, float]:
    """Return how high and wide (h, w) samples of a (H, W) picture are, in those of its longer side.

    A picture's shorter side is rounded to whole samples: they are wider or narrower by up to a
    thousandth, by which fine lines would lie beside their place.
    """
    longer = max(picture[:2]) / max(samples)
    return picture[0] / samples[0] / longer, picture[1] / samples[1] / longer


def scaled_down(plane: Array, most: int) -> Array:
    """Scale a (H, W) plane by Lanczos' kernel to at most so many samples a side."""
    return _resized(plane, _scaled(plane.shape, most))


def _scaled(shape: tuple[int, ...], most: int) -> tuple[int, int]:
    """Return the height and width of something that is scaled to so many samples a side."""
    factor = min(1.0, most / max(shape))
    return max(1, round(shape[0] * factor)), max(1, round(shape[1] * factor))


def _resized(plane: Array, shape: tuple[int, int]) -> Array:
    image = Image.fromarray(plane.astype(np.float32, copy=False))
    return np.asarray(image.resize(shape[::-1], Image.Resampling.LANCZOS))


class Weighing:
    """What a picture hides at each place and frequency: made of one picture, applied to any.

    Parameters
    ----------
    luma
        (H, W) levels of 255.
    """

    def __init__(self, luma: Array) -> None:
        self._gains = [_gains(spectra) for _, spectra in window_spectra(luma)]

    def apply(self, luma: Array) -> Array:
        """Weigh a (H, W) picture or pattern.

        Returns
        -------
        (H, W) float32. Correlated with a pattern, it is the logarithm of the odds for that pattern,
        but for a factor.
        """
        rows = zip(window_spectra(luma), self._gains, strict=True)
        return _laid(((top, spectra * gains) for (top, spectra), gains in rows), luma.shape)


def whitened(luma: Array) -> Array:
    """Weigh a (H, W) picture by what it hides itself: ``Weighing(luma).apply(luma)``, at once."""
    rows = window_spectra(luma)
    return _laid(((top, spectra * _gains(spectra)) for top, spectra in rows), luma.shape)


def _gains(spectra: NDArray[np.complexfloating]) -> Array:
    gains: Array = _slope((WINDOW, WINDOW)) / (smoothed_power(spectra) + floor())
    return gains.astype(np.float32)


def _laid(rows: Iterable[tuple[int, NDArray[np.complexfloating]]], shape: tuple[int, ...]) -> Array:
    """Put rows of windows together again, from their spectra."""
    height, width = shape
    plane = np.zeros((_padded(height), _padded(width)), np.float32)
    for top, spectra in rows:
        for number, part in enumerate(np.fft.irfft2(spectra, s=(WINDOW, WINDOW))):
            left = number * STEP
            plane[top : top + WINDOW, left : left + WINDOW] += part * _window()
    return plane[STEP : STEP + height, STEP : STEP + width]


def window_spectra(
    plane: Array, *, steep: bool = True
) -> Iterator[tuple[int, NDArray[np.complexfloating]]]:
    """Yield the (N, h, w) spectra of each row of windows, and where the row begins.

    Both kinds are flattened alike; a ``steep`` plane, as pictures are, before it is cut.
    """
    beyond = [(STEP, _padded(side) - side - STEP) for side in plane.shape]
    padded = np.pad(plane, beyond, mode="symmetric")
    flat = _flattened(padded) if steep else padded
    gains = np.float32(1) if steep else _slope((WINDOW, WINDOW))
    for top in range(0, flat.shape[0] - WINDOW + 1, STEP):
        strip = np.lib.stride_tricks.sliding_window_view(flat[top : top + WINDOW], WINDOW, axis=1)
        yield top, np.fft.rfft2(strip[:, ::STEP].swapaxes(0, 1) * _window()) * gains


def window_means(plane: Array) -> Array:
    """Return the (rows, columns) means of the windows of `window_spectra`."""
    beyond = [(STEP, _padded(side) - side - STEP) for side in plane.shape]
    padded = np.pad(plane, beyond, mode="symmetric")
    rows, columns = (side // STEP for side in padded.shape)
    halves = padded.reshape(rows, STEP, columns, STEP).mean((1, 3))
    wide = halves[1:] + halves[:-1]
    means: Array = (wide[:, 1:] + wide[:, :-1]) / 4
    return means


def _padded(side: int) -> int:
    """Return a side with half a window before it, and as much or more after it."""
    return side + 2 * STEP + -side % STEP


@cache
def _window() -> Array:
    taper = np.sqrt(np.hanning(WINDOW + 1)[:-1]).astype(np.float32)
    window: Array = np.outer(taper, taper)
    return window


def floor() -> np.float32:
    """Return the least power that a window's bins are taken to have."""
    return np.float32(QUIETEST * np.square(_window()).sum())


def _flattened(luma: Array) -> Array:
    """Take away most of what is coarse, which would leak into every window's fine bins."""
    spectrum = np.fft.rfft2(luma) * _slope(luma.shape)
    flat: Array = np.fft.irfft2(spectrum, s=luma.shape).astype(np.float32)
    return flat


@cache
def _slope(shape: tuple[int, ...]) -> Array:
    """Return the flattening's gains for a half spectrum."""
    height, width = shape
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None])
    gains: Array = (frequency / (frequency + CORNER)).astype(np.float32)
    return gains


def smoothed_power(spectra: NDArray[np.complexfloating]) -> Array:
    """Average the logarithm of (N, h, w) spectra's power over neighbouring bins."""
    logarithm = np.log(spectra.real**2 + spectra.imag**2 + LEAST_POWER)
    rows = np.pad(logarithm, ((0, 0), (SMOOTHED, SMOOTHED), (0, 0)), mode="wrap")
    columns = np.pad(_running_mean(rows, 1), ((0, 0), (0, 0), (SMOOTHED, SMOOTHED)), mode="edge")
    power: Array = np.exp(_running_mean(columns, 2)).astype(np.float32)
    return power


def _running_mean(values: NDArray[np.floating], axis: int) -> NDArray[np.floating]:
    """Average over a window of bins along an axis, which gets shorter by it."""
    width = 2 * SMOOTHED + 1
    along = np.moveaxis(values, axis, 0)
    count = len(along) - width + 1
    total = along[:count] + along[1 : count + 1]
    for first in range(2, width):
        total += along[first : first + count]
    total /= width
    return np.moveaxis(total, 0, axis)
