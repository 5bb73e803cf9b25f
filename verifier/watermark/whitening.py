"""What of a picture could be a watermark: every place and frequency weighed by what hides there.

A matched filter for faint noise: each window's spectrum is divided by its own smoothed power, so
that what the picture, its grain and its compression hold counts the less the more it is.
"""

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


def reduced(picture: NDArray[np.uint8]) -> Array:
    """Return a (H, W, 3) picture's luma (BT.601) of at most 1024 samples' longer side, float32."""
    luma = picture @ np.array([0.299, 0.587, 0.114], np.float32)
    height, width = luma.shape
    factor = min(1.0, LONGER_SIDE / max(luma.shape))
    size = max(1, round(width * factor)), max(1, round(height * factor))
    image = Image.fromarray(luma.astype(np.float32))
    return np.asarray(image.resize(size, Image.Resampling.LANCZOS))


def whitened(luma: Array) -> Array:
    """Weigh a picture for its watermark.

    Parameters
    ----------
    luma
        (H, W) levels of 255.

    Returns
    -------
    (H, W) float32. Its correlation with a pattern is the logarithm of the odds for that pattern,
    but for a factor.
    """
    height, width = luma.shape
    beyond = [(STEP, STEP + -side % STEP) for side in (height, width)]
    flat = _flattened(np.pad(luma, beyond, mode="symmetric"))
    taper = np.sqrt(np.hanning(WINDOW + 1)[:-1]).astype(np.float32)
    window = np.outer(taper, taper)
    floor = np.float32(QUIETEST * np.square(window).sum())
    slope = _slope((WINDOW, WINDOW))
    weighed = np.zeros_like(flat)
    for top in range(0, flat.shape[0] - WINDOW + 1, STEP):
        strip = np.lib.stride_tricks.sliding_window_view(flat[top : top + WINDOW], WINDOW, axis=1)
        spectra = np.fft.rfft2(strip[:, ::STEP].swapaxes(0, 1) * window)
        spectra *= slope / (_smoothed_power(spectra) + floor)
        for number, part in enumerate(np.fft.irfft2(spectra, s=(WINDOW, WINDOW))):
            weighed[top : top + WINDOW, number * STEP : number * STEP + WINDOW] += part * window
    return weighed[STEP : STEP + height, STEP : STEP + width]


def _flattened(luma: Array) -> Array:
    """Take away most of what is coarse, which would leak into every window's fine bins."""
    spectrum = np.fft.rfft2(luma) * _slope(luma.shape)
    flat: Array = np.fft.irfft2(spectrum, s=luma.shape).astype(np.float32)
    return flat


def _slope(shape: tuple[int, ...]) -> Array:
    """Return the flattening's gains for a half spectrum."""
    height, width = shape
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None])
    gains: Array = (frequency / (frequency + CORNER)).astype(np.float32)
    return gains


def _smoothed_power(spectra: NDArray[np.complexfloating]) -> Array:
    """Average the logarithm of (N, h, w) spectra's power over neighbouring bins."""
    logarithm = np.log(spectra.real**2 + spectra.imag**2 + LEAST_POWER)
    rows = np.pad(logarithm, ((0, 0), (SMOOTHED, SMOOTHED), (0, 0)), mode="wrap")
    columns = np.pad(_running_mean(rows, 1), ((0, 0), (0, 0), (SMOOTHED, SMOOTHED)), mode="edge")
    power: Array = np.exp(_running_mean(columns, 2)).astype(np.float32)
    return power


def _running_mean(values: NDArray[np.floating], axis: int) -> NDArray[np.floating]:
    """Average over a window of bins along an axis, which gets shorter by it."""
    width = 2 * SMOOTHED + 1
    views = np.lib.stride_tricks.sliding_window_view(values, width, axis=axis)
    mean: NDArray[np.floating] = views.mean(axis=-1)
    return mean
