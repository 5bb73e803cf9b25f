"""What is done to pictures for the robustness curves of Huang et al., figure 5."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from verifier.training.origin.equalise import decode, encode

Pixels = NDArray[np.uint8]

QUALITIES: Final = (90, 80, 70, 60, 50, 40, 30, 20, 10)
SCALES: Final = (0.9, 1.1, 1.3, 1.5, 1.7)
ALPHAS: Final = (0.5, 0.75, 1.25, 1.5, 2.0)
# Degrees counter-clockwise; flips are negative numbers in `LEVEL_WORDS`.
TURNS: Final[dict[float, Callable[[Pixels], Pixels]]] = {
    90: lambda p: np.rot90(p, 1),
    180: lambda p: np.rot90(p, 2),
    270: lambda p: np.rot90(p, 3),
    -1: lambda p: p[:, ::-1],
    -2: lambda p: p[::-1],
}
LEVEL_WORDS: Final[dict[float, str]] = {
    90: "90°",
    180: "180°",
    270: "270°",
    -1: "left–right",
    -2: "upside down",
}


@dataclass(frozen=True)
class Condition:
    """One point of a curve: ``apply`` takes and gives (H, W, 3), uint8."""

    name: str
    level: float
    apply: Callable[[Pixels], Pixels]


def compressed(pixels: Pixels, quality: int) -> Pixels:
    """Write as JPEG with 4:2:0 and decode."""
    return np.asarray(decode(encode(Image.fromarray(pixels), quality, 2)))


def scaled(pixels: Pixels, factor: float) -> Pixels:
    """Resample by bicubic interpolation."""
    image = Image.fromarray(pixels)
    size = round(image.width * factor), round(image.height * factor)
    return np.asarray(image.resize(size, Image.Resampling.BICUBIC))


def stretched(pixels: Pixels, alpha: float) -> Pixels:
    """Multiply the distance from middle grey by α, and clip."""
    values = (pixels.astype(np.float32) - 128) * np.float32(alpha) + 128
    return np.clip(np.round(values), 0, 255).astype(np.uint8)


def _compressing(quality: int) -> Condition:
    return Condition("JPEG quality", quality, lambda pixels: compressed(pixels, quality))


def _scaling(factor: float) -> Condition:
    return Condition("scale", factor, lambda pixels: scaled(pixels, factor))


def _turning(level: float) -> Condition:
    return Condition("turn", level, lambda pixels: np.ascontiguousarray(TURNS[level](pixels)))


def _stretching(alpha: float) -> Condition:
    return Condition("contrast α", alpha, lambda pixels: stretched(pixels, alpha))


CONDITIONS: Final = (
    Condition("none", 0, lambda pixels: pixels),
    *map(_compressing, QUALITIES),
    *map(_scaling, SCALES),
    *map(_turning, TURNS),
    *map(_stretching, ALPHAS),
)
