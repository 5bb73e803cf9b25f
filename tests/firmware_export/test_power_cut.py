"""Killed at every step of a write, a device boots the old or the new, never neither."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from camera_sim.device import durable
from camera_sim.device.device import Device
from camera_sim.raw.raw_file import RawFile
from camera_sim.signing.identity import (
    Secrets,
    add_photo_identity,
    new_generation,
    open_identity,
    take_photo_identity,
)
from camera_sim.signing.keys import SoftwareKey
from camera_sim.signing.revocation import RevocationLists
from camera_sim.signing.vendor import REVOKED, Vendor
from firmware_export.boot import boot, booted, install, update_revocation_lists
from firmware_export.bundle import Bundle, opened
from firmware_export.errors import SignatureError
from firmware_export.fallback import SlotFirmware
from firmware_export.slots import Slots
from tests.firmware_export.factory import Company, capture_file, company, tiny_bundle
from tests.firmware_export.power import PowerCuts

pytestmark = pytest.mark.slow

Cuts = Callable[[Path], PowerCuts]


@pytest.fixture
def cuts(tmp_path: Path) -> Cuts:
    (tmp_path / "states").mkdir()
    return lambda folder: PowerCuts(folder, tmp_path / "states")


def test_the_watch_sees_torn_and_lost_writes(
    cuts: Cuts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A write in place, as it must not be done, is caught; the durable one is not."""
    (tmp_path / "disk").mkdir()
    target = tmp_path / "disk" / "file"
    target.write_bytes(b"old content")
    watch = cuts(tmp_path / "disk")
    with watch.watching(monkeypatch):
        descriptor = os.open(target, os.O_WRONLY | os.O_TRUNC)
        os.write(descriptor, b"new ")
        os.close(descriptor)
    assert {(state / "file").read_bytes() for state in watch.states} >= {b"old content", b""}
    with watch.watching(monkeypatch):
        durable.write_whole(target, b"new content")
    found = {(state / "file").read_bytes() for state in watch.states[len(watch.states) // 2 :]}
    assert b"new content" in found


def test_a_durable_write_is_old_or_new(
    cuts: Cuts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    durable.write_whole(tmp_path / "disk" / "file", b"old content")
    watch = cuts(tmp_path / "disk")
    with watch.watching(monkeypatch):
        durable.write_whole(tmp_path / "disk" / "file", b"new content")
    found = [(state / "file").read_bytes() for state in watch.states]
    assert set(found) == {b"old content", b"new content"}
    assert watch.cuts > 8


def test_while_a_bundle_is_written_and_a_slot_switched(
    ready: Device, maker: Company, cuts: Cuts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    update = maker.signed(tiny_bundle(2))
    (tmp_path / "update.camfw").write_bytes(update)
    old, new = booted(ready).bundle_sha256, opened(update).sha256
    watch = cuts(ready.folder)
    with watch.watching(monkeypatch):
        install(ready, tmp_path / "update.camfw")
        boot(ready)
    seen = [boot(Device.open(state)).bundle.sha256 for state in watch.states]
    assert set(seen) == {old, new}
    assert seen == sorted(seen, key=lambda digest: digest == new)  # once new, it stays so
    for state in watch.states:  # and what booted develops
        booted(Device.open(state))


def test_before_the_first_firmware_there_is_none_to_lose(
    device: Device, release: bytes, cuts: Cuts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "first.camfw").write_bytes(release)
    watch = cuts(device.folder)
    with watch.watching(monkeypatch):
        install(device, tmp_path / "first.camfw")
    for state in watch.states:
        install(Device.open(state), tmp_path / "first.camfw")
        assert boot(Device.open(state)).bundle.sha256 == opened(release).sha256


def test_while_a_key_is_rotated(
    ready: Device, maker: Company, cuts: Cuts, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = open_identity(ready.identity_folder, Secrets()).leaf.serial_number
    watch = cuts(ready.folder)
    with watch.watching(monkeypatch):
        new = new_generation(
            ready.identity_folder,
            SoftwareKey.generate("es256"),
            lambda public: maker.vendor.issue("device", "camsim C1", public),
            Secrets(),
        ).leaf.serial_number
    folders = [Device.open(state).identity_folder for state in watch.states]
    seen = [open_identity(folder, Secrets()).leaf.serial_number for folder in folders]
    assert set(seen) == {old, new}
    for state in watch.states:
        boot(Device.open(state))
    for folder in folders:  # and a second rotation heals what the first left
        new_generation(
            folder,
            SoftwareKey.generate("es256"),
            lambda public: maker.vendor.issue("device", "camsim C1", public),
            Secrets(),
        )
        open_identity(folder, Secrets())
        assert sum(key.exists() for key in folder.glob("*/key.pem")) == 1


def test_while_revocation_lists_are_updated(
    cuts: Cuts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = company(tmp_path / "company")
    device = made.device(tmp_path / "camera")
    (tmp_path / "first.camfw").write_bytes(made.signed(tiny_bundle()))
    install(device, tmp_path / "first.camfw")
    other = made.device(tmp_path / "other")
    made.vendor.revoke(
        f"{open_identity(other.identity_folder, Secrets()).leaf.serial_number:x}".zfill(40),
        "superseded",
    )
    watch = cuts(device.folder)
    with watch.watching(monkeypatch):
        update_revocation_lists(device, made.vendor.folder / REVOKED)
    for state in watch.states:
        boot(Device.open(state))


def test_while_a_vendor_revokes(
    cuts: Cuts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = company(tmp_path / "company")
    watch = cuts(made.vendor.folder)
    with watch.watching(monkeypatch):
        made.vendor.revoke(f"{made.release.leaf.serial_number:040x}", "key_compromise")
    bundle, seen = opened(made.signed(tiny_bundle())), []
    for state in watch.states:
        Vendor.open(state)
        lists = RevocationLists((state / REVOKED).read_bytes(), "lists")
        seen.append(_is_revoked(bundle, made, lists))
    assert set(seen) == {False, True}


def _is_revoked(bundle: Bundle, made: Company, lists: RevocationLists) -> bool:
    try:
        bundle.verify(made.vendor.root, lists)
    except SignatureError:
        return True
    return False


def test_while_a_frame_is_numbered_no_number_is_given_twice(
    ready: Device, cuts: Cuts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = cuts(ready.folder)
    with watch.watching(monkeypatch):
        first = ready.check_capture(RawFile.read(capture_file(tmp_path / "a.dng", ready)))
        ready.use_up(first)
    last = Device.open(watch.states[-1])
    second = last.check_capture(RawFile.read(capture_file(tmp_path / "b.dng", last)))
    assert second.counter > first.counter
    for state in watch.states:
        Device.open(state).check_capture(
            RawFile.read(capture_file(tmp_path / f"{state.name}.dng", Device.open(state)))
        )


@pytest.mark.parametrize("rounds", [0, 1, 5])
def test_a_process_that_is_killed_leaves_a_device_that_boots(
    rounds: int, ready: Device, maker: Company, tmp_path: Path
) -> None:
    """The same with a real SIGKILL, somewhere in an update, after so many whole ones."""
    (tmp_path / "update.camfw").write_bytes(maker.signed(tiny_bundle(2)))
    code = (
        "import sys; from pathlib import Path; from camera_sim.device.device import Device\n"
        "from firmware_export.boot import boot, install\n"
        "print('ready', flush=True)\n"
        "device = Device(Path(sys.argv[1]))\n"
        "while True: install(device, Path(sys.argv[2])); boot(device); print('round', flush=True)\n"
    )
    words = [sys.executable, "-c", code, str(ready.folder), str(tmp_path / "update.camfw")]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for _ in range(1 + rounds):
            assert process.stdout.readline()
        process.send_signal(signal.SIGKILL)
    assert boot(ready).bundle.manifest.security_version in (1, 2)


def test_while_a_slot_falls_back_and_the_next_update_goes_over_it(
    ready: Device, maker: Company, cuts: Cuts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Slot a, which ran, is there in every state, byte for byte, and every state boots."""
    good = Slots(ready.folder).image("a").read_bytes()
    for name, how in (("failing", {"fails": "size"}), ("third", {"gain": 0.7})):
        (tmp_path / name).write_bytes(maker.signed(tiny_bundle(1, **how)))
    install(ready, tmp_path / "failing")
    boot(ready)
    source, watch = SlotFirmware(), cuts(ready.folder)
    with watch.watching(monkeypatch):
        other = source.fall_back(ready, source.booted(ready), "it was black")
        source.has_run(ready, other)
        install(ready, tmp_path / "third")
        boot(ready)
    for state in watch.states:
        assert Slots(state).image("a").read_bytes() == good
        boot(Device.open(state))
        booted(Device.open(state))


def test_a_key_for_one_photo_that_a_kill_left_is_cleared(
    ready: Device, maker: Company, cuts: Cuts, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        add_photo_identity(
            ready.identity_folder,
            SoftwareKey.generate("es256"),
            lambda public: maker.vendor.issue("device", "one-time", public, one_photo=True),
            Secrets(),
        )
    watch = cuts(ready.folder)
    with watch.watching(monkeypatch):
        first = take_photo_identity(ready.identity_folder, Secrets()).leaf.serial_number
    seen = []
    for state in watch.states:
        folder = Device.open(state).identity_folder
        seen.append(take_photo_identity(folder, Secrets()).leaf.serial_number)
        assert not list((folder / "photos").glob(".*"))
    assert seen[0] == first
    assert seen[-1] != first
