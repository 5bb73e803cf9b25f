"""What an attacker without keys estimates of a watermark, and how it is laid on other pictures.

The pattern's power spectrum is public, so the least squares estimate is Wiener's: what a frequency
of a place holds, times the watermark's share of its power. Payload and octaves come with the noise
of the picture. How much of it is watermark is known by the pilot, whose lines are public.
"""

import numpy as np
from PIL import Image

from camera_sim.evaluation.attacks.attack import Array
from camera_sim.evaluation.watermark.photos import Picture
from verifier.watermark.place import TURNS, Place
from verifier.watermark.whitening import WINDOW, reduced, whitened
from watermark.pattern import OCTAVES, OPERATING_POINT, SHARES, Complex, Lines, pilot

WINDOW_POWER = WINDOW**2 / 4
"""Of the weighing's window, by which a window's spectrum exceeds the density of power."""
MOST_DEVIATION = 3.0  # levels: where the pilot is hardly found, an estimate is noise that shows


def weighed(picture: Picture) -> Array:
    """Weigh a picture as the public reader does, (h, w) of at most 1,024 samples a side."""
    luma = reduced(picture)
    return whitened(luma)


def shaped(weighed: Array) -> Array:
    """Turn a weighed (h, w) picture, or the mean of many, into levels of the watermark."""
    height, width = weighed.shape
    side = max(height, width)
    canvas = np.zeros((side, side), np.float32)  # a line's frequency is whole on the square
    canvas[:height, :width] = weighed
    spectrum = np.fft.rfft2(canvas) * (WINDOW_POWER * _density(side))
    levels: Array = np.fft.irfft2(spectrum, s=canvas.shape)[:height, :width].astype(np.float32)
    return levels


def estimated(picture: Picture) -> Array:
    """Estimate the watermark of one picture, (h, w) levels at the strength that cameras lay."""
    return calibrated(shaped(weighed(picture)))


def calibrated(levels: Array) -> Array:
    """Scale an estimate until its pilot is as strong as cameras lay it, or it would be seen."""
    found, most = pilot_strength(levels), MOST_DEVIATION / max(float(levels.std()), 1e-9)
    gain = OPERATING_POINT / found if found > 0 else most
    return levels * np.float32(min(gain, most))


def pilot_strength(levels: Array) -> float:
    """Return how strong the public pilot lies in levels, where all of it has 1 a unit."""
    lines, coefficients = pilot()
    laid = coefficients * SHARES["pilot"] ** 0.5
    found = amplitudes(levels, lines)
    return float((np.conj(laid) * found).sum().real / np.square(np.abs(laid)).sum())


def amplitudes(levels: Array, lines: Lines) -> Complex:
    """Return what (h, w) levels of an uncut photo hold of lines: (N,) coefficients."""
    step = 1 / max(levels.shape)
    found: Complex = Place(TURNS[0], (step, step)).lattice_amplitudes(levels, lines) / levels.size
    return found


def laid(picture: Picture, levels: Array, gain: float = 1.0) -> Picture:
    """Add (h, w) levels, resized, to all colours of a picture.

    Rounding is dithered, as who tries would: of less than half a level nothing would be left.
    """
    added = gain * resized_to(levels, picture)
    dither = np.random.default_rng(0).random(added.shape, np.float32)
    steps = np.floor(added + dither).astype(np.int16)[..., None]
    changed: Picture = np.clip(picture + steps, 0, 255).astype(np.uint8)
    return changed


def resized_to(levels: Array, picture: Picture) -> Array:
    """Resize (h, w) levels to a picture's size."""
    height, width = picture.shape[:2]
    image = Image.fromarray(levels)
    return np.asarray(image.resize((width, height), Image.Resampling.BICUBIC))


def part_for(canvas: Array, picture: Picture) -> Array:
    """Cut from the (S, S) square on which the watermark repeats what a photo's shape covers."""
    height, width = picture.shape[:2]
    side = len(canvas)
    rows, columns = (round(side * length / max(height, width)) for length in (height, width))
    return np.ascontiguousarray(canvas[:rows, :columns])


def _density(side: int) -> Array:
    """Return the watermark's density of power, levels² a (cycle a sample)², for a half spectrum.

    Its power falls as 1/radius over the ring of all octaves, in which it is spread evenly here.
    """
    low, high = OCTAVES[0][0], OCTAVES[-1][1]
    down, across = np.fft.fftfreq(side, 1 / side), np.fft.rfftfreq(side, 1 / side)
    radius = np.hypot(down[:, None], across[None])
    inside = (radius >= low) & (radius < high)
    whole = 2 * np.pi * (high - low) / side
    density = np.where(inside, OPERATING_POINT**2 / whole * side / np.maximum(radius, 1), 0)
    return density.astype(np.float32)
