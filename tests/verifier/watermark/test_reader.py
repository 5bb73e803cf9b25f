"""Reading a watermark from made photos: whole, scaled, turned, cut, and where there is none."""

import numpy as np
import pytest
from PIL import Image

from tests.verifier.watermark.made import (
    DEVICE,
    GROUP,
    PAYLOAD,
    Picture,
    in_8_bits,
    photo,
    scene,
    texture,
)
from verifier.watermark.place import TURNS, Turn
from verifier.watermark.reader import read_watermark
from watermark.embedding import Watermark
from watermark.keys import GroupKey

SIZE = (1200, 1600)


@pytest.fixture(scope="module")
def whole() -> Picture:
    return photo(SIZE)


def _resized(picture: Picture, width: int) -> Picture:
    size = (width, round(width * picture.shape[0] / picture.shape[1]))
    return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.LANCZOS))


@pytest.mark.parametrize("width", [1600, 1080, 640])
def test_read_at_any_size(whole: Picture, width: int) -> None:
    reading = read_watermark(_resized(whole, width), [GROUP], search=False)
    assert reading.payload == PAYLOAD
    assert reading.key == GROUP.name
    assert reading.longer_side == 1600
    assert reading.scale == pytest.approx(width / 1600, rel=2e-3)
    assert reading.offset == pytest.approx((0, 0), abs=2)
    assert (reading.turned, reading.mirrored) == (0, False)
    assert reading.false_hit_rate < 1e-12


@pytest.mark.parametrize("size", [(853, 1280), (901, 1300)])
@pytest.mark.parametrize("turned", [False, True])
def test_samples_that_are_not_square_are_known_to_be(size: tuple[int, int], turned: bool) -> None:
    """A shorter side is rounded to whole samples: 682 of 682.4, 710 of 709.7."""
    whole = photo(size)
    reading = read_watermark(np.rot90(whole) if turned else whole, [GROUP], search=False)
    assert reading.place is not None
    down = size[0] / size[1] / round(size[0] / size[1] * 1024)
    assert reading.place.steps == pytest.approx((down, 1 / 1024), rel=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
def test_read_in_every_turn(whole: Picture, mirrored: bool, quarters: int) -> None:
    small = _resized(whole, 640)
    shown = np.fliplr(small) if mirrored else small
    reading = read_watermark(np.rot90(shown, -quarters), [GROUP], search=False)
    assert reading.payload == PAYLOAD
    assert (reading.turned, reading.mirrored) == (90 * quarters, mirrored)


@pytest.mark.slow
@pytest.mark.parametrize(("top", "left"), [(0, 0), (600, 800), (251, 417)])
def test_read_from_a_quarter_of_the_area(whole: Picture, top: int, left: int) -> None:
    part = _resized(whole[top : top + 600, left : left + 800], 720)
    reading = read_watermark(part, [GROUP])
    assert reading.payload == PAYLOAD
    assert reading.scale == pytest.approx(0.9, rel=3e-3)
    assert reading.offset == pytest.approx((left, top), abs=4)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("slope", "part"), [(1.3, (150, 1000, 220, 1350)), (1.6, (251, 851, 417, 1217))]
)
def test_read_from_a_part_of_dense_texture(slope: float, part: tuple[int, int, int, int]) -> None:
    """Few lines of the pilot stand out there, and agree at many places of the photo."""
    plane = Watermark(PAYLOAD, GROUP, DEVICE.of_photo(PAYLOAD)).plane(SIZE)
    laid = 0.8 * plane.window(SIZE, slice(0, SIZE[0]), slice(0, SIZE[1]))
    top, bottom, left, right = part
    cut = in_8_bits(texture(SIZE, slope) + laid)[top:bottom, left:right]
    assert read_watermark(cut, [GROUP]).payload == PAYLOAD


@pytest.mark.slow
@pytest.mark.parametrize(
    ("degrees", "turn"),
    [(-3.0, TURNS[0]), (0.6, TURNS[0]), (0.6, TURNS[1]), (2.0, TURNS[1]), (2.0, TURNS[6])],
)
def test_read_of_a_straightened_picture(whole: Picture, degrees: float, turn: Turn) -> None:
    """Whoever straightens a horizon turns the photo about its middle, and cuts what is empty."""
    turned = Image.fromarray(whole).rotate(-degrees, Image.Resampling.BICUBIC)
    cut = np.asarray(turned.crop((80, 60, 1520, 1140)))
    reading = read_watermark(turn.redo(cut), [GROUP])
    assert reading.payload == PAYLOAD
    assert (reading.turned, reading.mirrored) == (turn.degrees, turn.mirrored)
    assert reading.slant == pytest.approx(-degrees if turn.mirrored else degrees, abs=0.06)
    assert reading.scale == pytest.approx(1, rel=3e-3)
    assert reading.offset == pytest.approx((80, 60), abs=6)


def test_level_pictures_have_no_slant(whole: Picture) -> None:
    assert read_watermark(whole, [GROUP]).slant == 0


@pytest.mark.slow
@pytest.mark.parametrize(("before", "axis"), [(500, 0), (480, 1)])
def test_much_may_lie_before_the_photo(whole: Picture, before: int, axis: int) -> None:
    """The pattern repeats after a longer side; the photo doesn't."""
    around = [(0, 0), (0, 0), (0, 0)]
    around[axis] = (before, 0)
    reading = read_watermark(np.pad(whole, around, constant_values=240), [GROUP])
    assert reading.payload == PAYLOAD
    assert reading.offset == pytest.approx((-before, 0) if axis else (0, -before), abs=4)


def test_read_from_within_a_frame(whole: Picture) -> None:
    framed = np.full((1400, 1900, 3), 255, np.uint8)
    framed[60:1260, 90:1690] = whole
    reading = read_watermark(framed, [GROUP])
    assert reading.payload == PAYLOAD
    assert reading.offset == pytest.approx((-90, -60), abs=4)


@pytest.mark.parametrize("keys", [[], [GroupKey(bytes(32))]])
def test_without_the_groups_key_nothing_is_read(whole: Picture, keys: list[GroupKey]) -> None:
    reading = read_watermark(whole, keys, search=False)
    assert not reading.found
    assert reading.payload is None
    assert reading.pilot > 6
    assert reading.key is None
    assert reading.false_hit_rate == 1


def test_the_right_key_may_come_last(whole: Picture) -> None:
    reading = read_watermark(whole, [GroupKey(bytes(32)), GROUP], search=False)
    assert reading.payload == PAYLOAD


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_nothing_is_read_where_nothing_was_laid(seed: int) -> None:
    reading = read_watermark(in_8_bits(scene((600, 800), seed)), [GROUP])
    assert not reading.found
    assert reading.payload is None


@pytest.mark.parametrize("size", [(1, 1), (1, 500), (3, 2), (8, 8), (64, 1000)])
@pytest.mark.parametrize("level", [0, 77, 255])
def test_small_and_even_pictures_hold_nothing(size: tuple[int, int], level: int) -> None:
    assert not read_watermark(np.full((*size, 3), level, np.uint8), [GROUP]).found


@pytest.mark.slow
def test_a_screen_of_lines_is_no_pilot() -> None:
    columns = np.arange(1600)
    stripes = 128 + 90 * np.sign(np.sin(columns / 3.7))
    assert not read_watermark(in_8_bits(np.tile(stripes, (1200, 1))), [GROUP]).found
