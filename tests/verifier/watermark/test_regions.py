"""Where a picture carries its watermark: parts that lack it are told, others never are."""

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.verifier.watermark.made import GROUP, Picture, in_8_bits, photo, scene
from verifier.features.even_border import even_borders
from verifier.watermark.place import TURNS, Place, Turn
from verifier.watermark.reader import read_watermark
from verifier.watermark.regions import WatermarkRegions, regions_of
from verifier.watermark.transfer import BANDS, Transfer, measure_transfer
from verifier.watermark.whitening import STEP

SHAPE = (15, 20)
SAMPLES = ((SHAPE[0] - 1) * STEP, (SHAPE[1] - 1) * STEP)
SIZE = (1200, 1600)
UPRIGHT = Place(TURNS[0], (1 / SAMPLES[1], 1 / SAMPLES[1]))


def _transfer(
    share: NDArray[np.floating],
    place: Place = UPRIGHT,
    *,
    information: float = 100.0,
    seed: int = 0,
) -> Transfer:
    """Make what is measured where each part has some share of its watermark left."""
    rng = np.random.default_rng(seed)
    laid = np.full((*SHAPE, len(BANDS)), information / len(BANDS), np.float32)
    chance = rng.normal(0, 1.3 * (information / len(BANDS)) ** 0.5, laid.shape)
    found = (share[..., None] * laid + chance).astype(np.float32)
    texture = rng.uniform(0.5, 2, SHAPE).astype(np.float32)
    left = np.ones(len(BANDS), np.float32)
    return Transfer(found, laid, laid, left, texture, 1600.0, 4000, place, SAMPLES)


def _replaced(rows: slice, columns: slice) -> NDArray[np.float64]:
    share = np.full(SHAPE, 0.7)
    share[rows, columns] = 0
    return share


def test_the_part_that_was_replaced_lacks_it_and_no_other() -> None:
    share = _replaced(slice(4, 8), slice(10, 15))
    regions = regions_of(_transfer(share))
    assert regions.lacking[5:7, 11:14].all()
    assert not regions.lacking[share > 0].any()
    assert regions.having[1:-1, 1:-1][share[1:-1, 1:-1] > 0].mean() > 0.8


def test_windows_at_the_edges_count_less() -> None:
    """They are half a mirror image: what is found there by chance is found twice."""
    share = np.zeros(SHAPE)
    share[:, 6:] = 0.7
    evidence = [regions_of(_transfer(share, seed=seed)).evidence for seed in range(20)]
    mean = np.mean(evidence, axis=0)
    assert mean[5:10, 0].mean() < 0.95 * mean[5:10, 2].mean()
    assert mean[0, 0] < 0.95 * mean[5:10, 0].mean()


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("share", [0.1, 0.3, 1.0])
def test_an_untouched_picture_lacks_it_nowhere(seed: int, share: float) -> None:
    regions = regions_of(_transfer(np.full(SHAPE, share), seed=seed))
    assert not regions.lacking.any()


def test_where_like_texture_lost_it_all_over_nothing_is_said() -> None:
    """A compression that nobody knows of took it from all that is smooth."""
    transfer = _transfer(np.full(SHAPE, 0.7))
    smooth = transfer.texture < 1
    transfer.found[smooth] = 0
    regions = regions_of(transfer)
    assert not regions.lacking.any()
    assert regions.having[~smooth].mean() > 0.5


def test_what_lies_around_the_photo_is_not_judged() -> None:
    """Content beyond the photo's upper end, so beyond the lower one as well."""
    around = Place(TURNS[0], UPRIGHT.steps, (-2.0 * STEP / SAMPLES[1], 0.0))
    share = _replaced(slice(0, 2), slice(None)) * _replaced(slice(13, 15), slice(None))
    assert regions_of(_transfer(share)).lacking.any()
    regions = regions_of(_transfer(share, around))
    assert not regions.lacking.any()
    assert np.all(regions.evidence[:3] == 0)
    assert np.all(regions.evidence[12:] == 0)


def test_borders_of_one_colour_are_not_judged() -> None:
    regions = regions_of(_transfer(_replaced(slice(None), slice(0, 3))))
    assert regions.lacking.any()
    picture = np.repeat(np.arange(1600, dtype=np.uint8)[None, :, None], 3, 2).repeat(1200, 0)
    picture[:, :240] = 200
    within = regions.inside_of(even_borders(picture), picture.shape)
    assert not within.lacking.any()
    assert within.having[:, 8:].any()


@pytest.mark.parametrize("turn", TURNS)
def test_places_are_those_of_the_received_picture(turn: Turn) -> None:
    transfer = _transfer(_replaced(slice(2, 6), slice(12, 17)), Place(turn, UPRIGHT.steps))
    regions = regions_of(transfer)
    upright = np.zeros(SAMPLES)
    upright[2 * STEP : 5 * STEP, 12 * STEP : 16 * STEP] = 1
    received = turn.redo(upright)
    middles = regions.middles[3:5, 13:16].reshape(-1, 2) * received.shape
    rows, columns = middles.astype(int).T
    assert received[rows, columns].all()
    outside = regions.middles[8:14, 2:10].reshape(-1, 2) * received.shape
    rows, columns = outside.astype(int).T
    assert not received[rows, columns].any()


@pytest.fixture(scope="module")
def pasted() -> Picture:
    """Make a photo into which a part of another scene is pasted."""
    picture = photo(SIZE)
    picture[400:800, 900:1400] = in_8_bits(scene(SIZE, seed=5))[400:800, 900:1400]
    return picture


def _regions(picture: Picture) -> WatermarkRegions:
    reading = read_watermark(picture, [GROUP])
    return regions_of(measure_transfer(picture, reading, GROUP))


@pytest.mark.slow
def test_a_part_that_was_pasted_lacks_it(pasted: Picture) -> None:
    regions = _regions(pasted)
    rows, columns = (regions.middles[..., axis] for axis in (0, 1))
    inside = (rows > 0.37) & (rows < 0.63) & (columns > 0.58) & (columns < 0.86)
    assert regions.lacking[inside].mean() > 0.5
    far = (rows < 0.25) | (rows > 0.75) | (columns < 0.45) | (columns > 0.95)
    assert not regions.lacking[far].any()


@pytest.mark.slow
def test_so_it_does_in_a_picture_that_was_turned(pasted: Picture) -> None:
    regions = _regions(np.ascontiguousarray(np.rot90(pasted)))
    rows, columns = (regions.middles[regions.lacking][:, axis] for axis in (0, 1))
    assert len(rows) > 2
    assert 0.1 < rows.mean() < 0.45  # what was right is up
    assert 0.35 < columns.mean() < 0.65


@pytest.mark.slow
def test_an_untouched_photo_has_it() -> None:
    regions = _regions(photo(SIZE))
    assert not regions.lacking.any()
    assert regions.having.mean() > 0.5
