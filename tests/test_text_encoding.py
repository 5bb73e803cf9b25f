"""Files of text are UTF-8 whatever the user's locale."""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

PACKAGES = ("camera_sim", "channel", "firmware_export", "fleet", "verifier", "watermark")
NOT_FILES_OF_TEXT = ("Image", "token")  # what else has a method named open


def texts_without_encoding(source: str) -> Iterator[int]:
    """Yield the lines of calls that open text by the locale's encoding."""
    for call in ast.walk(ast.parse(source)):
        if not isinstance(call, ast.Call) or any(k.arg == "encoding" for k in call.keywords):
            continue
        name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
        is_whole = (name, len(call.args)) in (("read_text", 0), ("write_text", 1))
        if is_whole or (name == "open" and _is_of_text(call)):
            yield call.lineno


def _is_of_text(call: ast.Call) -> bool:
    assert isinstance(call.func, ast.Attribute)
    owner = call.func.value
    if isinstance(owner, ast.Name) and owner.id in (*NOT_FILES_OF_TEXT, "os"):
        return False
    mode = call.args[0] if call.args else ast.Constant("r")
    return isinstance(mode, ast.Constant) and isinstance(mode.value, str) and "b" not in mode.value


def test_every_file_of_text_says_its_encoding() -> None:
    found = [
        f"{path.relative_to(REPOSITORY)}:{line}"
        for package in PACKAGES
        for path in sorted((REPOSITORY / package).rglob("*.py"))
        for line in texts_without_encoding(path.read_text(encoding="utf-8"))
    ]
    assert found == []


@pytest.mark.slow
@pytest.mark.parametrize("command", ["platforms", "verify --resend --"])
def test_a_locale_without_utf_8(command: str, tmp_path: Path) -> None:
    """Python as it starts where its own remedies are switched off."""
    photo = tmp_path / "caf\udce9 ü.txt"
    photo.write_bytes(b"no picture")
    plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    ran = subprocess.run(
        [sys.executable, "-m", "camera_sim.cli", *command.split()]
        + [os.fsencode(photo)] * command.startswith("verify"),
        env=os.environ | plain,
        cwd=REPOSITORY,
        capture_output=True,
        check=False,
    )
    error = ran.stderr.decode("ascii")
    assert "an error of ours" not in error
    assert "codec" not in error
    assert ("is in no format that is read" in error) == command.startswith("verify")
