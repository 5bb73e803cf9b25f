"""A watermark that an engine is given: in its place in every upright picture, in tiles or whole."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from camera_sim.developing.tiles import Plan, develop
from camera_sim.developing.upright import UPRIGHT, as_sensor_saw, turned
from camera_sim.engines import Array, Colour, Engine
from camera_sim.engines.onnxruntime import OnnxRuntimeEngine
from camera_sim.errors import PipelineError
from camera_sim.pipelines.classical import ClassicalEngine
from camera_sim.pipelines.libraw import LibRawEngine
from camera_sim.raw.cfa import CFA_ORDERS, CFAOrder
from camera_sim.raw.raw_image import RawImage
from camera_sim.sensor.sensor import Noise
from camera_sim.weights import read_manifest
from tests.camera_sim.scenes import capture
from watermark.embedding import Watermark
from watermark.keys import GroupKey, PhotoKey
from watermark.plane import Plane

WATERMARK = Watermark(b"Chestnut", GroupKey(bytes(range(32))), PhotoKey(bytes(32)))
NOISE = Noise(1e-3, 1e-5)
TEN_LEVELS = 10 / 255


class ShowsEngine(ClassicalEngine):
    """Develops grey, and ten levels of the watermark on it."""

    takes_watermark = True

    def develop(self, packed: Array, colour: Colour, watermark: Array | None = None) -> Array:
        height, width = (2 * side for side in packed.shape[1:])
        assert watermark is not None
        assert watermark.shape == (height, width)
        return np.repeat((0.5 + TEN_LEVELS * watermark)[None], 3, axis=0).clip(0, 1)


@cache
def qnet() -> OnnxRuntimeEngine:
    return OnnxRuntimeEngine(read_manifest().find("qnet"))


def whole(plane: Plane, height: int, width: int) -> Array:
    return plane.window((height, width), slice(0, height), slice(0, width))


def upright_plane(image: RawImage) -> Plane:
    height, width = image.size
    if UPRIGHT[image.orientation][0]:
        height, width = width, height
    return WATERMARK.plane((height, width))


@pytest.mark.parametrize("order", CFA_ORDERS)
@pytest.mark.parametrize("orientation", UPRIGHT)
def test_every_order_and_orientation_shows_the_same_plane(
    order: CFAOrder, orientation: int
) -> None:
    image = replace(capture(150, 212, order), orientation=orientation)
    plane = upright_plane(image)
    picture = develop(image, ShowsEngine(), exposure=1.0, plan=Plan(32, 8, 2), watermark=plane)
    expected = (127.5 + 10 * whole(plane, *picture.shape[:2])).clip(0, 255)
    assert picture[..., 0] == pytest.approx(expected, abs=0.6)
    assert expected.std() > 5, "a flat plane would prove nothing"


@pytest.mark.parametrize("orientation", [1, 5, 8])
@pytest.mark.parametrize("aspect", [0.5, 2.0])
def test_the_plane_covers_square_pixels(orientation: int, aspect: float) -> None:
    image = replace(capture(240, 320), orientation=orientation, pixel_aspect=aspect)
    size = develop(image, ClassicalEngine(), exposure=1.0).shape[:2]
    coarse = np.random.default_rng(0).standard_normal((22, 22)).astype(np.float32)
    plane = Plane(coarse, (16, 16), (3, 3))
    picture = develop(image, ShowsEngine(), exposure=1.0, watermark=plane)
    expected = (127.5 + 10 * whole(plane, *size)).clip(0, 255)
    assert picture.shape[:2] == size
    assert np.abs(picture[..., 1] - expected)[8:-8, 8:-8].max() < 3


@pytest.mark.parametrize("orientation", UPRIGHT)
def test_a_plane_is_turned_as_a_picture_is_turned_back(orientation: int) -> None:
    seen = np.arange(3 * 5 * 3).reshape(3, 5, 3)
    upright = turned(seen, orientation)[..., 0]
    plane = Plane(upright.astype(np.float32), upright.shape, (0.0, 0.0))
    back = as_sensor_saw(plane, orientation)
    np.testing.assert_array_equal(back.samples, seen[..., 0])
    assert (back.extent, back.origin) == ((3, 5), (0.0, 0.0))


@pytest.mark.slow
@settings(max_examples=6, deadline=None)
@given(st.integers(4, 60), st.integers(4, 60), st.integers(4, 24), st.sampled_from(CFA_ORDERS))
def test_tiled_equals_untiled(h: int, w: int, tile: int, order: CFAOrder) -> None:
    image = capture(2 * h, 2 * w, order, NOISE)
    noise = np.random.default_rng(0).standard_normal((2 * h + 8, 2 * w + 8))
    strong = Plane(20 * noise.astype(np.float32), image.size, (4, 4))
    engine = qnet()
    side = 2 * -(-max(h, w) // 2)
    tiled, untiled = (
        develop(image, engine, exposure=1.0, plan=Plan(one, 8, 2), watermark=strong).astype(int)
        for one in (2 * tile, side)
    )
    assert np.abs(tiled - untiled).max() <= 1
    assert np.abs(tiled - develop(image, engine, exposure=1.0)).mean() > 3


def test_none_is_the_plain_picture_byte_for_byte() -> None:
    image = capture(200, 260, "GRBG", NOISE)
    nothing = Plane(np.zeros((20, 20), np.float32), (16, 16), (2, 2))
    plain = develop(image, qnet(), exposure=1.0, depth=16)
    given_nothing = develop(image, qnet(), exposure=1.0, depth=16, watermark=nothing)
    np.testing.assert_array_equal(plain, given_nothing)
    marked = develop(image, qnet(), exposure=1.0, depth=16, watermark=WATERMARK.plane(image.size))
    assert np.abs(marked.astype(int) - plain).mean() > 20  # of 65,535


def test_it_is_the_same_in_all_three_colours_and_as_strong_as_it_may_be() -> None:
    image = capture(256, 320)
    plane = WATERMARK.plane(image.size)
    plain, marked = (
        develop(image, qnet(), exposure=1.0, depth=16, watermark=given).astype(int) / 257
        for given in (None, plane)
    )
    difference = marked - plain
    inside = (marked.max(axis=2) < 254) & (marked.min(axis=2) > 1)
    assert np.ptp(difference[inside], axis=1).max() < 0.02
    noise = whole(plane, *image.size)
    strength = (difference[..., 1] * noise)[inside].sum() / np.square(noise)[inside].sum()
    assert 0.25 < strength < 1.35  # levels: the least and the most that the head gives


@pytest.mark.parametrize("engine", [ClassicalEngine(), LibRawEngine()])
def test_what_embeds_none_is_given_none(engine: Engine) -> None:
    with pytest.raises(PipelineError, match="embeds no watermark that it is given; develop with"):
        develop(capture(64, 64), engine, watermark=WATERMARK.plane((64, 64)))
