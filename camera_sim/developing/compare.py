"""A sheet for the eye: two developments side by side, and their difference magnified."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Picture = NDArray[np.uint8]

# A difference of one 8-bit level is shown as ten, around mid-grey.
MAGNIFICATION = 10
PANEL = 720
MARGIN = 12
CAPTION = 34
BACKGROUND = (32, 32, 32)


def comparison(first: Picture, second: Picture, first_name: str, second_name: str) -> Picture:
    """Lay out two (H, W, 3) uint8 pictures of one size.

    Above: both, and their difference, scaled down. Below: the window with the most detail at
    100%, the same three ways.
    """
    window = _busiest_window(second, PANEL)
    names = (first_name, second_name, f"difference, {MAGNIFICATION} times")
    pictures = (first, second, difference(first, second))
    above = [_fit(picture) for picture in pictures]
    below = [picture[window] for picture in pictures]
    column = max(panel.shape[1] for panel in (*above, *below))
    rows = (
        _row(above, names, column),
        _row(below, tuple(f"{name}, 100%" for name in names), column),
    )
    return np.concatenate(rows, axis=0)


def difference(first: Picture, second: Picture) -> Picture:
    """Return the magnified difference around mid-grey."""
    signed = first.astype(np.int16) - second.astype(np.int16)
    return np.clip(128 + MAGNIFICATION * signed, 0, 255).astype(np.uint8)


def _fit(picture: Picture) -> Picture:
    image = Image.fromarray(picture)
    image.thumbnail((PANEL, PANEL), Image.Resampling.LANCZOS)
    return np.asarray(image)


def _busiest_window(picture: Picture, side: int) -> tuple[slice, slice]:
    """Find the window with the strongest edges, on a grid of half windows."""
    green = picture[..., 1].astype(np.float32)
    edges = np.abs(np.diff(green, axis=0))[:, :-1] + np.abs(np.diff(green, axis=1))[:-1]
    height, width = (min(side, n) for n in picture.shape[:2])
    places = [
        (top, left)
        for top in range(0, picture.shape[0] - height + 1, max(1, height // 2))
        for left in range(0, picture.shape[1] - width + 1, max(1, width // 2))
    ]
    top, left = max(places, key=lambda p: edges[p[0] : p[0] + height, p[1] : p[1] + width].mean())
    return slice(top, top + height), slice(left, left + width)


def _row(panels: list[Picture], captions: tuple[str, ...], width: int) -> Picture:
    height = max(panel.shape[0] for panel in panels)
    sheet = Image.new(
        "RGB", ((width + MARGIN) * len(panels) + MARGIN, height + CAPTION + MARGIN), BACKGROUND
    )
    draw = ImageDraw.Draw(sheet)
    for index, (panel, caption) in enumerate(zip(panels, captions, strict=True)):
        left = MARGIN + index * (width + MARGIN)
        draw.text((left, 8), caption, fill="white", font=ImageFont.load_default(18))
        sheet.paste(Image.fromarray(np.ascontiguousarray(panel)), (left, CAPTION))
    return np.asarray(sheet)
