"""A watermark is believed where the phases of its lines fit, and not for the height of lines."""

from io import BytesIO

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tests.verifier.features.test_watermark_sync import RICH, as_pixels, downloaded
from verifier import Verifier
from verifier.detectors.manipulation import ManipulationDetector
from verifier.detectors.model import Model
from verifier.evaluation.graphics import graphics
from verifier.features.box_mean import box_mean
from verifier.features.watermark_proof import WatermarkProof, prove_watermark
from verifier.features.watermark_sync import (
    MeasuredPattern,
    Sync,
    find_watermark,
    synchronised,
)
from verifier.weights import read_manifest

Pixels = NDArray[np.uint8]
# Pixels a side of what is coarse and fine, and its deviation in levels.
_SIZES = ((1, 3), (5, 5), (17, 9), (65, 12))


def natural(size: tuple[int, int] = (960, 1152), seed: int = 0) -> NDArray[np.float64]:
    """Texture without a period of its own, which what is enlarged has: (H, W) levels."""
    noise = np.random.default_rng(seed).normal(0, 1, size)
    sums = (
        side * width * box_mean(noise, side) for side, width in ((1, 3), (5, 5), (17, 9), (65, 12))
    )
    levels: NDArray[np.float64] = 128 + sum(sums)
    return levels


def taken(pattern: MeasuredPattern = RICH) -> Pixels:
    """Carry a watermark, as the camera embeds it."""
    return as_pixels(natural() + np.tile(pattern.levels, (30, 36)))


def proof_of(pixels: Pixels, at: Sync | None = None) -> WatermarkProof:
    sync = at or find_watermark(pixels, RICH)
    return prove_watermark(synchronised(pixels, sync), RICH, sync, pixels.shape[:2])


@pytest.mark.slow
@pytest.mark.parametrize("scale", [1.0, 0.83, 0.62, 0.5])
def test_the_cameras_watermark_is_believed(scale: float) -> None:
    assert proof_of(downloaded(taken(), scale)).holds


def test_it_is_believed_in_a_cropped_picture() -> None:
    proof = proof_of(downloaded(taken()[37:, 53:]))
    assert any(proof.sync.offset)
    assert proof.holds


def test_a_weak_one_is_believed_where_it_was_embedded_and_the_picture_is_quiet() -> None:
    at = Sync(match=8.0)
    weak = WatermarkProof(at, 3.0, 2.0, beside=1.1, unused=0.9, quarters=(2.0, 0.5, 1.5, 1.0))
    assert weak.holds
    assert not WatermarkProof(at, 3.0, 2.0, beside=7.5, unused=0.7, quarters=weak.quarters).holds
    assert not WatermarkProof(at, 3.0, 2.0, beside=0.9, unused=4.0, quarters=weak.quarters).holds
    elsewhere = Sync(scale=(0.7, 0.7), match=8.0)
    assert not WatermarkProof(elsewhere, 3.0, 2.0, 1.1, 0.9, weak.quarters).holds


def test_symmetric_blocks_stand_along_the_phase_but_with_either_sign() -> None:
    """Photographs saved as WebP were claimed at half their size, some by strong lines."""
    half = Sync(scale=(0.5, 0.5), match=7.0)
    quarters = (3.0, 2.0, 4.0, 3.0)
    assert not WatermarkProof(half, 7.8, 2.4, 0.5, 0.9, quarters).holds
    assert not WatermarkProof(half, 5.0, 2.3, 0.7, 0.6, quarters).holds
    assert WatermarkProof(half, 5.0, 3.5, 0.7, 0.6, quarters).holds


def tiled(side: int, strength: float) -> Pixels:
    """Tiles of their own with a watermark's period over a texture."""
    tile = np.random.default_rng(side).normal(0, strength, (side, side))
    return as_pixels(natural((768, 960)) + np.tile(tile, (768 // side, 960 // side)))


@pytest.mark.slow
@pytest.mark.parametrize("side", [8, 16, 32])
@pytest.mark.parametrize("strength", [2.0, 8.0])
def test_a_period_of_the_pictures_own_is_no_watermark(side: int, strength: float) -> None:
    pixels = tiled(side, strength)
    proof = proof_of(pixels)
    assert not proof.holds
    # Nor is it where the camera would have embedded one.
    assert not proof_of(pixels, Sync()).holds


@pytest.mark.slow
@pytest.mark.parametrize("quality", [30, 60, 85])
def test_blocks_of_an_earlier_jpeg_are_no_watermark(quality: int) -> None:
    """At a quarter of its size a watermark has their period; resized, they have any other's."""
    coded = downloaded(as_pixels(natural((1280, 1536))), 1.0, quality)
    assert not proof_of(coded).holds
    shrunk = Image.fromarray(coded).resize((1152, 960), Image.Resampling.BICUBIC)
    assert not proof_of(np.asarray(shrunk)).holds


@pytest.mark.slow
@pytest.mark.parametrize("quality", [50, 60, 75, 90])
def test_blocks_of_webp_are_no_watermark(shipped: MeasuredPattern, quality: int) -> None:
    """Theirs have 16 pixels, the period of a watermark at half its size."""
    for seed in range(3):
        file = BytesIO()
        Image.fromarray(as_pixels(natural(seed=seed))).save(file, "WEBP", quality=quality)
        coded = np.asarray(Image.open(file).convert("RGB"))
        at = find_watermark(coded, shipped)
        back = synchronised(coded, at, shipped.period)
        assert not prove_watermark(back, shipped, at, coded.shape[:2]).holds


@pytest.fixture(scope="module")
def shipped() -> MeasuredPattern:
    pooling = Model(read_manifest().of_task("manipulation")[0]).pooling
    assert pooling is not None
    return pooling.pattern


@pytest.mark.slow
def test_drawings_hold_no_watermark(shipped: MeasuredPattern) -> None:
    """Lines of many are as high as a watermark's, which was all that was asked for."""
    lined = 0
    for graphic in graphics(1, seed=3):
        pixels = np.asarray(Image.open(BytesIO(graphic.content)).convert("RGB"))[:768, :768]
        sync = find_watermark(pixels, shipped)
        lined += sync.found
        proof = prove_watermark(synchronised(pixels, sync), shipped, sync, pixels.shape[:2])
        assert not proof.holds, graphic.name
    assert lined >= 3


@pytest.mark.slow
@pytest.mark.parametrize("drawn", ["checker", "stripes", "gradient"])
def test_no_drawing_is_said_to_be_developed_or_edited(drawn: str) -> None:
    down, across = np.mgrid[0:768, 0:1024]
    levels = {
        "checker": (down // 8 + across // 8) % 2 * 200.0 + 20,
        "stripes": across // 16 % 2 * 200.0 + 20,
        "gradient": 60 + 180.0 * (across + down) / 1792,
    }[drawn]
    pixels = as_pixels(levels)
    with Verifier.facts_only() as verifier:
        reading = verifier.read(downloaded(pixels))
    result = ManipulationDetector.from_weights().analyze(reading)
    assert result.finding == "inconclusive"
    assert result.in_domain is not True
