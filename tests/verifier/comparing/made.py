"""A photo with texture at every scale, its reference, and what platforms make of it."""

import io
from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from watermark.reference import ReferencePicture

Picture = NDArray[np.uint8]
SIZE = 1200, 900


@cache
def photo(seed: int = 0) -> Picture:
    """Noise whose power falls with frequency as photographs' does, with edges in it."""
    rng = np.random.default_rng(seed)
    width, height = SIZE
    planes = []
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None])
    for _ in range(3):
        spectrum = np.fft.rfft2(rng.standard_normal((height, width))) / (frequency + 2e-3) ** 1.2
        plane = np.fft.irfft2(spectrum, s=(height, width))
        planes.append(plane / plane.std())
    luma, *colours = planes
    picture = 128 + 45 * luma[..., None] + 8 * np.stack([colours[0], luma * 0, colours[1]], -1)
    for _ in range(12):
        top, left = int(rng.integers(height - 150)), int(rng.integers(width - 150))
        picture[top : top + 150, left : left + 100] += rng.uniform(-50, 50, 3)
    return np.clip(np.rint(picture), 0, 255).astype(np.uint8)


def reference(of: Picture) -> Picture:
    """Return the decoded reference picture of a photo."""
    return _reference(of.tobytes(), of.shape)


@lru_cache(maxsize=8)  # it is mostly the same photo's
def _reference(content: bytes, shape: tuple[int, ...]) -> Picture:
    pixels = ReferencePicture.of_photo(np.frombuffer(content, np.uint8).reshape(shape)).pixels()
    assert pixels is not None
    pixels.flags.writeable = False
    return pixels


def shared(picture: Picture, side: int = 1000, quality: int = 80) -> Picture:
    """Scale and compress a picture as platforms do."""
    factor = side / max(picture.shape)
    size = round(picture.shape[1] * factor), round(picture.shape[0] * factor)
    small = Image.fromarray(np.ascontiguousarray(picture)).resize(size, Image.Resampling.LANCZOS)
    data = io.BytesIO()
    small.save(data, "JPEG", quality=quality)
    return np.asarray(Image.open(data))
