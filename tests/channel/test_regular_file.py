"""A pipe that nobody writes into keeps no command waiting: it is refused at once."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from channel.regular_file import read_regular, read_regular_text
from tests.camera_sim.conftest import Camsim, camsim
from tests.verifier.conftest import jpeg
from tests.verifier.toy import native
from verifier import Settings
from verifier.errors import SettingsError
from verifier.repository.keys_file import VARIABLE, key_for
from watermark.errors import WatermarkError
from watermark.key_validity import VALIDITY, read_validity

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
WORDS = "it is a pipe or a device; copy it into a file"
COMMANDS = (
    "watermark read photo.jpg --key PIPE",
    "verify photo.jpg --watermark-key PIPE",
    "verify photo.jpg --trust-anchors PIPE",
    "verify photo.jpg --revocation-lists PIPE",
    "verify photo.jpg --results PIPE",
    "verify PIPE",
    "serve --keys PIPE",
    "serve --measuring-keys PIPE --keys keys",
    "transmit PIPE --platform whatsapp -o sent.jpg",
    "manipulate PIPE --sharpen -o sharp.png",
    "simulate PIPE",
    "develop PIPE",
    "info PIPE",
    "publish PIPE --repository manifests --yes",
    "verify-archive PIPE --out table.parquet",
    "detector add photo.jpg --card PIPE",
    "firmware inspect PIPE",
    "firmware engine PIPE --out engines",
)


__all__ = ["camsim"]  # a fixture


@pytest.fixture
def pipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    os.mkfifo(tmp_path / "PIPE")
    (tmp_path / "photo.jpg").write_bytes(jpeg(native(64, 64)))
    (tmp_path / "keys").write_text(f"desk {'0' * 64}\n")
    monkeypatch.chdir(tmp_path)
    signal.signal(signal.SIGALRM, _waited)
    signal.alarm(60)
    yield tmp_path / "PIPE"
    signal.alarm(0)


def _waited(*_: object) -> None:
    raise AssertionError("it waits for somebody to write into the pipe")


@pytest.mark.parametrize("words", COMMANDS)
def test_a_command_that_is_given_a_pipe_says_so(words: str, pipe: Path, camsim: Camsim) -> None:
    ran = camsim(*words.split())
    assert ran.status == 2
    assert "PIPE" in ran.err
    assert len(ran.err.splitlines()) == 1


def test_what_is_no_file_is_refused(pipe: Path) -> None:
    for read in (read_regular, read_regular_text):
        with pytest.raises(OSError, match=WORDS):
            read(pipe)
        with pytest.raises(IsADirectoryError):
            read(pipe.parent)
        with pytest.raises(FileNotFoundError):
            read(pipe.with_name("none"))


def test_a_file_is_read_whole(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes("é\r\nb\n".encode())
    assert read_regular(tmp_path / "a") == b"\xc3\xa9\r\nb\n"
    assert read_regular_text(tmp_path / "a") == "é\nb\n"


def test_keys_and_settings_are_not_read_from_a_pipe(
    pipe: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, str(pipe))
    with pytest.raises(SettingsError, match=WORDS):
        key_for("https://photos.example")
    with pytest.raises(SettingsError, match=WORDS):
        Settings(trust_anchors=pipe)
    pipe.rename(pipe.with_name(VALIDITY))
    with pytest.raises(WatermarkError, match=WORDS):
        read_validity(pipe.parent)
