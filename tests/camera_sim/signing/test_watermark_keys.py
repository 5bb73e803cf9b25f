"""Where a vendor's, a device's and a user's watermark keys lie, and how a newsroom gets one."""

import shutil
from pathlib import Path

import pytest

from camera_sim.device.device import Device
from camera_sim.errors import DeviceError
from camera_sim.signing.vendor import Vendor
from tests.camera_sim.conftest import Camsim
from watermark.key_files import read_key_file, write_key_file
from watermark.key_folder import own_keys
from watermark.keys import GroupKey


@pytest.fixture
def vendor(tmp_path: Path) -> Path:
    Vendor.create(tmp_path / "vendor", "Test Cameras", "ed25519", None)
    return tmp_path / "vendor"


@pytest.fixture
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CAMSIM_WATERMARK_KEYS", str(tmp_path / "keys"))
    return tmp_path / "keys"


def issued(camsim: Camsim, vendor: Path, device: Path) -> Device:
    ran = camsim("identity", "issue", vendor, "--device", device)
    assert ran.status == 0, ran.err
    return Device(device)


def test_a_vendors_devices_are_one_group(camsim: Camsim, vendor: Path, tmp_path: Path) -> None:
    one, other = (issued(camsim, vendor, tmp_path / name).watermark_keys() for name in "ab")
    assert one is not None
    assert other is not None
    assert one.group == other.group == Vendor.open(vendor).watermark_group()
    assert one.device != other.device
    for file in (tmp_path / "a" / "watermark").iterdir():
        assert file.stat().st_mode & 0o777 == 0o600
    assert one.group.name in camsim("identity", "show", tmp_path / "a").out


def test_a_device_from_before_there_were_keys_has_none(
    camsim: Camsim, vendor: Path, tmp_path: Path
) -> None:
    device = issued(camsim, vendor, tmp_path / "a")
    shutil.rmtree(tmp_path / "a" / "watermark")
    assert device.watermark_keys() is None
    assert camsim("identity", "show", tmp_path / "a").status == 0
    ran = camsim("watermark", "export-key", tmp_path / "key.json", "--device", tmp_path / "a")
    assert ran.status == 2
    assert "has no watermark keys: it was provisioned before there were any" in ran.err


def test_a_devices_damaged_key_is_an_error(camsim: Camsim, vendor: Path, tmp_path: Path) -> None:
    device = issued(camsim, vendor, tmp_path / "a")
    (tmp_path / "a" / "watermark" / "device.json").unlink()
    with pytest.raises(DeviceError, match=r"device\.json can't be read"):
        device.watermark_keys()


def test_a_newsroom_gets_a_group_key(
    camsim: Camsim, vendor: Path, keys: Path, tmp_path: Path
) -> None:
    device = issued(camsim, vendor, tmp_path / "a")
    own = own_keys(keys)[0].group
    group = Vendor.open(vendor).watermark_group()
    assert device.watermark_keys() is not None
    for number, (words, key) in enumerate(
        ([(), own], [("--device", tmp_path / "a"), group], [("--vendor", vendor), group])
    ):
        out = tmp_path / "out" / f"{number}.json"
        ran = camsim("watermark", "export-key", out, *words)
        assert (ran.status, ran.out) == (0, f"group key {key.name} → {out}\n")
        assert read_key_file(out, GroupKey) == key
        assert out.stat().st_mode & 0o777 == 0o600


def test_an_exported_key_overwrites_nothing(camsim: Camsim, keys: Path, tmp_path: Path) -> None:
    own_keys(keys)
    (tmp_path / "mine.txt").write_text("precious")
    ran = camsim("watermark", "export-key", tmp_path / "mine.txt")
    assert (ran.status, ran.out) == (2, "")
    assert "mine.txt exists" in ran.err
    assert (tmp_path / "mine.txt").read_text() == "precious"
    ran = camsim("watermark", "export-key", tmp_path)
    assert "is a directory; name a file" in ran.err


def test_contradictions_and_missing_keys_are_said(
    camsim: Camsim, vendor: Path, keys: Path, tmp_path: Path
) -> None:
    out = tmp_path / "key.json"
    ran = camsim("watermark", "export-key", out)
    assert ran.status == 2
    assert f"there is no group key {keys / 'group.json'}" in ran.err
    ran = camsim("watermark", "export-key", out, "--vendor", vendor, "--device", vendor)
    assert "give one of them" in ran.err
    ran = camsim("watermark", "export-key", out, "--vendor", keys)
    assert "is no vendor's folder" in ran.err
    assert not out.exists()


def test_keys_are_listed_without_their_secrets(camsim: Camsim, keys: Path) -> None:
    ran = camsim("watermark", "keys")
    assert (ran.status, ran.out) == (
        0,
        f"there are no keys in {keys}; `camsim develop` makes them the first time\n",
    )
    assert not keys.exists()
    own, _ = own_keys(keys)
    agency = GroupKey.draw()
    write_key_file(keys / "agency.json", agency)
    ran = camsim("watermark", "keys")
    assert (ran.status, ran.err) == (0, "")
    assert [line.split()[-2:] for line in ran.out.splitlines()] == [
        [agency.name, str(keys / "agency.json")],
        [own.group.name, str(keys / "group.json")],
        [own.device.name, str(keys / "device.json")],
    ]
    for key in (own.group, own.device, agency):
        assert key.secret.hex() not in ran.out


def test_a_damaged_key_is_said_beside_the_others(camsim: Camsim, keys: Path) -> None:
    own_keys(keys)
    (keys / "group.json").write_text("damaged")
    ran = camsim("watermark", "keys")
    assert ran.status == 2
    assert "group.json is no watermark key" in ran.err
    assert ran.out.startswith("device secret")
