"""The tables of the watermark: what is tried, counted and written."""

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from camera_sim.commands.evaluate_watermark import EvaluateWatermark
from camera_sim.developing.files import open_engine
from camera_sim.errors import CameraSimError
from camera_sim.evaluation.watermark import (
    changes,
    cost,
    curve,
    false_hits,
    fidelity,
    octaves,
    recovery,
)
from camera_sim.evaluation.watermark.photos import Keys, Shot, shots
from tests.fleet.alone import Alone
from tests.verifier.watermark.made import in_8_bits, scene

KEYS = Keys.of_seed(1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("photos")
    Image.fromarray(in_8_bits(scene((1200, 1600)))).save(made / "one.png")
    return made


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("small") / "small.png"
    Image.fromarray(in_8_bits(scene((360, 480)))).save(path)
    return path


@pytest.fixture(scope="module")
def shot(folder: Path) -> Shot:
    return next(iter(shots([folder / "one.png"], open_engine("qnet"), KEYS)))


def test_a_seed_gives_the_same_keys_and_payloads_again() -> None:
    assert Keys.of_seed(1) == KEYS
    assert Keys.of_seed(1, 0).group.name != KEYS.group.name
    assert Keys.of_seed(1).payload(2) == KEYS.payload(2) != KEYS.payload(3)


@pytest.mark.slow
def test_a_photo_is_recovered_as_it_is_and_turned(shot: Shot) -> None:
    tried = {name: changes.people_changes()[name] for name in ("PNG", "turned by 90°")}
    found = list(recovery.trials(shot, tried))
    assert [trial.recovered for trial in found] == [True, True]
    assert not any(trial.wrong for trial in found)


@pytest.mark.slow
def test_every_change_gives_a_picture(shot: Shot) -> None:
    for name, change in (changes.people_changes() | changes.chain_changes()).items():
        picture = change(shot)
        assert picture.dtype == np.uint8, name
        assert picture.shape[2] == 3, name


def test_every_platform_exists() -> None:
    assert set(changes.platform_changes()) == set(changes.PLATFORMS)


def test_a_lost_photo_is_named_and_counted() -> None:
    def trial(photo: str, *, recovered: bool) -> recovery.Trial:
        return recovery.Trial(photo, "whatsapp", recovered, not recovered, 5.0, 0.5)

    found = [trial("a", recovered=True), trial("b", recovered=False), trial("c", recovered=True)]
    (row,) = recovery.recovery_table(found, "").rows
    assert row == ("whatsapp", "2 of 3", "66.7%", "13.5%", 1, "0.50", "b")


@pytest.mark.slow
def test_a_measured_photo_is_present_and_a_copied_payload_absent(
    shot: Shot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(octaves, "SENT", ("",))
    monkeypatch.setattr(octaves, "OTHERS", 1)
    found = list(octaves.measurements([shot]))
    assert {one.made: one.answer for one in found} == {
        octaves.UNTOUCHED: "present", octaves.COPIED: "absent",
    }  # fmt: skip
    rows = octaves.measured_table(found).rows
    assert [row[-2] for row in rows] == ["0 of 1", "0 of 1"]
    wrong = [
        octaves.Measured("a", octaves.PASTED, "", answer) for answer in ("present", "in parts")
    ]
    (row,) = octaves.measured_table(wrong).rows
    assert row[-2:] == ("1 of 2", "97.5%")


def test_a_part_is_pasted_into_the_last_quarter() -> None:
    dark, light = np.zeros((40, 60, 3), np.uint8), np.full((10, 60, 3), 200, np.uint8)
    pasted = octaves._pasted(dark, light)
    assert (pasted[20:, 30:] == 200).all()
    assert not pasted[:20].any()
    assert not pasted[:, :30].any()


@pytest.mark.slow
def test_fidelity_is_that_of_the_difference(shot: Shot) -> None:
    assert 45 < fidelity.psnr(shot.photo, shot.plain) < 62
    assert fidelity.psnr(shot.plain, shot.plain) == float("inf")
    raised = np.minimum(shot.plain, 254) + 1
    assert fidelity.psnr(raised.astype(np.uint8), np.minimum(shot.plain, 254)) == pytest.approx(
        48.13, abs=0.01
    )


def test_the_evenest_part_is_chosen() -> None:
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 256, (2400, 4200, 3)).astype(np.uint8)
    picture[1300:, 2200:] = 128
    rows, columns = fidelity.evenest_part(picture)
    assert rows.start == 1320
    assert columns.start == 2280


def test_strength_scales_the_watermark(shot: Shot) -> None:
    stronger = Shot(shot.name, shot.capture, shot.engine, shot.keys, shot.payload, strength=3.0)
    assert fidelity.psnr(stronger.photo, stronger.plain) < fidelity.psnr(shot.photo, shot.plain) - 4


@pytest.mark.slow
def test_pictures_without_one_give_no_hit(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(false_hits, "Processes", Alone)
    monkeypatch.setattr(false_hits, "PLATFORMS", ("whatsapp", "telegram"))
    (tmp_path / "none.png").write_bytes(b"no picture")
    found = list(false_hits.looks([small, tmp_path / "none.png"]))
    none, few = sorted(found, key=len)
    assert none == []
    ways = [look.way for look in few]
    assert ways == ["as it is", "cut", *(f"after {name}" for name in ("whatsapp", "telegram"))]
    assert not any(look.hits for look in few)
    files = [tmp_path / f"{n}.png" for n in range(6)]
    assert len(list(false_hits.looks(files, limit=2))) == 2


def test_looks_at_one_picture_are_one_trial_of_pictures() -> None:
    def look(picture: str, way: str, hits: int) -> false_hits.Look:
        return false_hits.Look(picture, way, hits, 5.0, 0.5)

    found = [look("a", "cut", 0), look("a", "after x", 1), look("b", "cut", 0)]
    rows = [row[:3] for row in false_hits.false_hit_table(found).rows]
    assert rows == [
        ("cut", 2, 0), ("after x", 1, 1), ("all looks", 3, 1), ("pictures, by any look", 2, 1),
    ]  # fmt: skip


@pytest.mark.slow
def test_costs_are_seconds(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cost, "ROUNDS", 2)
    [shot] = shots([small], open_engine("qnet"), KEYS)
    measured = cost.cost_of(shot)
    assert measured.watermarked > 0
    assert cost._more([1.0, 2.0, 4.0], [1.1, 2.4, 4.4]) == pytest.approx(0.1)
    assert "MP" in cost.cost_table([measured]).columns


def test_the_curve_is_drawn(tmp_path: Path) -> None:
    points = [
        curve.CurvePoint(s, 60 - 10 * s, 10 - s / 10, 9.9 - s / 10, {"whatsapp": min(1, s)})
        for s in (0.5, 1.0)
    ]
    assert curve.draw_curve(points, tmp_path / "curve.png").stat().st_size > 5000
    assert next(iter(curve.curve_table(points, 3).rows))[-1] == "50.0%"


@pytest.mark.slow
def test_the_command_writes_tables_and_every_trial(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "PLATFORMS", ("whatsapp",))
    EvaluateWatermark(folder, out=tmp_path, table=("platforms",))()
    assert "Recovered: platforms" in (tmp_path / "watermark.md").read_text("utf-8")
    (row,) = csv.DictReader((tmp_path / "trials.csv").read_text("utf-8").splitlines())
    assert (row["photo"], row["change"], row["recovered"]) == ("one.png", "whatsapp", "True")


@pytest.mark.parametrize(("table", "missing"), [("raw", "--raw"), ("false-hits", "--without")])
def test_a_table_without_its_files_is_refused(folder: Path, table: str, missing: str) -> None:
    with pytest.raises(CameraSimError, match=missing):
        EvaluateWatermark(folder, table=(table,))()  # type: ignore[arg-type]
