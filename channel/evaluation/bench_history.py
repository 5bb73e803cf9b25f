"""A file of what benches found over time: one line a run, which a repository keeps."""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from channel.errors import OutputError, reason_of
from channel.evaluation.processor import processor_name

if TYPE_CHECKING:
    from rich.table import Table

_NUMBER: Final = re.compile(r"-?\d+(\.\d+)?%?")


@dataclass(frozen=True)
class RecordOption:
    """Where a bench's figures are kept.

    Parameters
    ----------
    record
        Append a dated line of the figures, with processor, load and version, to a file of such.
    """

    _: KW_ONLY
    record: Path | None = None

    def keep(self, bench: str, figures: Mapping[str, float]) -> None:
        """Append the figures of a run, if a file was named.

        Raises
        ------
        OutputError
            If the file holds something else, or can't be written.
        """
        if self.record is not None:
            append(self.record, bench, figures)

    def check_record(self) -> None:
        """Refuse a file that holds something else, before the work; raises `OutputError`."""
        if self.record is not None:
            history(self.record)


def figures_of(table: "Table") -> dict[str, float]:
    """Take the numbers out of a table, each by its row's first cell and its column's name."""
    names, *columns = table.columns
    return {
        f"{name}, {column.header}": float(cell.rstrip("%"))
        for column in columns
        for name, cell in zip(names.cells, column.cells, strict=True)
        if isinstance(cell, str) and _NUMBER.fullmatch(cell)
    }


def append(path: Path, bench: str, figures: Mapping[str, float]) -> None:
    """Add a line to a history, whole; see `RecordOption.keep`."""
    history(path)
    line = _stated(bench) | {"figures": {name: round(v, 4) for name, v in figures.items()}}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
    except OSError as error:
        raise OutputError(f"{path} can't be written: {reason_of(error)}") from error


def history(path: Path) -> list[dict[str, Any]]:
    """Read a history, the oldest run first; none where there is no file yet.

    Raises
    ------
    OutputError
        If it holds something else, or can't be read.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        runs = [json.loads(line) for line in lines]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise OutputError(f"{path} can't be read: {reason_of(error)}") from error
    except ValueError as error:
        raise OutputError(f"{path} holds something else than benches; name another file") from error
    if not all(isinstance(run, dict) and "bench" in run and "figures" in run for run in runs):
        raise OutputError(f"{path} holds something else than benches; name another file")
    return runs


def _stated(bench: str) -> dict[str, Any]:
    return {
        "date": f"{datetime.now(UTC):%F}",
        "bench": bench,
        "camsim": _version(),
        "processor": processor_name(),
        # Of the minute before: a busy machine is slower.
        "load": round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None,
    }


def _version() -> str:
    try:
        return version("camsim")
    except PackageNotFoundError:  # run from a checkout
        return "unknown"
