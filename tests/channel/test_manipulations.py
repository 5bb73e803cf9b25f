import numpy as np
import pytest
import torch
from PIL import Image

from channel.errors import ChannelValueError, PictureError
from channel.manipulations import (
    GAMMA,
    GAUSSIAN,
    JPEG,
    MANIPULATIONS,
    MEDIAN,
    NOISE,
    RESAMPLE,
    SHARPEN,
    Manipulation,
    gaussian_kernel,
)
from channel.training.differentiable_manipulations import OPERATIONS, gamma, median, noise, sharpen
from tests.channel.conftest import Pixels, photo

STRENGTHS = {
    "sharpen": (0.5, 1.0, 2.0),
    "resample": (1.5, 2.0, 3.0),
    "gaussian": (0.5, 0.83, 2.0),
    "jpeg": (20, 80, 95),
    "median": (1, 3, 5),
    "gamma": (0.6, 1.0, 2.2),
}
CASES = [(m, s) for m in MANIPULATIONS for s in STRENGTHS.get(m.name, ())]


@pytest.mark.parametrize(
    ("manipulation", "strength"), CASES, ids=[f"{m.name}-{s:g}" for m, s in CASES]
)
def test_differentiable_twin_equals_the_exact_one(
    manipulation: Manipulation, strength: float
) -> None:
    pixels = photo(50, 66)
    pixels[:8, :8] = 0  # black has no hue
    exact = manipulation(pixels, strength).astype(int)
    picture = torch.from_numpy(pixels).permute(2, 0, 1)[None].float() / 255
    argument = int(strength) if manipulation in (JPEG, MEDIAN) else strength
    twin = OPERATIONS[manipulation.name](picture, argument)[0].permute(1, 2, 0) * 255
    difference = np.abs(np.floor(twin.numpy() + 0.5) - exact)
    # resample: Pillow rounds to 8 bits after each of four passes, the twin doesn't;
    # sharpen: sixths of levels are often halves, which float32 may round the other way
    assert difference.max() <= (2 if manipulation is RESAMPLE else 1)
    least = {RESAMPLE: 0.5, SHARPEN: 0.97}.get(manipulation, 0.999)
    assert (difference == 0).mean() > least


@pytest.mark.parametrize("name", OPERATIONS)
def test_gradients_are_finite_and_reach_the_picture(name: str) -> None:
    shape = (2, 3, 20, 22)
    for start in (torch.rand(shape), torch.full(shape, 0.5), torch.zeros(shape), torch.ones(shape)):
        picture = start.clone().requires_grad_()
        result = OPERATIONS[name](picture)
        assert result.shape == picture.shape
        result.sum().backward()
        assert picture.grad is not None
        assert picture.grad.isfinite().all()
        assert picture.grad.abs().sum() > 0 or start.std() == 0  # clipped: no slope


@pytest.mark.parametrize("name", ["sharpen", "resample", "gaussian", "gamma"])
def test_smooth_operations_have_the_gradient_that_differences_show(name: str) -> None:
    generator = torch.Generator().manual_seed(4)
    picture = 0.3 + 0.4 * torch.rand(1, 3, 8, 9, generator=generator, dtype=torch.float64)
    assert torch.autograd.gradcheck(OPERATIONS[name], picture.requires_grad_(), eps=1e-7)


def test_neutral_strengths_change_nothing() -> None:
    pixels = photo(20, 30)
    for manipulation, strength in (
        (SHARPEN, 0),
        (RESAMPLE, 1),
        (MEDIAN, 1),
        (NOISE, 0),
        (GAMMA, 1),
    ):
        np.testing.assert_array_equal(manipulation(pixels, strength), pixels)


def test_sharpening_keeps_hue_and_saturation() -> None:
    pixels = np.full((9, 9, 3), (120, 60, 30), np.uint8)
    pixels[4, 4] = (160, 80, 40)
    centre = SHARPEN(pixels)[4, 4].astype(float)
    assert centre[0] == 255  # 160·26/6 − 120·20/6 = 293, clipped
    np.testing.assert_allclose(centre / centre[0], (1, 0.5, 0.25), atol=0.01)


def test_gaussian_is_the_paper_s() -> None:
    weights = gaussian_kernel(0.83)
    assert len(weights) == 5
    assert weights[2] / weights[1] == pytest.approx(np.exp(1 / (2 * 0.83**2)))
    impulse = np.zeros((9, 9, 3), np.uint8)
    impulse[4, 4] = 255
    assert GAUSSIAN(impulse)[4, 4, 0] == round(255 * weights[2] ** 2)


def test_median_removes_a_single_pixel() -> None:
    pixels = np.full((7, 7, 3), 50, np.uint8)
    pixels[3, 3] = 255
    assert (MEDIAN(pixels) == 50).all()
    assert (median(torch.from_numpy(pixels.transpose(2, 0, 1))[None] / 255) < 0.2).all()


def test_resample_is_pillow_s() -> None:
    pixels = photo(40, 52)
    image = Image.fromarray(pixels).resize((26, 20), Image.Resampling.BILINEAR)
    image = image.resize((52, 40), Image.Resampling.BILINEAR)
    np.testing.assert_array_equal(RESAMPLE(pixels), np.asarray(image))


def test_noise_has_its_strength_and_is_repeatable() -> None:
    grey = np.full((200, 200, 3), 128, np.uint8)
    noisy = NOISE(grey, 5)
    assert (noisy.astype(float) - 128).std() == pytest.approx(5, rel=0.03)
    np.testing.assert_array_equal(noisy, NOISE(grey, 5))
    generator = torch.Generator().manual_seed(0)
    spread = noise(torch.full((1, 3, 200, 200), 0.5), 5, generator).std().item()
    assert spread * 255 == pytest.approx(5, rel=0.03)


@pytest.mark.parametrize(
    ("manipulation", "strength"),
    [(SHARPEN, -1), (RESAMPLE, 0.5), (GAUSSIAN, 0), (JPEG, 101), (MEDIAN, 11), (NOISE, 100)],
    ids=lambda value: getattr(value, "name", str(value)),
)
def test_strengths_out_of_range_are_refused(manipulation: Manipulation, strength: float) -> None:
    with pytest.raises(ChannelValueError, match=f"{manipulation.name} is {strength:g}; give"):
        manipulation(photo(8, 8), strength)


def test_twins_refuse_the_same_strengths() -> None:
    picture = torch.rand(1, 3, 8, 8)
    for operation, strength in ((sharpen, 9), (gamma, 0), (median, 0), (noise, -1)):
        with pytest.raises(ChannelValueError, match="give"):
            operation(picture, strength)


@pytest.mark.parametrize(
    "pixels", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3)), np.zeros((0, 4, 3), np.uint8)]
)
def test_other_arrays_are_refused(pixels: Pixels) -> None:
    with pytest.raises(PictureError, match=r"give \(H, W, 3\), uint8"):
        SHARPEN(pixels)


def test_even_median_windows_are_refused() -> None:
    with pytest.raises(ChannelValueError, match="odd"):
        MEDIAN(photo(8, 8), 4)
