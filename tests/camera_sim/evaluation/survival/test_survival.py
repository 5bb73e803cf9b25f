"""The survival ledger says what the verifier finds of files as platforms serve them."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from camera_sim.commands.evaluate_survival import EvaluateSurvival
from camera_sim.errors import CameraSimError
from camera_sim.evaluation.survival import trial as trials
from camera_sim.evaluation.survival.tables import draw_ledger, edits_table, groups, ledger_table
from camera_sim.evaluation.survival.trial import PhotoTrial, Survived
from channel.errors import UnknownPlatformError
from tests.verifier.watermark.made import in_8_bits, scene

pytest.importorskip("cv2", reason="the extra train brings OpenCV, which splices need")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("photos")
    Image.fromarray(in_8_bits(scene((900, 1200), 1))).save(made / "large.png")
    Image.fromarray(in_8_bits(scene((300, 400), 2))).save(made / "small.png")
    return made


def evaluate(folder: Path, out: Path, **options: object) -> int:
    given = {"platform": ("discord", "whatsapp"), "megapixels": (1.05,)} | options
    return EvaluateSurvival(folder, out=out, **given)()  # type: ignore[arg-type]


@pytest.mark.slow(seconds=16)
def test_a_platform_that_keeps_the_file_keeps_the_manifest_and_whatsapp_the_watermark(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    photos, out = tmp_path / "photos", tmp_path / "out"
    monkeypatch.setattr(trials, "SHARE", 0.2)  # so that a small photo shows it
    monkeypatch.setattr("verifier.detectors.edits.LEAST_PHOTO", 1000)
    photos.mkdir()
    for file in folder.iterdir():
        (photos / file.name).write_bytes(file.read_bytes())
    (photos / "broken.jpg").write_bytes(b"no picture")
    assert evaluate(photos, out) == 1  # of the broken one
    printed = capsys.readouterr()
    assert "broken.jpg" in printed.err
    assert "1 photographs by size and quality in" in printed.out
    found = json.loads((out / "survival.json").read_text("utf-8"))["trials"]
    kept, shrunk = found  # of one photograph: the small one is too small
    assert (kept["photo"], kept["platform"], kept["credential"]) == (
        "large.png",
        "discord",
        "intact",
    )
    assert (shrunk["platform"], shrunk["credential"]) == ("whatsapp", "no credential")
    assert (kept["payload"], shrunk["payload"]) == (True, True)
    assert (kept["found"], shrunk["found"]) == (True, True)
    assert min(kept["blocks"], shrunk["blocks"]) > 0.9
    assert min(kept["squares"], shrunk["squares"]) > 0.8
    assert min(kept["keyed_squares"], shrunk["keyed_squares"]) > 0.8
    assert (kept["part_found"], kept["accused"]) == (True, False)
    assert not shrunk["accused"]
    assert set(kept["edits"]) == {"native", "sharpen", "gaussian", "resample"}
    assert kept["edits"]["native"] in ("native", "", "compressed too strongly", "not judged")
    text = (out / "survival.md").read_text("utf-8")
    assert "1 photographs of photos" in text
    assert "Left out since they are smaller: 1 for 1.05 MP" in text
    with Image.open(out / "survival.png") as drawn:
        assert drawn.width > 400
    monkeypatch.setattr(PhotoTrial, "through", None)  # nothing is done again
    assert evaluate(photos, out) == 1
    assert json.loads((out / "survival.json").read_text("utf-8"))["trials"] == found


def test_a_platform_that_is_none_and_photographs_that_are_too_small_are_told(
    folder: Path, tmp_path: Path
) -> None:
    with pytest.raises(UnknownPlatformError, match="nowhere"):
        evaluate(folder, tmp_path, platform=("nowhere",))
    with pytest.raises(CameraSimError, match="no photograph"):
        evaluate(folder, tmp_path, megapixels=(200,))


def survived(**changes: object) -> Survived:
    found = Survived(
        photo="a.jpg", megapixels=8, quality=95, platform="whatsapp", size=(1600, 1200),
        credential="no credential", payload=True, found=True, blocks=0.9,
        part_found=True, accused=False, squares=0.8, keyed_squares=0.85, platform_named=None,
        named_right=False,
    )  # fmt: skip
    return replace(found, **changes)  # type: ignore[arg-type]


def test_a_row_counts_the_photos_of_a_platform_size_and_quality(tmp_path: Path) -> None:
    some = [
        survived(),
        survived(photo="b.jpg", payload=False, found=None, blocks=None, part_found=None,
                 accused=None, squares=None, keyed_squares=None, platform_named="Telegram",
                 size=(1200, 1000)),
        survived(platform="discord", credential="intact"),
        survived(megapixels=24),
    ]  # fmt: skip
    assert [key for key, _ in groups(some)] == [
        ("whatsapp", 8, 95), ("whatsapp", 24, 95), ("discord", 8, 95),
    ]  # fmt: skip
    row, *_, of_8, of_24, whole = ledger_table(some).rows
    assert row == (
        "whatsapp", "8", "95", 2, "1,200 to 1,600", "0 of 2", "1 of 2", "2.5%", "1 of 1", "0.900",
        "1 of 1", "0.800", "0.850", "0 of 1", "95.0%", "0 of 2", "Telegram",
    )  # fmt: skip
    assert of_8[:8] == ("all", "8", "95", 2, "1,200 to 1,600", "1 of 3", "2 of 3", "–")
    assert of_24[:4] == ("all", "24", "95", 1)
    assert whole[:8] == ("all", "all", "all", 2, "1,200 to 1,600", "1 of 4", "3 of 4", "–")
    assert draw_ledger(some, tmp_path / "a.png").stat().st_size > 5000


def test_edits_are_counted_that_were_told_and_unedited_copies_that_were_accused() -> None:
    told = {"native": "native", "sharpen": "sharpen", "gaussian": "softened", "resample": "sharpen"}
    accused = told | {"native": "gaussian", "gaussian": "", "sharpen": "no payload"}
    lost = dict.fromkeys(told, "compressed too strongly") | {"native": "softened"}
    copies = zip("abc", (told, accused, lost), strict=True)
    some = [*(survived(photo=photo, edits=edits) for photo, edits in copies), survived()]
    found, softened = ("1 of 3", "0 of 3", "2 of 3"), ("1 of 3", "0 of 3")
    unedited = "0 of 3", "1 of 3", "1 of 3", "86.5%"  # one of three, Clopper & Pearson
    assert list(edits_table(some).rows) == [
        (*group, 3, *found, *softened, *unedited)
        for group in (("whatsapp", "8", "95"), ("all", "8", "95"), ("all", "all", "all"))
    ]


def test_meta_is_right_for_its_services_alone() -> None:
    assert trials._is_right("Meta", "instagram")
    assert trials._is_right("Telegram", "telegram")
    assert not trials._is_right("Meta", "whatsapp")
    assert not trials._is_right(None, "whatsapp")
