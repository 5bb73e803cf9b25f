from io import BytesIO
from typing import get_args

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from channel import PLATFORMS, transmit
from channel.errors import ChannelValueError, UnknownPlatformError
from channel.resample import resized
from channel.resampling_filters import Resampling
from channel.training.differentiable import DifferentiableChannel, resize
from tests.channel.conftest import Pixels, photo

WITH_TURBO = [
    profile.name
    for profile in PLATFORMS
    if profile.encodings
    and all(e.tables is not None and e.codec == "libjpeg-turbo" for e in profile.encodings)
    and profile.passthrough == "never"
]


def tensor(*pictures: Pixels) -> Tensor:
    return torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).float() / 255


def pixels_of(picture: Tensor) -> Pixels:
    return np.asarray((picture * 255).round().permute(0, 2, 3, 1).to(torch.uint8))


@pytest.mark.parametrize("platform", WITH_TURBO)
def test_native_size_is_sent_exactly_as_transmit_does(platform: str) -> None:
    pixels = photo(64, 88)
    with Image.open(BytesIO(transmit(pixels, platform, seed=5))) as image:
        exact = np.asarray(image)
    sent = pixels_of(DifferentiableChannel(platform, seed=5)(tensor(pixels)))[0]
    assert sent.shape == exact.shape
    difference = np.abs(sent.astype(int) - exact)
    if platform == "instagram-2024":  # enlarged: a level off before JPEG may move a coefficient
        assert (difference == 0).mean() > 0.98
    else:
        assert difference.max() == 0


@pytest.mark.slow
@pytest.mark.parametrize("platform", ["yelp", "instagram-2016", "whatsapp-2016", "flickr-2014"])
def test_resized_pictures_are_nearly_those_of_transmit(platform: str) -> None:
    pixels = photo(1200, 1700)
    with Image.open(BytesIO(transmit(pixels, platform, seed=1))) as image:
        exact = np.asarray(image)
    sent = pixels_of(DifferentiableChannel(platform, seed=1)(tensor(pixels)))[0]
    assert sent.shape == exact.shape
    assert (sent == exact).mean() > 0.98


@pytest.mark.parametrize("resampling", get_args(Resampling))
@pytest.mark.parametrize("size", [(40, 33), (120, 150)])
def test_resize_is_within_a_level_of_the_exact_one(
    resampling: Resampling, size: tuple[int, int]
) -> None:
    pixels = photo(70, 91)
    ours = pixels_of(resize(tensor(pixels), size, resampling))[0].astype(int)
    difference = np.abs(ours - resized(pixels, size, resampling))
    assert difference.max() <= 1
    assert (difference == 0).mean() > 0.98


def test_resize_has_the_gradient_of_its_matrices() -> None:
    picture = torch.full((1, 3, 30, 40), 0.5).requires_grad_()  # far from where levels are cut
    resize(picture, (15, 20)).sum().backward()
    assert picture.grad is not None
    assert picture.grad.sum().item() == pytest.approx(3 * 15 * 20, rel=1e-4)


def test_gradients_reach_the_picture_through_every_profile() -> None:
    for profile in PLATFORMS:
        if profile.encodings and profile.encodings[0].tables is None:
            continue
        side = 540 if profile.name == "instagram-2024" else 24  # it enlarges to 1080, slowly
        picture = tensor(photo(24, side)).requires_grad_()
        DifferentiableChannel(profile)(picture).mean().backward()
        assert picture.grad is not None
        assert picture.grad.isfinite().all(), profile.name
        assert picture.grad.abs().sum() > 0, profile.name


def test_quality_and_scale_are_drawn_for_each_picture() -> None:
    pixels = photo(160, 160)
    channel = DifferentiableChannel("twitter", qualities=(20, 95), scales=(0.5, 1.0), crop=64)
    sent = channel(tensor(*[pixels] * 6))
    assert sent.shape == (6, 3, 64, 64)
    assert len({sent[i].sum().item() for i in range(6)}) == 6
    again = DifferentiableChannel("twitter", qualities=(20, 95), scales=(0.5, 1.0), crop=64)
    torch.testing.assert_close(again(tensor(*[pixels] * 6)), sent)


def test_pass_through_is_the_identity() -> None:
    picture = torch.rand(1, 3, 9, 9)
    assert DifferentiableChannel("original")(picture) is picture


def test_autocast_and_channels_last_change_nothing() -> None:
    picture = tensor(photo(40, 40), photo(40, 40, 1))
    expected = DifferentiableChannel("facebook-2018")(picture)
    with torch.autocast("cpu", torch.bfloat16):
        sent = DifferentiableChannel("facebook-2018")(picture.to(memory_format=torch.channels_last))
    torch.testing.assert_close(sent, expected, rtol=0, atol=0)


def test_bad_arguments_are_refused() -> None:
    with pytest.raises(UnknownPlatformError, match="no platform 'myspace'"):
        DifferentiableChannel("myspace")
    with pytest.raises(ChannelValueError, match="scales and crop go together"):
        DifferentiableChannel("twitter", scales=(0.5, 1))
    with pytest.raises(ChannelValueError, match=r"\(90, 50\) is no range"):
        DifferentiableChannel("twitter", qualities=(90, 50))
    with pytest.raises(ChannelValueError, match="takes its tables from the upload"):
        DifferentiableChannel("slack")(torch.rand(1, 3, 8, 8))
    with pytest.raises(ChannelValueError, match="smaller than the crop of 64"):
        DifferentiableChannel("twitter", scales=(0.5, 0.5), crop=64)(torch.rand(1, 3, 100, 100))
