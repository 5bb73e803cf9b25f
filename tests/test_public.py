"""What is public stays: names, commands, options and routes that a version had are still there.

`docs/reference/python.md` says what is public. `python -m tests.test_public` writes the list anew,
which a release does; what goes before version 1.0 goes with a line in the changelog.
"""

from collections.abc import Iterator
from dataclasses import fields
from importlib import import_module
from pathlib import Path
from typing import Final
from unittest.mock import MagicMock

from camera_sim.commands.table import COMMANDS
from tests.conftest import REPOSITORY
from verifier.report.record import ReportRecord
from verifier.service.app import create_app

LIST: Final = Path(__file__).with_name("public.txt")
PACKAGES: Final = ("channel", "verifier", "camera_sim", "firmware_export")


def public() -> Iterator[str]:
    for package in PACKAGES:
        yield from (f"{package}.{name}" for name in import_module(package).__all__)
    for words, (place, _) in COMMANDS.items():
        module, _, name = place.partition(":")
        yield f"camsim {words}"
        for field in fields(getattr(import_module(module), name)):
            yield f"camsim {words} --{field.name.replace('_', '-')}"
    yield from (f"report {name}" for name in ReportRecord.model_fields)
    service = MagicMock()
    service.settings.allow_origins = service.settings.allow_hosts = ()
    for path, methods in create_app(service).openapi()["paths"].items():
        yield from (f"{method.upper()} {path}" for method in methods if path.startswith("/v1/"))


def test_nothing_public_is_gone() -> None:
    listed = LIST.read_text(encoding="utf-8").splitlines()
    assert len(listed) > 500
    assert sorted(set(listed) - set(public())) == []


def test_the_page_says_what_is_public_and_what_may_change() -> None:
    page = (REPOSITORY / "docs" / "reference" / "python.md").read_text(encoding="utf-8")
    for words in ("**Public**", "**May change**", "Until version 1.0", "exit status", "`/v1`"):
        assert words in page
    for package in PACKAGES:
        assert f"\n::: {package}\n" in page


if __name__ == "__main__":
    LIST.write_text("".join(f"{name}\n" for name in sorted(set(public()))), encoding="utf-8")
