"""The record of a training run: a line for each validation."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

HISTORY: Final = "history.jsonl"


def record(run: Path, entry: Mapping[str, object]) -> None:
    """Add a line, which has a ``step``."""
    with (run / HISTORY).open("a", encoding="utf-8") as history:
        history.write(json.dumps(entry) + "\n")


def history_of(run: Path) -> list[dict[str, Any]]:
    """Return the entries by step, the last of each; none before the first validation."""
    path = run / HISTORY
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    entries = {entry["step"]: entry for entry in map(json.loads, lines)}
    return [entries[step] for step in sorted(entries)]
