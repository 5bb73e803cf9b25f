"""Booting: chain of trust, rollback, fall back, the log, and developing by what booted alone."""

import json
from pathlib import Path

import pytest

from camera_sim.device.device import Device
from camera_sim.device.one_time_memory import OneTimeMemory
from camera_sim.errors import DeviceError
from camera_sim.signing.vendor import REVOKED
from firmware_export import archive
from firmware_export.boot import boot, booted, install, update_revocation_lists
from firmware_export.boot_log import read_log
from firmware_export.bundle import ENVELOPE, opened
from firmware_export.errors import BootError, BundleError, RollbackError, SignatureError
from firmware_export.slots import Slots, State
from tests.camera_sim.conftest import Camsim
from tests.firmware_export.factory import Company, capture_file, company, tiny_bundle, tiny_model


def put(folder: Path, data: bytes, name: str = "next.camfw") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def test_the_first_bundle_boots_from_slot_a(ready: Device, release: bytes) -> None:
    firmware = booted(ready)
    assert firmware.bundle_sha256 == opened(release).sha256
    assert firmware.pair == "test-pair-1"
    assert Slots(ready.folder).state() == State(active="a")
    assert ready.fuses.security_version == 1


def test_an_update_boots_from_the_other_slot(ready: Device, maker: Company, tmp_path: Path) -> None:
    install(ready, put(tmp_path, maker.signed(tiny_bundle(2))))
    assert Slots(ready.folder).state() == State(active="b", trial=True)
    result = boot(ready)
    assert (result.slot, result.refused) == ("b", ())
    assert ready.fuses.security_version == 2


def test_an_older_bundle_is_refused(ready: Device, maker: Company, tmp_path: Path) -> None:
    install(ready, put(tmp_path, maker.signed(tiny_bundle(5))))
    boot(ready)
    before = Slots(ready.folder).state()
    with pytest.raises(RollbackError, match="is 4, and this device has run 5"):
        install(ready, put(tmp_path, maker.signed(tiny_bundle(4))))
    assert Slots(ready.folder).state() == before


def test_a_rolled_back_slot_does_not_boot(ready: Device, maker: Company, tmp_path: Path) -> None:
    """The older image is still in slot a: pointing back at it is refused, and b boots."""
    install(ready, put(tmp_path, maker.signed(tiny_bundle(5))))
    boot(ready)
    Slots(ready.folder).choose(State(active="a"))
    result = boot(ready)
    assert result.slot == "b"
    assert "going back is not possible" in result.refused[0]


def test_unsigned_foreign_and_other_cameras_bundles_are_refused(
    ready: Device, maker: Company, tmp_path: Path
) -> None:
    other = company(tmp_path / "other")
    with pytest.raises(SignatureError, match="not signed"):
        install(ready, put(tmp_path, tiny_bundle(2)))
    with pytest.raises(SignatureError, match="was not issued by"):
        install(ready, put(tmp_path, other.signed(tiny_bundle(2))))
    with pytest.raises(BundleError, match="it is for the camera 'camsim X'"):
        install(ready, put(tmp_path, maker.signed(tiny_bundle(2, camera="camsim X"))))
    assert boot(ready).slot == "a"


def _failing_self_test(maker: Company) -> bytes:
    """A rightly signed bundle whose model does not give the answer in it: a bad release."""
    members = archive.unpacked(tiny_bundle(2))
    bundle = opened(archive.packed(members))
    manifest = json.loads(bundle.payload)
    members["self-test/fp32.rgb"] = bytes(len(members["self-test/fp32.rgb"]))
    import hashlib

    from camera_sim.signing.envelope import canonical_json, sealed
    from firmware_export.signatures import KIND

    digest = hashlib.sha256(members["self-test/fp32.rgb"]).hexdigest()
    manifest["self_tests"][0]["sha256"] = digest
    members[ENVELOPE] = sealed(canonical_json(manifest), KIND, {})
    return maker.signed(archive.packed(members))


def test_an_image_that_fails_its_self_test_falls_back(
    ready: Device, maker: Company, tmp_path: Path
) -> None:
    install(ready, put(tmp_path, _failing_self_test(maker)))
    result = boot(ready)
    assert result.slot == "a"
    assert "slot b: the self-test failed" in result.refused[0]
    assert Slots(ready.folder).state() == State(active="a")
    assert ready.fuses.security_version == 1  # not burnt by an image that never booted
    steps = [entry.step for entry in result.log.entries]
    assert steps[-2:] == ["fallback", "booted"]
    assert "refused" in steps


def test_a_damaged_slot_falls_back(ready: Device, maker: Company, tmp_path: Path) -> None:
    install(ready, put(tmp_path, maker.signed(tiny_bundle(1))))
    boot(ready)
    image = Slots(ready.folder).image("b")
    image.write_bytes(image.read_bytes()[:-100])
    assert boot(ready).slot == "a"


def test_a_device_that_cannot_boot_says_why_for_each_slot(ready: Device) -> None:
    Slots(ready.folder).image("a").write_bytes(b"nothing")
    with pytest.raises(BootError, match=r"slot a: it is no bundle.*slot b: it is empty"):
        boot(ready)


def test_a_blank_folder_and_a_device_without_firmware_say_so(
    device: Device, tmp_path: Path
) -> None:
    with pytest.raises(DeviceError, match="no provisioned device"):
        Device.open(tmp_path)
    with pytest.raises(BootError, match="holds no firmware"):
        boot(device)
    with pytest.raises(BootError, match="has not booted"):
        booted(device)


