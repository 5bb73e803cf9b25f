"""The editing operations that forensics distinguishes, exact at 8 bits, without torch.

Korus & Memon, CVPR 2019, section 4.2: sharpening, resampling, Gaussian smoothing, JPEG; and the
further ones of the authors' later toolbox: median, additive noise, gamma. All take and give
(H, W, 3), uint8, sRGB, and keep the size. The differentiable twins are in
`channel.training.differentiable_manipulations`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from channel.errors import ChannelValueError, PictureError

Pixels = NDArray[np.uint8]

SHARPEN_KERNEL: Final = (  # equation 3
    (-1 / 6, -4 / 6, -1 / 6),
    (-4 / 6, 26 / 6, -4 / 6),
    (-1 / 6, -4 / 6, -1 / 6),
)
GAUSSIAN_SIGMA: Final = 0.83  # section 4.2
GAUSSIAN_SIDE: Final = 5
RESAMPLE_FACTOR: Final = 2.0  # 1:2, then 2:1
JPEG_QUALITY: Final = 80


@dataclass(frozen=True)
class Manipulation:
    """An operation with the strength that it has unless another is given, and what that means."""

    name: str
    apply: Callable[[Pixels, float], Pixels]
    strength: float
    least: float
    most: float
    unit: str

    def __call__(self, pixels: Pixels, strength: float | None = None) -> Pixels:
        """Apply to (H, W, 3), uint8. Raises `ChannelValueError` for a strength out of range."""
        strength = self.strength if strength is None else strength
        check(self.name, strength, self.least, self.most)
        if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3 or not pixels.size:
            raise PictureError(
                f"the array is {pixels.dtype} {pixels.shape}; give (H, W, 3), uint8, none zero"
            )
        return self.apply(pixels, strength)


def check(name: str, strength: float, least: float, most: float) -> None:
    """Raise `ChannelValueError` if a strength is outside its range."""
    if not least <= strength <= most:
        raise ChannelValueError(f"{name} is {strength:g}; give {least:g} to {most:g}")


def check_odd(side: float) -> None:
    """Raise `ChannelValueError` if a window has no middle."""
    if side % 2 != 1:
        raise ChannelValueError(f"median is {side:g}; give an odd whole number")


def gaussian_kernel(sigma: float, side: int = GAUSSIAN_SIDE) -> NDArray[np.float64]:
    """Sample a Gaussian of ``side`` pixels, summing to 1."""
    x = np.arange(side) - side // 2
    weights: NDArray[np.float64] = np.exp(-(x**2) / (2 * sigma**2))
    total: NDArray[np.float64] = weights / weights.sum()
    return total


def _sharpened(pixels: Pixels, strength: float) -> Pixels:
    """Filter V of HSV; hue and saturation stay, so RGB scales with V."""
    value = pixels.max(2).astype(np.float64)
    kernel = np.asarray(SHARPEN_KERNEL) * strength
    kernel[1, 1] += 1 - strength
    new = sum(
        weight * shifted
        for row, shifts in zip(kernel, _neighbourhood(value, 1), strict=True)
        for weight, shifted in zip(row, shifts, strict=True)
    )
    ratio = np.clip(new, 0, 255) / np.maximum(value, 1)
    grey = np.where(value == 0, np.clip(new, 0, 255), 0)  # black has no hue to keep
    return _levels(pixels * ratio[..., None] + grey[..., None])


def _neighbourhood(plane: NDArray[np.float64], radius: int) -> list[list[NDArray[np.float64]]]:
    height, width = plane.shape[:2]
    margin = [(radius, radius), (radius, radius), *[(0, 0)] * (plane.ndim - 2)]
    padded = np.pad(plane, margin, mode="edge")
    steps = range(2 * radius + 1)
    return [[padded[y : y + height, x : x + width] for x in steps] for y in steps]


def _resampled(pixels: Pixels, factor: float) -> Pixels:
    height, width = pixels.shape[:2]
    small = max(1, round(width / factor)), max(1, round(height / factor))
    bilinear = Image.Resampling.BILINEAR
    image = Image.fromarray(pixels).resize(small, bilinear)
    return np.asarray(image.resize((width, height), bilinear))


def _smoothed(pixels: Pixels, sigma: float) -> Pixels:
    weights = gaussian_kernel(sigma)
    neighbours = _neighbourhood(pixels.astype(np.float64), GAUSSIAN_SIDE // 2)
    total = np.zeros(pixels.shape)
    for row, shifts in zip(weights, neighbours, strict=True):
        for weight, shifted in zip(weights, shifts, strict=True):
            total += row * weight * shifted
    return _levels(total)


def _compressed(pixels: Pixels, quality: float) -> Pixels:
    if quality % 1:
        raise ChannelValueError(f"jpeg is {quality:g}; give a whole number")
    file = BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=int(quality))
    return np.asarray(Image.open(file))


def _median(pixels: Pixels, side: float) -> Pixels:
    check_odd(side)
    radius = round(side) // 2
    neighbours = _neighbourhood(pixels.astype(np.float64), radius)
    return _levels(np.median(np.stack([shift for row in neighbours for shift in row]), 0))


def _noisy(pixels: Pixels, sigma: float) -> Pixels:
    noise = np.random.default_rng(0).normal(0, sigma, pixels.shape)
    return _levels(pixels + noise)


def _gamma(pixels: Pixels, gamma: float) -> Pixels:
    return _levels(255 * (np.arange(256) / 255) ** gamma)[pixels]


def _levels(values: NDArray[np.float64]) -> Pixels:
    return np.clip(np.floor(values + 0.5), 0, 255).astype(np.uint8)


SHARPEN: Final = Manipulation("sharpen", _sharpened, 1.0, 0.0, 4.0, "share of the kernel")
RESAMPLE: Final = Manipulation("resample", _resampled, RESAMPLE_FACTOR, 1.0, 16.0, "down, up again")
GAUSSIAN: Final = Manipulation("gaussian", _smoothed, GAUSSIAN_SIGMA, 0.1, 8.0, "sigma, pixels")
JPEG: Final = Manipulation("jpeg", _compressed, JPEG_QUALITY, 1.0, 100.0, "quality")
MEDIAN: Final = Manipulation("median", _median, 3.0, 1.0, 9.0, "side of the window, pixels, odd")
NOISE: Final = Manipulation("noise", _noisy, 2.0, 0.0, 64.0, "sigma, levels of 255")
GAMMA: Final = Manipulation("gamma", _gamma, 1.2, 0.1, 10.0, "exponent")

MANIPULATIONS: Final = (SHARPEN, RESAMPLE, GAUSSIAN, JPEG, MEDIAN, NOISE, GAMMA)
