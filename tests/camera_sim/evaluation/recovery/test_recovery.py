"""Edits of parts stay in their part; tables count what trials say."""

import numpy as np
import pytest

pytest.importorskip("cv2")

from camera_sim.evaluation.recovery.filling import filled_by_patches
from camera_sim.evaluation.recovery.global_edits import GLOBAL_EDITS
from camera_sim.evaluation.recovery.local_edits import EDITS, SUBTLE
from camera_sim.evaluation.recovery.parts import drawn_part
from camera_sim.evaluation.recovery.tables import (
    another_table,
    area_under_curve,
    local_table,
    untouched_table,
    whole_table,
)
from camera_sim.evaluation.recovery.trials import Trial
from tests.verifier.comparing.made import Picture, photo

NONE = np.zeros(0, np.float32)


@pytest.fixture(scope="module")
def small() -> Picture:
    return np.ascontiguousarray(photo()[::3, ::3])


def trial(**said: object) -> Trial:
    usual: dict[str, object] = {
        "photo": "a.jpg", "table": "local", "change": "clone", "way": "whatsapp", "share": 0.02,
        "shows": 9.0, "recovered": True, "result": "changed in parts", "kinds": ("scaled",),
        "hit": True, "seconds": 0.1, "edited": NONE, "untouched": NONE, "beside": NONE,
    }  # fmt: skip
    return Trial(**(usual | said))  # type: ignore[arg-type]


@pytest.mark.parametrize("share", [0.01, 0.2])
def test_a_part_has_the_area_that_was_asked_for(small: Picture, share: float) -> None:
    for seed in range(4):
        part = drawn_part(small, share, np.random.default_rng(seed))
        assert part.mask(small.shape).mean() == pytest.approx(share, rel=0.1)


@pytest.mark.parametrize("name", [*EDITS, *SUBTLE])
def test_an_edit_changes_its_part_and_nothing_else(small: Picture, name: str) -> None:
    rng = np.random.default_rng(1)
    part = drawn_part(small, 0.05, rng)
    before = small.copy()
    other = np.ascontiguousarray(photo(1)[::3, ::3])
    edited = (EDITS | SUBTLE)[name](small, part, other, rng)
    changed = (edited != small).any(axis=-1)
    assert changed.any()
    rows, columns = part.window
    outside = changed.copy()
    outside[rows, columns] = False
    assert not outside.any()
    assert np.array_equal(small, before)


@pytest.mark.parametrize("name", GLOBAL_EDITS)
def test_an_edit_of_the_whole_picture_changes_it(small: Picture, name: str) -> None:
    edited = GLOBAL_EDITS[name][0](small, np.random.default_rng(0))
    assert (edited.dtype, edited.shape[2]) == (np.uint8, 3)
    assert edited.shape != small.shape or not np.array_equal(edited, small)


def test_patches_continue_a_pattern() -> None:
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[:, ::8] = stripes[:, 1::8] = 255
    hole = np.zeros((64, 64), bool)
    hole[24:40, 24:40] = True
    damaged = stripes.copy()
    damaged[hole] = 128
    filled = filled_by_patches(damaged, hole)
    assert (filled[hole] == stripes[hole]).mean() > 0.85  # all black would be 0.75


def test_the_area_under_the_curve_counts_pairs() -> None:
    assert area_under_curve(np.array([0.5, 2.0]), np.array([0.5, 1.0])) == pytest.approx(2.5 / 4)


def test_tables_count_trials() -> None:
    flagged = np.array([0.9, 0.1], np.float32)
    found = [trial(edited=flagged, untouched=flagged * 0), trial(hit=False, result="same")]
    row = next(iter(local_table(found, "").rows))
    assert row[2] == "1 of 2"
    assert row[4] == "1 of 2"
    assert row[6] == "50.0%"
    copies = [trial(table="untouched", result="same"), trial(recovered=False, result="")]
    assert list(untouched_table(copies).rows)[-1][1:4] == ("1 of 2", 1, 0)
    others = [trial(change="another photo", result="another picture")]
    assert next(iter(another_table(others).rows))[:5] == ("another photo", 1, 0, 0, 1)
    wholes = [trial(change="mirrored", result="same", kinds=("mirrored",))]
    assert next(iter(whole_table(wholes).rows))[1:4] == ("1 of 1", 1, 1)
