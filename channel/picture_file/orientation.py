"""Orientation 1 to 8 (EXIF 2.32, 4.6.4 A), and what turns a picture upright."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from PIL import Image

Turn = Image.Transpose
UPRIGHT_TURNS: Final[Mapping[int, Turn]] = MappingProxyType(
    {
        2: Turn.FLIP_LEFT_RIGHT,
        3: Turn.ROTATE_180,
        4: Turn.FLIP_TOP_BOTTOM,
        5: Turn.TRANSPOSE,
        6: Turn.ROTATE_270,
        7: Turn.TRANSVERSE,
        8: Turn.ROTATE_90,
    }
)
# Orientations by which width and height change places.
SIDEWAYS: Final = frozenset({5, 6, 7, 8})


def turned(image: Image.Image, orientation: int) -> Image.Image:
    """Turn a picture upright; as it is for 1 and for what is no orientation."""
    turn = UPRIGHT_TURNS.get(orientation)
    return image if turn is None else image.transpose(turn)
