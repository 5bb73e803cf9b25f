"""Differentiable JPEG against libjpeg-turbo, picture by picture (figure 3 of Korus & Memon)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from channel.profile import Subsampling
from channel.training.differentiable_jpeg import ROUNDINGS, DifferentiableJPEG, Rounding

Pixels = NDArray[np.uint8]
QUALITIES = tuple(range(10, 101, 10))
SUBSAMPLINGS: tuple[Subsampling, ...] = ("4:4:4", "4:2:0")


@dataclass(frozen=True)
class Agreement:
    """One picture at one setting: both codecs against each other and against the picture."""

    picture: str
    subsampling: Subsampling
    quality: int
    rounding: Rounding
    equal: float
    worst: float
    psnr_between: float
    psnr_libjpeg: float
    psnr_ours: float


def agreements(
    pictures: Sequence[tuple[str, Pixels]],
    roundings: Sequence[Rounding] = ROUNDINGS,
    qualities: Iterable[int] = QUALITIES,
    subsamplings: Iterable[Subsampling] = SUBSAMPLINGS,
) -> Iterator[Agreement]:
    """Compare roundings with Pillow on every picture, quality and subsampling."""
    qualities = tuple(qualities)
    for subsampling in subsamplings:
        codecs = {rounding: DifferentiableJPEG(subsampling, rounding) for rounding in roundings}
        for name, pixels in pictures:
            for quality in qualities:
                expected = through_pillow(pixels, quality, subsampling)
                for rounding, codec in codecs.items():
                    ours = through(codec, pixels, quality)
                    figures = _compared(pixels, expected, ours)
                    yield Agreement(name, subsampling, quality, rounding, **figures)


def through_pillow(pixels: Pixels, quality: int, subsampling: str) -> Pixels:
    """Encode and decode by libjpeg-turbo."""
    file = BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=quality, subsampling=subsampling)
    return np.asarray(Image.open(file))


def through(codec: DifferentiableJPEG, pixels: Pixels, quality: int) -> Pixels:
    """Send 8-bit pixels through a codec of this package."""
    picture = torch.from_numpy(np.array(pixels)).permute(2, 0, 1)[None] / 255
    with torch.no_grad():
        sent = codec(picture, quality)
    return np.asarray((sent[0] * 255).round().permute(1, 2, 0).to(torch.uint8))


def psnr(first: Pixels, second: Pixels) -> float:
    """Peak signal-to-noise ratio in dB, infinite for equal pictures."""
    error = np.mean((first.astype(np.float64) - second) ** 2)
    return float(10 * np.log10(255**2 / error)) if error else float("inf")


def _compared(pixels: Pixels, expected: Pixels, ours: Pixels) -> dict[str, float]:
    difference = np.abs(expected.astype(int) - ours)
    return {
        "equal": float((difference == 0).mean()),
        "worst": int(difference.max()),
        "psnr_between": psnr(expected, ours),
        "psnr_libjpeg": psnr(pixels, expected),
        "psnr_ours": psnr(pixels, ours),
    }
