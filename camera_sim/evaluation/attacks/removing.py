"""Removing: what anybody can do to a picture until its watermark is gone, and what it costs."""

import zlib
from collections.abc import Callable, Iterator

import numpy as np
from PIL import Image, ImageFilter

from camera_sim.evaluation.attacks.attack import Attempt, Target
from camera_sim.evaluation.watermark.changes import pixels
from camera_sim.evaluation.watermark.photos import Picture, as_jpeg

BLURS = (1, 2, 3)  # thousandths of the longer side, the deviation
NOISES = (5, 10, 20)  # levels
SIDES = (1024, 512, 256)  # pixels
QUALITIES = (50, 20, 5)
SHARED_SIDE = 1600  # pixels of a copy as platforms keep it


def removing(target: Target) -> Iterator[Attempt]:
    """Blur, add noise, resample, compress; and send it through the autoencoder."""
    photo = target.shot.photo
    rng = np.random.default_rng([target.attacker.seed, zlib.crc32(target.shot.name.encode())])
    ways: dict[str, Callable[[Picture], Picture]] = {}
    ways |= {f"blur, {n}/1000 of the longer side": _blurred(n) for n in BLURS}
    ways |= {f"noise of {n} levels": _noisy(n, rng) for n in NOISES}
    ways |= {f"reduced to {n:,} pixels, enlarged": _resampled(n) for n in SIDES}
    ways |= {f"JPEG {n}": _compressed(n) for n in QUALITIES}
    ways["our VAE"] = target.attacker.vae
    ways[f"our VAE, at {SHARED_SIDE:,} pixels"] = _smaller(target.attacker.vae)
    for name, way in ways.items():
        yield Attempt(name, "removal", photo, way(photo))


def _blurred(thousandths: int) -> Callable[[Picture], Picture]:
    def blurred(picture: Picture) -> Picture:
        radius = thousandths * max(picture.shape) / 1000
        return np.asarray(Image.fromarray(picture).filter(ImageFilter.GaussianBlur(radius)))

    return blurred


def _noisy(deviation: int, rng: np.random.Generator) -> Callable[[Picture], Picture]:
    def noisy(picture: Picture) -> Picture:
        noise = deviation * rng.standard_normal(picture.shape, np.float32)
        levels: Picture = np.clip(np.rint(picture + noise), 0, 255).astype(np.uint8)
        return levels

    return noisy


def _resampled(side: int) -> Callable[[Picture], Picture]:
    return lambda picture: _sized(_sized(picture, side), max(picture.shape), picture.shape)


def _compressed(quality: int) -> Callable[[Picture], Picture]:
    return lambda picture: pixels(as_jpeg(picture, quality))


def _smaller(way: Callable[[Picture], Picture]) -> Callable[[Picture], Picture]:
    return lambda picture: _sized(
        way(_sized(picture, SHARED_SIDE)), max(picture.shape), picture.shape
    )


def _sized(picture: Picture, side: int, shape: tuple[int, ...] | None = None) -> Picture:
    """Resize to a longer side, or to a shape."""
    factor = side / max(picture.shape)
    height, width = shape[:2] if shape else (round(s * factor) for s in picture.shape[:2])
    return np.asarray(Image.fromarray(picture).resize((width, height), Image.Resampling.LANCZOS))
