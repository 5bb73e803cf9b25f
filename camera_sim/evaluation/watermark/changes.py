"""What happens to photos: platforms, chains of them, and what people do before they share."""

import io
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageEnhance

from camera_sim.evaluation.watermark.photos import Picture, Shot, as_jpeg
from channel import transmit

Change = Callable[[Shot], Picture]

PLATFORMS = (
    "whatsapp", "facebook", "facebook-2025", "twitter", "telegram", "linkedin", "messenger",
    "signal", "instagram",
)  # fmt: skip
CHAINS = (
    ("facebook", "whatsapp"), ("instagram", "telegram"), ("twitter", "whatsapp"),
    ("whatsapp", "facebook"), ("whatsapp", "whatsapp"), ("telegram", "instagram"),
)  # fmt: skip
SHARED_BY = "whatsapp"
"""The platform after a change, where none is named: it compresses most of those that keep 1,600."""


def through(*platforms: str) -> Change:
    """Return what sends a photo through platforms."""
    return lambda shot: pixels(transmit(shot.file, list(platforms)))


def platform_changes() -> dict[str, Change]:
    """Return each platform by its name."""
    return {name: through(name) for name in PLATFORMS}


def chain_changes() -> dict[str, Change]:
    """Return chains of two."""
    return {" → ".join(chain): through(*chain) for chain in CHAINS}


def people_changes() -> dict[str, Change]:
    """Return what people do to a photo; but for files as they are, WhatsApp follows."""
    changes: dict[str, Change] = {
        "PNG": lambda shot: shot.photo,
        "JPEG 50": lambda shot: pixels(as_jpeg(shot.photo, 50)),
        "screenshot, 0.9 to 1.1 of 1,920, PNG": _screenshot,
        "cut to 50% of the area, Instagram": _sent(_cut(0.5), "instagram"),
        "cut to 25% of the area, Instagram": _sent(_cut(0.25), "instagram"),
    }
    edits: Mapping[str, Callable[[Picture, np.random.Generator], Picture]] = {
        "cut to 50% of the area": _cut(0.5),
        "cut to 25% of the area": _cut(0.25),
        "turned by 90°": lambda picture, _: np.rot90(picture),
        "turned by 180°": lambda picture, _: np.rot90(picture, 2),
        "mirrored": lambda picture, _: np.fliplr(picture),
        "brightness +20%": _enhanced(ImageEnhance.Brightness, 1.2),
        "brightness −20%": _enhanced(ImageEnhance.Brightness, 0.8),
        "contrast +20%": _enhanced(ImageEnhance.Contrast, 1.2),
        "contrast −20%": _enhanced(ImageEnhance.Contrast, 0.8),
        "saturation +20%": _enhanced(ImageEnhance.Color, 1.2),
        "saturation −20%": _enhanced(ImageEnhance.Color, 0.8),
        "gamma 1.2": _gamma(1.2),
        "gamma 0.8": _gamma(0.8),
        "framed by 8% of white": _framed,
        "captioned": _captioned,
    }
    return changes | {name: _sent(edit, SHARED_BY) for name, edit in edits.items()}


def pixels(file: bytes) -> Picture:
    """Decode a file that a platform serves."""
    return np.asarray(Image.open(io.BytesIO(file)).convert("RGB"))


def _sent(edit: Callable[[Picture, np.random.Generator], Picture], platform: str) -> Change:
    def change(shot: Shot) -> Picture:
        edited = np.ascontiguousarray(edit(shot.photo, _drawn_for(shot)))
        return pixels(transmit(as_jpeg(edited), platform))

    return change


def _drawn_for(shot: Shot) -> np.random.Generator:
    """Return what draws for a photo, the same each time."""
    return np.random.default_rng(list(shot.name.encode()))


def _cut(area: float) -> Callable[[Picture, np.random.Generator], Picture]:
    def cut(picture: Picture, rng: np.random.Generator) -> Picture:
        height, width = (round(side * area**0.5) for side in picture.shape[:2])
        top = int(rng.integers(picture.shape[0] - height + 1))
        left = int(rng.integers(picture.shape[1] - width + 1))
        return picture[top : top + height, left : left + width]

    return cut


def _screenshot(shot: Shot) -> Picture:
    width = round(1920 * _drawn_for(shot).uniform(0.9, 1.1))
    size = width, round(width * shot.photo.shape[0] / shot.photo.shape[1])
    return np.asarray(Image.fromarray(shot.photo).resize(size, Image.Resampling.BILINEAR))


def _enhanced(kind: type, factor: float) -> Callable[[Picture, np.random.Generator], Picture]:
    return lambda picture, _: np.asarray(kind(Image.fromarray(picture)).enhance(factor))


def _gamma(exponent: float) -> Callable[[Picture, np.random.Generator], Picture]:
    table: NDArray[np.uint8] = np.rint(255 * (np.arange(256) / 255) ** exponent).astype(np.uint8)
    return lambda picture, _: table[picture]


def _framed(picture: Picture, rng: np.random.Generator) -> Picture:
    del rng
    border = round(0.08 * max(picture.shape))
    around = ((border, border), (border, border), (0, 0))
    return np.pad(picture, around, constant_values=255)


def _captioned(picture: Picture, rng: np.random.Generator) -> Picture:
    """Write a line of text over a dark band at the foot."""
    del rng
    height, width = picture.shape[:2]
    image = Image.fromarray(picture)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, round(height * 0.88), width, height), fill=(20, 20, 20))
    place = (round(width * 0.03), round(height * 0.9))
    draw.text(place, "WHEN THEY SAY IT IS ONLY A PICTURE", fill="white", font_size=height * 0.06)
    return np.asarray(image)
