"""The documentation as a site: built strictly, complete, and without a thing from elsewhere."""

import os
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import camera_sim
import channel
import firmware_export
import verifier
from camera_sim.commands.table import COMMANDS
from tests.conftest import REPOSITORY, MadeOnce

pytestmark = pytest.mark.slow
SCRIPT = re.compile(r'<(?:script|img|iframe|source)[^>]*\ssrc="(?:https?:)?//')
STYLE = re.compile(r'<link[^>]*rel="stylesheet"[^>]*href="(?:https?:)?//')


@pytest.fixture(scope="module")
def site(made_once: MadeOnce) -> Path:
    def build(folder: Path) -> None:
        words = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict", "-d", str(folder)]
        quiet = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
        built = subprocess.run(words, cwd=REPOSITORY, env=quiet, capture_output=True, check=False)
        assert built.returncode == 0, built.stderr.decode()

    return made_once("site", build)


@pytest.mark.slow(seconds=8)
def test_every_page_is_there(site: Path) -> None:
    pages = [path.relative_to(REPOSITORY / "docs") for path in (REPOSITORY / "docs").rglob("*.md")]
    made = {path.relative_to(site).with_suffix("") for path in site.rglob("*.html")}
    missing = {
        page
        for page in pages
        if page.with_suffix("") not in made and page.with_name("index") not in made
    }
    assert missing == set()


def test_every_command_stands_on_its_page_with_its_options(site: Path) -> None:
    page = (site / "reference/commands.html").read_text(encoding="utf-8")
    titles = re.findall(r'<h2 id="[^"]*">(camsim [a-z -]+)<', page)
    assert titles == [f"camsim {command}" for command in sorted(COMMANDS)]
    usages = re.findall(r'class="go">(camsim [a-z -]+)', page)
    assert len(usages) == len(titles)
    assert "--payload" in page


@pytest.mark.parametrize("package", [verifier, camera_sim, channel, firmware_export])
def test_what_is_public_is_described(site: Path, package: ModuleType) -> None:
    page = (site / "reference/python.html").read_text(encoding="utf-8")
    public = [name for name in package.__all__ if callable(getattr(package, name))]
    assert len(public) > 5
    assert [n for n in public if f'id="{package.__name__}.{n}"' not in page] == []


def test_nothing_is_fetched_from_elsewhere(site: Path) -> None:
    pages = {page: page.read_text(encoding="utf-8") for page in site.rglob("*.html")}
    assert len(pages) > 50
    assert [page for page, text in pages.items() if SCRIPT.search(text) or STYLE.search(text)] == []
