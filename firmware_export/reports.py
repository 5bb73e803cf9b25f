"""Parity reports as a file: what `camsim firmware export` leaves and `build` asks for."""

import json
from collections.abc import Sequence
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from firmware_export.errors import ParityError
from firmware_export.parity_report import ParityReport

REPORT = "parity.json"
_REPORTS = TypeAdapter(tuple[ParityReport, ...])


def write_reports(reports: Sequence[ParityReport]) -> bytes:
    """Return reports as a JSON file."""
    content = [report.model_dump(mode="json") for report in reports]
    return json.dumps(content, indent=2).encode() + b"\n"


def read_reports(path: Path) -> tuple[ParityReport, ...]:
    """Read reports; none where there is no file.

    Raises
    ------
    ParityError
        If the file is damaged.
    """
    try:
        return _REPORTS.validate_json(path.read_bytes())
    except FileNotFoundError:
        return ()
    except (OSError, ValidationError) as error:
        raise ParityError(f"{path} holds no parity reports") from error
