"""Reports that earlier verifiers wrote are read: nothing is analysed twice, and nothing is lost.

``assets/version-1.jsonl`` is what `camsim verify --results` of schema version 1 wrote of three
pictures: one of the toy's camera, one that was saved again after Instagram, one that Instagram's
own table names. `docs/report.schema.v1.json` is that version's schema.
"""

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from tests.conftest import REPOSITORY
from tests.verifier.conftest import Camsim, jpeg
from tests.verifier.toy import native
from verifier import Report, Verifier
from verifier.service.records import Analysis

LINES = (Path(__file__).parent / "assets" / "version-1.jsonl").read_text("utf-8").splitlines()
REPORTS = [json.loads(line)["report"] for line in LINES]
RENAMED = {
    "network": "platform", "networks": "platforms", "chances": "likelihoods",
    "synthetic": "generated", "foreign": "unknown-camera",
}  # fmt: skip
NAMED_BY_NAME = {"name", "flipped", "silent"}  # fields whose values are names of detectors


def kept_line(photo: Path, report: dict[str, Any]) -> str:
    """Return the line of a photo, as if the report were of what the file holds."""
    digest = hashlib.sha256(photo.read_bytes()).hexdigest()
    report = report | {"input": report["input"] | {"sha256": digest}}
    return json.dumps({"photo": str(photo), "report": report}) + "\n"


def leaves(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    if isinstance(value, dict):
        for name, part in value.items():
            yield from leaves(part, (*path, name))
    elif isinstance(value, list) and value:
        for number, part in enumerate(value):
            yield from leaves(part, (*path, str(number)))
    else:
        yield path, value


def expected(path: tuple[str, ...], value: Any) -> Any:
    if path == ("schema_version",):
        return 3
    if path[0] in ("detectors", "stability") and NAMED_BY_NAME & set(path[-2:]):
        return RENAMED.get(value, value) if isinstance(value, str) else value
    return value


@pytest.mark.parametrize("report", REPORTS, ids=["captured", "saved again", "shared"])
def test_every_field_is_read_under_its_new_name(report: dict[str, Any]) -> None:
    read = Report.model_validate_json(json.dumps(report))
    written = json.loads(read.to_json())
    assert written.pop("watermark")["state"] == "not looked for"  # came later, as did these
    assert written.pop("recovered")["state"] == "not looked for"
    assert written.pop("comparison")["result"] == "not made"
    assert written["credential"].pop("manifest") is None
    assert written["verdict"].pop("next_steps") == []
    assert written["verdict"].pop("headline") == ""
    assert {detector.pop("limits") for detector in written["detectors"]} == {""}
    found = dict(leaves(written))
    wanted = {
        tuple(RENAMED.get(part, part) for part in path): expected(path, value)
        for path, value in leaves(report)
    }
    assert found == wanted
    assert read.to_text()
    assert read.to_html()


def test_the_lines_hold_what_was_renamed() -> None:
    """Else the test above would show nothing."""
    read = [Report.model_validate(report) for report in REPORTS]
    assert [one.channel.earlier and one.channel.earlier.platform for one in read] == [
        None, "Meta", None,
    ]  # fmt: skip
    assert read[2].channel.platform == "Instagram"
    assert [match.platform for match in read[2].channel.platforms] == ["Instagram"]
    assert read[2].channel.likelihoods[0].platform == "Instagram"
    names = ["manipulation", "origin", "generated", "platform"]
    assert [[result.name for result in one.detectors] for one in read] == [names] * 3
    assert read[2].detectors[3].platforms == ("Instagram",)
    assert [one.platform for one in read[0].stability.resent] == ["instagram", "whatsapp"]
    assert {"generated", "platform"} < read[0].seconds.keys()


def test_version_1_has_its_own_schema() -> None:
    frozen = json.loads((REPOSITORY / "docs" / "report.schema.v1.json").read_text("utf-8"))
    assert frozen["properties"]["schema_version"]["const"] == 1
    assert {"networks", "network", "chances"} < frozen["$defs"]["ChannelReading"][
        "properties"
    ].keys()


def test_results_of_version_1_are_gone_on_with(verifier: Verifier, tmp_path: Path) -> None:
    photos = [tmp_path / Path(json.loads(line)["photo"]).name for line in LINES]
    new = tmp_path / "new.jpg"
    for photo in (*photos, new):
        photo.write_bytes(jpeg(native(64, 80)))
    results = tmp_path / "results.jsonl"
    kept = map(kept_line, photos, REPORTS)
    results.write_text("".join(kept), encoding="utf-8")
    outcomes = list(verifier.analyze_many([*photos, new], results=results))
    assert [outcome.resumed for outcome in outcomes] == [True, True, True, False]
    assert outcomes[2].report is not None
    assert outcomes[2].report.channel == Report.model_validate(REPORTS[2]).channel
    written = [json.loads(line)["report"] for line in results.read_text("utf-8").splitlines()]
    assert [report["schema_version"] for report in written] == [3, 3, 3, 3]
    assert sum(outcome.resumed for outcome in verifier.analyze_many(photos, results=results)) == 3


def test_verify_prints_a_report_of_version_1(camsim: Camsim, tmp_path: Path) -> None:
    photo = tmp_path / "shared.jpg"
    photo.write_bytes(jpeg(native(64, 80)))
    results = tmp_path / "results.jsonl"
    results.write_text(kept_line(photo, REPORTS[2]), encoding="utf-8")
    ran = camsim("verify", photo, "--results", results, "--json")
    [printed] = ran.out.splitlines()
    assert json.loads(printed)["report"]["channel"]["platform"] == "Instagram"


def test_a_service_reads_what_it_kept_of_version_1() -> None:
    now = datetime.now(UTC).isoformat()
    kept = {"id": "a", "state": "done", "created": now, "parts": [], "report": REPORTS[2]}
    read = Analysis.model_validate_json(json.dumps(kept))
    assert read.report is not None
    assert read.report.channel.platform == "Instagram"


@pytest.mark.parametrize(
    "damage",
    [
        {"channel": None}, {"channel": {"networks": 3}}, {"detectors": [7]}, {"detectors": {}},
        {"stability": []}, {"seconds": "long"}, {"more": 1},
    ],
)  # fmt: skip
def test_what_is_no_report_of_version_1_is_refused(damage: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Report.model_validate(REPORTS[0] | damage)
