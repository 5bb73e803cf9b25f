"""Crops at native resolution with a processing history that both of a pair go through alike.

A history is a first compression, a scale, retouching, and what a platform does: by the product's
own `channel.transmit`, or JPEG of any quality, or nothing.
"""

from dataclasses import dataclass
from io import BytesIO
from typing import Final, Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from channel import transmit
from verifier.training.origin.equalise import FILTERS, decode, encode, encode_webp

Pixels = NDArray[np.uint8]
Retouching = Literal["none", "blur", "sharpen", "denoise"]

SIDE: Final = 96
"""Pixels of a crop."""
PLATFORMS: Final = ("whatsapp", "instagram", "facebook", "twitter", "telegram")
SCALES: Final = (0.3, 1.3)
# Shares of histories that have each step.
_FIRST, _SCALED, _RETOUCHED = 0.8, 0.6, 0.2
# Of first compressions: many generated pictures are found so, and few photographs.
_WEBP = 0.3
_TRANSMITTED, _CODED = 0.45, 0.4
_FIRST_QUALITIES, _QUALITIES = (75, 99), (55, 99)
# Beside the crop, so that its own border isn't in it, and to move it off JPEG's grid.
_MARGIN: Final = 16
_GRID: Final = 8


@dataclass(frozen=True)
class NativeHistory:
    """What happens to a part of a picture before it is cut to `SIDE`.

    Attributes
    ----------
    left, top, side
        Of the part in the source, pixels.
    platform
        A name of `PLATFORMS`, or "".
    first_quality, quality
        Of JPEG before scaling and after; 0: none.
    webp
        The first compression is WebP.
    offset
        Columns and rows of the crop in the part as scaled.
    """

    left: int
    top: int
    side: int
    first_quality: int
    webp: bool
    filter: str
    retouching: Retouching
    strength: float
    platform: str
    quality: int
    subsampling: int
    offset: tuple[int, int]
    flipped: bool


def draw_native(rng: np.random.Generator, height: int, width: int) -> NativeHistory | None:
    """Draw a history for a picture of (height, width).

    Returns
    -------
    None if it is smaller than a crop and its margin.
    """
    whole, least = SIDE + _MARGIN, min(height, width)
    if least < whole:
        return None
    scale = 1.0
    if rng.random() < _SCALED:
        low = max(SCALES[0], whole / least)
        scale = float(low * (SCALES[1] / low) ** rng.random())
    side = min(least, round(whole / scale))
    transmitted, draw = bool(rng.random() < _TRANSMITTED), rng.random()
    quality = int(rng.integers(_QUALITIES[0], _QUALITIES[1] + 1)) if draw < _CODED / 0.55 else 0
    retouching: Retouching = "none"
    if rng.random() < _RETOUCHED:
        retouching = ("blur", "sharpen", "denoise")[int(rng.integers(3))]
    aligned = rng.random() < 0.5
    step = _GRID if aligned else 1
    return NativeHistory(
        left=int(rng.integers(width - side + 1)),
        top=int(rng.integers(height - side + 1)),
        side=side,
        first_quality=int(rng.integers(*_FIRST_QUALITIES)) if rng.random() < _FIRST else 0,
        webp=bool(rng.random() < _WEBP),
        filter=list(FILTERS)[int(rng.integers(len(FILTERS)))],
        retouching=retouching,
        strength=float(rng.random()),
        platform=PLATFORMS[int(rng.integers(len(PLATFORMS)))] if transmitted else "",
        quality=0 if transmitted else quality,
        subsampling=int(rng.choice((0, 2))),
        offset=tuple(step * int(rng.integers(_MARGIN // step + 1)) for _ in range(2)),  # type: ignore[arg-type]
        flipped=bool(rng.random() < 0.5),
    )


def cut_part(pixels: Pixels, history: NativeHistory) -> Pixels:
    """Return the part of (H, W, 3) that a history was drawn for: a view."""
    left, top, side = history.left, history.top, history.side
    return pixels[top : top + side, left : left + side]


def native_crop(pixels: Pixels, history: NativeHistory) -> Pixels:
    """Give a part of a picture a history, and cut it: (`SIDE`, `SIDE`, 3), uint8.

    Parameters
    ----------
    pixels
        (side, side, 3) uint8 sRGB, as `cut_part` gives it.
    """
    part = Image.fromarray(np.ascontiguousarray(pixels))
    if history.first_quality and history.webp:
        part = decode(encode_webp(part, history.first_quality))
    elif history.first_quality:
        part = decode(encode(part, history.first_quality, history.subsampling))
    whole = SIDE + _MARGIN
    if history.side != whole:
        part = part.resize((whole, whole), FILTERS[history.filter])  # type: ignore[index]
    found = retouched(np.asarray(part), history.retouching, history.strength)
    if history.platform:
        sent = Image.open(BytesIO(transmit(found, history.platform)))
        found = np.asarray(sent.convert("RGB"))
    elif history.quality:
        coded = encode(Image.fromarray(found), history.quality, history.subsampling)
        found = np.asarray(decode(coded))
    x, y = history.offset
    crop = found[y : y + SIDE, x : x + SIDE]
    return np.ascontiguousarray(crop[:, ::-1] if history.flipped else crop)


def retouched(pixels: Pixels, retouching: Retouching, strength: float) -> Pixels:
    """Do what phones and editors do to photographs, so that it isn't taken for a generator's.

    Parameters
    ----------
    strength
        0 to 1.
    """
    if retouching == "blur":
        return np.asarray(cv2.GaussianBlur(pixels, (0, 0), 0.3 + 0.9 * strength), np.uint8)
    if retouching == "sharpen":
        soft = cv2.GaussianBlur(pixels, (0, 0), 1.0)
        return np.asarray(cv2.addWeighted(pixels, 1.2 + strength, soft, -0.2 - strength, 0))
    if retouching == "denoise":
        return np.asarray(cv2.bilateralFilter(pixels, 5, 10 + 40 * strength, 2.0), np.uint8)
    return pixels
