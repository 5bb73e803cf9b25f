"""Parts that lack the watermark, as a report draws them."""

import numpy as np
import pytest
from PIL import Image

from channel.picture_file import turned
from verifier.detectors.missing_parts import missing_parts
from verifier.watermark.regions import WatermarkRegions

ROWS, COLUMNS = 7, 9
SHAPE = (600, 800)


def _regions(evidence: np.ndarray) -> WatermarkRegions:
    down, across = np.linspace(0, 1, ROWS), np.linspace(0, 1, COLUMNS)
    middles = np.stack(np.meshgrid(down, across, indexing="ij"), -1)
    return WatermarkRegions(evidence.astype(np.float32), middles, 1 / (COLUMNS - 1))


def _evidence(*lacking: tuple[int, int]) -> np.ndarray:
    evidence = np.full((ROWS, COLUMNS), -20.0)
    for place in lacking:
        evidence[place] = 20
    return evidence


def test_one_window_alone_is_no_evidence() -> None:
    assert missing_parts(_regions(_evidence()), SHAPE, 1) is None
    assert missing_parts(_regions(_evidence((2, 3), (4, 6), (5, 1))), SHAPE, 1) is None


def test_two_that_hardly_lack_it_are_no_evidence() -> None:
    weak, strong = _evidence(), _evidence()
    weak[2, 3:5], strong[2, 3:5] = 5.5, 6.5
    assert missing_parts(_regions(weak), SHAPE, 1) is None
    assert missing_parts(_regions(strong), SHAPE, 1) is not None


def test_neighbours_are_outlined() -> None:
    parts = missing_parts(_regions(_evidence((2, 3), (2, 4))), SHAPE, 1)
    assert parts is not None
    values = dict(zip(parts.patch_map.places, parts.patch_map.values, strict=True))
    assert {place for place, value in values.items() if value > 0.5} == {(250, 150), (350, 150)}
    assert parts.patch_map.side == 100
    assert "at least 3% of what can be judged" in parts.words[0]


def test_one_window_apart_from_them_is_not_drawn() -> None:
    parts = missing_parts(_regions(_evidence((2, 3), (2, 4), (5, 6))), SHAPE, 1)
    assert parts is not None
    assert sum(value > 0.5 for value in parts.patch_map.values) == 2
    assert len(parts.patch_map.places) == ROWS * COLUMNS - 1
    assert "3% of what can be judged" in parts.words[0]


def test_what_is_not_known_is_not_drawn() -> None:
    evidence = _evidence((2, 3), (2, 4))
    evidence[4:] = 0
    parts = missing_parts(_regions(evidence), SHAPE, 1)
    assert parts is not None
    assert len(parts.patch_map.places) == 4 * COLUMNS


@pytest.mark.parametrize("orientation", range(1, 9))
def test_squares_lie_in_the_picture_as_it_is_coded(orientation: int) -> None:
    parts = missing_parts(_regions(_evidence((1, 6), (1, 7))), SHAPE, orientation)
    assert parts is not None
    coded = Image.new("L", (SHAPE[1], SHAPE[0]) if orientation < 5 else SHAPE)
    for (left, top), value in zip(parts.patch_map.places, parts.patch_map.values, strict=True):
        if value > 0.5:
            coded.paste(255, (left, top, left + 100, top + 100))
    shown = np.asarray(turned(coded, orientation))
    assert shown.shape == SHAPE
    wanted = np.zeros(SHAPE)
    wanted[50:150, 550:750] = 255
    assert np.mean(np.abs(shown - wanted)) < 3  # to a pixel
