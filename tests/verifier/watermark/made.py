"""Made photos with a watermark: no network, no camera."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from watermark.embedding import Watermark
from watermark.keys import DeviceSecret, GroupKey

GROUP, DEVICE = GroupKey(bytes(range(32))), DeviceSecret(bytes(range(1, 33)))
PAYLOAD = bytes.fromhex("0123456789abcdef")
Picture = NDArray[np.uint8]


def scene(size: tuple[int, int], seed: int = 0) -> NDArray[np.float32]:
    """Make a (H, W) scene of leaves that cover each other, with a slope and grain.

    Lee, Mumford & Huang, *Occlusion models for natural images*, IJCV 2001.
    """
    return _scene(size, seed).copy()


@lru_cache(maxsize=16)  # tests look at the same few, again and again
def _scene(size: tuple[int, int], seed: int) -> NDArray[np.float32]:
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[: size[0], : size[1]].astype(np.float32)
    luma = 90 + 60 * rows / size[0]
    for _ in range(300):
        row, column = rng.uniform(0, size[0]), rng.uniform(0, size[1])
        radius = min(0.015 * max(size) / rng.uniform(0.08, 1) ** 0.8, 200)
        top, left = max(0, int(row - radius)), max(0, int(column - radius))
        part = slice(top, int(row + radius) + 1), slice(left, int(column + radius) + 1)
        inside = np.hypot(rows[part] - row, columns[part] - column) < radius
        luma[part] = np.where(inside, rng.uniform(30, 220) + luma[part] / 20, luma[part])
    grained: NDArray[np.float32] = (luma + rng.normal(0, 1.5, size)).astype(np.float32)
    return grained


def texture(size: tuple[int, int], slope: float) -> NDArray[np.floating]:
    """Make a (H, W) picture of nothing but texture, its amplitudes falling as frequency**-slope."""
    rng = np.random.default_rng(3)
    frequency = np.hypot(np.fft.fftfreq(size[0])[:, None], np.fft.rfftfreq(size[1])[None]) + 1e-3
    noise = np.fft.irfft2(np.fft.rfft2(rng.standard_normal(size)) / frequency**slope, s=size)
    textured: NDArray[np.floating] = 128 + 40 * noise / noise.std()
    return textured


def photo(size: tuple[int, int], *, levels: float = 0.8, seed: int = 0) -> Picture:
    """Make a (H, W, 3) photo whose watermark has a deviation of some levels of 255."""
    return _photo(size, levels, seed).copy()


@lru_cache(maxsize=16)
def _photo(size: tuple[int, int], levels: float, seed: int) -> Picture:
    plane = Watermark(PAYLOAD, GROUP, DEVICE.of_photo(PAYLOAD)).plane(size)
    laid = levels * plane.window(size, slice(0, size[0]), slice(0, size[1]))
    return in_8_bits(scene(size, seed) + laid)


def in_8_bits(luma: NDArray[np.floating]) -> Picture:
    """Round a (H, W) picture to three equal channels."""
    grey = np.clip(np.rint(luma), 0, 255).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=2)
