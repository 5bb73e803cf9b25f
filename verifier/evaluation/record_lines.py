"""Records of measurements as JSON lines."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from channel.errors import reason_of
from channel.output import replacing
from verifier.errors import OutputError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def write_records(path: Path, records: "Iterable[DataclassInstance]") -> None:
    """Write records, one JSON line each. Raises `OutputError` if it can't be."""
    try:
        with replacing(path) as temporary, temporary.open("w", encoding="utf-8") as file:
            for record in records:
                file.write(json.dumps(asdict(record)) + "\n")
    except OSError as error:
        raise OutputError(f"{path} can't be written: {reason_of(error)}") from error
