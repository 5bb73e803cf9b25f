"""A watermark lies on the upright picture's 8×8 squares, whatever way the sensor was held."""

from dataclasses import replace

import numpy as np
import pytest

from camera_sim.developing.tiles import Array, develop
from camera_sim.developing.watermark_grid import grid_aligned
from camera_sim.engines import Colour
from camera_sim.pipelines.classical import ClassicalEngine
from camera_sim.raw.cfa import CFA_ORDERS, CFAOrder
from tests.camera_sim.scenes import capture


def mirrored_quarters() -> Array:
    """Repeat after 32 pixels, symmetric in each half: (32, 32) in [0, 1]."""
    eighth = np.random.default_rng(0).uniform(0.3, 0.7, (2, 2, 8, 8)).astype(np.float32)
    quarters = np.concatenate([eighth, eighth[:, :, ::-1]], axis=2)
    quarters = np.concatenate([quarters, quarters[..., ::-1]], axis=3)
    return np.block([list(row) for row in quarters])


PATTERN = mirrored_quarters()
WATERMARKED = ClassicalEngine.size.model_copy(update={"watermarked": True})
ORIENTATIONS = range(1, 9)


class PatternEngine(ClassicalEngine):
    """Gives the pattern on grey, grid-aligned with the tile."""

    size = WATERMARKED

    def develop(self, packed: Array, colour: Colour) -> Array:
        rows, columns = (side // 16 for side in packed.shape[1:])
        return np.broadcast_to(np.tile(PATTERN, (rows, columns)), (3, 32 * rows, 32 * columns))


class TurnedEngine(ClassicalEngine):
    """Develops as ever, but is handed captures turned upright."""

    size = WATERMARKED


@pytest.mark.parametrize("order", CFA_ORDERS)
@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_the_watermark_starts_at_the_top_left(order: CFAOrder, orientation: int) -> None:
    image = replace(capture(66, 84, order), orientation=orientation)
    engine = PatternEngine()
    engine.size = WATERMARKED.model_copy(update={"multiple_of": 16})
    picture = develop(image, engine, exposure=1.0)
    height, width = picture.shape[:2]
    expected = np.tile(PATTERN, (3, 3))[:height, :width] * 255
    assert picture[..., 0] == pytest.approx(expected, abs=0.51)


@pytest.mark.parametrize("order", CFA_ORDERS)
@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_turning_first_changes_no_colour(order: CFAOrder, orientation: int) -> None:
    image = replace(capture(64, 88, order), orientation=orientation, black=(10.0, 20.0, 30.0, 40.0))
    ever, turned = (
        develop(image, engine(), exposure=1.0) for engine in (ClassicalEngine, TurnedEngine)
    )
    assert turned.shape == ever.shape
    assert np.abs(turned.astype(int) - ever.astype(int)).max() <= 1


def test_sides_become_whole_squares() -> None:
    image = replace(capture(66, 84, "GBRG"), orientation=6)
    aligned = grid_aligned(image)
    assert (aligned.pattern.order, aligned.size) == ("RGGB", (88, 72))


def test_sides_that_are_developed_backwards_end_in_the_middle_of_a_period() -> None:
    aligned = grid_aligned(capture(66, 84, "BGGR"))
    assert aligned.size == (80, 112)
