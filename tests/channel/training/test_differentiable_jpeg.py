from io import BytesIO

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from torch import Tensor

from channel.errors import ChannelValueError
from channel.jpeg_tables import robidoux
from channel.profile import Subsampling
from channel.training.differentiable_jpeg import (
    ROUNDINGS,
    DifferentiableJPEG,
    Rounding,
    dct_matrix,
    harmonic,
    sinusoidal,
)
from channel.training.libjpeg_colour import FACTORS
from tests.channel.conftest import Pixels, photo

SUBSAMPLINGS = tuple(FACTORS)
SIDES = st.integers(1, 70)
PHOTOS = st.builds(photo, SIDES, SIDES, st.integers(0, 99))
NOISE = st.builds(
    lambda height, width, seed: np.random.default_rng(seed).integers(
        0, 256, (height, width, 3), dtype=np.uint8
    ),
    SIDES,
    SIDES,
    st.integers(0, 99),
)


def tensor(*pictures: Pixels) -> Tensor:
    return torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).float() / 255


def levels(picture: Tensor) -> list[Pixels]:
    return list((picture * 255).round().permute(0, 2, 3, 1).to(torch.uint8).numpy())


def through_pillow(pixels: Pixels, subsampling: Subsampling, **options: object) -> Pixels:
    file = BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", subsampling=subsampling, **options)
    return np.asarray(Image.open(file))


@pytest.mark.slow
@pytest.mark.parametrize("subsampling", SUBSAMPLINGS)
@pytest.mark.parametrize("rounding", ["standard", "straight-through"])
@settings(max_examples=40, deadline=None)
@given(pixels=st.one_of(PHOTOS, NOISE), quality=st.integers(1, 100))
def test_exact_roundings_decode_to_the_pixels_of_libjpeg(
    subsampling: Subsampling, rounding: Rounding, pixels: Pixels, quality: int
) -> None:
    sent = DifferentiableJPEG(subsampling, rounding)(tensor(pixels), quality)
    expected = through_pillow(pixels, subsampling, quality=quality)
    np.testing.assert_array_equal(levels(sent)[0], expected)


def test_each_picture_of_a_batch_has_its_own_quality() -> None:
    pictures = [photo(40, 56, seed) for seed in range(3)]
    sent = DifferentiableJPEG()(tensor(*pictures), torch.tensor([15, 60, 95]))
    for pixels, quality, result in zip(pictures, (15, 60, 95), levels(sent), strict=True):
        np.testing.assert_array_equal(result, through_pillow(pixels, "4:2:0", quality=quality))


def test_given_tables_are_used() -> None:
    pixels = photo(48, 40)
    luma, chroma = robidoux(80)
    sent = DifferentiableJPEG()(tensor(pixels), tables=torch.from_numpy(np.stack([luma, chroma])))
    qtables = [luma.ravel().tolist(), chroma.ravel().tolist()]
    np.testing.assert_array_equal(levels(sent)[0], through_pillow(pixels, "4:2:0", qtables=qtables))


@pytest.mark.parametrize("kind", ["bfloat16", "autocast", "channels_last"])
def test_training_formats_change_no_pixel(kind: str) -> None:
    pixels = photo(33, 50)
    picture = tensor(pixels)
    if kind == "bfloat16":
        pixels = levels(picture.bfloat16().float())[0]
        picture = picture.bfloat16()
    if kind == "channels_last":
        picture = picture.to(memory_format=torch.channels_last)
    with torch.autocast("cpu", torch.bfloat16, enabled=kind == "autocast"):
        sent = DifferentiableJPEG()(picture, 71)
    assert sent.dtype == torch.float32
    np.testing.assert_array_equal(levels(sent)[0], through_pillow(pixels, "4:2:0", quality=71))


@pytest.mark.parametrize("subsampling", SUBSAMPLINGS)
@pytest.mark.parametrize("rounding", ["sinusoidal", "harmonic"])
def test_smooth_roundings_have_the_gradient_that_differences_show(
    subsampling: Subsampling, rounding: Rounding
) -> None:
    codec = DifferentiableJPEG(subsampling, rounding, eight_bit=False)
    generator = torch.Generator().manual_seed(1)
    picture = 0.3 + 0.4 * torch.rand(2, 3, 10, 13, generator=generator, dtype=torch.float64)
    quality = torch.tensor([40, 90])
    assert torch.autograd.gradcheck(
        lambda x: codec(x, quality), picture.requires_grad_(), eps=1e-7, atol=1e-4, fast_mode=True
    )


