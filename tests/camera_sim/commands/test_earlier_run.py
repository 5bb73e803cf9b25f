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
from camera_sim.evaluation.run_settings import settings_of
from camera_sim.weights import FOLDER
from channel.errors import ChannelError

SETTINGS = {"seed": 0, "models": ["a-1"]}


def left(folder: Path, **changes: object) -> Path:
    file = folder / "run.json"
    file.write_text(json.dumps({"settings": SETTINGS, "rows": [{"n": 1}]} | changes), "utf-8")
    return file


def test_a_run_of_the_same_settings_goes_on(tmp_path: Path) -> None:
    assert earlier_run(tmp_path / "none.json", SETTINGS, "rows", dict, force=False) == []
    assert earlier_run(left(tmp_path), SETTINGS, "rows", dict, force=True) == [{"n": 1}]


def test_a_folder_that_is_none_is_said_before_work(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_text("a file", "utf-8")
    with pytest.raises(OutputError, match="a is no folder; name another --out"):
        EvaluateEdits(tmp_path, out=file, force=True)()
    with pytest.raises(OutputError, match="a is no folder"):
        earlier_run(file / "run.json", SETTINGS, "rows", dict, force=True)
    (tmp_path / "run.json").mkdir()
    with pytest.raises(OutputError, match="is a directory"):
        earlier_run(tmp_path / "run.json", SETTINGS, "rows", dict, force=True)


def test_settings_are_of_the_photos_and_of_all_that_judges_them(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"a")
    files = [tmp_path / "a.jpg"]
    first = settings_of(files, "qnet", FOLDER, 0)
    assert settings_of(files, "qnet", FOLDER, 0) == first
    assert any(name.startswith("watermark-edits") for name in first["models"])
    assert first["weights"] != settings_of(files, "rnet", FOLDER, 0)["weights"]
    (tmp_path / "a.jpg").write_bytes(b"ab")
    assert settings_of(files, "qnet", FOLDER, 0)["files"] != first["files"]


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
