"""Statistics of patches, against their definitions."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from verifier.features.forensic_statistics import (
    COUNT,
    described,
    forensic_statistics,
    statistics_of,
)
from verifier.features.patches import Patches

CO_OCCURRENCES = 390  # of each plane


def noise(side: int = 64, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(100, 112, (side, side, 3)).astype(np.uint8)


def test_all_are_finite_also_where_nothing_varies() -> None:
    for pixels in (noise(), np.zeros((64, 80, 3), np.uint8), np.full((96, 64, 3), 255, np.uint8)):
        found = forensic_statistics(pixels)
        assert found.shape == (COUNT,)
        assert found.dtype == np.float32
        assert np.isfinite(found).all()


def test_first_differences_of_luma_are_counted_in_triples() -> None:
    """The first 39 numbers, by a plain loop: roots of the shares of triples that count as one."""
    pixels = noise()
    pixels[..., 1:] = pixels[..., :1]  # grey, so that no half is rounded either way
    luma = pixels[..., 0].astype(float)
    shares: dict[tuple[int, ...], float] = {}
    total = 0
    for plane in (luma, luma.T):
        steps = np.clip(np.rint(np.diff(plane, axis=1)), -2, 2).astype(int)
        for levels in (steps, steps.T):
            for row in levels:
                for start in range(len(row) - 2):
                    triple = tuple(row[start : start + 3])
                    negative = tuple(-value for value in triple)
                    kind = min(triple, triple[::-1], negative, negative[::-1])
                    shares[kind] = shares.get(kind, 0) + 1
                    total += 1
    found = described(pixels)[:39]
    assert len(shares) == 39
    expected = sorted(np.sqrt(count / total) for count in shares.values())
    np.testing.assert_allclose(sorted(found), expected, atol=1e-6)


@pytest.mark.parametrize(
    "turn", [lambda p: p[::-1], lambda p: p[:, ::-1], lambda p: p.transpose(1, 0, 2)]
)
def test_co_occurrences_are_the_same_however_a_patch_is_turned(turn) -> None:
    pixels = noise()
    found, turned = described(pixels), described(turn(pixels))
    np.testing.assert_allclose(found[: 3 * CO_OCCURRENCES], turned[: 3 * CO_OCCURRENCES], atol=1e-3)


def test_wavelets_tell_how_strong_and_how_peaked_a_band_is() -> None:
    rng = np.random.default_rng(1)
    values = np.zeros((64, 64, 3), np.uint8) + rng.normal(128, 8, (64, 64, 1)).round().astype(
        np.uint8
    )
    found = described(values)[3 * CO_OCCURRENCES :][:6]
    assert found[0] == pytest.approx(np.log(8.1), abs=0.05)  # Haar keeps the deviation of noise
    assert found[1] == pytest.approx(0, abs=0.2)
    assert found[2] == pytest.approx(np.log(3.5), abs=0.15)  # a normal kurtosis
    assert found[3] == pytest.approx(np.log(np.sqrt(2 / np.pi)), abs=0.05)
    np.testing.assert_allclose(found[4:], 0, atol=0.1)


def test_patches_of_a_picture_come_one_by_one() -> None:
    pixels = noise(96)
    found = list(statistics_of(pixels, Patches(64, ((0, 0), (32, 16)), 2, 2)))
    assert [one.shape for one in found] == [(1, COUNT)] * 2
    np.testing.assert_array_equal(found[1][0], forensic_statistics(pixels[16:80, 32:96]))


def test_how_strongly_a_file_was_compressed_tells_little() -> None:
    """What JPEG 95 leaves beside the picture as it is differs less once both are levelled."""
    rng = np.random.default_rng(2)
    small = Image.fromarray(rng.integers(0, 255, (32, 32, 3)).astype(np.uint8))
    pixels = np.asarray(small.resize((128, 128), Image.Resampling.BICUBIC))
    file = BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=95)
    coded = np.asarray(Image.open(file))
    plain = np.abs(described(pixels) - described(coded)).mean()
    levelled = np.abs(forensic_statistics(pixels) - forensic_statistics(coded)).mean()
    assert levelled < plain / 2
