"""The statistics of blocks, and the FAN that reads them beside its convolutions."""

import numpy as np
import pytest
import torch
from torch import Tensor

from verifier.features.dct_histogram import block_coefficients, luma
from verifier.training.manipulation.block_fan import BlockFAN, Standardise
from verifier.training.manipulation.block_statistics import (
    COEFFICIENTS,
    MEAN_GAIN,
    PERIOD,
    BlockStatistics,
)
from verifier.training.manipulation.fan import FAN

SIDE = 128
BY_PLACE = COEFFICIENTS * PERIOD**2


def patches(count: int = 2) -> Tensor:
    rng = np.random.default_rng(0)
    levels = rng.integers(90, 160, (count, 3, SIDE, SIDE)).astype(np.float32)
    return torch.from_numpy(levels / 255)


def test_every_number_is_finite_even_where_nothing_is() -> None:
    statistics = BlockStatistics(SIDE)
    flat = torch.cat([torch.zeros(1, 3, SIDE, SIDE), torch.ones(1, 3, SIDE, SIDE), patches(1)])
    found = statistics(flat)
    assert found.shape == (3, statistics.count)
    assert bool(found.isfinite().all())


def test_coefficients_are_those_of_the_verifier() -> None:
    picture = (patches(1)[0].permute(1, 2, 0).numpy() * 255).round().astype(np.uint8)
    expected = block_coefficients(luma(picture)).reshape(-1, 64)[:, 1:]
    energies = np.log(np.square(expected).mean(axis=0) + 0.1)
    found = BlockStatistics(SIDE)(torch.from_numpy(picture).permute(2, 0, 1)[None] / 255)[0]
    start = BY_PLACE + COEFFICIENTS
    assert found[start : start + COEFFICIENTS].numpy() == pytest.approx(0.4 * energies, abs=1e-3)


def test_a_watermark_shows_at_its_place_of_the_period() -> None:
    statistics = BlockStatistics(SIDE)
    row = 2 * torch.cos((2 * torch.arange(8.0) + 1) * 2 * torch.pi / 16) / 255
    watermarked = torch.full((1, 3, SIDE, SIDE), 0.5)
    watermarked[..., 8:16, :] += row.repeat(SIDE // 8)  # the second row of blocks, of every four
    watermarked[..., 40:48, :] += row.repeat(SIDE // 8)
    mean = statistics(watermarked)[0, :BY_PLACE].view(COEFFICIENTS, PERIOD**2) / MEAN_GAIN
    horizontal = mean[1].view(PERIOD, PERIOD)  # the coefficient (0, 2), without the mean (0, 0)
    # Two of the four periods carry it; the others have the same weight, for it is small.
    assert horizontal[1].numpy() == pytest.approx(4 * np.sqrt(2), rel=0.1)
    assert horizontal[[0, 2, 3]].abs().max() < 0.1


def test_a_line_shows_in_the_spectrum_at_any_scale() -> None:
    statistics = BlockStatistics(SIDE)
    wave = torch.cos(2 * torch.pi * 23 * torch.arange(SIDE) / SIDE) / 50
    across = statistics((0.5 + wave).expand(1, 3, SIDE, SIDE))[0, -SIDE:].view(2, SIDE // 2)
    assert int(across[0].argmax()) == 22  # the mean is left out
    assert across[0].max() > across[1].max() + 2


def test_both_branches_speak() -> None:
    torch.manual_seed(0)
    model, x = BlockFAN(6), patches()
    convolutions = FAN.forward(model, x)
    assert torch.allclose(model(x), convolutions + model.of_blocks(x), atol=1e-5)
    assert not torch.allclose(model(x), convolutions)


def test_standardised_numbers_have_mean_0_and_deviation_1() -> None:
    layer = Standardise(3)
    numbers = torch.randn(500, 3) * torch.tensor([1.0, 5.0, 0.1]) + 7
    assert torch.equal(layer(numbers), numbers)
    layer.measure(numbers)
    assert torch.allclose(layer(numbers).std(dim=0), torch.ones(3), atol=1e-3)
    assert torch.allclose(layer(numbers).mean(dim=0), torch.zeros(3), atol=1e-3)
