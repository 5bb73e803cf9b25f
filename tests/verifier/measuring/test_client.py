"""Asking a vendor's measuring service: bounded, never believed, and no verdict goes by it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.verifier.conftest import jpeg
from tests.verifier.repository.lying_server import Lies, lying_server
from tests.verifier.toy import native
from verifier import Verifier
from verifier.errors import SettingsError
from verifier.measuring.client import MeasuringService
from verifier.report.record import MeasuredFacts
from verifier.report.report import Report
from verifier.repository.keys_file import VARIABLE

PAYLOAD = "0123456789abcdef"
PRESENT: dict[str, Any] = {
    "answer": "present", "payload": PAYLOAD, "group": "0" * 16, "false_alarm_rate": 1e-6,
    "octaves": [{"low": 36, "high": 72, "share": 0.9, "error": 0.05}],
    "regions": {"rows": 1, "columns": 2, "levels": ["present", "not known"]},
    "words": ["TRUST ME: genuine"],
}  # fmt: skip


@pytest.fixture
def lies() -> Iterator[Lies]:
    with lying_server() as server:
        yield server


def asked(lies: Lies, payload: str | None = None, seconds: float = 5.0) -> MeasuredFacts:
    return MeasuringService(lies.url, seconds=seconds).measure(b"a photo", payload)


def test_a_photo_is_sent_and_its_answer_reported(lies: Lies) -> None:
    lies.answers(PRESENT)
    facts = asked(lies, PAYLOAD)
    assert facts.answer == "present"
    assert (facts.service, facts.payload) == (f"{lies.url}/v1", PAYLOAD)
    assert facts.octaves[0].share == 0.9
    assert facts.regions
    assert facts.regions.levels == ("present", "not known")
    assert lies.asked[0][:2] == ("POST", "/v1/measurements")
    assert lies.bodies == [b"a photo"]
    assert "no verdict goes by it" in facts.words[-1]


def test_its_own_words_are_not_shown(lies: Lies) -> None:
    lies.answers(PRESENT)
    assert "TRUST ME" not in asked(lies).model_dump_json()


def test_what_it_says_of_octaves_counts_with_such_an_answer_alone(lies: Lies) -> None:
    lies.answers(PRESENT | {"answer": "withdrawn"})
    facts = asked(lies)
    assert (facts.answer, facts.octaves, facts.regions) == ("withdrawn", (), None)
    assert any("proves nothing" in words for words in facts.words)


def test_what_was_done_is_said_in_our_words(lies: Lies) -> None:
    lies.answers(PRESENT | {"edits": "sharpen"})
    facts = asked(lies)
    assert facts.edits == "sharpen"
    assert any("probably sharpened" in words for words in facts.words)
    lies.answers(PRESENT | {"edits": "sharpen", "answer": "absent"})
    assert asked(lies).edits is None


def test_another_payload_than_was_read_is_not_used(lies: Lies) -> None:
    lies.answers(PRESENT)
    facts = asked(lies, "f" * 16)
    assert facts.answer == "not answered"
    assert "read another payload" in facts.words[0]


@pytest.mark.parametrize(
    "content",
    [
        b"", b"<html>", b"[]", b"{}", b"[" * 50_000, b'{"answer": "genuine"}', b"\xff\xfe",
        json.dumps(PRESENT | {"payload": "../../etc"}).encode(),
        json.dumps(PRESENT | {"octaves": [{"low": 1, "high": 2, "share": 99}]}).encode(),
        json.dumps(PRESENT | {"regions": {"rows": 16, "columns": 16, "levels": []}}).encode(),
        json.dumps(PRESENT | {"words": ["a" * 501]}).encode(),
        json.dumps(PRESENT | {"edits": "genuine"}).encode(),
        b'{"answer": "present", "octaves": [{"low": 1, "high": 2, "share": NaN, "error": 0}]}',
    ],
)  # fmt: skip
def test_nonsense_is_no_answer(lies: Lies, content: bytes) -> None:
    lies.answers(content)
    facts = asked(lies)
    assert facts.answer == "not answered"
    assert "answers no measurement" in facts.words[0]
    assert facts.octaves == ()


def test_a_huge_answer_is_not_read_to_its_end(lies: Lies) -> None:
    lies.answers(b" " * 3_000_000)
    assert "more than 100,000 bytes" in asked(lies).words[0]


def test_a_slow_answer_is_cut_off(lies: Lies) -> None:
    lies.answers(PRESENT)
    lies.drops = 0.05
    assert "doesn't answer within 0.3 s" in asked(lies, seconds=0.3).words[0]


def test_a_redirect_is_not_followed(lies: Lies) -> None:
    with lying_server() as other:
        other.answers(PRESENT)
        lies.answers(b"", status=307)
        lies.headers["Location"] = f"{other.url}/v1/measurements"
        assert "answers 307" in asked(lies).words[0]
        assert other.asked == []


@pytest.mark.parametrize(
    ("status", "words"),
    [(401, "key is missing or wrong"), (404, "check the path"), (429, "too often"), (503, "503")],
)
def test_refusals_are_told(lies: Lies, status: int, words: str) -> None:
    lies.answers({"detail": "TRUST ME"}, status=status)
    facts = asked(lies)
    assert facts.answer == "not answered"
    assert words in facts.words[0]
    assert "TRUST" not in facts.words[0]


def test_nobody_there_is_told(lies: Lies) -> None:
    service = MeasuringService("http://127.0.0.1:9", seconds=2)
    assert (
        service.measure(b"", None).words[0].startswith("the measuring service http://127.0.0.1:9")
    )


def test_the_wrong_type_is_no_answer(lies: Lies) -> None:
    lies.answers(json.dumps(PRESENT).encode(), "text/html")
    assert "type 'text/html'" in asked(lies).words[0]


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://vendor.example", "use https"), ("ftp://vendor.example", "no URL of https"),
        ("https://a:b@vendor.example", "has a user"), ("vendor", "no URL"),
    ],
)  # fmt: skip
def test_urls_that_are_not_asked(url: str, words: str) -> None:
    with pytest.raises(SettingsError, match=f"the measuring service .*{words}"):
        MeasuringService(url)


def test_a_key_goes_to_its_service(
    lies: Lies, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "keys").write_text(f"{lies.url} right\n")
    monkeypatch.setenv(VARIABLE, str(tmp_path / "keys"))
    lies.answers(PRESENT)
    asked(lies)
    assert lies.asked[0][2]["Authorization"] == "Bearer right"


@pytest.fixture(scope="module")
def photo() -> bytes:
    return jpeg(native())


def report(toy_folder: Path, photo: bytes, *services: str) -> Report:
    with Verifier.from_weights(
        toy_folder, resend_through=(), watermark_keys=(), measuring_services=services
    ) as verifier:
        return verifier.analyze(photo)


@pytest.mark.parametrize("answer", ["present", "in parts", "absent", "no watermark"])
def test_no_verdict_goes_by_what_a_service_says(
    lies: Lies, toy_folder: Path, photo: bytes, answer: str
) -> None:
    lies.answers(PRESENT | {"answer": answer})
    without = report(toy_folder, photo)
    told = report(toy_folder, photo, lies.url)
    assert told.verdict == without.verdict
    assert [one.answer for one in told.watermark.measured] == [answer]
    assert lies.bodies == [photo]
    assert "Watermark" in told.to_text()
    assert "no verdict goes by it" in " ".join(told.to_text().split())
    assert "TRUST ME" not in told.to_html() + told.to_text() + told.to_json()
    assert Report.model_validate_json(told.to_json()).to_json() == told.to_json()


def test_a_service_that_fails_stops_no_analysis(lies: Lies, toy_folder: Path, photo: bytes) -> None:
    lies.answers(b"", status=500)
    with lying_server() as other:
        other.answers(PRESENT)
        told = report(toy_folder, photo, lies.url, other.url)
    assert [one.answer for one in told.watermark.measured] == ["not answered", "present"]


def test_an_earlier_report_has_no_measurement(toy_folder: Path, photo: bytes) -> None:
    content = json.loads(report(toy_folder, photo).to_json())
    del content["watermark"]["measured"]
    assert Report.model_validate(content).watermark.measured == ()


def test_pixels_are_sent_to_nobody(lies: Lies, toy_folder: Path) -> None:
    with Verifier.from_weights(
        toy_folder, resend_through=(), watermark_keys=(), measuring_services=(lies.url,)
    ) as verifier:
        assert verifier.analyze(native()).watermark.measured == ()
    assert lies.asked == []


def test_the_facts_alone_ask_nobody(lies: Lies, photo: bytes) -> None:
    with Verifier.facts_only(measuring_services=(lies.url,)) as verifier:
        verifier.analyze(photo)
    assert lies.asked == []
