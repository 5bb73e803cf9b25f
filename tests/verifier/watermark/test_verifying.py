"""``Verifier.analyze`` and ``camsim verify`` read the watermark, and it decides nothing."""

import json
import pickle
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.verifier.conftest import Camsim, jpeg
from tests.verifier.service.server import wait_until
from tests.verifier.toy import native
from tests.verifier.watermark.made import GROUP, PAYLOAD, Picture, photo
from verifier import Report, Verifier, analysis
from watermark.key_files import write_key_file
from watermark.keys import GroupKey

pytestmark = pytest.mark.slow

SIZE = (640, 800)


@pytest.fixture(scope="module")
def picture() -> Picture:
    return photo(SIZE, levels=2.5)


@pytest.fixture(scope="module")
def file(picture: Picture) -> bytes:
    return jpeg(picture)


@pytest.fixture
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CAMSIM_WATERMARK_KEYS", str(tmp_path / "keys"))
    return tmp_path / "keys"


@pytest.fixture(scope="module")
def reading(toy_folder: Path) -> Iterator[Verifier]:
    with Verifier.from_weights(toy_folder, resend_through=(), watermark_keys=[GROUP]) as verifier:
        yield verifier


def test_it_is_read_and_shown(reading: Verifier, file: bytes) -> None:
    report = reading.analyze(file)
    found = report.watermark
    assert (found.state, found.payload, found.key) == ("read", PAYLOAD.hex(), GROUP.name)
    assert found.scale == pytest.approx(1, abs=0.01)
    assert (found.turned, found.mirrored, found.longer_side) == (0, False, 800)
    assert found.false_hit_rate is not None
    assert found.false_hit_rate < 1e-8
    text, html = report.to_text(), report.to_html()
    assert "\nWatermark\n" in text
    assert "<h2>Watermark</h2>" in html
    for shown in (" ".join(text.split()), html):
        assert f"names the photo: {PAYLOAD.hex()}." in shown
    assert Report.model_validate_json(report.to_json()) == report.with_preview(None)


def test_it_is_read_as_people_see_it(reading: Verifier, picture: Picture) -> None:
    exif = Image.Exif()
    exif[0x112] = 6  # a viewer turns it clockwise
    coded = np.ascontiguousarray(np.rot90(picture))
    assert reading.analyze(jpeg(coded, exif=exif)).watermark.turned == 0
    assert reading.analyze(jpeg(coded)).watermark.turned == 270
    assert reading.analyze(coded).watermark.payload == PAYLOAD.hex()


def test_it_changes_no_label_and_no_level(
    reading: Verifier, verifier: Verifier, file: bytes
) -> None:
    with Verifier(verifier.detectors, reading.settings) as same:
        marked = same.analyze(file)
    keyless = {"resend_through": (), "watermark_keys": ()}
    with Verifier(verifier.detectors, type(reading.settings)(**keyless)) as plain:
        without = plain.analyze(file)
    said = {"unknown", "next_steps", "headline", "reasons"}
    verdicts = [one.verdict.model_dump(exclude=said) for one in (marked, without)]
    assert verdicts[0] == verdicts[1]
    others = [[one for one in report.detectors if one.name != "manipulation"]
              for report in (marked, without)]  # fmt: skip
    assert others[0] == others[1]
    parts = {"watermark", "verdict", "seconds", "detectors"}
    assert marked.model_dump(exclude=parts) == without.model_dump(exclude=parts)


def test_where_none_is_found_that_is_said(reading: Verifier) -> None:
    report = reading.analyze(jpeg(native()))
    assert report.watermark.state == "not found"
    assert "That is no evidence against the picture" in report.to_text()
    assert "no evidence against the picture" in report.to_html()
    assert report.verdict.label == "consistent"


def test_without_a_model_of_edits_they_stay_open(reading: Verifier, file: bytes) -> None:
    report = reading.analyze(file)
    edits = next(one for one in report.detectors if one.name == "manipulation")
    assert (report.watermark.state, edits.status) == ("read", "not run")
    assert edits.reasons == ("No trained model of edits is installed.",)
    assert "Whether it was edited: no detector could give an answer." in report.verdict.unknown


def test_its_part_is_listed_and_timed(reading: Verifier, verifier: Verifier, file: bytes) -> None:
    done: list[str] = []
    report = reading.analyze(file, part_done=done.append)
    assert done == list(reading.parts)
    assert done[-4:] == ["watermark", "manipulation", "stability", "preview"]
    assert report.seconds["watermark"] > 0
    done.clear()
    report = verifier.analyze(file, part_done=done.append)
    assert done == list(verifier.parts)
    assert not {"watermark", "manipulation"} & {*done, *report.seconds}


