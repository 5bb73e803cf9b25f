"""What an earlier run left is gone on with, or kept until it is to be replaced."""

import json
from pathlib import Path

import pytest

from camera_sim.commands.earlier_run import earlier_run
from camera_sim.commands.evaluate_edits import EvaluateEdits
from camera_sim.commands.evaluate_parts import EvaluateParts
from camera_sim.commands.evaluate_recovery import EvaluateRecovery
from camera_sim.commands.evaluate_watermark import EvaluateWatermark
from camera_sim.errors import CameraSimError, OutputError
from channel.errors import ChannelError

SETTINGS = {"seed": 0, "models": ["a-1"]}


def left(folder: Path, **changes: object) -> Path:
    file = folder / "run.json"
    file.write_text(json.dumps({"settings": SETTINGS, "rows": [{"n": 1}]} | changes), "utf-8")
    return file


def test_a_run_of_the_same_settings_goes_on(tmp_path: Path) -> None:
    assert earlier_run(tmp_path / "none.json", SETTINGS, "rows", dict, force=False) == []
    assert earlier_run(left(tmp_path), SETTINGS, "rows", dict, force=True) == [{"n": 1}]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"settings": {"seed": 1, "models": ["a-1"]}}, "of a run with other seed;"),
        ({"settings": {"seed": 0}}, "of a run with other models;"),
        ({"settings": SETTINGS | {"limit": 2}}, "of a run with other limit;"),
        ({"settings": None}, "damaged;"),
        ({"rows": [1]}, "damaged;"),
    ],
)
def test_another_run_is_replaced_if_that_is_asked(
    tmp_path: Path, changes: dict[str, object], reason: str
) -> None:
    file = left(tmp_path, **changes)
    with pytest.raises(OutputError, match=f"run.json is {reason} name another --out, or"):
        earlier_run(file, SETTINGS, "rows", dict, force=False)
    assert earlier_run(file, SETTINGS, "rows", dict, force=True) == []


@pytest.mark.parametrize(
    ("evaluation", "table"),
    [
        (EvaluateEdits, "edits.md"),
        (EvaluateParts, "copies.jsonl"),
        (EvaluateRecovery, "trials.csv"),
        (EvaluateWatermark, "curve.png"),
    ],
)
def test_an_evaluation_replaces_no_table_unasked(
    tmp_path: Path, evaluation: type[EvaluateEdits], table: str
) -> None:
    (tmp_path / table).write_text("hours of work", "utf-8")
    with pytest.raises(OutputError, match=f"{table} exists; name another --out, or overwrite it"):
        evaluation(tmp_path, out=tmp_path)()
    with pytest.raises((CameraSimError, ChannelError)):  # it goes on, and finds no photographs
        evaluation(tmp_path, out=tmp_path, force=True)()
    assert (tmp_path / table).read_text("utf-8") == "hours of work"
