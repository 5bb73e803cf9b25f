"""What people do to a part of a photo: content put in, taken away, hidden, recoloured."""

from collections.abc import Callable

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from camera_sim.evaluation.recovery.filling import filled_by_patches, spread_inwards
from camera_sim.evaluation.recovery.parts import Part, Picture
from channel.manipulations import SHARPEN

LocalEdit = Callable[[Picture, Part, Picture, np.random.Generator], Picture]
"""Of a photo, a part, another photo, and what draws."""

SMALL = 512  # pixels: Telea's inpainting is done at this size, it is smooth anyway
INPAINTING_RADIUS = 3.0
AROUND = 0.6  # of a hole's side: how much of what is around it is looked at to fill it
CONTEXT = 1.25  # a splice is enlarged by so much, as editors do to make it fit
BLUR = 0.08  # of the part's side: as faces are hidden
TINT = (1.3, 1.0, 0.75)


def splice(picture: Picture, part: Part, other: Picture, rng: np.random.Generator) -> Picture:
    """Paste a part of another photo, enlarged by a quarter."""
    height, width = (max(2, int(side / CONTEXT)) for side in (part.height, part.width))
    source = _anywhere(other, height, width, rng)
    pasted = Image.fromarray(source).resize((part.width, part.height), Image.Resampling.BICUBIC)
    return part.with_content(picture, np.asarray(pasted))


def splice_in_step(
    picture: Picture, part: Part, other: Picture, rng: np.random.Generator
) -> Picture:
    """Paste the same part of another photo of the same camera, as it is."""
    del rng
    rows = np.arange(part.top, part.top + part.height) % other.shape[0]
    columns = np.arange(part.left, part.left + part.width) % other.shape[1]
    return part.with_content(picture, other[np.ix_(rows, columns)])


def clone(picture: Picture, part: Part, other: Picture, rng: np.random.Generator) -> Picture:
    """Copy another part of the photo over it, which overlaps it by half at most."""
    del other
    for _ in range(100):
        top = int(rng.integers(picture.shape[0] - part.height + 1))
        left = int(rng.integers(picture.shape[1] - part.width + 1))
        if abs(top - part.top) > part.height / 2 or abs(left - part.left) > part.width / 2:
            break
    return part.with_content(
        picture, picture[top : top + part.height, left : left + part.width].copy()
    )


def inpainting(picture: Picture, part: Part, other: Picture, rng: np.random.Generator) -> Picture:
    """Fill the part smoothly from its border, by Telea's method (2004)."""
    del other, rng
    around, hole = _around(picture, part)
    factor = max(1.0, max(hole.shape) / SMALL)
    size = round(hole.shape[1] / factor), round(hole.shape[0] / factor)
    small = np.asarray(Image.fromarray(picture[around]).resize(size, Image.Resampling.BOX))
    small_hole = np.asarray(Image.fromarray(hole).convert("L").resize(size)) > 0
    filled = cv2.inpaint(
        np.ascontiguousarray(small), small_hole.astype(np.uint8), INPAINTING_RADIUS,
        cv2.INPAINT_TELEA,
    )  # fmt: skip
    large = Image.fromarray(filled).resize(hole.shape[::-1], Image.Resampling.BICUBIC)
    return _in_hole(picture, around, hole, np.asarray(large))


def patch_inpainting(
    picture: Picture, part: Part, other: Picture, rng: np.random.Generator
) -> Picture:
    """Fill the part by patches from around it."""
    del other, rng
    around, hole = _around(picture, part)
    return _in_hole(picture, around, hole, filled_by_patches(picture[around], hole))


def object_removed(
    picture: Picture, part: Part, other: Picture, rng: np.random.Generator
) -> Picture:
    """Heal the part: what lies beside it, brought smoothly to the colours of its border."""
    del other
    around, hole = _around(picture, part)
    shift = tuple(
        int(rng.choice([-1, 1]) * side * rng.uniform(0.7, 1.2))
        for side in (part.height, part.width)
    )
    beside = np.roll(picture, shift, axis=(0, 1))[around]
    difference = picture[around].astype(np.float32) - beside
    healed = np.clip(np.rint(beside + spread_inwards(difference, hole)), 0, 255)
    return _in_hole(picture, around, hole, healed.astype(np.uint8))