def test_the_log_is_a_chain_that_cannot_be_edited(ready: Device) -> None:
    path = Slots(ready.folder).log
    log = read_log(path.read_bytes())
    steps = [entry.step for entry in log.entries]
    assert steps[:2] == ["one-time memory", "bundle"]
    assert steps.count("signer") == 2
    assert steps[-2:] == ["self-test", "booted"]
    edited = json.loads(path.read_bytes())
    edited["entries"][1]["detail"] = "something else"
    path.write_text(json.dumps(edited))
    with pytest.raises(BootError, match="does not add up"):
        booted(ready)


def test_a_slot_exchanged_after_boot_is_refused(ready: Device, maker: Company) -> None:
    Slots(ready.folder).image("a").write_bytes(maker.signed(tiny_bundle(1, gain=0.5)))
    with pytest.raises(BootError, match="it is not what booted"):
        booted(ready)


def test_an_exchanged_root_of_trust_is_refused(ready: Device, tmp_path: Path) -> None:
    other = company(tmp_path / "other")
    (ready.folder / "root.pem").write_bytes(
        (other.vendor.folder / "root" / "certificate.pem").read_bytes()
    )
    with pytest.raises(BootError, match="not the root of trust that is burnt"):
        boot(ready)


def test_a_signer_revoked_later_stops_the_firmware(tmp_path: Path) -> None:
    made = company(tmp_path / "company")
    device = made.device(tmp_path / "camera")
    install(device, put(tmp_path, made.signed(tiny_bundle())))
    boot(device)
    old_lists = (device.folder / REVOKED).read_bytes()
    made.vendor.revoke(f"{made.developer.leaf.serial_number:040x}", "key_compromise")
    update_revocation_lists(device, made.vendor.folder / REVOKED)
    with pytest.raises(BootError, match=r"the developer was revoked on .* \(key compromise\)"):
        booted(device)
    (device.folder / REVOKED).write_bytes(old_lists)  # going back to the old list does not help
    with pytest.raises(BootError, match="older than number 2"):
        boot(device)
    (device.folder / REVOKED).unlink()
    with pytest.raises(BootError, match="without it nothing is known to be good"):
        boot(device)


def test_revocation_lists_of_others_and_older_ones_are_not_taken(
    ready: Device, tmp_path: Path
) -> None:
    other = company(tmp_path / "other")
    with pytest.raises(BootError, match="forged"):
        update_revocation_lists(ready, other.vendor.folder / REVOKED)


def test_burnt_memory_cannot_be_changed(ready: Device) -> None:
    memory, fuses = OneTimeMemory(ready.folder), ready.fuses
    with pytest.raises(DeviceError, match="burnt in already"):
        memory.burn(fuses.model_copy(update={"root_sha256": "0" * 64}))
    with pytest.raises(DeviceError, match="cannot go back"):
        memory.burn(fuses.model_copy(update={"security_version": 0}))


def test_a_device_is_provisioned_once(ready: Device, maker: Company) -> None:
    with pytest.raises(DeviceError, match="is provisioned as device"):
        maker.device(ready.folder)


def test_the_command_boots_and_says_so(
    camsim: Camsim, device: Device, release: bytes, tmp_path: Path
) -> None:
    ran = camsim("boot", put(tmp_path, release), "--device", device.folder)
    assert (ran.status, ran.err) == (0, "")
    assert "booted rnet 1.0.0 from slot a, security version 1" in ran.out


def test_the_command_says_that_it_fell_back(
    camsim: Camsim, ready: Device, maker: Company, tmp_path: Path
) -> None:
    ran = camsim("boot", put(tmp_path, _failing_self_test(maker)), "--device", ready.folder)
    assert ran.status == 0
    assert "slot b: the self-test failed" in ran.err
    assert "fell back to slot a" in ran.err


def test_develop_runs_what_booted_and_nothing_else(
    camsim: Camsim, ready: Device, tmp_path: Path
) -> None:
    raw = capture_file(tmp_path / "capture.dng", ready)
    out = ("--out", tmp_path / "a.jpg")
    for words in (("--pipeline", "classical"), ("--weights", tmp_path), ("--identity", tmp_path)):
        ran = camsim("develop", raw, "--device", ready.folder, *words, *out)
        assert ran.status == 2
        assert "--device runs what it booted" in ran.err
    assert camsim("develop", raw, "--device", ready.folder, "--precision", "int8", *out).err == (
        "camsim: the firmware that booted has no int8 model; it has fp32\n"
    )
    assert camsim("develop", raw, "--device", ready.folder, *out).status == 0


def test_an_exchanged_model_in_a_slot_is_not_run(
    camsim: Camsim, ready: Device, release: bytes, tmp_path: Path
) -> None:
    members = archive.unpacked(release) | {"models/rnet.fp32.onnx": tiny_model(0.1).content}
    Slots(ready.folder).image("a").write_bytes(archive.packed(members))
    raw = capture_file(tmp_path / "capture.dng", ready)
    ran = camsim("develop", raw, "--device", ready.folder, "--out", tmp_path / "a.jpg")
    assert ran.status == 2
    assert "is not the file that its manifest describes" in ran.err
    assert not (tmp_path / "a.jpg").exists()
