import numpy as np
import pytest

from camera_sim.raw.noise_profile import NoiseProfile, estimate
from camera_sim.sensor.sensor import Noise, Sensor
from tests.camera_sim.scenes import CAMERA


def half_textured(side: int) -> np.ndarray:
    """Make a linear scene: flat steps from dark to bright on the left, strong texture right."""
    rng = np.random.default_rng(1)
    steps = np.linspace(0.02, 0.85, 8, dtype=np.float32)
    flat = np.repeat(np.repeat(steps[:, None], side // 8, axis=0), side // 2, axis=1)
    texture = rng.uniform(0.05, 0.9, (side, side - side // 2)).astype(np.float32)
    return np.repeat(np.concatenate([flat, texture], axis=1)[..., None], 3, axis=2)


@pytest.mark.parametrize("shot", [1e-4, 1e-3, 1e-2])
@pytest.mark.parametrize("read", [1e-6, 1e-4])
def test_estimate_is_within_a_factor_of_two(shot: float, read: float) -> None:
    sensor = Sensor(CAMERA, bits=16, noise=Noise(shot, read))
    image = sensor.capture(half_textured(512), (1.0, 1.0, 1.0), np.random.default_rng(0))
    found = estimate([image.packed()])
    for signal in (0.05, 0.2, 0.5, 0.8):
        truth = shot * signal + read
        assert truth / 2 < found.shot * signal + found.read < truth * 2, signal


def test_a_capture_without_a_statement_is_estimated() -> None:
    sensor = Sensor(CAMERA, bits=16, noise=Noise(1e-3, 1e-5))
    image = sensor.capture(half_textured(512), (1.0, 1.0, 1.0), np.random.default_rng(0))
    stated = image.noise_profile()
    assert stated == NoiseProfile(1e-3, 1e-5)
    silent = type(image)(**{**vars(image), "noise": None}).noise_profile()
    assert silent != stated
    assert 5e-4 < silent.shot < 2e-3


def test_a_perfect_flat_capture_has_no_noise() -> None:
    assert estimate([np.full((64, 64, 4), 0.4, np.float32)]) == NoiseProfile(0.0, 0.0)


def test_a_window_too_small_to_judge_has_no_noise() -> None:
    assert estimate([np.full((8, 8, 4), 0.4, np.float32)]) == NoiseProfile()


def test_both_terms_are_never_negative() -> None:
    rng = np.random.default_rng(0)
    for level in (0.01, 0.3, 0.9):
        window = (level + 0.01 * rng.standard_normal((128, 128, 4))).astype(np.float32)
        found = estimate([window])
        assert found.shot >= 0
        assert found.read >= 0


def test_scaling_is_of_the_deviation() -> None:
    assert NoiseProfile(2.0, 3.0).scaled(0.5) == NoiseProfile(0.5, 0.75)
