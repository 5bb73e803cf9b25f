import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from camera_sim.raw import colour
from camera_sim.sensor.cameras import CAMERAS, Camera

unit = st.floats(0, 1, width=32)
gain = st.floats(0.01, 100)
cameras = pytest.mark.parametrize("camera", CAMERAS, ids=lambda c: c.model)


@given(st.lists(unit, min_size=1))
def test_srgb_decode_undoes_encode(values: list[float]) -> None:
    linear = np.array(values, np.float32)
    back = colour.srgb_decode(colour.srgb_encode(linear))
    np.testing.assert_allclose(back, linear, atol=2e-6)


@pytest.mark.parametrize(
    ("linear", "encoded"),
    # IEC 61966-2-1:1999: the ends, the joint, and mid-grey of 18%.
    [(0.0, 0.0), (1.0, 1.0), (0.0031308, 0.04045), (0.18, 0.46136), (-1.0, 0.0), (2.0, 1.0)],
)
def test_srgb_encode_at_known_points(linear: float, encoded: float) -> None:
    value = colour.srgb_encode(np.array([linear], np.float32))
    assert value[0] == pytest.approx(encoded, abs=2e-5)


@cameras
def test_neutral_stays_neutral(camera: Camera) -> None:
    np.testing.assert_allclose(camera.camera_to_srgb.sum(axis=1), 1, atol=1e-12)


@cameras
def test_camera_to_srgb_undoes_the_camera(camera: Camera) -> None:
    rgb = np.random.default_rng(0).random((50, 3))
    seen = rgb @ (camera.matrix @ colour.SRGB_TO_XYZ).T
    white = camera.matrix @ colour.SRGB_TO_XYZ @ np.ones(3)
    developed = colour.apply_matrix((seen / white).astype(np.float32), camera.camera_to_srgb)
    np.testing.assert_allclose(developed, rgb, atol=1e-5)


@pytest.mark.parametrize("matrix", [np.ones((3, 3)), np.zeros((3, 3))], ids=["ones", "zeros"])
def test_singular_matrices_are_refused(matrix: np.ndarray) -> None:
    with pytest.raises(ValueError, match="singular"):
        colour.camera_to_srgb(matrix)


@given(st.tuples(gain, gain, gain))
def test_smallest_gain_is_one_and_ratios_stay(gains: tuple[float, float, float]) -> None:
    normal = colour.normalise_gains(gains)
    assert min(normal) == pytest.approx(1)
    np.testing.assert_allclose(np.array(normal) / gains, normal[0] / gains[0], rtol=1e-9)


@given(st.tuples(st.floats(0.1, 0.9), st.floats(0.1, 0.9), st.floats(0.1, 0.9)))
def test_grey_world_makes_the_mean_grey(means: tuple[float, float, float]) -> None:
    red, green, blue = means
    packed = np.full((8, 8, 4), (red, green, green, blue), np.float32)
    balanced = np.array(colour.grey_world(packed)) * means
    np.testing.assert_allclose(balanced, balanced[0], rtol=1e-5)


def test_grey_world_leaves_clipped_pixels_out() -> None:
    packed = np.full((8, 8, 4), (0.2, 0.4, 0.4, 0.8), np.float32)
    packed[:2] = 1.0
    np.testing.assert_allclose(colour.grey_world(packed), (4, 2, 1), rtol=1e-5)


@given(st.floats(1e-4, 1.0))
def test_auto_exposure_is_bounded_and_never_darkens(level: float) -> None:
    chosen = colour.auto_exposure(np.full((16, 16, 3), level, np.float32), np.eye(3))
    assert 1 <= chosen <= colour.AUTO_EXPOSURE_LIMIT
    assert chosen == pytest.approx(np.clip(1 / level, 1, colour.AUTO_EXPOSURE_LIMIT), rel=1e-4)


def test_auto_exposure_lets_one_in_a_hundred_clip() -> None:
    values = np.linspace(0, 0.5, 10_000, dtype=np.float32)
    ramp = np.repeat(values[:, None], 3, axis=1)
    exposed = ramp * colour.auto_exposure(ramp, np.eye(3))
    assert (exposed > 1).mean() == pytest.approx(colour.AUTO_EXPOSURE_CLIPPED, abs=0.001)


@cameras
def test_drawn_light_has_a_smallest_gain_of_one(camera: Camera) -> None:
    rng = np.random.default_rng(0)
    drawn = [camera.illuminants.draw(rng) for _ in range(200)]
    assert all(min(gains) == pytest.approx(1) for gains in drawn)
    ratios = np.log([(g / r, g / b) for r, g, b in drawn])
    expected = -np.array(camera.illuminants.mean)
    np.testing.assert_allclose(-ratios.mean(axis=0), expected, atol=0.12)
