from io import BytesIO

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from verifier.features import watermark_sync
from verifier.features.dct_histogram import luma
from verifier.features.watermark_statistics import statistics_count, watermark_statistics
from verifier.features.watermark_sync import (
    FOUND,
    MATCHED,
    MeasuredPattern,
    Sync,
    find_watermark,
    synchronised,
)

Pixels = NDArray[np.uint8]
ROWS, COLUMNS = np.mgrid[:32, :32] / 32 * 2 * np.pi
WAVES = (
    (5, 0, 0.9), (7, 0, 0.6), (13, 0, 1.0), (11, 1, 0.8), (5, 1, 0.5), (3, 2, 0.4),
    (0, 4, 0.8), (0, 6, 0.7), (1, 7, 0.5), (0, 10, 0.8),
)  # fmt: skip
# Of more lines, as a pair's own pattern has them.
MORE = ((3, -2), (5, -1), (2, 6), (6, 3), (7, 2), (7, -2), (4, 5), (1, -7))


def embedded_by(waves: tuple[tuple[int, int, float], ...]) -> MeasuredPattern:
    return MeasuredPattern(sum(a * np.cos(u * ROWS + v * COLUMNS + u) for u, v, a in waves))


PATTERN = embedded_by(WAVES)
RICH = embedded_by((*WAVES, *((u, v, 0.4) for u, v in MORE)))
SIZE = (960, 1152)


