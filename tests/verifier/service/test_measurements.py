"""Measuring over HTTP: what is answered, for whom, and that no key or secret leaves."""

import io
import json
import logging
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from tests.verifier.conftest import jpeg
from tests.verifier.service.conftest import Start
from tests.verifier.watermark.made import DEVICE, GROUP, PAYLOAD, Picture, in_8_bits, photo, scene
from verifier.api_keys import KeysFile, add_key
from verifier.errors import SettingsError
from verifier.measuring.answer import STEP
from verifier.service import Keys, ServiceSettings
from watermark.embedding import Watermark
from watermark.key_files import write_key_file
from watermark.key_validity import VALIDITY, set_validity
from watermark.keys import DeviceSecret, GroupKey

pytestmark = pytest.mark.slow

SIZE = (576, 768)
LEVELS = 2.0
OTHER = DeviceSecret(bytes([7] * 32))


def png(pixels: Picture) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", compress_level=1)
    return file.getvalue()


@pytest.fixture(scope="module")
def ours() -> bytes:
    return png(photo(SIZE, levels=LEVELS))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_key_file(tmp_path / "secrets" / "group.json", GROUP)
    write_key_file(tmp_path / "secrets" / "a.json", OTHER)
    write_key_file(tmp_path / "secrets" / "b.json", DEVICE)
    return tmp_path / "secrets"


class Measured:
    """A service that measures, and a client's key."""

    def __init__(self, client: TestClient, key: str) -> None:
        self.client = client
        self.key = {"authorization": f"Bearer {key}"}

    def post(self, content: bytes, **headers: str) -> Any:
        kind = {"content-type": "image/png"}
        return self.client.post("/v1/measurements", content=content, headers=kind | headers)

    def answer(self, content: bytes) -> dict[str, Any]:
        answer = self.post(content, **self.key)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())


Measures = Callable[..., Measured]


@pytest.fixture
def measures(start: Start, folder: Path, tmp_path: Path) -> Measures:
    def started(**settings: Any) -> Measured:
        key = add_key(tmp_path / "keys", "desk")
        given = {"measurements_per_minute": 0, "measuring_keys": (folder,)} | settings
        return Measured(start(keys=KeysFile(tmp_path / "keys"), **given), key)

    return started


