"""A picture as an added detector's network takes it, by its card."""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from verifier.detectors.added.card import Card

_KERNELS: Final = {
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "nearest": Image.Resampling.NEAREST,
}


def prepared(picture: NDArray[np.uint8], card: Card) -> NDArray[np.float32] | None:
    """Fit and scale a picture.

    Parameters
    ----------
    picture
        (H, W, 3) uint8, sRGB, upright.

    Returns
    -------
    float32 (1, 3, height, width), or (1, height, width, 3) by the card's layout; None where the
    picture is smaller than what is cut out of it.
    """
    fitted = _fitted(picture, card)
    if fitted is None:
        return None
    values = fitted.astype(np.float32) / 255
    if card.colours == "BGR":
        values = values[..., ::-1]
    values = (values - np.array(card.mean, np.float32)) / np.array(card.std, np.float32)
    placed = values if card.layout == "NHWC" else values.transpose(2, 0, 1)
    return np.ascontiguousarray(placed[None], np.float32)


def _fitted(picture: NDArray[np.uint8], card: Card) -> NDArray[np.uint8] | None:
    height, width = picture.shape[:2]
    if card.fit == "resize":
        return _resized(picture, card.width, card.height, card)
    if card.shorter_side is not None:
        scale = card.shorter_side / min(height, width)
        width, height = (max(card.shorter_side, round(side * scale)) for side in (width, height))
        picture = _resized(picture, width, height, card)
    top, left = (height - card.height) // 2, (width - card.width) // 2
    if top < 0 or left < 0:
        return None
    return picture[top : top + card.height, left : left + card.width]


def _resized(picture: NDArray[np.uint8], width: int, height: int, card: Card) -> NDArray[np.uint8]:
    image = Image.fromarray(np.ascontiguousarray(picture))
    return np.asarray(image.resize((width, height), _KERNELS[card.interpolation]))
