"""Borders of one colour: frames have them, and skies, night and overexposed edges are none."""

import numpy as np
import pytest

from tests.verifier.comparing.made import Picture, photo, shared
from verifier.features.even_border import Borders, even_borders, is_framed


@pytest.mark.parametrize("colour", [(255, 255, 255), (0, 0, 0), (180, 30, 30)])
@pytest.mark.parametrize(
    "sides", [(40, 40, 40, 40), (40, 0, 0, 0), (0, 0, 0, 9)], ids=["around", "above", "beside"]
)
def test_a_border_is_a_frame(sides: tuple[int, ...], colour: tuple[int, ...]) -> None:
    framed = _framed(photo(), sides, colour)
    assert even_borders(framed) == Borders(*sides)
    assert is_framed(framed)
    assert is_framed(shared(framed))


def test_a_photo_is_none() -> None:
    assert even_borders(photo()) == Borders(0, 0, 0, 0)
    assert not is_framed(photo())


def test_an_even_sky_over_a_skyline_is_none() -> None:
    """It ends at another row in each column, but for a roof."""
    sky = photo().copy()
    ends = 150 + np.abs(np.arange(1200) % 400 - 200) // 2
    ends[500:800] = 150
    for column, end in enumerate(ends):
        sky[:end, column] = 250
    assert even_borders(sky).top == 150
    assert not is_framed(sky)


def test_a_picture_of_one_colour_has_no_photo_to_frame() -> None:
    assert not is_framed(np.full((300, 400, 3), 90, np.uint8))


def _framed(picture: Picture, sides: tuple[int, ...], colour: tuple[int, ...]) -> Picture:
    top, bottom, left, right = sides
    height, width = picture.shape[:2]
    framed = np.empty((height + top + bottom, width + left + right, 3), np.uint8)
    framed[:] = colour
    framed[top : top + height, left : left + width] = picture
    return framed
