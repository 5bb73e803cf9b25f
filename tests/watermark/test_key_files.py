"""Key files: read back, kept from others, never overwritten, and each fault said in a sentence."""

import json
import os
from pathlib import Path

import pytest

from watermark.errors import WatermarkError
from watermark.key_files import read_key_file, write_key_file
from watermark.keys import DeviceSecret, GroupKey

KEY = GroupKey(bytes(range(32)))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    assert write_key_file(tmp_path / "group.json", KEY)
    return tmp_path / "group.json"


def test_a_key_is_read_back(file: Path) -> None:
    assert read_key_file(file, GroupKey) == KEY
    assert file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in file.parent.iterdir()] == ["group.json"]


def test_a_secret_is_read_back(tmp_path: Path) -> None:
    secret = DeviceSecret.draw()
    write_key_file(tmp_path / "deep" / "device.json", secret)
    assert read_key_file(tmp_path / "deep" / "device.json", DeviceSecret) == secret
    assert (tmp_path / "deep").stat().st_mode & 0o777 == 0o700


def test_no_file_is_overwritten(file: Path) -> None:
    before = file.read_bytes()
    assert not write_key_file(file, GroupKey.draw())
    assert file.read_bytes() == before


def test_no_file_is_overwritten_where_there_are_no_links(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(os, "link", refuse)
    assert write_key_file(file.with_name("other.json"), KEY)
    assert read_key_file(file.with_name("other.json"), GroupKey) == KEY
    assert not write_key_file(file, GroupKey.draw())
    assert len(list(file.parent.iterdir())) == 2


def changed(file: Path, **entries: object) -> None:
    described = json.loads(file.read_bytes())
    for name, value in entries.items():
        described.pop(name) if value is None else described.update({name: value})
    file.write_text(json.dumps(described))


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ({"kind": "a key to a door"}, "is no watermark key, or a damaged one"),
        ({"kind": ["camsim watermark group key"]}, "is no watermark key, or a damaged one"),
        ({"kind": "camsim watermark device secret"}, "is a watermark's device secret, and"),
        ({"version": 2}, "of another version"),
        ({"secret": "00" * 32}, "is damaged"),
        ({"secret": "00" * 31}, "is damaged"),
        ({"secret": "no hex"}, "is damaged"),
        ({"secret": 7}, "is damaged"),
        ({"secret": None}, "is damaged"),
        ({"name": "0" * 16}, "is damaged"),
        ({"more": 1}, "is damaged"),
    ],
)
def test_what_is_no_such_key_is_refused(entries: dict[str, object], said: str, file: Path) -> None:
    changed(file, **entries)
    with pytest.raises(WatermarkError, match=said) as raised:
        read_key_file(file, GroupKey)
    assert str(raised.value).count(file.name) == 1


@pytest.mark.parametrize("content", [b"", b"none", b"[]", b"[" * 4000, b"\xff\xfe", b"{}" * 900])
def test_what_is_no_json_is_refused(content: bytes, file: Path) -> None:
    file.write_bytes(content)
    with pytest.raises(WatermarkError, match="is no watermark key, or a damaged one"):
        read_key_file(file, GroupKey)


def test_a_key_that_others_can_read_is_refused(file: Path) -> None:
    file.chmod(0o640)
    with pytest.raises(WatermarkError, match=r"can be read by others \(mode 0640\); chmod 600 it"):
        read_key_file(file, GroupKey)


def test_a_missing_key_is_said(tmp_path: Path) -> None:
    with pytest.raises(WatermarkError, match=r"can't be read: No such file or directory"):
        read_key_file(tmp_path / "none.json", GroupKey)
    with pytest.raises(WatermarkError, match="can't be read: Is a directory"):
        read_key_file(tmp_path, GroupKey)


def test_what_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "a file").write_text("")
    with pytest.raises(WatermarkError, match="can't be written: "):
        write_key_file(tmp_path / "a file" / "group.json", KEY)
    (tmp_path / "taken").symlink_to(tmp_path / "nowhere")
    assert not write_key_file(tmp_path / "taken", KEY)
    assert len(list(tmp_path.iterdir())) == 2
