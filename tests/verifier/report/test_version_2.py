"""Reports of schema version 2 are read: nothing is analysed twice, and nothing is lost.

``assets/version-2.jsonl`` is what `camsim verify --results` of schema version 2 wrote of three
pictures: one of the toy's camera, one with a keyed watermark, one that Instagram smoothed.
`docs/report.schema.v2.json` is that version's schema.
"""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from tests.conftest import REPOSITORY
from tests.verifier.conftest import Camsim, jpeg
from tests.verifier.report.test_version_1 import kept_line
from tests.verifier.toy import native
from verifier import Report, Verifier
from verifier.service.records import Analysis

LINES = (Path(__file__).parent / "assets" / "version-2.jsonl").read_text("utf-8").splitlines()
REPORTS = [json.loads(line)["report"] for line in LINES]


@pytest.mark.parametrize("report", REPORTS, ids=["captured", "marked", "shared"])
def test_every_field_is_kept(report: dict[str, Any]) -> None:
    read = Report.model_validate_json(json.dumps(report))
    written = json.loads(read.to_json())
    assert written.pop("recovered")["state"] == "not looked for"
    assert written.pop("comparison")["result"] == "not made"
    assert written["credential"].pop("manifest") is None
    assert written["watermark"].pop("measured") == []
    assert written["watermark"].pop("slant") is None
    assert written["verdict"].pop("next_steps") == []
    assert written["verdict"].pop("headline") == ""
    assert {detector.pop("limits") for detector in written["detectors"]} == {""}
    assert written == report | {"schema_version": 3}
    assert read.to_text()
    assert "signed reference" not in read.to_html()


def test_version_2_has_its_own_schema() -> None:
    frozen = json.loads((REPOSITORY / "docs" / "report.schema.v2.json").read_text("utf-8"))
    assert frozen["properties"]["schema_version"]["const"] == 2
    assert "watermark" in frozen["properties"]
    assert "recovered" not in frozen["properties"]


def test_results_of_version_2_are_gone_on_with(verifier: Verifier, tmp_path: Path) -> None:
    photos = [tmp_path / Path(json.loads(line)["photo"]).name for line in LINES]
    for photo in photos:
        photo.write_bytes(jpeg(native(64, 80)))
    results = tmp_path / "results.jsonl"
    results.write_text("".join(map(kept_line, photos, REPORTS)), encoding="utf-8")
    outcomes = list(verifier.analyze_many(photos, results=results))
    assert [outcome.resumed for outcome in outcomes] == [True, True, True]
    written = [json.loads(line)["report"] for line in results.read_text("utf-8").splitlines()]
    assert [report["schema_version"] for report in written] == [3, 3, 3]


def test_verify_prints_a_report_of_version_2(camsim: Camsim, tmp_path: Path) -> None:
    photo = tmp_path / "marked.jpg"
    photo.write_bytes(jpeg(native(64, 80)))
    results = tmp_path / "results.jsonl"
    results.write_text(kept_line(photo, REPORTS[1]), encoding="utf-8")
    [printed] = camsim("verify", photo, "--results", results, "--json").out.splitlines()
    read = json.loads(printed)["report"]["watermark"]
    assert read == REPORTS[1]["watermark"] | {"measured": [], "slant": None}


def test_a_service_reads_what_it_kept_of_version_2() -> None:
    now = datetime.now(UTC).isoformat()
    kept = {"id": "a", "state": "done", "created": now, "parts": [], "report": REPORTS[1]}
    read = Analysis.model_validate_json(json.dumps(kept))
    assert read.report is not None
    assert read.report.watermark.payload == REPORTS[1]["watermark"]["payload"]


@pytest.mark.parametrize(
    "damage", [{"watermark": 3}, {"recovered": "x"}, {"stability": []}, {"more": 1}]
)
def test_what_is_no_report_of_version_2_is_refused(damage: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Report.model_validate(REPORTS[0] | damage)
