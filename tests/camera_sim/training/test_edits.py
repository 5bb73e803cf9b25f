"""Gathering for the network of edits: resumed by photo, damaged files named."""

from pathlib import Path

import numpy as np
import pytest

from camera_sim.errors import TrainingError
from camera_sim.evaluation.watermark.edited import (
    HELD_OUT,
    KERNELS,
    STANDARD,
    Measured,
    drawn_edits,
)
from camera_sim.training.edits.gathering import ROWS, _keep, kept
from camera_sim.training.edits.learning import calibrated, samples_of
from verifier.training.edits.train import KINDS
from verifier.watermark.description import LEANING

BLIND, KEYED = (0.1, 0.05, 0.8, -0.02, 0.5), (0.2, 0.03, 1.0, -0.03, -0.5)


def _row(kind: str, photo: str = "a.jpg", *, read: bool = True) -> Measured:
    return Measured(photo, kind, 1.0, ("whatsapp",), *((KEYED, BLIND) if read else ()))


def test_rows_come_back_as_they_were_kept(tmp_path: Path) -> None:
    rows = [_row("native"), _row("sharpen", read=False), *map(_row, KERNELS)]
    _keep(tmp_path, rows)
    assert kept(tmp_path) == rows
    assert kept(tmp_path / "none") == []


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    (tmp_path / ROWS).write_text('{"photo": "a.jpg"}\n')
    with pytest.raises(TrainingError, match="is damaged"):
        kept(tmp_path)


def test_a_file_of_another_version_is_named(tmp_path: Path) -> None:
    _keep(tmp_path, [Measured("a.jpg", "native", 0.0, (), KEYED[:4], BLIND[:4])])
    with pytest.raises(TrainingError, match="of another version"):
        kept(tmp_path)


def test_rows_without_exports_are_of_another_version(tmp_path: Path) -> None:
    _keep(tmp_path, [_row("native"), _row("exported")])
    with pytest.raises(TrainingError, match="of another version"):
        kept(tmp_path)


def test_a_copy_gives_a_sample_and_one_without_payload_none() -> None:
    rows = [_row("jpeg"), _row("sharpen", read=False)]
    for keyed, described in ((True, KEYED), (False, BLIND)):
        samples = samples_of(rows, keyed=keyed)
        assert [sample.kind for sample in samples] == ["native"]
        assert np.allclose(samples[0].described, described)


def test_a_copy_that_a_report_does_not_judge_gives_no_sample() -> None:
    strongly_before = (-0.2, 0.03, 1.0, -0.03, LEANING)
    rows = [Measured("a.jpg", "native", 0.0, (), strongly_before, strongly_before)]
    assert not samples_of(rows, keyed=True)


def test_thresholds_state_how_often_they_err() -> None:
    rows = [_row(kind, f"{n}.jpg") for n in range(50) for kind in ("native", "sharpen")]
    samples = samples_of(rows, keyed=True)
    logits = np.random.default_rng(0).normal(0, 1, (len(samples), len(KINDS)))
    fitted = calibrated(logits, samples, "made", keyed=True)
    assert fitted.native is not None
    assert calibrated(logits, samples, "made", keyed=False).native is None
    assert fitted.edited is not None
    assert fitted.edited.false_alarm_rate <= 0.01
    assert fitted.edited.pictures == 50
    assert fitted.edited.upper_bound > 0.01


def test_edits_are_drawn_anew_and_within_their_ranges() -> None:
    first, second = (drawn_edits(np.random.default_rng(seed)) for seed in (0, 1))
    assert first != second
    assert [edit.kind for edit in first] == [
        "native",
        "sharpen",
        "gaussian",
        "resample",
        "jpeg",
        "exported",
        "exported",
        *KERNELS,
    ]
    grey = np.full((40, 60, 3), 99, np.uint8)
    for edit in (*STANDARD, *HELD_OUT, *first):
        share = edit.amount if edit.kind in KERNELS else 1
        assert edit(grey).shape == (round(40 * share), round(60 * share), 3)
