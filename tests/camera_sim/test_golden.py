"""Developed pictures look as they did: compared by PSNR, so that rounding may differ."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tests.camera_sim.golden.build import HERE, PIPELINES, developed, excerpt

# A level of 255 wrong everywhere is 48.1 dB, which no rounding of a processor comes near.
LEAST_PSNR = 50.0


def psnr(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    error = np.mean((one.astype(np.float64) - other) ** 2)
    return float(10 * np.log10(255**2 / error)) if error else np.inf


def golden(pipeline: str) -> NDArray[np.uint8]:
    with Image.open(HERE / f"{pipeline}.png") as image:
        return np.asarray(image)


@pytest.mark.slow
@pytest.mark.parametrize("pipeline", PIPELINES)
def test_a_raw_file_is_developed_as_before(pipeline: str, tmp_path: Path) -> None:
    found = excerpt(developed(pipeline, tmp_path))
    assert found.shape == golden(pipeline).shape
    assert psnr(found, golden(pipeline)) >= LEAST_PSNR


def test_what_an_eye_sees_is_less_than_what_is_allowed() -> None:
    """A fiftieth of a stop more, or one pipeline in place of another, would be noticed."""
    brighter = np.clip(golden("rnet") * 2.0 ** (0.02 / 2.2), 0, 255).round().astype(np.uint8)
    assert psnr(brighter, golden("rnet")) < LEAST_PSNR
    for one, other in pairwise(PIPELINES):
        assert psnr(golden(one), golden(other)) < LEAST_PSNR
