"""What all blocks of a picture say of a watermark."""

import numpy as np
import pytest

from tests.verifier.features.test_watermark_sync import PATTERN
from verifier.features.watermark_statistics import _WEIGHTS, GRIDS, _carrying, watermark_statistics
from verifier.features.watermark_sync import Sync


def test_where_black_or_white_cuts_a_watermark_off_it_is_not_looked_for() -> None:
    rng = np.random.default_rng(0)
    texture = rng.normal(0, 6, (512, 512)) + np.tile(PATTERN.levels, (16, 16))
    light = np.repeat([128.0, 1.0, 254.0, 120.0], 128)
    levels = np.clip(np.rint(light + texture), 0, 255).astype(np.uint8)
    pixels = np.repeat(levels[..., None], 3, axis=2)
    halved = texture.copy()
    halved[:, 128:384] /= 2
    even = np.repeat(np.rint(128 + halved).astype(np.uint8)[..., None], 3, axis=2)
    gains = watermark_statistics(pixels, PATTERN, Sync())[: len(_carrying(PATTERN, GRIDS[0]))]
    assert abs(np.median(gains) - 1) < 0.1
    # What nothing cuts off, if half as strong in half of the picture, is looked for everywhere.
    whole = watermark_statistics(even, PATTERN, Sync())[: len(gains)]
    assert np.median(whole) == pytest.approx(0.75, abs=0.1)


def test_a_black_picture_says_nothing() -> None:
    found = watermark_statistics(np.zeros((256, 256, 3), np.uint8), PATTERN, Sync())
    assert np.isfinite(found).all()
    carrying = len(_carrying(PATTERN, GRIDS[0]))
    assert not found[: _WEIGHTS * carrying].any()