def textured(size: tuple[int, int] = SIZE, seed: int = 0) -> NDArray[np.float64]:
    """Noise that is coarse and fine, as pictures are: (H, W) levels around 128."""
    rng = np.random.default_rng(seed)
    levels = np.full(size, 128.0)
    for step, deviation in ((64, 25), (16, 12), (4, 6), (1, 3)):
        small = rng.normal(0, deviation, [side // step + 1 for side in size]).astype(np.float32)
        large = Image.fromarray(small).resize(size[::-1], Image.Resampling.BICUBIC)
        levels += np.asarray(large)
    return levels


def carrying(strength: float = 1.0, seed: int = 0, pattern: MeasuredPattern = PATTERN) -> Pixels:
    levels = textured(seed=seed)
    embedded = np.tile(pattern.levels, (SIZE[0] // 32, SIZE[1] // 32))
    return as_pixels(levels + strength * embedded)


def as_pixels(levels: NDArray[np.float64]) -> Pixels:
    return np.repeat(np.clip(np.rint(levels), 0, 255).astype(np.uint8)[..., None], 3, axis=2)


def downloaded(pixels: Pixels, scale: float = 1.0, quality: int = 85) -> Pixels:
    size = [round(side * scale) for side in pixels.shape[1::-1]]
    image = Image.fromarray(pixels).resize(size, Image.Resampling.LANCZOS)
    file = BytesIO()
    image.save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file))


@pytest.mark.parametrize("scale", [1.0, 0.83, 0.62, 0.5, 0.41])
def test_the_scale_is_found(scale: float) -> None:
    sync = find_watermark(downloaded(carrying(), scale), PATTERN)
    assert sync.strength > FOUND
    assert sync.scale == pytest.approx((scale, scale), rel=1.5e-3)
    assert sync.offset == (0, 0)
    assert sync.grid == (1.0 if scale > 0.75 else 0.5)
    if scale in (1.0, 0.5):
        assert sync.scale == (scale, scale)


def test_a_scale_found_a_pixel_beside_half_is_half(monkeypatch: pytest.MonkeyPatch) -> None:
    """Weak lines of large pictures are found no better."""
    half = downloaded(carrying(0.3), 0.5, 60)
    beside = 0.5 * (1 + 1.2 / half.shape[1])
    monkeypatch.setattr(watermark_sync, "_refined", lambda *_: (0.5, beside))
    assert find_watermark(half, PATTERN).scale == (0.5, 0.5)


def test_rows_at_a_half_put_columns_there_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Platforms keep the ratio of sides, and edges of the picture may look like columns' lines."""
    half = downloaded(carrying(0.3), 0.5, 60)
    beside = 0.5 * (1 + 1.8 / half.shape[1])
    monkeypatch.setattr(watermark_sync, "_refined", lambda *_: (0.5, beside))
    monkeypatch.setattr(watermark_sync, "_energy", lambda *args: float(args[-1] == (0.5, beside)))
    monkeypatch.setattr(watermark_sync, "_match", lambda *_: 0.0)  # nothing else says so
    assert find_watermark(half, PATTERN).scale == (0.5, 0.5)


@pytest.mark.parametrize(("scale", "left", "quality"), [(0.5, 0.2, 50), (1.0, 0.06, 60)])
def test_a_weak_watermark_is_synchronised_before_its_lines_are_seen(
    scale: float, left: float, quality: int
) -> None:
    sync = find_watermark(downloaded(carrying(left), scale, quality), PATTERN)
    assert sync.strength < FOUND
    assert sync.match > MATCHED
    assert sync.found
    assert (sync.scale, sync.offset) == ((scale, scale), (0, 0))


def test_what_is_synchronised_from_the_corner_is_taken_before_likely_lines(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    half = downloaded(carrying(0.5), 0.5, 60)
    elsewhere = Sync((0.4996, 0.497), (13.0, 2.75), FOUND + 50)
    monkeypatch.setattr(watermark_sync, "_searched", lambda *_: elsewhere)
    assert find_watermark(half, PATTERN).scale == (0.5, 0.5)
    scaled = downloaded(carrying(0.5), 0.41, 60)  # not in step there: the search has its way
    assert find_watermark(scaled, PATTERN).scale == elsewhere.scale


def test_what_matches_clearly_better_than_a_half_is_no_half() -> None:
    whole = np.tile(PATTERN.levels, (48, 64)) + textured((1536, 2048))
    image = Image.fromarray(as_pixels(whole)).resize((1023, 767), Image.Resampling.LANCZOS)
    pixels = np.asarray(image)
    at_half, sync = half_match(pixels), find_watermark(pixels, PATTERN)
    assert at_half > MATCHED
    assert sync.match > at_half
    assert sync.scale == pytest.approx((767 / 1536, 1023 / 2048), rel=2e-4)
    assert sync.scaled


def half_match(pixels: Pixels) -> float:
    plane = watermark_sync._details(luma(pixels))
    return watermark_sync._match(plane, PATTERN, Sync((0.5, 0.5)))


def test_periods_that_are_all_alike_match_by_how_much_of_the_watermark_they_hold() -> None:
    """Those of what a program drew have no deviation, and any product would be many of it."""
    plane = np.tile(2e-4 * PATTERN.levels, (16, 20)).astype(np.float32)
    assert watermark_sync._match(plane, PATTERN, Sync()) == pytest.approx(2, rel=0.01)


def test_a_watermark_of_the_lines_of_jpegs_blocks_alone_is_not_matched() -> None:
    blocks = MeasuredPattern(np.cos(4 * ROWS) + np.cos(4 * COLUMNS))
    assert find_watermark(downloaded(carrying()), blocks).match == 0


def test_a_few_pixels_less_are_no_half() -> None:
    rows, columns = (side // 2 - 3 for side in SIZE)
    small = Image.fromarray(carrying()).resize((columns, rows), Image.Resampling.LANCZOS)
    assert find_watermark(np.asarray(small), PATTERN).scaled


@pytest.mark.parametrize("scale", [1.0, 0.62])
def test_a_crop_is_found(scale: float) -> None:
    sync = find_watermark(downloaded(carrying()[37:, 53:], scale), PATTERN)
    assert sync.offset == pytest.approx(((64 - 37) * scale, (64 - 53) * scale), abs=1.5)


def test_pictures_without_the_watermark_have_none() -> None:
    for seed in range(3):
        plain = downloaded(as_pixels(textured(seed=seed)), 0.7)
        sync = find_watermark(plain, PATTERN)
        assert not sync.found
        assert sync.scale in {(1.0, 1.0), (0.5, 0.5)}


@pytest.mark.parametrize("size", [(8, 8), (63, 900), (64, 64), (1, 2000)])
def test_small_pictures_are_taken_as_they_are(size: tuple[int, int]) -> None:
    pixels = np.zeros((*size, 3), np.uint8)
    sync = find_watermark(pixels, PATTERN)
    assert not sync.found
    assert synchronised(pixels, Sync()).shape[2] == 3


@pytest.mark.parametrize("value", [0, 255])
def test_flat_pictures_have_no_watermark(value: int) -> None:
    assert not find_watermark(np.full((300, 300, 3), value, np.uint8), PATTERN).found


def test_unscaled_pictures_stay_as_they_are() -> None:
    pixels = carrying()
    assert (synchronised(pixels, Sync()) == pixels).all()
    cropped = synchronised(pixels, Sync(offset=(27.0, 11.0)))
    assert (cropped == pixels[27 : 27 + len(cropped), 11 : 11 + cropped.shape[1]]).all()
    assert cropped.shape[0] % 32 == cropped.shape[1] % 32 == 0


def test_large_pictures_are_read_in_their_middle() -> None:
    pixels = np.zeros((3200, 3200, 3), np.uint8)
    pixels[320:2880, 320:2880] = 1
    middle = synchronised(pixels, Sync())
    assert middle.shape == (2560, 2560, 3)
    assert middle.all()


@pytest.mark.slow
@pytest.mark.parametrize("scale", [1.0, 0.83, 0.5, 0.41])
def test_what_is_left_of_the_watermark_is_told_from_nothing(scale: float) -> None:
    whole, half, none = (
        mean_gain(downloaded(carrying(strength), scale, 92)) for strength in (1.0, 0.5, 0.0)
    )
    assert whole > 0.4  # of lines that a platform shrinks beyond its pixels, nothing is left
    assert half == pytest.approx(whole / 2, abs=0.15)
    assert abs(none) < 0.1


def mean_gain(pixels: Pixels) -> float:
    """Mean of the gains in somewhat textured blocks, of the grid that the picture is on."""
    sync = find_watermark(pixels, PATTERN)
    statistics = watermark_statistics(synchronised(pixels, sync), PATTERN, sync)
    assert statistics.shape == (statistics_count(PATTERN),)
    full, of_half = (energetic(grid) for grid in (1.0, 0.5))
    start, count = (0, full) if sync.grid == 1.0 else (3 * full, of_half)
    return float(statistics[start : start + 3 * count].reshape(3, count)[1].mean())


def energetic(grid: float) -> int:
    return int((np.square(PATTERN.blocks(grid)).sum(axis=0) > 0.3).sum())


def test_the_pattern_on_half_its_grid_is_its_mean() -> None:
    assert PATTERN.resampled(0.5) == pytest.approx(
        PATTERN.levels.reshape(16, 2, 16, 2).mean(axis=(1, 3))
    )
    blocks = PATTERN.blocks(0.5)
    assert blocks.shape == (16, 63)
    assert blocks[0] == pytest.approx(blocks[2])  # two periods stand in the place of one


@pytest.mark.parametrize("scale", [(1.0, 1.0), (0.5, 0.5)])
def test_scales_beside_the_grid_are_matched_by_its_lines(scale: tuple[float, float]) -> None:
    """Else one at which JPEG's own lines count would match better than the true one."""
    beside = (scale[0] * 1.0012, scale[1] * 1.0003)
    lines = watermark_sync._synchronised_lines
    there, here = (lines(PATTERN, Sync(one)) for one in (scale, beside))
    assert np.array_equal(there, here)
    elsewhere = lines(PATTERN, Sync((scale[0] * 1.1,) * 2))
    assert np.count_nonzero(elsewhere) > np.count_nonzero(here)
