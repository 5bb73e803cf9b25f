"""What people do to a whole photo: cut, turn, straighten, tone, filter, frame."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter

from camera_sim.evaluation.recovery.parts import Picture

GlobalEdit = Callable[[Picture, np.random.Generator], Picture]
LEVELS = np.arange(256) / 255


def cut(area: float) -> GlobalEdit:
    """Return what cuts a photo to a share of its area."""

    def cropped(picture: Picture, rng: np.random.Generator) -> Picture:
        height, width = (round(side * area**0.5) for side in picture.shape[:2])
        top = int(rng.integers(picture.shape[0] - height + 1))
        left = int(rng.integers(picture.shape[1] - width + 1))
        return picture[top : top + height, left : left + width]

    return cropped


def straighten(degrees: float) -> GlobalEdit:
    """Return what turns a photo by some degrees, and cuts what is then empty: its shape stays."""

    def straightened(picture: Picture, rng: np.random.Generator) -> Picture:
        del rng
        height, width = picture.shape[:2]
        angle = np.deg2rad(abs(degrees))
        ratio = max(width / height, height / width)
        kept = 1 / (np.cos(angle) + ratio * np.sin(angle))
        turned = Image.fromarray(picture).rotate(degrees, Image.Resampling.BICUBIC)
        down, across = (side * (1 - kept) / 2 + 1 for side in (height, width))
        return np.asarray(
            turned.crop((round(across), round(down), round(width - across), round(height - down)))
        )

    return straightened


def curve(values: Callable[[NDArray[np.float64]], NDArray[np.float64]]) -> GlobalEdit:
    """Return what sends all levels, from 0 to 1, through a curve."""
    table = np.rint(255 * np.clip(values(LEVELS), 0, 1)).astype(np.uint8)
    return lambda picture, _: table[picture]


def enhanced(kind: type, factor: float) -> GlobalEdit:
    """Return one of Pillow's enhancements."""
    return lambda picture, _: np.asarray(kind(Image.fromarray(picture)).enhance(factor))


def black_and_white(picture: Picture, rng: np.random.Generator) -> Picture:
    """Take the colour away."""
    del rng
    return np.asarray(Image.fromarray(picture).convert("L").convert("RGB"))


def warm_faded(picture: Picture, rng: np.random.Generator) -> Picture:
    """Filter as of phone apps: warm, faded blacks, darker corners."""
    del rng
    matrix = np.array([[0.95, 0.1, 0.0], [0.05, 0.9, 0.05], [0.05, 0.1, 0.75]], np.float32)
    faded = 20 + 0.88 * (picture @ matrix.T) + np.array([8, 2, -6], np.float32)
    return _rounded(faded * _vignette(picture.shape, 0.35))


def cool_contrast(picture: Picture, rng: np.random.Generator) -> Picture:
    """Filter as of phone apps: cool, an S curve, less colour."""
    del rng
    grey = picture @ np.array([0.299, 0.587, 0.114], np.float32)
    dull = 0.7 * picture + 0.3 * grey[..., None]
    curved = dull + 18 * np.sin((dull / 255 - 0.5) * 2 * np.pi)
    return _rounded(curved * np.array([0.94, 1.0, 1.08], np.float32))


def vivid(picture: Picture, rng: np.random.Generator) -> Picture:
    """Filter as of phone apps: more colour, more contrast, a little sharper."""
    del rng
    image = ImageEnhance.Color(Image.fromarray(picture)).enhance(1.5)
    image = ImageEnhance.Contrast(image).enhance(1.15)
    return np.asarray(image.filter(ImageFilter.UnsharpMask(4, 60, 2)))


def sepia(picture: Picture, rng: np.random.Generator) -> Picture:
    """Filter as of phone apps: brown, darker corners."""
    del rng
    matrix = np.array([[0.393, 0.769, 0.189], [0.349, 0.686, 0.168], [0.272, 0.534, 0.131]])
    return _rounded(picture @ matrix.T.astype(np.float32) * _vignette(picture.shape, 0.25))


