"""The folder of a user's own keys: where it is, and made once however many make it."""

import subprocess
import sys
from pathlib import Path

import pytest

from watermark.errors import WatermarkError
from watermark.key_files import read_key_file, write_key_file
from watermark.key_folder import group_key_files, open_keys, own_keys, user_folder
from watermark.keys import GroupKey

PAYLOAD = bytes(8)


def test_the_variable_names_the_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("CAMSIM_WATERMARK_KEYS", str(tmp_path / "keys"))
    assert user_folder() == tmp_path / "keys"
    monkeypatch.setenv("CAMSIM_WATERMARK_KEYS", "")
    assert user_folder() == tmp_path / "config/camsim/watermark"
    for ignored in ("", "relative"):
        monkeypatch.setenv("XDG_CONFIG_HOME", ignored)
        assert user_folder() == tmp_path / "home/.config/camsim/watermark"


def test_tests_leave_their_users_keys_alone() -> None:
    assert not user_folder().is_relative_to(Path.home() / ".config")


def test_keys_are_made_once(tmp_path: Path) -> None:
    made, first = own_keys(tmp_path / "keys")
    again, second = own_keys(tmp_path / "keys")
    assert (first, second) == (True, False)
    assert made == again == open_keys(tmp_path / "keys")
    assert made.group.secret != made.device.secret


def test_what_is_missing_is_made(tmp_path: Path) -> None:
    own_keys(tmp_path)
    group = read_key_file(tmp_path / "group.json", GroupKey)
    (tmp_path / "device.json").unlink()
    made, is_new = own_keys(tmp_path)
    assert is_new
    assert made.group == group


def test_keys_that_are_there_need_no_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own_keys(tmp_path)

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("nothing is written")

    monkeypatch.setattr("watermark.key_files._write", refuse)
    own_keys(tmp_path)


def test_a_damaged_key_is_never_replaced(tmp_path: Path) -> None:
    own_keys(tmp_path)
    (tmp_path / "group.json").write_text("damaged")
    with pytest.raises(WatermarkError, match="damaged"):
        own_keys(tmp_path)
    assert (tmp_path / "group.json").read_text() == "damaged"


@pytest.mark.slow
def test_processes_that_make_them_at_once_get_the_same(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from watermark.key_folder import own_keys; "
        "sys.stdin.readline(); keys, made = own_keys(Path(sys.argv[1])); "
        "print(keys.group.name, keys.device.name)"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "keys")]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    processes = [subprocess.Popen(command, **pipes) for _ in range(4)]
    for process in processes:  # all wait with their modules loaded
        process.stdin.write("now\n")
        process.stdin.flush()
    said = {process.communicate()[0] for process in processes}
    assert len(said) == 1
    assert len(list((tmp_path / "keys").iterdir())) == 2


def test_keys_of_others_lie_beside(tmp_path: Path) -> None:
    own_keys(tmp_path)
    write_key_file(tmp_path / "agency.json", GroupKey.draw())
    (tmp_path / "notes.txt").write_text("no key")
    assert [file.name for file in group_key_files(tmp_path)] == ["agency.json", "group.json"]
    assert list(group_key_files(tmp_path / "none")) == []


def test_a_watermark_has_the_photos_own_key(tmp_path: Path) -> None:
    keys, _ = own_keys(tmp_path)
    watermark = keys.watermark(PAYLOAD)
    assert (watermark.payload, watermark.group) == (PAYLOAD, keys.group)
    assert watermark.photo == keys.device.of_photo(PAYLOAD)
