"""The editing operations of `channel.manipulations` with gradients (torch).

All take and give (N, 3, H, W), float, sRGB, 0–1, and keep the size. Forward they equal their exact
twins before its rounding to 8 bits (JPEG: at 8 bits); the tests say how closely.
"""

from collections.abc import Callable
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional as F

from channel import manipulations as exact
from channel.resampling_filters import matrix
from channel.training.differentiable_jpeg import DifferentiableJPEG

Operation = Callable[..., Tensor]


def sharpen(picture: Tensor, strength: float = 1.0) -> Tensor:
    """Sharpen V of HSV by the unsharp kernel of equation 3, blended in by ``strength`` (0–4).

    Hue and saturation stay, so R, G and B scale with V; black pixels turn grey.
    """
    exact.check("sharpen", strength, exact.SHARPEN.least, exact.SHARPEN.most)
    kernel = torch.tensor(exact.SHARPEN_KERNEL, dtype=picture.dtype, device=picture.device)
    value = picture.amax(1, keepdim=True)
    filtered = F.conv2d(F.pad(value, (1,) * 4, mode="replicate"), kernel[None, None])
    new = (value + strength * (filtered - value)).clamp(0, 1)
    ratio = new / value.clamp_min(1 / 255)  # below one level, black: the twin's rule
    black = value < 0.5 / 255
    return torch.where(black, new.expand_as(picture), picture * ratio)


def resample(picture: Tensor, factor: float = exact.RESAMPLE_FACTOR) -> Tensor:
    """Resize to 1/``factor`` (1–16) and back, bilinear with antialiasing, as Pillow does."""
    exact.check("resample", factor, exact.RESAMPLE.least, exact.RESAMPLE.most)
    down, across = (_there_and_back(side, factor).to(picture) for side in picture.shape[-2:])
    return down @ picture @ across.T


def gaussian(picture: Tensor, sigma: float = exact.GAUSSIAN_SIGMA) -> Tensor:
    """Smooth by a 5×5 Gaussian of ``sigma`` pixels (0.1–8)."""
    exact.check("gaussian", sigma, exact.GAUSSIAN.least, exact.GAUSSIAN.most)
    weights = torch.from_numpy(exact.gaussian_kernel(sigma)).to(picture)
    channels = picture.shape[1]
    row = weights.view(1, 1, 1, -1).repeat(channels, 1, 1, 1)
    padded = F.pad(picture, (exact.GAUSSIAN_SIDE // 2,) * 4, mode="replicate")
    across = F.conv2d(padded, row, groups=channels)
    return F.conv2d(across, row.transpose(2, 3), groups=channels)


def jpeg(picture: Tensor, quality: int | Tensor = exact.JPEG_QUALITY) -> Tensor:
    """Send through JPEG 4:2:0 at a quality, 1–100, one for all or (N,); straight-through."""
    codec = DifferentiableJPEG("4:2:0").to(picture.device)
    transmitted: Tensor = codec(picture, quality)
    return transmitted


def median(picture: Tensor, side: int = 3) -> Tensor:
    """Median of a window of odd ``side`` (1–9); the gradient goes to the pixel chosen."""
    exact.check("median", side, exact.MEDIAN.least, exact.MEDIAN.most)
    exact.check_odd(side)
    radius = side // 2
    padded = F.pad(picture, (radius,) * 4, mode="replicate")
    windows = padded.unfold(2, 2 * radius + 1, 1).unfold(3, 2 * radius + 1, 1)
    return windows.flatten(-2).median(-1).values


def noise(picture: Tensor, sigma: float = 2.0, generator: torch.Generator | None = None) -> Tensor:
    """Add Gaussian noise of ``sigma`` levels of 255 (0–64)."""
    exact.check("noise", sigma, exact.NOISE.least, exact.NOISE.most)
    grain = torch.randn(picture.shape, generator=generator, device=picture.device)
    return (picture + sigma / 255 * grain.to(picture)).clamp(0, 1)


def gamma(picture: Tensor, exponent: float = 1.2) -> Tensor:
    """Raise to an exponent (0.1–10). Near black the slope is that of a quarter of a level."""
    exact.check("gamma", exponent, exact.GAMMA.least, exact.GAMMA.most)
    floor = 0.25 / 255  # below it x^γ with γ < 1 has no finite slope at 0
    curved = picture.clamp_min(floor) ** exponent
    return torch.where(picture < floor, picture * floor ** (exponent - 1), curved)


OPERATIONS: Final[dict[str, Operation]] = {
    "sharpen": sharpen,
    "resample": resample,
    "gaussian": gaussian,
    "jpeg": jpeg,
    "median": median,
    "noise": noise,
    "gamma": gamma,
}


def _there_and_back(side: int, factor: float) -> Tensor:
    small = max(1, round(side / factor))
    return torch.from_numpy(matrix(small, side, "bilinear") @ matrix(side, small, "bilinear"))
