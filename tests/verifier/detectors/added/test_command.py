"""``camsim detector``: a user adds one, it answers in reports, is listed and removed."""

import json
import pickle
from pathlib import Path

import numpy as np
import pytest

from tests.verifier.conftest import Camsim, jpeg
from tests.verifier.detectors.added.brightness import (
    bright_model,
    endless_model,
    grey,
    huge_model,
    pictures,
    written,
)
from tests.verifier.toy import native
from verifier import Verifier
from verifier.detectors.added import trial
from verifier.detectors.added.detector import added_detectors
from verifier.detectors.added.store import user_folder
from verifier.errors import WeightsError
from verifier.report.record import DetectorResult
from verifier.service.cards import cards

pytestmark = pytest.mark.slow

DARK = list(range(20, 110, 2))[:44]
BRIGHT = [255 - level for level in DARK]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CAMSIM_DETECTORS", str(tmp_path / "detectors"))
    return tmp_path / "detectors"


@pytest.fixture
def made(tmp_path: Path) -> tuple[Path, Path]:
    return written(tmp_path / "made")


@pytest.fixture
def sets(tmp_path: Path) -> tuple[Path, Path]:
    return pictures(tmp_path / "dark", DARK), pictures(tmp_path / "bright", BRIGHT)


@pytest.fixture
def untried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Add models without trying them in a process of their own, where that is not the question."""
    monkeypatch.setattr(trial, "check_runs", lambda *_: None)


def answer(toy_folder: Path, level: int) -> DetectorResult:
    with Verifier.from_weights(toy_folder, resend_through=(), watermark_keys=()) as verifier:
        report = verifier.analyze(jpeg(grey(level, (300, 300))))
    [found] = [result for result in report.detectors if result.name.startswith("added-")]
    assert report.verdict.label == "inconclusive"
    for shown in (report.to_text(), report.to_html()):
        assert "Is it bright?" in shown
    return found


def test_one_is_added_answers_is_listed_and_removed(
    camsim: Camsim, folder: Path, made: tuple[Path, Path], sets: tuple[Path, Path],
    toy_folder: Path,
) -> None:  # fmt: skip
    ran = camsim(
        "detector", "add", made[0], "--card", made[1], "--calibrate", *sets,
        "--platform", "none", "whatsapp",
    )  # fmt: skip
    assert ran.status == 0, ran.err
    assert "| any |" in ran.out
    assert "0 of 22 | 12.7% | 22 of 22 | yes |" in ran.out
    [model] = folder.glob("*.onnx")
    assert model.read_bytes() == made[0].read_bytes()
    record = json.loads((folder / "bright.json").read_text())
    assert record["sha256"] == model.stem
    found = answer(toy_folder, 240)
    assert (found.name, found.finding, found.answer) == ("added-bright", "informs", "generated")
    assert found.confidence is not None
    assert found.confidence > 0.9
    assert found.threshold is not None
    assert any("at most 12.7%" in reason for reason in found.reasons)
    assert found.reasons[-1] == (
        "You added it: bright, licence MIT, from https://example.org/bright."
    )
    assert found.model is not None
    assert found.model.sha256 == model.stem
    dark = answer(toy_folder, 20)
    assert (dark.finding, dark.answer, dark.confidence) == ("inconclusive", None, None)
    listed = camsim("detector", "list")
    assert listed.status == 0
    assert "bright  Is it bright?  MIT, https://example.org/bright" in listed.out
    assert "0 of 22 held-out photographs called generated" in listed.out
    assert camsim("detector", "remove", "bright").out == "removed bright\n"
    assert list(folder.iterdir()) == []
    assert "no added detectors" in camsim("detector", "list").out


@pytest.mark.usefixtures("untried")
def test_without_a_calibration_it_answers_nothing(
    camsim: Camsim, folder: Path, made: tuple[Path, Path], toy_folder: Path
) -> None:
    ran = camsim("detector", "add", made[0], "--card", made[1])
    assert ran.status == 0
    assert "answers nothing until it is added with --calibrate" in ran.err
    assert (folder / "bright.json").exists()
    found = answer(toy_folder, 240)
    assert (found.status, found.finding, found.probabilities) == ("abstained", "inconclusive", {})
    assert found.scores["generated"] > 5
    assert "not calibrated" in camsim("detector", "list").out


@pytest.mark.usefixtures("untried")
def test_nothing_is_replaced_unasked(
    camsim: Camsim, folder: Path, made: tuple[Path, Path], tmp_path: Path
) -> None:
    camsim("detector", "add", made[0], "--card", made[1])
    before = sorted((path.name, path.read_bytes()) for path in folder.iterdir())
    model, card = written(tmp_path / "other", bright_model(2), generated=1)
    ran = camsim("detector", "add", model, "--card", card)
    assert ran.status == 2
    assert "there is a detector bright" in ran.err
    assert sorted((path.name, path.read_bytes()) for path in folder.iterdir()) == before
    assert camsim("detector", "add", model, "--card", card, "--replace").status == 0
    [left] = folder.glob("*.onnx")
    assert left.read_bytes() == model.read_bytes()


@pytest.mark.usefixtures("untried")
def test_two_may_share_a_model(
    camsim: Camsim, folder: Path, made: tuple[Path, Path], tmp_path: Path
) -> None:
    camsim("detector", "add", made[0], "--card", made[1])
    model, card = written(tmp_path / "again", name="again")
    camsim("detector", "add", model, "--card", card)
    assert len(list(folder.glob("*.onnx"))) == 1
    camsim("detector", "remove", "bright")
    assert len(list(folder.glob("*.onnx"))) == 1
    assert [one.name for one in added_detectors()] == ["added-again"]


def test_too_few_pictures_add_nothing(
    camsim: Camsim, folder: Path, made: tuple[Path, Path], tmp_path: Path
) -> None:
    few = pictures(tmp_path / "few", DARK[:5]), pictures(tmp_path / "many", BRIGHT)
    ran = camsim("detector", "add", made[0], "--card", made[1], "--calibrate", *few)
    assert ran.status == 2
    assert "there are 5 photographs and 44 generated pictures; 40 of each are the least" in ran.err
    assert not folder.exists()


def test_a_picture_in_both_folders_is_refused(
    camsim: Camsim, folder: Path, made: tuple[Path, Path], sets: tuple[Path, Path]
) -> None:
    ran = camsim("detector", "add", made[0], "--card", made[1], "--calibrate", sets[0], sets[0])
    assert ran.status == 2
    assert "lies in both folders" in ran.err
    assert not folder.exists()


@pytest.mark.parametrize(
    ("model", "changed", "said"),
    [
        (b"", {}, "can't be loaded"),
        (b"no network", {}, "it is no ONNX file"),
        (bright_model()[:-40], {}, "can't be loaded"),
        (bright_model(2), {}, "it gives 1 of a picture"),
        (bright_model(), {"output": "probability"}, "no probabilities"),
        (bright_model(), {"height": 64}, "by its card it would get"),
        (huge_model(), {}, "Failed to allocate memory"),
    ],
    ids=["empty", "no network", "cut", "two outputs", "no probabilities", "other size", "huge"],
)
def test_a_model_that_is_none_is_refused(
    camsim: Camsim, folder: Path, tmp_path: Path, model: bytes, changed: dict[str, object],
    said: str,
) -> None:  # fmt: skip
    file, card = written(tmp_path / "bad", model, **changed)
    ran = camsim("detector", "add", file, "--card", card)
    assert ran.status == 2
    assert said in ran.err
    assert len(ran.err.splitlines()) == 1
    assert not folder.exists()


def test_a_model_that_never_ends_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, card = written(tmp_path, endless_model())
    with pytest.raises(WeightsError, match="took more than 3 s"):
        trial.check_runs(file, card, seconds=3)


@pytest.mark.usefixtures("untried")
def test_a_model_that_was_damaged_since_stops_no_report(
    camsim: Camsim, folder: Path, made: tuple[Path, Path], toy_folder: Path
) -> None:
    camsim("detector", "add", made[0], "--card", made[1])
    [model] = folder.glob("*.onnx")
    model.write_bytes(model.read_bytes()[:-1])
    found = answer(toy_folder, 240)
    assert (found.status, found.finding) == ("not run", "none")
    assert "was changed or damaged" in found.reasons[0]


@pytest.mark.usefixtures("untried")
def test_a_damaged_record_stops_no_report(
    camsim: Camsim, folder: Path, made: tuple[Path, Path], caplog: pytest.LogCaptureFixture
) -> None:
    camsim("detector", "add", made[0], "--card", made[1])
    (folder / "other.json").write_text("{")
    assert [one.name for one in added_detectors()] == ["added-bright"]
    assert "other.json is no added detector" in caplog.text
    ran = camsim("detector", "list")
    assert ran.status == 2
    assert "bright" in ran.out


@pytest.mark.usefixtures("untried")
def test_it_pickles_into_worker_processes(
    camsim: Camsim, folder: Path, made: tuple[Path, Path]
) -> None:
    camsim("detector", "add", made[0], "--card", made[1])
    [one] = added_detectors()
    again = pickle.loads(pickle.dumps(one))
    assert (again.name, again.question, again.added) == (one.name, one.question, one.added)


@pytest.mark.usefixtures("untried")
def test_a_service_shows_its_card(
    camsim: Camsim, folder: Path, made: tuple[Path, Path], toy_folder: Path
) -> None:
    camsim("detector", "add", made[0], "--card", made[1])
    shown = cards(Verifier.from_weights(toy_folder).detectors, toy_folder)[-1]
    assert shown.added is not None
    assert (shown.name, shown.added.card.licence) == ("added-bright", "MIT")


def test_removing_what_is_not_there_is_refused(camsim: Camsim, folder: Path) -> None:
    ran = camsim("detector", "remove", "../bright")
    assert ran.status == 2
    assert "there is no detector '../bright'" in ran.err


def test_the_folder_is_the_users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CAMSIM_DETECTORS")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert user_folder() == tmp_path / "camsim" / "detectors"
    monkeypatch.setenv("XDG_DATA_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert user_folder() == tmp_path / ".local" / "share" / "camsim" / "detectors"


@pytest.mark.usefixtures("untried")
def test_pixels_are_answered_about_too(
    camsim: Camsim, folder: Path, made: tuple[Path, Path], toy_folder: Path
) -> None:
    camsim("detector", "add", made[0], "--card", made[1])
    with Verifier.from_weights(toy_folder, resend_through=(), watermark_keys=()) as verifier:
        report = verifier.analyze(np.full((300, 300, 3), 200, np.uint8))
    assert report.detectors[-1].name == "added-bright"


@pytest.mark.usefixtures("untried")
def test_no_verdict_goes_by_what_it_says(
    camsim: Camsim, folder: Path, made: tuple[Path, Path], sets: tuple[Path, Path],
    toy_folder: Path,
) -> None:  # fmt: skip
    """A picture that the toy calls consistent stays so, though the added one calls it generated."""
    content = jpeg(native())
    with Verifier.from_weights(toy_folder, resend_through=(), watermark_keys=()) as without:
        alone = without.analyze(content)
    low = written(made[0].parent / "low", bright_model(weights=(1e-4, 0, 0)))
    ran = camsim(
        "detector", "add", low[0], "--card", low[1], "--calibrate", *sets, "--platform", "none"
    )
    assert ran.status == 0, ran.err
    record = json.loads((folder / "bright.json").read_text())
    for channel in record["calibration"]["channels"].values():
        channel |= {"slope": 0.0, "offset": 9.0}  # whatever it sees is generated
    (folder / "bright.json").write_text(json.dumps(record))
    with Verifier.from_weights(toy_folder, resend_through=(), watermark_keys=()) as verifier:
        told = verifier.analyze(content)
    assert told.detectors[-1].answer == "generated"
    assert alone.detectors[0].finding == "consistent"
    assert (told.verdict.label, told.verdict.level) == (alone.verdict.label, alone.verdict.level)
    assert told.verdict.summary == alone.verdict.summary
