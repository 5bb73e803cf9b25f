"""Run notebooks as Jupyter would, and keep what their cells show.

    python run.py [NOTEBOOK ...]      all beside this file, unless some are named

It needs nothing of Jupyter's: cells are plain Python, and what they show is text or a picture.
"""

import ast
import base64
import contextlib
import io
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image

LONGEST_SIDE, QUALITY = 900, 80  # of a picture that is kept: a notebook stays under 400 kB
Cell = dict[str, Any]


def run(notebook: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Run the cells in turn, in a folder, and return the notebook with their outputs."""
    names: dict[str, Any] = {"__name__": "__main__"}
    with _within(folder):
        cells = [_run_cell(cell, number, names) for number, cell in _numbered(notebook["cells"])]
    return notebook | {"cells": cells}


def _numbered(cells: list[Cell]) -> Iterator[tuple[int, Cell]]:
    number = 0
    for cell in cells:
        number += cell["cell_type"] == "code"
        yield number, cell


def _run_cell(cell: Cell, number: int, names: dict[str, Any]) -> Cell:
    if cell["cell_type"] != "code":
        return cell
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        value = _value("".join(cell["source"]), f"cell {number}", names)
    outputs = [_stream(printed.getvalue())] if printed.getvalue() else []
    outputs += [_result(value, number)] if value is not None else []
    return cell | {"execution_count": number, "outputs": outputs}


def _value(source: str, name: str, names: dict[str, Any]) -> Any:
    """Run a cell, and return the value of an expression that it ends with."""
    tree = ast.parse(source, name)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, name, "exec"), names)
    return eval(compile(ast.Expression(last.value), name, "eval"), names) if last else None


def _stream(text: str) -> dict[str, Any]:
    return {"output_type": "stream", "name": "stdout", "text": text.splitlines(keepends=True)}


def _result(value: Any, number: int) -> dict[str, Any]:
    if isinstance(value, Image.Image):
        data = {
            "image/jpeg": _jpeg(value),
            "text/plain": [f"{value.width} × {value.height} pixels"],
        }
    else:
        data = {"text/plain": repr(value).splitlines(keepends=True)}
    result = {"output_type": "execute_result", "execution_count": number}
    return result | {"data": data, "metadata": {}}


def _jpeg(image: Image.Image) -> str:
    small = image.convert("RGB")
    small.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    file = io.BytesIO()
    small.save(file, "JPEG", quality=QUALITY)
    return base64.b64encode(file.getvalue()).decode()


@contextmanager
def _within(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def written(notebook: dict[str, Any]) -> str:
    """Return a notebook as Jupyter writes one."""
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    here = Path(__file__).resolve().parent
    for path in map(Path, sys.argv[1:] or sorted(here.glob("*.ipynb"))):
        ran = run(json.loads(path.read_text(encoding="utf-8")), here)
        path.write_text(written(ran), encoding="utf-8")
        print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")
