"""Made scenes and captures: small, colourful, the same every time."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from camera_sim.raw import colour
from camera_sim.raw.cfa import CFAOrder, CFAPattern
from camera_sim.raw.raw_image import RawImage
from camera_sim.sensor.cameras import CAMERAS
from camera_sim.sensor.sensor import PERFECT, Noise, Sensor

Array = NDArray[np.float32]
GAINS = (2.0, 1.0, 1.5)
CAMERA = CAMERAS[5]


def scene(height: int, width: int, seed: int = 0) -> Array:
    """Make a (H, W, 3) linear sRGB scene of shading, soft waves and sharp-edged patches."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    phases = rng.uniform(0, 6, 3)
    waves = [np.sin(x / (9 + 6 * c) + phases[c]) * np.cos(y / (13 - 2 * c)) for c in range(3)]
    made = 0.3 + 0.12 * np.stack(waves, axis=-1) + 0.1 * (x / width)[..., None]
    for _ in range(6):
        top, left = rng.integers(height), rng.integers(width)
        patch = np.s_[top : top + max(2, height // 4), left : left + max(2, width // 4)]
        made[patch] = rng.uniform(0.1, 0.7, 3)
    return made.astype(np.float32)


def picture(height: int, width: int, seed: int = 0) -> NDArray[np.uint8]:
    """Make a (H, W, 3) uint8 sRGB picture."""
    return np.rint(colour.srgb_encode(scene(height, width, seed)) * 255).astype(np.uint8)


def capture(
    height: int,
    width: int,
    order: CFAOrder = "RGGB",
    noise: Noise = PERFECT,
    seed: int = 0,
    **changes: object,
) -> RawImage:
    """Simulate a capture of a made scene; `changes` are of the capture's fields."""
    sensor = Sensor(CAMERA, CFAPattern(order), noise=noise)
    image = sensor.capture(scene(height, width, seed), GAINS, np.random.default_rng(seed))
    return replace(image, **changes)


def clean(height: int, width: int, seed: int = 0) -> NDArray[np.uint8]:
    """Return what a perfect pipeline makes of `capture`: (H, W, 3) uint8 sRGB."""
    seen = Sensor(CAMERA).clean_colours(scene(height, width, seed))
    return np.rint(colour.render(seen, CAMERA.camera_to_srgb, 1.0) * 255).astype(np.uint8)


def psnr(first: NDArray[np.generic], second: NDArray[np.generic], border: int = 8) -> float:
    """Measure in dB over 8-bit levels, the border left out."""
    inner = np.s_[border:-border, border:-border]
    error = np.square(first[inner].astype(np.float64) - second[inner].astype(np.float64)).mean()
    return float(10 * np.log10(255**2 / max(error, 1e-9)))
