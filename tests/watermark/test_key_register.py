"""A measuring service's keys: folders of them, when they are in use, and what is refused."""

import json
from datetime import date
from pathlib import Path

import pytest

from watermark import key_register
from watermark.errors import WatermarkError
from watermark.key_files import read_any_key_file, write_key_file
from watermark.key_register import KeyRegister, key_paths
from watermark.key_validity import VALIDITY, Validity, read_validity, set_validity
from watermark.keys import DeviceSecret, GroupKey

GROUP = GroupKey(bytes(range(32)))
DEVICES = [DeviceSecret(bytes([n] * 32)) for n in range(3)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_key_file(tmp_path / "group.json", GROUP)
    for number, device in enumerate(DEVICES):
        write_key_file(tmp_path / "devices" / f"{number}.json", device)
    return tmp_path


def test_keys_of_a_folder_and_under_it_are_found(folder: Path) -> None:
    register = KeyRegister.read([folder])
    assert [one.key for one in register.groups] == [GROUP]
    assert [one.key for one in register.devices] == DEVICES
    assert {one.validity for one in (*register.groups, *register.devices)} == {Validity()}


def test_files_can_be_named_one_by_one(folder: Path) -> None:
    register = KeyRegister.read([folder / "group.json", folder / "devices" / "1.json"])
    assert [one.key for one in register.devices] == [DEVICES[1]]


def test_a_key_that_lies_twice_counts_once(folder: Path) -> None:
    write_key_file(folder / "again.json", DEVICES[0])
    assert len(KeyRegister.read([folder, folder / "devices"]).devices) == 3


def test_a_withdrawal_in_any_folder_counts(folder: Path) -> None:
    set_validity(folder / "devices", DEVICES[0].name, since=date(2026, 1, 1))
    set_validity(folder, DEVICES[0].name, withdrawn=date(2026, 5, 3))
    [first, *_] = KeyRegister.read([folder]).devices
    assert first.validity.withdrawn == date(2026, 5, 3)


@pytest.mark.parametrize(
    ("dates", "state"),
    [
        ({}, "in use"),
        ({"since": date(2026, 6, 1)}, "in use"),
        ({"since": date(2026, 6, 2)}, "not in use yet"),
        ({"until": date(2026, 6, 1)}, "in use"),
        ({"until": date(2026, 5, 31)}, "ended"),
        ({"withdrawn": date(2026, 6, 1)}, "withdrawn"),
        ({"withdrawn": date(2026, 6, 2)}, "in use"),
        ({"until": date(2026, 5, 1), "withdrawn": date(2026, 5, 2)}, "withdrawn"),
    ],
)
def test_how_a_key_stands(dates: dict[str, date], state: str) -> None:
    assert Validity(**dates).state(date(2026, 6, 1)) == state


def test_dates_are_kept_beside_each_other(tmp_path: Path) -> None:
    set_validity(tmp_path, "a", since=date(2026, 1, 1))
    set_validity(tmp_path, "b", until=date(2026, 12, 31))
    set_validity(tmp_path, "a", withdrawn=date(2026, 5, 3))
    assert read_validity(tmp_path) == {
        "a": Validity(since=date(2026, 1, 1), withdrawn=date(2026, 5, 3)),
        "b": Validity(until=date(2026, 12, 31)),
    }


def test_an_end_before_its_beginning_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WatermarkError, match="in use from 2026-02-01 until 2026-01-01"):
        set_validity(tmp_path, "a", since=date(2026, 2, 1), until=date(2026, 1, 1))
    assert not (tmp_path / VALIDITY).exists()


@pytest.mark.parametrize(
    "content",
    [
        b"", b"[]", b"{", b"[" * 50_000, b'{"kind": "other", "version": 1, "keys": {}}',
        b'{"kind": "camsim watermark key validity", "version": 1, "keys": {"a": {"until": 3}}}',
        b'{"kind": "camsim watermark key validity", "version": 1, "keys": {"a": {"till": null}}}',
        b'{"kind": "camsim watermark key validity", "version": 1, "keys": {"a": {"since": "May"}}}',
        b'{"kind": "camsim watermark key validity", "version": 2, "keys": {}}',
    ],
)  # fmt: skip
def test_damaged_dates_make_no_key_good(folder: Path, content: bytes) -> None:
    (folder / VALIDITY).write_bytes(content)
    with pytest.raises(WatermarkError, match=r"validity\.json"):
        KeyRegister.read([folder])


def test_a_damaged_key_is_refused(folder: Path) -> None:
    (folder / "devices" / "1.json").write_text("{}")
    (folder / "devices" / "1.json").chmod(0o600)
    with pytest.raises(WatermarkError, match="is no watermark key"):
        KeyRegister.read([folder])


def test_a_key_that_others_can_read_is_refused(folder: Path) -> None:
    (folder / "group.json").chmod(0o644)
    with pytest.raises(WatermarkError, match="can be read by others"):
        read_any_key_file(folder / "group.json")


def test_both_kinds_are_needed(folder: Path) -> None:
    with pytest.raises(WatermarkError, match="no key of a device group"):
        KeyRegister.read([folder / "devices"])
    with pytest.raises(WatermarkError, match="no secret of a device"):
        KeyRegister.read([folder / "group.json"])
    with pytest.raises(WatermarkError, match="can't be read"):
        KeyRegister.read([folder / "none.json"])


def test_too_many_are_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_register, "MOST_DEVICES", 2)
    with pytest.raises(WatermarkError, match=r"3 keys of one kind .* at most 2"):
        KeyRegister.read([folder])
    monkeypatch.setattr(key_register, "MOST_GROUPS", 0)
    monkeypatch.setattr(key_register, "MOST_DEVICES", 1)
    with pytest.raises(WatermarkError, match="too many files"):
        key_paths([folder])


def test_no_file_of_dates_holds_a_secret(folder: Path) -> None:
    set_validity(folder, GROUP.name, withdrawn=date(2026, 5, 3))
    written = (folder / VALIDITY).read_text()
    assert GROUP.secret.hex() not in written
    assert json.loads(written)["keys"][GROUP.name]["withdrawn"] == "2026-05-03"
