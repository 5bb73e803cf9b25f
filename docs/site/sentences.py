"""The page of sentences: all that a report can say, read out of the verifier's own modules."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

_PAGE: Final = "reference/sentences.md"
_ROOT: Final = Path(__file__).parents[2]
# What a report says, in the order in which it is read.
PARTS: Final = {
    "Labels": ("verifier/report/labels.py",),
    "The verdict and what to do next": ("verifier/judging/*.py",),
    "Detectors": ("verifier/detectors/*.py", "verifier/detectors/added/*.py"),
    "Credentials": ("verifier/reading/credentials/*.py", "verifier/reading/revocation.py"),
    "Distribution history": ("verifier/reading/*.py", "verifier/features/platform_*.py"),
    "Watermark": ("verifier/watermark/*.py", "verifier/measuring/*.py"),
    "The signed photo and the comparison": ("verifier/recovery/*.py", "verifier/comparing/*.py"),
    "Short answers": ("verifier/report/wording.py", "verifier/report/text.py"),
}
_LEAST: Final = 3  # words


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Add every sentence to the page that is for them."""
    if page.file.src_uri != _PAGE:
        return markdown
    return "\n\n".join((markdown, *(_section(part) for part in PARTS)))


def _section(part: str) -> str:
    lines = [f"## {part}"]
    for path, said in sentences(part).items():
        lines += ["", f"`{path}`", "", *(f"- {_escaped(text)}" for text in said)]
    return "\n".join(lines)


def _escaped(text: str) -> str:
    return "".join(f"\\{c}" if c in "\\`*_{}[]<>#|" else c for c in text)


def sentences(part: str) -> dict[str, list[str]]:
    """List what the modules of a part can say, by their paths; ``…`` is what is filled in."""
    paths = dict.fromkeys(path for glob in PARTS[part] for path in sorted(_ROOT.glob(glob)))
    found = {
        path.relative_to(_ROOT).as_posix(): list(dict.fromkeys(_of_module(path))) for path in paths
    }
    return {path: said for path, said in found.items() if said}


def _of_module(path: Path) -> Iterator[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    silent = {id(inner) for node in ast.walk(tree) for inner in _silent(node)}
    texts = [node for node in ast.walk(tree) if id(node) not in silent and _text(node)]
    for node in sorted(texts, key=lambda node: (node.lineno, node.col_offset)):
        if _is_said(text := _text(node)):
            yield text


def _is_said(text: str) -> bool:
    """Whether a text is a sentence or an answer, and no name, pattern or part of a sentence."""
    begins = text[0].isupper() or text[0] in "…“"
    return begins and len(text.split()) >= _LEAST and not set(text) & set("\\[|")


def _silent(node: ast.AST) -> Iterator[ast.AST]:
    """Name what no editor reads: docstrings, errors, types; and parts of a longer text."""
    if isinstance(node, ast.Raise | ast.JoinedStr | ast.Assert):
        yield from (inner for inner in ast.walk(node) if inner is not node)
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        yield node.value
    elif isinstance(node, ast.Subscript):
        yield from ast.walk(node.slice)


def _text(node: Any) -> str:
    if isinstance(node, ast.JoinedStr):
        parts = (p.value if isinstance(p, ast.Constant) else "…" for p in node.values)
        return " ".join("".join(map(str, parts)).split())
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return " ".join(node.value.split())
    return ""


if __name__ == "__main__":
    print("\n\n".join(map(_section, PARTS)))
