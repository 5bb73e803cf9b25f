"""The patch map as a picture to lay over the photo."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from verifier.report.record import PatchMap

# ColorBrewer's diverging BrBG, reversed, seven classes: distinguished by colour-blind readers too.
SCALE: Final = (
    (1, 102, 94), (90, 180, 172), (199, 234, 229), (245, 245, 245),
    (246, 232, 195), (216, 179, 101), (140, 81, 10),
)  # fmt: skip
# An untouched part shows through, an edited one stands out.
_LEAST_OPACITY, _MOST_OPACITY = 55, 200
_OUTLINE: Final = (255, 255, 255, 110)


def overlay(
    patch_map: PatchMap, size: tuple[int, int], shown: tuple[int, int]
) -> NDArray[np.uint8]:
    """Draw the map: (H, W, 4), red, green, blue and opacity.

    Parameters
    ----------
    size
        Width and height of the picture.
    shown
        Width and height of the drawing.
    """
    canvas: NDArray[np.uint8] = np.zeros((shown[1], shown[0], 4), np.uint8)
    across, down = shown[0] / size[0], shown[1] / size[1]
    for (left, top), value in zip(patch_map.places, patch_map.values, strict=True):
        right, bottom = left + patch_map.side, top + patch_map.side
        x0, x1 = round(left * across), max(round(right * across), round(left * across) + 1)
        y0, y1 = round(top * down), max(round(bottom * down), round(top * down) + 1)
        canvas[y0:y1, x0:x1] = _OUTLINE
        canvas[y0 + 1 : y1 - 1, x0 + 1 : x1 - 1] = (
            *colour(value),
            round(_LEAST_OPACITY + value * (_MOST_OPACITY - _LEAST_OPACITY)),
        )
    return canvas


def colour(value: float) -> tuple[int, int, int]:
    """Colour of a probability: green is untouched, brown edited."""
    place = min(int(value * len(SCALE)), len(SCALE) - 1)
    return SCALE[place]
