"""The house: no import circle, and torch in rooms of its own."""

import ast
from collections.abc import Iterator
from pathlib import Path

import grimp

from tests.conftest import REPOSITORY

PACKAGES = ("channel", "watermark", "fleet", "verifier", "camera_sim", "firmware_export")
TORCH_ROOMS = {"networks", "training", "evaluation", "explain"}


def test_no_module_imports_itself_by_way_of_others() -> None:
    """Imports inside functions count, too: they are how a circle hides."""
    graph = grimp.build_graph(*PACKAGES, cache_dir=None)
    left = {name: set(graph.find_modules_directly_imported_by(name)) for name in graph.modules}
    while free := {name for name, imports in left.items() if not imports & left.keys()}:
        left = {name: imports for name, imports in left.items() if name not in free}
    assert sorted(left) == []


def test_torch_has_rooms_of_its_own() -> None:
    outside = {
        str(path.relative_to(REPOSITORY))
        for package in PACKAGES
        for path in sorted((REPOSITORY / package).rglob("*.py"))
        if "torch" in _imported(path)
        and not TORCH_ROOMS & set(path.relative_to(REPOSITORY).parent.parts)
    }
    assert outside == set()


def _imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.partition(".")[0]
