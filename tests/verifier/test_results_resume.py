"""Results that a crash, a full disk or a bad one left: told, and gone on with; nothing is lost."""

import errno
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.verifier.conftest import jpeg
from tests.verifier.toy import native
from verifier import OutputError, Verifier
from verifier import batch as results_file


@pytest.fixture
def photos(tmp_path: Path) -> list[Path]:
    found = [tmp_path / f"{number} é.jpg" for number in range(3)]
    for seed, path in enumerate(found):
        path.write_bytes(jpeg(native(64, 80, seed)))
    return found


@pytest.fixture
def results(verifier: Verifier, photos: list[Path], tmp_path: Path) -> Path:
    path = tmp_path / "results.jsonl"
    list(verifier.analyze_many(photos, results=path))
    return path


def resumed(verifier: Verifier, photos: list[Path], results: Path) -> list[bool]:
    return [outcome.resumed for outcome in verifier.analyze_many(photos, results=results)]


def in_a_character(path: Path) -> None:
    """As a kill leaves it: the first half of a character of two bytes."""
    path.write_bytes(path.read_bytes() + '{"photo": "é'.encode()[:-1])


def in_the_middle(path: Path) -> None:
    os.truncate(path, path.stat().st_size - 100)


def zeros(path: Path) -> None:
    """As a file system leaves what it hadn't written when the power went."""
    lines = path.read_bytes().split(b"\n")
    lines[1] = bytes(len(lines[1]))
    path.write_bytes(b"\n".join(lines))


def nothing(path: Path) -> None:
    os.truncate(path, 0)


def first_words(path: Path) -> None:
    path.write_bytes(b'{"photo": "/a')


@pytest.mark.parametrize(
    ("damage", "kept"),
    [
        (in_a_character, [True, True, True]),
        (in_the_middle, [True, True, False]),
        (zeros, [True, False, True]),
        (nothing, [False, False, False]),
        (first_words, [False, False, False]),
    ],
)
def test_damaged_results_are_gone_on_with(
    damage: Callable[[Path], None],
    kept: list[bool],
    verifier: Verifier,
    photos: list[Path],
    results: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    damage(results)
    assert resumed(verifier, photos, results) == kept
    assert ("damaged lines are dropped" in caplog.text) == (damage is not nothing)
    assert resumed(verifier, photos, results) == [True, True, True]


def test_answers_of_another_model_are_told_once(
    verifier: Verifier, photos: list[Path], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for seed, path in enumerate(photos):
        path.write_bytes(jpeg(native(seed=seed)))
    results = tmp_path / "results.jsonl"
    list(verifier.analyze_many(photos[:2], results=results))
    first, other = (json.loads(line) for line in results.read_text("utf-8").splitlines())
    [asked] = [one for one in first["report"]["detectors"] if one["model"]]
    asked["model"] |= {"name": "former-1", "sha256": "0" * 64}
    results.write_text(f"{json.dumps(first)}\n{json.dumps(other)}\n", encoding="utf-8")
    assert resumed(verifier, photos, results) == [True, True, False]
    assert caplog.text.count("by former-1") == 1
    caplog.clear()
    assert resumed(verifier, photos[1:], results) == [True, True]
    assert "former-1" not in caplog.text


@pytest.mark.parametrize(
    "content",
    [
        b"my only copy\n",
        b"my only copy",
        b'{"caption": "mine", "file": "a.jpg"}\n',
        b'{"name": "\\"photo\\""}\n',
        b'{"photo": "0.jpg", "caption": "mine"}\n',
        b'{"photo": "0.jpg"}\n',
        b"[1, 2]\n",
        b"\xff\xd8\xff\xe0",
    ],
)
def test_something_else_is_left(
    content: bytes, verifier: Verifier, photos: list[Path], tmp_path: Path
) -> None:
    precious = tmp_path / "precious"
    precious.write_bytes(content)
    with pytest.raises(OutputError, match="holds something else"):
        resumed(verifier, photos, precious)
    assert precious.read_bytes() == content


@pytest.mark.parametrize("change", [{"schema_version": 4}, {"more": 1}, {"verdict": None}])
def test_reports_of_a_later_version_are_left(
    change: dict[str, Any], verifier: Verifier, photos: list[Path], results: Path
) -> None:
    first, *others = results.read_text("utf-8").splitlines()
    line = json.loads(first)
    line["report"] |= change
    results.write_text("\n".join([json.dumps(line), *others, ""]), encoding="utf-8")
    before = results.read_bytes()
    with pytest.raises(OutputError, match=r"0 é.jpg that this version of camsim can't read"):
        resumed(verifier, photos[2:], results)
    assert results.read_bytes() == before


def test_errors_of_photos_that_are_not_asked_again_are_kept(
    verifier: Verifier, photos: list[Path], tmp_path: Path
) -> None:
    results = tmp_path / "results.jsonl"
    photos[1].write_bytes(b"no picture")
    list(verifier.analyze_many(photos, results=results))
    [error] = [line for line in results.read_text("utf-8").splitlines() if '"error"' in line]
    assert resumed(verifier, [photos[0]], results) == [True]
    assert error in results.read_text("utf-8").splitlines()
    photos[1].write_bytes(jpeg(native(64, 80, 1)))
    assert resumed(verifier, photos, results) == [True, False, True]
    assert '"error"' not in results.read_text("utf-8")


class FullDisk:
    """A file on a disk that takes some more bytes."""

    def __init__(self, file: Any, room: int) -> None:
        self._file, self._room = file, room

    def write(self, line: bytes) -> int:
        if self._room <= 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        taken = line[: self._room]
        self._room -= len(taken)
        return int(self._file.write(taken))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def __enter__(self) -> "FullDisk":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


@pytest.mark.parametrize("room", [0, 10, 5000])
def test_a_full_disk_leaves_whole_lines(
    room: int,
    verifier: Verifier,
    photos: list[Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    results = tmp_path / "results.jsonl"
    opened = results_file._opened
    with monkeypatch.context() as disk:
        disk.setattr(results_file, "_opened", lambda *args: FullDisk(opened(*args), room))
        with pytest.raises(OutputError, match="make room"):
            list(verifier.analyze_many(photos, results=results))
    content = results.read_bytes()
    assert content == b"" or content.endswith(b"}\n")
    resumed(verifier, photos, results)
    assert resumed(verifier, photos, results) == [True, True, True]
