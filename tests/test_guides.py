"""The worked examples of docs/guides: each is one file and one line, and does what it says."""

import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

GUIDES = sorted((REPOSITORY / "docs" / "guides").glob("new-*.md"))
# Of `camsim verify`: the picture is neither cleared nor accused.
INCONCLUSIVE = 4
RUN = "import sys; from camera_sim.cli import main; sys.exit(main())"
pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Guide:
    """What a page has one write, add, run and see."""

    file: str
    content: str
    registry: str
    place: str
    added: str
    commands: tuple[str, ...]
    seen: str


def read_guide(path: Path) -> Guide:
    text = path.read_text(encoding="utf-8")
    blocks = re.findall(r"^```(\w+)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert [kind for kind, _ in blocks] == ["python", "diff", "sh", "text"]
    content, diff, commands, seen = (block for _, block in blocks)
    place, added = diff.splitlines()
    assert (place[0], added[0]) == (" ", "+")
    [file] = re.findall(r"^Write `(.+?)`:$", text, re.MULTILINE)
    [registry] = re.findall(r"^Add its line to `(.+?)`", text, re.MULTILINE)
    lines = tuple(commands.splitlines())
    return Guide(file, content, registry, place[1:], added[1:], lines, seen.strip())


def follow(guide: Guide, folder: Path) -> None:
    """Do what a page says in a folder that is the repository but for its file and its line."""
    for path in (guide.file, guide.registry):
        make_real(folder, Path(path).parent)
    new = folder / guide.file
    assert not new.exists()
    new.write_text(guide.content, encoding="utf-8")
    registry = folder / guide.registry
    lines = registry.read_text(encoding="utf-8").splitlines()
    lines.insert(lines.index(guide.place) + 1, guide.added)
    registry.unlink()
    registry.write_text("\n".join(lines) + "\n", encoding="utf-8")


def make_real(folder: Path, inner: Path) -> None:
    """Make a folder, and those it lies in, real ones of links to what the repository has."""
    for parent in (*reversed(inner.parents), inner):
        here = folder / parent
        if here.is_symlink():
            here.unlink()
        here.mkdir(exist_ok=True)
        for entry in (REPOSITORY / parent).iterdir():
            link = here / entry.name
            if not link.exists() and entry.name not in ("__pycache__", ".git"):
                link.symlink_to(entry)


@pytest.mark.parametrize("page", GUIDES, ids=lambda page: page.stem)
def test_a_guide_does_what_it_says(page: Path, tmp_path: Path) -> None:
    guide = read_guide(page)
    follow(guide, tmp_path)
    environment = {**os.environ, "PYTHONPATH": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}
    said = ""
    for command in guide.commands:
        name, *words = shlex.split(command)
        assert name == "camsim"
        ran = subprocess.run(
            [sys.executable, "-c", RUN, *words], cwd=tmp_path, env=environment, check=False,
            capture_output=True, text=True, encoding="utf-8",
        )  # fmt: skip
        assert ran.returncode in (0, INCONCLUSIVE), ran.stderr
        said += ran.stdout
    assert guide.seen in " ".join(said.split())


@pytest.mark.parametrize("page", GUIDES, ids=lambda page: page.stem)
def test_a_guide_shows_code_as_the_repository_has_it(page: Path) -> None:
    guide = read_guide(page)
    checks = (("check",), ("format", "--check"))
    for check in checks:
        ran = subprocess.run(
            [sys.executable, "-m", "ruff", *check, "--stdin-filename", guide.file, "-"],
            input=guide.content, cwd=REPOSITORY, check=False, capture_output=True, text=True,
            encoding="utf-8",
        )  # fmt: skip
        assert ran.returncode == 0, ran.stdout + ran.stderr


def test_there_is_a_guide_for_each_kind_of_part() -> None:
    assert [page.stem for page in GUIDES] == [
        "new-detector",
        "new-engine",
        "new-pipeline",
        "new-platform",
    ]