def framed(picture: Picture, rng: np.random.Generator) -> Picture:
    """Lay a white frame around, a twelfth of the longer side wide."""
    del rng
    border = round(0.08 * max(picture.shape))
    around = ((border, border), (border, border), (0, 0))
    return np.pad(picture, around, constant_values=255)


def captioned_below(picture: Picture, rng: np.random.Generator) -> Picture:
    """Add a white strip with a line of text below, as for memes."""
    del rng
    strip = round(0.12 * picture.shape[0])
    image = Image.fromarray(np.pad(picture, ((0, strip), (0, 0), (0, 0)), constant_values=255))
    place = (round(0.03 * picture.shape[1]), round(picture.shape[0] + 0.2 * strip))
    ImageDraw.Draw(image).text(place, "when it is only a picture", fill="black",
                               font_size=0.5 * strip)  # fmt: skip
    return np.asarray(image)


def sharpened(picture: Picture, rng: np.random.Generator) -> Picture:
    """Sharpen it for a screen."""
    del rng
    return np.asarray(Image.fromarray(picture).filter(ImageFilter.UnsharpMask(8, 100, 0)))


def blurred(picture: Picture, rng: np.random.Generator) -> Picture:
    """Blur it a little."""
    del rng
    radius = max(picture.shape) / 512
    return np.asarray(Image.fromarray(picture).filter(ImageFilter.GaussianBlur(radius)))


def _vignette(shape: tuple[int, ...], depth: float) -> NDArray[np.floating]:
    down, across = (np.linspace(-1, 1, side, dtype=np.float32) for side in shape[:2])
    gain = 1 - depth * (down[:, None] ** 2 + across[None] ** 2) / 2
    return gain[..., None]


def _rounded(values: NDArray[np.floating]) -> Picture:
    rounded: Picture = np.clip(np.rint(values), 0, 255).astype(np.uint8)
    return rounded


GLOBAL_EDITS: dict[str, tuple[GlobalEdit, tuple[str, ...]]] = {
    "cut to 60% of the area": (cut(0.6), ("cropped",)),
    "turned by 90°": (lambda picture, _: np.rot90(picture), ("turned",)),
    "mirrored": (lambda picture, _: picture[:, ::-1], ("mirrored",)),
    "straightened by 1°": (straighten(1), ("straightened",)),
    "straightened by 2°": (straighten(-2), ("straightened",)),
    "straightened by 3°": (straighten(3), ("straightened",)),
    "brightness +20%": (enhanced(ImageEnhance.Brightness, 1.2), ("brightness",)),
    "brightness −20%": (enhanced(ImageEnhance.Brightness, 0.8), ("brightness",)),
    "contrast +20%": (enhanced(ImageEnhance.Contrast, 1.2), ("contrast",)),
    "saturation +30%": (enhanced(ImageEnhance.Color, 1.3), ("colour",)),
    "shadows lifted": (curve(lambda x: x + 0.5 * x * (1 - x) ** 3), ("tone", "brightness")),
    "S curve": (curve(lambda x: x - 0.08 * np.sin(2 * np.pi * x)), ("contrast", "tone")),
    "gamma 0.8": (curve(lambda x: x**0.8), ("brightness",)),
    "black and white": (black_and_white, ("black and white",)),
    "filter: warm, faded, dark corners": (warm_faded, ("filter", "tone", "colour")),
    "filter: cool, contrast": (cool_contrast, ("colour", "tone", "filter")),
    "filter: vivid": (vivid, ("colour",)),
    "filter: sepia, dark corners": (sepia, ("filter", "tone", "colour")),
    "sharpened": (sharpened, ("sharpened",)),
    "blurred": (blurred, ("blurred",)),
    "framed": (framed, ("frame",)),
    "captioned below": (captioned_below, ("frame",)),
}
"""Each with changes of which one should be named."""