def test_a_photo_of_a_known_device_has_its_octaves(
    measures: Measures, ours: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    measured = measures()
    with caplog.at_level(logging.INFO, "verifier.service.measuring"):
        answer = measured.answer(ours)
    assert answer["answer"] == "present"
    assert (answer["payload"], answer["group"]) == (PAYLOAD.hex(), GROUP.name)
    assert [octave["low"] for octave in answer["octaves"]] == [36, 72, 144, 288]
    for octave in answer["octaves"]:
        for value in (octave["share"], octave["error"]):
            assert value / STEP == pytest.approx(round(value / STEP), abs=1e-6)
    regions = answer["regions"]
    assert (regions["rows"], regions["columns"]) == (3, 4)
    assert set(regions["levels"]) <= {"present", "not known"}
    assert answer["false_alarm_rate"] == 1e-6
    assert "this photo's device can embed is there, wherever" in answer["words"][0]
    [line] = [record.getMessage() for record in caplog.records]
    assert line.startswith("measured for desk: picture ")
    assert line.endswith(f"photo {PAYLOAD.hex()}, group {GROUP.name}: present")


def test_nothing_that_leaves_is_a_secret(
    measures: Measures, ours: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    measured = measures()
    with caplog.at_level(logging.DEBUG):
        said = json.dumps(measured.answer(ours)) + measured.client.get("/metrics").text
    said += "".join(record.getMessage() for record in caplog.records)
    for key in (GROUP, DEVICE, OTHER, DEVICE.of_photo(PAYLOAD)):
        assert key.secret.hex() not in said
    assert DEVICE.name not in said  # photos of one device can't be told to be so
    assert OTHER.name not in said
    assert 'camsim_measurements_total{answer="present"} 1.0' in said


def test_a_copied_payload_is_absent(measures: Measures) -> None:
    plane = Watermark(PAYLOAD, GROUP).plane(SIZE)
    laid = LEVELS * plane.window(SIZE, slice(0, SIZE[0]), slice(0, SIZE[1]))
    answer = measures().answer(png(in_8_bits(scene(SIZE) + laid)))
    assert answer["answer"] == "absent"
    assert answer["payload"] == PAYLOAD.hex()
    assert (answer["octaves"], answer["regions"]) == ([], None)
    assert "of none of the devices known here" in answer["words"][0]


def test_a_picture_of_two_photos_has_them_in_parts(measures: Measures, ours: bytes) -> None:
    pasted = photo(SIZE, levels=LEVELS)
    pasted[:, 384:] = in_8_bits(scene(SIZE, seed=5))[:, 384:]
    answer = measures().answer(png(pasted))
    assert answer["answer"] == "in parts"
    levels = np.array(answer["regions"]["levels"]).reshape(answer["regions"]["rows"], -1)
    assert (levels[:, -1] == "absent").any()
    assert not (levels[:, 0] == "absent").any()
    assert any("absent in" in words for words in answer["words"])


def test_a_picture_without_a_watermark(measures: Measures) -> None:
    answer = measures().answer(png(in_8_bits(scene(SIZE))))
    assert (answer["answer"], answer["payload"], answer["octaves"]) == ("no watermark", None, [])


def test_a_key_that_is_withdrawn_says_so_at_once(
    measures: Measures, ours: bytes, folder: Path
) -> None:
    measured = measures()
    assert measured.answer(ours)["answer"] == "present"
    set_validity(folder, GROUP.name, withdrawn=date(2026, 5, 3))
    answer = measured.answer(ours)
    assert (answer["answer"], answer["octaves"], answer["regions"]) == ("withdrawn", [], None)
    assert answer["words"] == [
        "The group's key was withdrawn on 2026-05-03: what it reads proves nothing."
    ]


def test_a_devices_secret_that_is_withdrawn_says_so(
    measures: Measures, ours: bytes, folder: Path
) -> None:
    set_validity(folder, DEVICE.name, withdrawn=date(2026, 5, 3))
    answer = measures().answer(ours)
    assert answer["answer"] == "withdrawn"
    assert "device's secret was withdrawn on 2026-05-03" in answer["words"][0]


def test_a_key_that_is_not_used_yet_proves_nothing(
    measures: Measures, ours: bytes, folder: Path
) -> None:
    set_validity(folder, GROUP.name, since=datetime.now(UTC).date() + timedelta(days=2))
    assert measures().answer(ours)["answer"] == "not in use yet"


def test_a_key_of_former_years_still_measures(
    measures: Measures, ours: bytes, folder: Path
) -> None:
    set_validity(folder, GROUP.name, until=date(2025, 12, 31))
    answer = measures().answer(ours)
    assert answer["answer"] == "present"
    assert any("in use until 2025-12-31" in words for words in answer["words"])


def test_a_new_device_counts_without_a_restart(
    measures: Measures, ours: bytes, folder: Path
) -> None:
    (folder / "b.json").rename(folder.parent / "b.json")
    measured = measures()
    assert measured.answer(ours)["answer"] == "absent"
    (folder.parent / "b.json").rename(folder / "b.json")
    assert measured.answer(ours)["answer"] == "present"


def test_damaged_dates_bring_no_withdrawn_key_back(
    measures: Measures, ours: bytes, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    set_validity(folder, GROUP.name, withdrawn=date(2026, 5, 3))
    measured = measures()
    (folder / VALIDITY).write_text("{")
    assert measured.answer(ours)["answer"] == "withdrawn"
    assert "what was read before still counts" in caplog.text


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer wrong"}])
def test_a_key_is_needed(measures: Measures, ours: bytes, headers: dict[str, str]) -> None:
    answer = measures().post(ours, **headers)
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status_code, answer.json()["kind"]) == (401, "KeyMissingError")


def test_without_keys_of_clients_nobody_measures(folder: Path) -> None:
    with pytest.raises(SettingsError, match="known clients alone"):
        ServiceSettings(measuring_keys=(folder,))


def test_keys_that_are_none_are_refused_at_the_start(start: Start, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no key of a device group"):
        start(keys=Keys({"desk": "0" * 64}), measuring_keys=(tmp_path,))


def test_a_service_without_keys_has_no_such_route(start: Start, ours: bytes) -> None:
    answer = start().post("/v1/measurements", content=ours, headers={"content-type": "image/png"})
    assert answer.status_code == 404


def test_one_client_asks_so_often_in_a_minute(measures: Measures) -> None:
    measured = measures(measurements_per_minute=1)
    picture = jpeg(in_8_bits(scene((64, 64))))
    assert measured.answer(picture)["answer"] == "no watermark"
    answer = measured.post(picture, **measured.key)
    assert (answer.status_code, answer.json()["kind"]) == (429, "TooManyRequestsError")
    assert "too many measurements" in answer.json()["message"]


def test_one_photo_is_asked_about_so_often_in_a_day(
    measures: Measures, ours: bytes, tmp_path: Path
) -> None:
    measured = measures(measurements_each=1)
    assert measured.answer(ours)["answer"] == "present"
    answer = measured.post(ours, **measured.key)
    assert answer.status_code == 429
    assert "one photo in a day" in answer.json()["message"]
    assert int(answer.headers["retry-after"]) > 80_000
    another = {"authorization": f"Bearer {add_key(tmp_path / 'keys', 'other')}"}
    assert measured.post(ours, **another).status_code == 200  # its own count, and known at once


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"", "image/png", 422), (b"no picture", "image/png", 422), (b"a", "text/plain", 415),
        (b'{"url": "http://127.0.0.1/a.jpg"}', "application/json", 403),
        (b"{}", "application/json", 400), (b"--a", "multipart/form-data; boundary=a", 400),
    ],
)  # fmt: skip
def test_what_is_no_photo_is_a_problem(
    measures: Measures, content: bytes, kind: str, status: int
) -> None:
    measured = measures()
    headers = measured.key | {"content-type": kind}
    answer = measured.client.post("/v1/measurements", content=content, headers=headers)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


def test_keys_to_ask_with_come_and_go_without_a_restart(
    measures: Measures, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    measured = measures()
    picture = jpeg(in_8_bits(scene((64, 64))))
    new = {"authorization": f"Bearer {add_key(tmp_path / 'keys', 'new')}"}
    assert measured.post(picture, **new).status_code == 200
    lines = (tmp_path / "keys").read_text().splitlines()
    (tmp_path / "keys").write_text(f"{lines[0]}\nnonsense\n")
    assert measured.post(picture, **new).status_code == 401
    assert measured.post(picture, **measured.key).status_code == 200
    assert "line 2" in caplog.text
    (tmp_path / "keys").unlink()
    assert measured.post(picture, **measured.key).status_code == 401


def test_a_group_that_another_vendor_has_is_not_read(measures: Measures, folder: Path) -> None:
    (folder / "group.json").unlink()
    write_key_file(folder / "group.json", GroupKey(bytes([9] * 32)))
    assert measures().answer(png(photo(SIZE, levels=LEVELS)))["answer"] == "no watermark"
