"""A row of the table: what is known of one picture, or why nothing is."""

from typing import Any, Final

import pyarrow as pa

from channel.printable import all_whole, name_as_text
from verifier.judging.facts import declared_generated
from verifier.report.parts import parts_of
from verifier.report.report import Report

_DETECTOR: Final = pa.struct(
    [
        ("name", pa.string()),
        ("status", pa.string()),
        ("finding", pa.string()),
        ("answer", pa.string()),
        ("confidence", pa.float32()),
        ("model", pa.string()),
    ]
)
SCHEMA: Final = pa.schema(
    [
        ("photo", pa.string()),  # as the listing names it, by `name_as_text`
        ("error", pa.string()),  # null where there is a report
        ("error_kind", pa.string()),
        ("sha256", pa.string()),
        ("bytes", pa.int64()),
        ("format", pa.string()),
        ("width", pa.int32()),
        ("height", pa.int32()),
        ("verdict", pa.string()),
        ("level", pa.string()),
        ("summary", pa.string()),
        ("integrity", pa.string()),
        ("trust", pa.string()),
        ("revocation", pa.string()),
        ("declared", pa.string()),  # "generated", or in part; null where nobody declares so
        ("declared_by", pa.string()),  # "trusted signer", "unknown signer" or "nobody"
        ("signer", pa.string()),
        ("pipeline", pa.string()),  # as the signer states it
        ("platform", pa.string()),
        ("platforms", pa.list_(pa.string())),
        ("jpeg_quality", pa.int16()),
        ("watermark", pa.string()),  # payload that was read; null where none was
        ("recovered", pa.string()),  # state of the recovered credential; null: not looked for
        ("recovered_trust", pa.string()),  # of that credential; null where none was found
        ("recovered_signer", pa.string()),
        ("comparison", pa.string()),  # its result; null where none was made
        ("detectors", pa.list_(_DETECTOR)),
        ("verifier", pa.string()),  # its version
        ("seconds", pa.float32()),
        ("report", pa.string()),  # all of it as JSON, where it was asked for
    ]
)

Row = dict[str, Any]


def row_of_report(photo: str, report: Report, *, whole: bool) -> Row:
    """Write a report as a row; ``whole`` adds all of it as JSON."""
    facts, credential, channel = report.input, report.credential, report.channel
    development = credential.development
    parts = parts_of({result.name: "" for result in report.detectors})  # those that hold others
    declared = declared_generated(credential)
    return {
        "photo": name_as_text(photo),
        "sha256": facts.sha256,
        "bytes": facts.bytes,
        "format": facts.format,
        "width": facts.width,
        "height": facts.height,
        "verdict": report.verdict.label,
        "level": report.verdict.level,
        "summary": report.verdict.summary,
        "integrity": credential.integrity.state,
        "trust": credential.trust.state,
        "revocation": credential.revocation.state,
        "declared": declared[0].made if declared else None,
        "declared_by": declared[0].by if declared else None,
        "signer": credential.signer,
        "pipeline": development.pipeline if development else None,
        "platform": channel.platform,
        "platforms": list(dict.fromkeys(match.platform for match in channel.platforms)),
        "jpeg_quality": channel.jpeg.quality if channel.jpeg else None,
        "watermark": report.watermark.payload,
        **_recovered(report),
        "detectors": [
            {
                "name": result.name,
                "status": result.status,
                "finding": result.finding,
                "answer": result.answer,
                "confidence": result.confidence,
                "model": result.model.name if result.model else None,
            }
            for result in report.detectors
        ],
        "verifier": report.verifier_version,
        "seconds": sum(report.seconds.get(part, 0) for part in parts),
        "report": report.to_json() if whole else None,
    }


def _recovered(report: Report) -> Row:
    recovered, result = report.recovered, report.comparison.result
    credential = recovered.credential
    return {
        "recovered": None if recovered.state == "not looked for" else recovered.state,
        "recovered_trust": credential.trust.state if credential else None,
        "recovered_signer": credential.signer if credential else None,
        "comparison": None if result == "not made" else result,
    }


def row_of_error(photo: str, kind: str, error: str) -> Row:
    """Write what is wrong with a picture as a row."""
    return {"photo": name_as_text(photo), "error": error, "error_kind": kind}


def table(rows: list[Row]) -> pa.Table:
    """Put rows into a table of `SCHEMA`, whose texts are valid Unicode whatever a file says."""
    return pa.Table.from_pylist([all_whole(row) for row in rows], schema=SCHEMA)