@pytest.mark.parametrize("subsampling", SUBSAMPLINGS)
def test_straight_through_gradient_is_that_of_the_codec_without_rounding(
    subsampling: Subsampling,
) -> None:
    """The codec is linear without rounding, so its gradient is a difference along any direction."""
    finest = DifferentiableJPEG(subsampling, "sinusoidal", eight_bit=False)
    steps = torch.full((1, 2, 8, 8), 1e-9, dtype=torch.float64)  # DCT in full, ρ moves nothing
    picture = (0.3 + 0.4 * torch.rand(1, 3, 21, 18, dtype=torch.float64)).requires_grad_()
    weight = torch.rand_like(picture)
    direction = 0.02 * torch.randn_like(picture)
    (gradient,) = torch.autograd.grad(
        (DifferentiableJPEG(subsampling)(picture, 30) * weight).sum(), picture
    )
    with torch.no_grad():
        change = finest._coded(255 * (picture + direction), steps)
        change = (change - finest._coded(255 * picture, steps)) / 255
    torch.testing.assert_close(
        (gradient * direction).sum(), (change * weight).sum(), rtol=1e-3, atol=1e-4
    )


def test_straight_through_at_444_is_the_identity_backward() -> None:
    picture = tensor(photo(20, 20)).requires_grad_()
    weight = torch.rand_like(picture)
    (DifferentiableJPEG("4:4:4")(picture, 10) * weight).sum().backward()
    assert picture.grad is not None
    torch.testing.assert_close(picture.grad, weight, rtol=0, atol=1e-4)


def test_standard_rounding_has_no_gradient() -> None:
    picture = tensor(photo(16, 16)).requires_grad_()
    assert not DifferentiableJPEG(rounding="standard")(picture, 50).requires_grad


@pytest.mark.parametrize("rounding", ROUNDINGS)
@pytest.mark.parametrize("subsampling", SUBSAMPLINGS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_values_and_gradients_are_finite_at_every_quality(
    rounding: Rounding, subsampling: Subsampling, dtype: torch.dtype
) -> None:
    codec = DifferentiableJPEG(subsampling, rounding)
    noise = torch.rand(3, 11, 19)
    extremes = (noise > 0.5).float()
    constants = [torch.full_like(noise, value) for value in (0, 0.5, 1)]
    wild = 100 * torch.randn(3, 11, 19)
    pictures = torch.stack([noise, extremes, *constants, wild]).to(dtype)
    pictures = pictures.repeat_interleave(100, 0).requires_grad_()
    sent = codec(pictures, torch.arange(1, 101).repeat(6))
    assert sent.isfinite().all()
    assert ((sent >= 0) & (sent <= 1)).all()
    assert sent.requires_grad == (rounding != "standard")
    if sent.requires_grad:
        sent.sum().backward()
        assert pictures.grad is not None
        assert pictures.grad.isfinite().all()


def test_smooth_roundings_near_whole_numbers_and_between() -> None:
    value = torch.tensor([-2.0, -1.0, 0.0, 0.25, 1.0, 7.5], dtype=torch.float64)
    fixed = value[[0, 1, 2, 4, 5]]  # whole numbers, and the middle between two
    for rounded in (sinusoidal, harmonic):
        torch.testing.assert_close(rounded(fixed), fixed)
    assert sinusoidal(value)[3].item() == pytest.approx(0.25 - 1 / (2 * np.pi))
    assert harmonic(value)[3].item() == pytest.approx(0.25 - (1 - 1 / 3 + 1 / 5) / np.pi)


def test_dct_matrix_is_orthonormal() -> None:
    matrix = dct_matrix()
    torch.testing.assert_close(matrix @ matrix.T, torch.eye(8, dtype=torch.float64))
    assert matrix[0, 0].item() == pytest.approx(1 / np.sqrt(8))


PICTURE = torch.zeros(1, 3, 8, 8)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((PICTURE, 0), "quality is 0; give whole numbers from 1 to 100"),
        ((PICTURE, 101), "quality is 101"),
        ((PICTURE,), "give either a quality or tables"),
        ((PICTURE, 50, torch.ones(2, 8, 8)), "give either a quality or tables"),
        ((PICTURE, None, torch.ones(8, 8)), r"tables have shape \(8, 8\)"),
        ((PICTURE, None, torch.zeros(2, 8, 8)), "step outside 1–65535"),
        ((PICTURE[0], 50), r"pictures have shape \(3, 8, 8\)"),
        ((PICTURE[:, :1], 50), r"pictures have shape \(1, 1, 8, 8\)"),
        ((PICTURE[..., :0], 50), r"pictures have shape \(1, 3, 8, 0\)"),
        ((PICTURE, torch.tensor([50, 60])), "2 qualities for 1 pictures"),
        ((PICTURE, 50.5), "whole number"),
    ],
)
def test_bad_arguments_are_refused(arguments: tuple[Tensor, ...], message: str) -> None:
    with pytest.raises(ChannelValueError, match=message):
        DifferentiableJPEG()(*arguments)


@pytest.mark.parametrize("option", [{"subsampling": "4:1:1"}, {"rounding": "soft"}])
def test_unknown_words_are_refused_with_the_choices(option: dict[str, str]) -> None:
    with pytest.raises(ChannelValueError, match="choose one of"):
        DifferentiableJPEG(**option)
