"""The changelog names every version, the newest first, and the package is the newest."""

import re
import tomllib
from typing import Final

from tests.conftest import REPOSITORY

TEXT: Final = (REPOSITORY / "CHANGELOG.md").read_text(encoding="utf-8")
VERSION: Final = re.compile(r"^## \[(\d+)\.(\d+)\.(\d+)\]", re.MULTILINE)
KINDS: Final = ("Added", "Changed", "Changed names", "Deprecated", "Removed", "Fixed", "Security")


def test_the_newest_version_is_the_package_s() -> None:
    versions = [tuple(map(int, found)) for found in VERSION.findall(TEXT)]
    assert versions == sorted(versions, reverse=True)
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == ".".join(map(str, versions[0]))
    citation = (REPOSITORY / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\nversion: {project['version']}\n" in citation


def test_what_comes_next_has_a_place_and_changes_have_kinds() -> None:
    assert TEXT.index("\n## Unreleased\n") < TEXT.index("\n## [")
    assert set(re.findall(r"^### (.+)$", TEXT, re.MULTILINE)) <= set(KINDS)