def text(picture: Picture, part: Part, other: Picture, rng: np.random.Generator) -> Picture:
    """Write lines of text, or put a logo: a disc with a letter."""
    del other
    image = Image.fromarray(picture[part.window])
    draw = ImageDraw.Draw(image)
    dark, bright = (10, 20, 60), (250, 250, 245)
    height, width = part.height, part.width
    if rng.integers(2):
        size = min(height / 3, width / 6)
        for line, words in enumerate(("BREAKING", "NEWS TODAY")):
            place = 0.02 * width, (0.1 + 0.45 * line) * height
            draw.text(place, words, bright, font_size=size, stroke_width=2, stroke_fill=dark)
    else:
        draw.ellipse((0, 0, width - 1, height - 1), fill=dark)
        draw.text((0.35 * width, 0.1 * height), "R", bright, font_size=0.7 * min(height, width))
    changed = picture.copy()
    changed[part.window] = np.asarray(image)
    return changed


def blur(picture: Picture, part: Part, other: Picture, rng: np.random.Generator) -> Picture:
    """Blur the part until a face is not known."""
    del other, rng
    radius = BLUR * (part.height * part.width) ** 0.5
    blurred = Image.fromarray(picture[part.window]).filter(ImageFilter.GaussianBlur(radius))
    return part.with_content(picture, np.asarray(blurred))


def recoloured(picture: Picture, part: Part, other: Picture, rng: np.random.Generator) -> Picture:
    """Change the part's colours: towards red, or towards blue."""
    del other
    tint = np.array(TINT if rng.integers(2) else TINT[::-1])
    return part.with_content(picture, np.clip(picture[part.window] * tint, 0, 255).astype(np.uint8))


def darker(picture: Picture, part: Part, other: Picture, rng: np.random.Generator) -> Picture:
    """Make the part darker by a tenth."""
    del other, rng
    return part.with_content(picture, np.rint(picture[part.window] * 0.9).astype(np.uint8))


def sharpened(picture: Picture, part: Part, other: Picture, rng: np.random.Generator) -> Picture:
    """Sharpen the part by one pass."""
    del other, rng
    return part.with_content(picture, SHARPEN(np.ascontiguousarray(picture[part.window])))


def denoised(picture: Picture, part: Part, other: Picture, rng: np.random.Generator) -> Picture:
    """Denoise the part, by a median of 5 by 5."""
    del other, rng
    return part.with_content(picture, cv2.medianBlur(picture[part.window].copy(), 5))


EDITS: dict[str, LocalEdit] = {
    "splice of another photo": splice,
    "splice of the same camera, in step": splice_in_step,
    "clone": clone,
    "inpainting (OpenCV, Telea)": inpainting,
    "inpainting by patches": patch_inpainting,
    "object removed, healed": object_removed,
    "text or logo": text,
    "blur": blur,
    "recoloured": recoloured,
}
SUBTLE: dict[str, LocalEdit] = {
    "10% darker": darker,
    "sharpened": sharpened,
    "denoised": denoised,
}


def _anywhere(other: Picture, height: int, width: int, rng: np.random.Generator) -> Picture:
    height, width = min(height, other.shape[0]), min(width, other.shape[1])
    top = int(rng.integers(other.shape[0] - height + 1))
    left = int(rng.integers(other.shape[1] - width + 1))
    return other[top : top + height, left : left + width]


def _around(picture: Picture, part: Part) -> tuple[tuple[slice, slice], np.ndarray]:
    """Return a window around the part, and where in it the part is."""
    beyond = round(AROUND * max(part.height, part.width))
    window = (
        slice(max(0, part.top - beyond), min(picture.shape[0], part.top + part.height + beyond)),
        slice(max(0, part.left - beyond), min(picture.shape[1], part.left + part.width + beyond)),
    )
    return window, part.mask(picture.shape)[window]


def _in_hole(
    picture: Picture, window: tuple[slice, slice], hole: np.ndarray, content: Picture
) -> Picture:
    changed = picture.copy()
    changed[window] = np.where(hole[..., None], content, picture[window])
    return changed