def test_it_is_read_once_whatever_is_sent_again(
    toy_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = []
    read = analysis.read_watermark
    monkeypatch.setattr(
        analysis, "read_watermark", lambda *given: sizes.append(given[0].shape) or read(*given)
    )
    given = {"resend_through": ("instagram", "twitter"), "watermark_keys": [GROUP]}
    with Verifier.from_weights(toy_folder, **given) as verifier:
        report = verifier.analyze(jpeg(native()))
    assert len(report.stability.resent) == 2
    assert len(sizes) == 1


def test_the_users_keys_are_the_default(toy_folder: Path, keys: Path, file: bytes) -> None:
    given: dict[str, Any] = {"resend_through": ()}
    with Verifier.from_weights(toy_folder, **given) as keyless:
        report = keyless.analyze(file)
        assert "watermark" not in keyless.parts
    assert report.watermark.state == "not looked for"
    assert "Watermark" not in report.to_text()
    assert "Watermark" not in report.to_html()
    write_key_file(keys / "group.json", GROUP)
    for more, state in (({}, "read"), ({"watermark_keys": []}, "not looked for")):
        with Verifier.from_weights(toy_folder, **given, **more) as verifier:
            assert verifier.analyze(file).watermark.state == state


def test_a_user_without_a_home_has_no_keys(
    toy_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    for name in ("CAMSIM_WATERMARK_KEYS", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", homeless)
    assert "watermark" not in Verifier.from_weights(toy_folder).parts


def test_a_damaged_key_of_the_user_is_warned_of(
    toy_folder: Path, keys: Path, file: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    write_key_file(keys / "group.json", GROUP)
    (keys / "torn.json").write_text("{", encoding="utf-8")
    (keys / "torn.json").chmod(0o600)
    with Verifier.from_weights(toy_folder, resend_through=()) as verifier:
        assert verifier.analyze(file).watermark.state == "read"
    assert "torn.json" in caplog.text


def test_it_pickles_with_its_keys(toy_folder: Path, keys: Path, file: bytes) -> None:
    write_key_file(keys / "group.json", GROUP)
    with Verifier.from_weights(toy_folder, resend_through=()) as verifier:
        sent = pickle.dumps(verifier)
    (keys / "group.json").unlink()
    with pickle.loads(sent) as arrived:
        assert arrived.analyze(file).watermark.payload == PAYLOAD.hex()


def test_no_report_holds_a_key(reading: Verifier, file: bytes) -> None:
    report = reading.analyze(file)
    for shown in (report.to_json(), report.to_text(), report.to_html(), repr(reading.settings)):
        assert GROUP.secret.hex() not in shown
        assert repr(GROUP.secret)[2:-1] not in shown


def test_facts_alone_are_read_without_it(keys: Path, file: bytes) -> None:
    write_key_file(keys / "group.json", GROUP)
    with Verifier.facts_only() as verifier:
        assert verifier.analyze(file).watermark.state == "not looked for"


def test_a_report_from_before_it_is_read(reading: Verifier, file: bytes) -> None:
    content = json.loads(reading.analyze(file).to_json())
    del content["watermark"]
    read = Report.model_validate(content)
    assert (read.watermark.state, read.watermark.payload) == ("not looked for", None)
    assert "Watermark" not in read.to_text()
    assert "<h2>Watermark" not in read.to_html()


@pytest.fixture
def photo_and_key(tmp_path: Path, file: bytes) -> tuple[Path, Path]:
    (tmp_path / "photo.jpg").write_bytes(file)
    write_key_file(tmp_path / "agency.json", GROUP)
    return tmp_path / "photo.jpg", tmp_path / "agency.json"


def test_verify_takes_keys(
    camsim: Camsim, toy_folder: Path, keys: Path, photo_and_key: tuple[Path, Path]
) -> None:
    taken, key = photo_and_key
    quick = ("--weights", toy_folder, "--resend", "instagram")
    ran = camsim("verify", taken, *quick, "--watermark-key", key, "--json")
    [line] = ran.out.splitlines()
    assert json.loads(line)["report"]["watermark"]["payload"] == PAYLOAD.hex()
    write_key_file(keys / "group.json", GroupKey(bytes(32)))
    (keys / "torn.json").write_text("{", encoding="utf-8")
    ran = camsim("verify", taken, *quick, "--watermark-key", key)
    assert f"names the photo: {PAYLOAD.hex()}." in ran.out
    assert "torn.json" in ran.err
    ran = camsim("verify", taken, *quick)
    assert "No watermark of a known key was found." in ran.out


def test_a_key_that_cannot_be_read_is_an_error_of_the_options(
    camsim: Camsim, toy_folder: Path, tmp_path: Path, photo_and_key: tuple[Path, Path]
) -> None:
    none = tmp_path / "none.json"
    ran = camsim(
        "verify", photo_and_key[0], "--weights", toy_folder, "--watermark-key", none, "--json"
    )
    assert ran.status not in (0, 3, 4)
    assert ran.out == ""
    assert "none.json can't be read" in ran.err


def test_a_service_gives_it(toy_folder: Path, file: bytes) -> None:
    from fastapi.testclient import TestClient

    from verifier.service import Service, ServiceSettings, create_app

    given = {"resend_through": (), "watermark_keys": [GROUP]}
    verifier = Verifier.from_weights(toy_folder, **given)
    service = Service(verifier, ServiceSettings(requests_per_minute=0), toy_folder)
    with TestClient(create_app(service)) as client:
        wait_until(lambda: service.warm)
        answer = client.post("/v1/analyses", files={"file": ("photo.jpg", BytesIO(file))})
        assert answer.json()["watermark"]["payload"] == PAYLOAD.hex()
        assert "watermark" in client.get("/metrics").text


def test_an_archive_has_its_payload(
    camsim: Camsim, toy_folder: Path, keys: Path, tmp_path: Path, photo_and_key: tuple[Path, Path]
) -> None:
    import pyarrow.parquet as pq

    taken, key = photo_and_key
    folder = tmp_path / "year"
    folder.mkdir()
    taken.rename(folder / "marked.jpg")
    (folder / "plain.jpg").write_bytes(jpeg(native()))
    words = ("--out", tmp_path / "a.parquet", "--weights", toy_folder, "--workers", 1)
    ran = camsim("verify-archive", folder, *words, "--resend", "--watermark-key", key)
    assert ran.status == 0, ran.err
    rows = pq.read_table(tmp_path / "a.parquet").to_pylist()
    assert [row["watermark"] for row in rows] == [PAYLOAD.hex(), None]
