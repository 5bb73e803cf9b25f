"""Files are written whole, and are on the disk before they have their names; or nothing is left."""

import os
from pathlib import Path

import pytest

from channel.errors import OutputError
from channel.output import replacing, write


def test_what_is_written_takes_the_files_place(tmp_path: Path) -> None:
    path = tmp_path / "new" / "a.json"
    for text in ("one", "two"):
        with replacing(path) as temporary:
            temporary.write_text(text)
            assert path.exists() is (text == "two")
        assert path.read_text() == text
        assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("error", [OSError("full"), ValueError("ours"), KeyboardInterrupt()])
def test_what_fails_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, error: BaseException
) -> None:
    path = tmp_path / "a.json"
    path.write_text("old")

    def failing() -> None:
        with replacing(path) as temporary:
            temporary.write_text("half")
            raise error

    with pytest.raises(type(error)):
        failing()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_the_content_is_on_the_disk_before_it_has_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, flushed = tmp_path / "a.json", []
    monkeypatch.setattr(os, "fsync", lambda descriptor: flushed.append(path.exists()))
    write(path, b"content", force=False)
    assert flushed == [False, True]  # the file, then the folder with its name


def test_names_as_long_as_may_be_are_written(tmp_path: Path) -> None:
    path = tmp_path / ("x" * 255)
    write(path, b"content", force=False)
    assert path.read_bytes() == b"content"


def test_an_existing_file_is_replaced_only_when_told(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    write(path, b"one", force=False)
    with pytest.raises(OutputError, match="add --force"):
        write(path, b"two", force=False)
    write(path, b"two", force=True)
    assert path.read_bytes() == b"two"


def test_what_the_system_refuses_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="choose another place"):
        write(tmp_path / "file" / "a.jpg", b"one", force=False)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_pipes_and_devices_are_never_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for place in (pipe, tmp_path):
        with pytest.raises(OutputError, match="a pipe or a device"):
            write(place, b"text", force=True)
    assert pipe.is_fifo()
    assert sorted(tmp_path.iterdir()) == [pipe]
