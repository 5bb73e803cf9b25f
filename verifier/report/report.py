"""The report of one photo: its record, and the ways to show it."""

import json
from typing import Any

from verifier.report.html import html_report
from verifier.report.record import ReportRecord
from verifier.report.text import text_report


class Report(ReportRecord):
    """All that is known of one photo."""

    def to_json(self) -> str:
        """Return one line of JSON."""
        return self.model_dump_json()

    def to_text(self) -> str:
        """Return what a terminal shows."""
        return text_report(self)

    def to_html(self) -> str:
        """Return one self-contained page, with the picture if it is at hand."""
        return html_report(self)


def json_schema() -> str:
    """Return the JSON schema (draft 2020-12) of `Report`, as docs/report.schema.v3.json has it."""
    schema: dict[str, Any] = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    schema |= Report.model_json_schema(mode="serialization")
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
