"""Parts that were changed: trials, and what the tables count."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from camera_sim.cli import main
from camera_sim.evaluation.watermark.part_tables import parts_by_edit, parts_by_way
from camera_sim.evaluation.watermark.part_trials import UNTOUCHED, PartTrial, coverage
from tests.verifier.watermark.made import in_8_bits, scene
from verifier.watermark.regions import WatermarkRegions

WAY = ("whatsapp",)
TRIALS = (
    PartTrial("a", UNTOUCHED, 0.0, WAY, read=True, untouched=100),
    PartTrial("b", UNTOUCHED, 0.0, WAY, read=True, said=True, flagged=2, untouched=100),
    PartTrial("a", "clone", 0.05, WAY, True, True, True, 0.9, 0.95, 0, 90),
    PartTrial("a", "clone", 0.2, WAY, True, True, False, 0.5, None, 0, 110),  # said elsewhere
    PartTrial("b", "blur", 0.02, ()),  # without a payload
)


def test_all_that_can_happen_is_counted() -> None:
    rows = {row[0]: row[1:] for row in parts_by_way(TRIALS).rows}
    assert list(rows) == ["whatsapp", "the camera's file", "all"]
    said, bound, flagged, *found, auc, keyed, lost = rows["whatsapp"]
    assert (said, flagged, lost) == ("1 of 2", "0.50%", "0 of 4")
    assert float(bound.rstrip("%")) > 50
    assert found == ["", "1 of 1", "0 of 1"]
    assert (auc, keyed) == ("0.700", "0.950")
    assert rows["the camera's file"][-1] == "1 of 1"


def test_edits_stand_by_name() -> None:
    assert [row[0] for row in parts_by_edit(TRIALS).rows] == ["blur", "clone", "all"]


def test_a_square_is_covered_by_its_share() -> None:
    middles = np.array([[[0.25, 0.25], [0.25, 0.5], [0.25, 0.75]]])
    regions = WatermarkRegions(np.zeros((1, 3), np.float32), middles, 0.25)
    mask = np.zeros((400, 400), np.bool_)
    mask[:, 200:] = True
    assert coverage(mask, regions)[0] == pytest.approx([0, 0.5, 1], abs=0.07)


@pytest.mark.slow
def test_the_command_prints_and_keeps_each_copy(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    for number in (1, 2):
        picture = in_8_bits(scene((903, 1205), seed=number))
        Image.fromarray(picture).save(photos / f"{number}.png")
    arguments = ["evaluate", "parts", str(photos), "--platform", "facebook", "--limit", "1"]
    assert main([*arguments, "--out", str(tmp_path / "out")]) == 0
    printed = capsys.readouterr().out
    assert "1 photographs of photos" in printed
    assert "| facebook |" in printed
    kept = [json.loads(line) for line in (tmp_path / "out/copies.jsonl").read_text().splitlines()]
    assert [one["share"] for one in kept] == [0, 0.02, 0.05, 0.2]
    assert all(one["read"] for one in kept)
    assert not any(one["said"] for one in kept)  # of photos so small a report says nothing
    assert kept[0]["flagged"] <= kept[0]["untouched"] / 100


def test_an_unknown_platform_is_told_before_any_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["evaluate", "parts", str(tmp_path), "--platform", "facebok"]
    assert main([*arguments, "--out", str(tmp_path / "out")]) == 2
    assert "facebook" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_one_photograph_alone_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Image.new("RGB", (300, 200)).save(tmp_path / "one.png")
    assert main(["evaluate", "parts", str(tmp_path)]) == 2
    assert "a second one" in capsys.readouterr().err
