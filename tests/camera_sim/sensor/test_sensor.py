import numpy as np
import pytest

from camera_sim.raw.cfa import CFA_ORDERS, CFAOrder, CFAPattern, sample
from camera_sim.sensor.cameras import CAMERAS
from camera_sim.sensor.sensor import Noise, Sensor
from tests.camera_sim.scenes import CAMERA, GAINS, scene

GREY = np.full((256, 256, 3), 0.5, np.float32)
UNIT = (1.0, 1.0, 1.0)


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.mark.parametrize("order", CFA_ORDERS)
def test_perfect_capture_is_the_scene_through_the_filters(order: CFAOrder) -> None:
    sensor = Sensor(CAMERA, CFAPattern(order), bits=14, black=512)
    image = sensor.capture(scene(40, 60), GAINS, rng())
    signal = sample(sensor.clean_colours(scene(40, 60)) / np.float32(GAINS), image.pattern)
    measured = (image.samples.astype(np.float64) - 512) / (2**14 - 1 - 512)
    assert np.abs(measured - signal).max() <= 0.51 / (2**14 - 1 - 512)


@pytest.mark.parametrize("bits", range(10, 17))
def test_levels_follow_the_bits(bits: int) -> None:
    image = Sensor(CAMERA, bits=bits).capture(scene(16, 16), GAINS, rng())
    assert image.white == 2**bits - 1
    assert image.black == (2**bits / 32,) * 4
    assert image.samples.max() <= 2**bits - 1


def test_white_clips_to_saturation_and_black_to_the_black_level() -> None:
    sensor = Sensor(CAMERA)
    white = sensor.capture(np.ones((8, 8, 3), np.float32), UNIT, rng())
    black = sensor.capture(np.zeros((8, 8, 3), np.float32), UNIT, rng())
    assert set(white.samples.ravel()) == {2**14 - 1}
    assert set(black.samples.ravel()) == {512}


@pytest.mark.parametrize(("shot", "read"), [(1e-3, 0.0), (0.0, 1e-5), (1e-3, 1e-4)])
def test_noise_has_the_stated_variance(shot: float, read: float) -> None:
    image = Sensor(CAMERA, bits=16, noise=Noise(shot, read)).capture(GREY, UNIT, rng())
    values = image.packed()
    expected = shot * values.mean(axis=(0, 1)) + read
    np.testing.assert_allclose(values.var(axis=(0, 1)), expected, rtol=0.05)


def test_prnu_scales_with_the_signal() -> None:
    sensor = Sensor(CAMERA, bits=16, noise=Noise(prnu=0.01))
    for level in (0.1, 0.8):
        values = sensor.capture(GREY * np.float32(level / 0.5), UNIT, rng()).packed()
        spread = values.std(axis=(0, 1)) / values.mean(axis=(0, 1))
        np.testing.assert_allclose(spread, 0.01, rtol=0.05)


def test_noise_under_black_survives() -> None:
    image = Sensor(CAMERA, noise=Noise(read=1e-4)).capture(GREY * 0, UNIT, rng())
    assert image.packed().min() < -0.02
    assert abs(image.packed().mean()) < 1e-3


def test_underexposure_darkens_by_so_many_times() -> None:
    sensor = Sensor(CAMERA, bits=16)
    full = sensor.capture(GREY, GAINS, rng()).packed()
    dark = sensor.capture(GREY, GAINS, rng(), exposure=4.0).packed()
    np.testing.assert_allclose(4 * dark, full, atol=1e-4)


def test_odd_rows_and_columns_are_cut() -> None:
    assert Sensor(CAMERA).capture(scene(33, 47), GAINS, rng()).size == (32, 46)


def test_blur_smooths_edges_and_keeps_the_light() -> None:
    sharp = scene(64, 64)
    blurred = Sensor(CAMERA, blur=0.6).through_lens(sharp)
    assert np.abs(np.diff(blurred, axis=0)).max() < 0.8 * np.abs(np.diff(sharp, axis=0)).max()
    assert blurred.mean() == pytest.approx(sharp.mean(), rel=1e-3)


def test_the_same_seed_gives_the_same_capture() -> None:
    sensor = Sensor(CAMERAS[1], noise=Noise(1e-3, 1e-5, 0.01))
    first, second = (sensor.capture(scene(32, 32), GAINS, rng()) for _ in range(2))
    np.testing.assert_array_equal(first.samples, second.samples)


@pytest.mark.parametrize("bits", [9, 17])
def test_impossible_bits_are_refused(bits: int) -> None:
    with pytest.raises(ValueError, match=f"10 to 16 bits, not {bits}"):
        Sensor(CAMERA, bits=bits)


@pytest.mark.parametrize("black", [-1, 2**14])
def test_impossible_black_levels_are_refused(black: int) -> None:
    with pytest.raises(ValueError, match=f"black level {black} is outside"):
        Sensor(CAMERA, black=black)


def test_drawn_noise_is_in_the_range_of_brooks_et_al() -> None:
    generator = rng()
    for noise in (Noise.draw(generator) for _ in range(100)):
        assert 1e-4 <= noise.shot <= 0.012
        assert 1e-10 < noise.read < 1e-2
