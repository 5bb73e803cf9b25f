"""Notebooks run from their first cell to their last, and hold what they show."""

import json
import runpy
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import REPOSITORY

FOLDER = REPOSITORY / "examples" / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
MOST_BYTES = 400_000


def content(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def kinds(notebook: dict[str, Any]) -> list[list[list[str]]]:
    """What kinds of output each cell has: printed text, or the types of its value."""
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    return [[sorted(out.get("data", {"printed": ""})) for out in cell["outputs"]] for cell in code]


def test_there_is_one_of_each_part() -> None:
    assert [path.stem for path in NOTEBOOKS] == ["camera", "channel", "verifier"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_is_small_and_was_run(path: Path) -> None:
    notebook = content(path)
    assert path.stat().st_size < MOST_BYTES
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    shown = [kind for cell in kinds(notebook) for output in cell for kind in output]
    assert "image/jpeg" in shown
    assert "printed" in shown
    assert len({cell["id"] for cell in notebook["cells"]}) == len(notebook["cells"])


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_runs(path: Path) -> None:
    before = content(path)
    after = runpy.run_path(str(FOLDER / "run.py"))["run"](before, FOLDER)
    assert kinds(after) == kinds(before)
