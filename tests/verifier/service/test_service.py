"""What the service answers, in one process."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from channel.manipulations import GAUSSIAN
from tests.verifier.conftest import Camsim, jpeg
from tests.verifier.service.conftest import Start
from tests.verifier.service.server import wait_until
from tests.verifier.toy import GRAIN, native
from verifier import Report
from verifier.api_keys import add_key
from verifier.errors import OutputError, SettingsError
from verifier.service import Keys, ServiceSettings
from verifier.service.rate import RateLimit
from verifier.service.records import Analysis
from verifier.service.store import MemoryStore, SqliteStore
from verifier.service.uploads import plain_name


def post(client: TestClient, photo: bytes, name: str = "photo.jpg", **params: Any) -> Any:
    return client.post("/v1/analyses", files={"file": (name, photo)}, params=params)


def done(client: TestClient, place: str, **headers: str) -> Analysis:
    def found() -> Analysis:
        return Analysis.model_validate(client.get(place, headers=headers).json())

    wait_until(lambda: found().state in ("done", "failed"))
    return found()


def test_a_form_is_answered_with_the_report(client: TestClient, photo: bytes) -> None:
    answer = post(client, photo, "holiday.jpg")
    report = Report.model_validate_json(answer.content)
    assert (answer.status_code, report.verdict.label) == (200, "consistent")
    assert report.input.name == "holiday.jpg"
    assert "location" not in answer.headers


def test_the_report_is_that_of_the_sdk(client: TestClient, verifier: Any) -> None:
    photo = jpeg(GAUSSIAN(native()))
    served = Report.model_validate_json(post(client, photo).content)
    own = verifier.analyze(photo, name="photo.jpg")
    assert served.model_dump(exclude={"seconds"}) == own.model_dump(exclude={"seconds"})
    assert served.verdict.label == "evidence against"


def test_a_bare_file_is_taken_too(client: TestClient, photo: bytes) -> None:
    headers = {"content-type": "image/jpeg"}
    answer = client.post("/v1/analyses?name=a/b.jpg", content=photo, headers=headers)
    assert answer.json()["input"]["name"] == "b.jpg"


def test_the_report_as_a_page(client: TestClient, photo: bytes) -> None:
    answer = post(client, photo, format="html")
    assert answer.text.startswith("<!doctype html>")
    assert "sandbox" in answer.headers["content-security-policy"]


def test_a_job_is_polled_until_its_parts_are_done(
    client: TestClient, photo: bytes, verifier: Any
) -> None:
    answer = post(client, photo, **{"async": "true"})
    assert answer.status_code == 202
    first = Analysis.model_validate(answer.json())
    assert first.state in ("queued", "running")
    assert {part.name: part.words for part in first.parts} == verifier.parts
    last = done(client, answer.headers["location"])
    assert {part.state for part in last.parts} == {"done"}
    assert last.report is not None
    assert last.report.verdict.label == "consistent"
    place = f"/v1/analyses/{last.id}"
    assert client.get(f"{place}/report").json()["verdict"]["label"] == "consistent"
    assert client.get(f"{place}/report?format=html").text.startswith("<!doctype html>")
    assert client.get(f"{place}/picture").content.startswith(b"\xff\xd8")
    assert client.get(f"{place}/maps/grain").content.startswith(b"\x89PNG")
    assert client.get(f"{place}/maps/nothing").status_code == 404


def test_a_job_that_fails_says_why(client: TestClient) -> None:
    answer = post(client, b"no picture", **{"async": "true"})
    last = done(client, answer.headers["location"])
    assert (last.state, last.report) == ("failed", None)
    assert last.problem is not None
    assert last.problem.kind == "PhotoUnreadableError"
    answer = client.get(f"/v1/analyses/{last.id}/report")
    assert (answer.status_code, answer.json()["kind"]) == (409, "NotReadyError")
    assert last.problem.message in answer.json()["message"]


def test_a_deleted_job_is_gone(client: TestClient, photo: bytes) -> None:
    place = post(client, photo, **{"async": "true"}).headers["location"]
    assert client.delete(place).status_code == 204
    assert client.get(place).status_code == 404
    assert client.delete(place).status_code == 404
    wait_until(
        lambda: "camsim_live_analyses 0.0" in client.get("/metrics").text
    )  # its thread's end
    assert client.get(place).status_code == 404


def test_nothing_reaches_a_disk(
    start: Start, photo: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = []
    client = start()
    monkeypatch.setattr("tempfile.TemporaryFile", lambda *a, **k: opened.append(a))
    monkeypatch.setattr("tempfile._TemporaryFileWrapper", lambda *a, **k: opened.append(a))
    large = photo + bytes(3_000_000)
    assert post(client, large).status_code == 200
    assert opened == []


def test_answers_in_memory_are_few(photo: bytes, start: Start) -> None:
    client = start(linger_jobs=1)
    first = post(client, photo, **{"async": "true"}).headers["location"]
    assert done(client, first).expires is not None
    second = post(client, photo, **{"async": "true"}).headers["location"]
    done(client, second)
    assert client.get(first).status_code == 404
    assert client.get(second).status_code == 200


def test_answers_in_memory_expire(photo: bytes, start: Start) -> None:
    client = start(linger_seconds=2)
    place = post(client, photo, **{"async": "true"}).headers["location"]
    assert done(client, place).state == "done"
    wait_until(lambda: client.get(place).status_code == 404)


@pytest.mark.slow
def test_kept_reports_outlive_the_service_and_expire(
    start: Start, photo: bytes, tmp_path: Path
) -> None:
    database = tmp_path / "reports.db"
    place = post(start(database=database), photo).headers["location"]
    again = start(database=database)
    assert done(again, place).report is not None
    assert again.get(f"{place}/picture").status_code == 200
    assert database.stat().st_mode & 0o077 == 0
    assert again.delete(place).status_code == 204
    assert b"schema_version" not in database.read_bytes()
    brief = start(database=database, keep_days=0.5 / 86_400)
    place = post(brief, photo).headers["location"]
    wait_until(lambda: brief.get(place).status_code == 404)


@pytest.mark.slow
def test_what_a_dead_service_left_undone_is_told(
    start: Start, photo: bytes, tmp_path: Path
) -> None:
    client = start(database=tmp_path / "reports.db")
    place = post(client, photo, **{"async": "true"}).headers["location"]
    ended = done(client, place)
    store = SqliteStore(tmp_path / "reports.db", 1)
    record = store.get(ended.id)
    assert record is not None
    running = record.analysis.model_copy(update={"state": "running", "report": None})
    store.put(type(record)(running, record.owner))
    problem = done(start(database=tmp_path / "reports.db"), place).problem
    assert problem is not None
    assert "post the photo again" in problem.message


def test_a_database_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "no.db").write_text("hello, this is no database at all" * 100)
    with pytest.raises(OutputError, match="can't be kept"):
        SqliteStore(tmp_path / "no.db", 1)


def test_keys_let_their_owners_in_and_to_their_own_alone(
    start: Start, photo: bytes, tmp_path: Path
) -> None:
    file = tmp_path / "keys"
    ann, bob = add_key(file, "ann"), add_key(file, "bob")
    assert ann not in file.read_text()
    client = start(keys=Keys.from_file(file))
    assert post(client, photo).status_code == 401
    assert client.get("/v1/detectors").headers["www-authenticate"] == "Bearer"
    assert client.get("/").status_code == client.get("/healthz").status_code == 200
    assert "HTTPBearer" in client.get("/openapi.json").json()["components"]["securitySchemes"]
    hers, his = ({"authorization": f"Bearer {key}"} for key in (ann, bob))
    answer = client.post("/v1/analyses?async=true", files={"file": ("a.jpg", photo)}, headers=hers)
    place = answer.headers["location"]
    assert done(client, place, **hers).state == "done"
    assert client.get(place, headers=his).status_code == 404
    assert client.delete(place, headers=his).status_code == 404
    assert client.get(place, headers={"x-api-key": ann}).status_code == 200


@pytest.mark.parametrize("content", ["", "ann", "ann 00", "# nothing", "a b c"])
def test_files_of_keys_that_let_nobody_in_are_refused(content: str, tmp_path: Path) -> None:
    (tmp_path / "keys").write_text(content)
    with pytest.raises(SettingsError):
        Keys.from_file(tmp_path / "keys")


def test_the_rate_is_limited(start: Start, photo: bytes) -> None:
    client = start(requests_per_minute=2)
    answers = [post(client, photo) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert 1 <= int(answers[2].headers["retry-after"]) <= 30


def test_the_rate_fills_up_again() -> None:
    now = [0.0]
    rate = RateLimit(60, clock=lambda: now[0])
    assert [rate.wait("a") for _ in range(60)] == [0.0] * 60
    assert rate.wait("a") == pytest.approx(1)
    assert rate.wait("b") == 0
    now[0] = 1.0
    assert rate.wait("a") == 0
    assert rate.wait("a") > 0


def test_the_detectors_have_cards(client: TestClient) -> None:
    detectors = {detector["name"]: detector for detector in client.get("/v1/detectors").json()}
    assert {"grain", "manipulation", "origin", "platform"} == set(detectors)
    [model] = detectors["grain"]["models"]
    assert model["name"] == GRAIN
    assert len(model["sha256"]) == 64
    assert model["labels"]["sharpen"] == "sharpened"
    assert model["false_alarm_rates"] == {"any": {"edited": 0.01, "native": 0.01}}


def test_metrics_count_and_tell_nothing_of_photos(client: TestClient, photo: bytes) -> None:
    post(client, photo, "secret-source.jpg")
    post(client, b"no picture")
    text = client.get("/metrics").text
    assert 'camsim_analyses_total{outcome="report"} 1.0' in text
    assert 'camsim_analyses_total{outcome="PhotoUnreadableError"} 1.0' in text
    assert 'camsim_verdicts_total{verdict="consistent"} 1.0' in text
    assert 'camsim_requests_total{method="POST",status="422"} 1.0' in text
    assert "camsim_held_bytes 0.0" in text
    assert "secret" not in text


def test_an_analysis_that_takes_too_long_is_given_up(start: Start, photo: bytes) -> None:
    answer = post(start(analysis_seconds=0.001), photo)
    assert answer.status_code == 503
    assert "wasn't done after" in answer.json()["message"]
    assert int(answer.headers["retry-after"]) > 0


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\temp\\a.jpg", "a.jpg"),
        ("a\r\nX: y.jpg", "a\\r\\nX: y.jpg"),
        ("\x1b[2J.jpg", "\\x1b[2J.jpg"),
        ("..", None),
        ("", None),
        (None, None),
        ("x" * 300 + ".jpg", "x" * 251 + ".jpg"),
    ],
)
def test_names_are_names_alone(name: str | None, plain: str | None) -> None:
    assert plain_name(name) == plain


@pytest.mark.parametrize("field", ["workers", "upload_seconds", "held_bytes"])
def test_settings_of_nothing_are_refused(field: str) -> None:
    with pytest.raises(SettingsError, match=field):
        ServiceSettings(**{field: 0})


def test_memory_forgets_the_oldest() -> None:
    store = MemoryStore(60, 2)
    assert store.get("x") is None
    expiry = store.expiry()
    assert expiry is not None
    assert 50 < (expiry - datetime.now(UTC)).total_seconds() <= 60


def test_the_command_adds_keys_and_refuses_bad_options(tmp_path: Path, camsim: Camsim) -> None:
    keys = tmp_path / "keys"
    key = camsim("serve", "--keys", keys, "--add-key", "desk").out.strip()
    assert Keys.from_file(keys).owner(key) == "desk"
    assert Keys.from_file(keys).owner("another") is None
    assert camsim("serve", "--keys", keys, "--add-key", "desk").status == 2
    assert "needs --keys" in camsim("serve", "--add-key", "desk").err
    assert "no manifest.json" in camsim("serve", "--weights", tmp_path).err
    assert "can't be used" in camsim("serve", "--host", "203.0.113.1").err
    assert "can't be used" in camsim("serve", "--port", 99999).err
    assert "workers is 0" in camsim("serve", "--workers", 0).err
    assert "can't be kept" in camsim("serve", "--keep", tmp_path / "no" / "reports.db").err
