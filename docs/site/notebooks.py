"""Notebooks of examples/ as pages, with what their cells showed when they were last run."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File

_FOLDER = Path(__file__).parents[2] / "examples" / "notebooks"


def on_files(files: Any, config: Any, **_: Any) -> Any:
    """Add a page for each notebook."""
    for path in sorted(_FOLDER.glob("*.ipynb")):
        notebook = json.loads(path.read_text(encoding="utf-8"))
        page = "\n\n".join(_parts(notebook["cells"]))
        # Links of a notebook go by its own folder; the page lies beside the guides.
        page = page.replace("](../../docs/", "](../")
        files.append(File.generated(config, f"notebooks/{path.stem}.md", content=page))
    return files


def _parts(cells: list[dict[str, Any]]) -> Iterator[str]:
    for cell in cells:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            yield source
            continue
        yield f"```python\n{source}\n```"
        yield from filter(None, map(_shown, cell["outputs"]))


def _shown(output: dict[str, Any]) -> str:
    data = output.get("data", {})
    if "image/jpeg" in data:
        return f"![What the cell above shows](data:image/jpeg;base64,{data['image/jpeg']})"
    text = "".join(output.get("text", data.get("text/plain", ())))
    return f"```text\n{text.rstrip()}\n```" if text else ""
