"""Whatever fails, the other slot boots and develops; the last image that booted is never lost."""

from pathlib import Path

import numpy as np
import pytest

from camera_sim.device.device import Device
from camera_sim.raw.raw_file import RawFile
from camera_sim.sensor.dng import write_dng
from firmware_export import boot as booting
from firmware_export.boot import boot, booted, install
from firmware_export.boot_log import read_log
from firmware_export.errors import BootError, BundleError
from firmware_export.slots import Slots, State
from tests.camera_sim.conftest import Camsim
from tests.camera_sim.scenes import capture
from tests.firmware_export.factory import Company, capture_file, tiny_bundle
from tests.firmware_export.test_boot import put
from tests.firmware_export.test_credentials import assertion, read


def bright_capture(path: Path, device: Device) -> Path:
    """Photograph something white in front of a made scene."""
    image = capture(96, 96, seed=1)
    image.samples[20:40, 20:40] = image.white
    write_dng(path, image, attest=device.attest)
    return path


def updated(device: Device, maker: Company, folder: Path, *, boots: bool = True, **how) -> bytes:
    """Install, and boot, an update that can fail; returns the bundle."""
    bundle = maker.signed(tiny_bundle(**{"security_version": 1, "gain": 0.9, **how}))
    install(device, put(folder, bundle))
    if boots:
        assert boot(device).slot == "b"
    return bundle


def develop(camsim: Camsim, device: Device, raw: Path, name: str = "a.jpg"):
    return camsim("develop", raw, "--device", device.folder, "--out", raw.parent / name)


def bundle_of(photo: Path) -> str:
    return assertion(read(photo)[1], "org.camsim.development")["bundle_sha256"]


@pytest.mark.parametrize("fails", ["size", "bright"])
def test_a_model_that_fails_at_a_real_tile_falls_back(
    fails: str, camsim: Camsim, ready: Device, maker: Company, tmp_path: Path
) -> None:
    good = booted(ready).bundle_sha256
    updated(ready, maker, tmp_path, fails=fails)
    raw = bright_capture(tmp_path / "capture.dng", ready)
    ran = develop(camsim, ready, raw)
    assert ran.status == 0, ran.err
    assert "the network rnet.fp32.onnx" in ran.err or "models/rnet.fp32.onnx" in ran.err
    assert ran.err.endswith("; fell back to slot a\n")
    assert len(ran.err.splitlines()) == 1
    assert "signed as a digital capture, frame 1" in ran.out
    assert bundle_of(tmp_path / "a.jpg") == good
    log = read_log(Slots(ready.folder).log.read_bytes())
    made = assertion(read(tmp_path / "a.jpg")[1], "org.camsim.development")
    assert made["boot_log_sha256"] == log.sha256
    told = [entry.detail for entry in log.entries if entry.step in ("refused", "fallback")]
    assert told[0].startswith("slot b: it failed while it developed: ")
    assert told[1] == "to slot a"
    assert Slots(ready.folder).state() == State(active="a", ran=("a",))
    ran = develop(camsim, ready, bright_capture(tmp_path / "next.dng", ready), "b.jpg")
    assert (ran.status, ran.err) == (0, "")
    assert boot(ready).slot == "a"


def test_an_image_that_has_developed_photos_is_tried_again_at_the_next_boot(
    camsim: Camsim, ready: Device, maker: Company, tmp_path: Path
) -> None:
    """One odd frame doesn't turn a camera's firmware back for good."""
    updated(ready, maker, tmp_path, fails="bright")
    assert develop(camsim, ready, _dark_capture(tmp_path / "dark.dng", ready)).err == ""
    assert Slots(ready.folder).state() == State(active="b", ran=("b",))
    ran = develop(camsim, ready, bright_capture(tmp_path / "capture.dng", ready), "b.jpg")
    assert ran.err.endswith("; fell back to slot a\n")
    assert booted(ready).slot == "a"
    assert boot(ready).slot == "b"


def _dark_capture(path: Path, device: Device) -> Path:
    image = capture(96, 96)
    image.samples[:] = np.minimum(image.samples, image.white // 4)
    write_dng(path, image, attest=device.attest)
    return path


def test_a_frame_that_neither_can_develop_turns_nothing_back(
    camsim: Camsim, device: Device, maker: Company, tmp_path: Path
) -> None:
    install(device, put(tmp_path, maker.signed(tiny_bundle(0, fails="bright"))))
    boot(device)
    updated(device, maker, tmp_path, security_version=0, fails="bright")
    before = booted(device)
    raw = bright_capture(tmp_path / "capture.dng", device)
    ran = develop(camsim, device, raw)
    assert (ran.status, len(ran.err.splitlines())) == (2, 1)
    assert ran.err.count("gave values that are no finite numbers") == 2
    assert not (tmp_path / "a.jpg").exists()
    assert booted(device) == before
    device.check_capture(RawFile.read(raw))  # its token is still good


def test_one_frame_that_fails_stops_no_other(
    camsim: Camsim, device: Device, maker: Company, tmp_path: Path
) -> None:
    install(device, put(tmp_path, maker.signed(tiny_bundle(0, fails="bright"))))
    boot(device)
    raws = [bright_capture(tmp_path / "1.dng", device), _dark_capture(tmp_path / "2.dng", device)]
    ran = camsim("develop", *raws, "--device", device.folder, "--out", tmp_path / "out")
    assert ran.status == 2
    assert "1 of 2 files developed" in ran.out
    assert "slot b, to fall back to, is refused: it is empty" in ran.err
    assert len(list((tmp_path / "out").iterdir())) == 1


def test_an_update_over_an_update_that_never_booted_spares_what_booted(
    ready: Device, maker: Company, tmp_path: Path
) -> None:
    good = Slots(ready.folder).image("a").read_bytes()
    for gain in (0.9, 0.8, 0.7):
        bundle = updated(ready, maker, tmp_path, boots=False, gain=gain)
        assert Slots(ready.folder).image("a").read_bytes() == good
        assert Slots(ready.folder).image("b").read_bytes() == bundle
    Slots(ready.folder).image("b").write_bytes(b"torn")
    assert boot(ready).slot == "a"


def test_what_ran_is_kept_until_what_booted_has_run(
    ready: Device, maker: Company, tmp_path: Path
) -> None:
    """An update that boots and fails at a photo's tiles is what the next one goes over."""
    slots = Slots(ready.folder)
    good = slots.image("a").read_bytes()
    updated(ready, maker, tmp_path, fails="size")
    third = updated(ready, maker, tmp_path, boots=False, gain=0.7)
    assert (slots.image("a").read_bytes(), slots.image("b").read_bytes()) == (good, third)
    assert boot(ready).slot == "b"
    fourth = updated(ready, maker, tmp_path, boots=False, gain=0.6)  # the third runs: it is kept
    assert (slots.image("a").read_bytes(), slots.image("b").read_bytes()) == (fourth, third)


@pytest.mark.parametrize("fails", ["size", "bright"])
def test_no_fuse_is_burnt_for_a_model_that_fails_at_a_photos_tiles(
    fails: str, ready: Device, maker: Company, tmp_path: Path
) -> None:
    install(ready, put(tmp_path, maker.signed(tiny_bundle(2, fails=fails))))
    result = boot(ready)
    assert result.slot == "a"
    assert "its fp32 model fails on a photo's tiles" in result.refused[0]
    assert ready.fuses.security_version == 1


def _answering(monkeypatch: pytest.MonkeyPatch, maker: Company) -> bytes:
    """Build a bundle whose model fails always, by a tool that does not notice."""
    with monkeypatch.context() as careless:
        careless.setattr(
            "firmware_export.self_test.answer", lambda _: np.zeros((3, 128, 128), np.uint8)
        )
        return maker.signed(tiny_bundle(fails="always"))


def test_a_self_test_without_numbers_is_failed(
    ready: Device, maker: Company, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No number was once taken for black, which a careless tool had written down as right."""
    with pytest.raises(BundleError, match="no finite numbers"):
        tiny_bundle(fails="always")
    install(ready, put(tmp_path, _answering(monkeypatch, maker)))
    result = boot(ready)
    assert result.slot == "a"
    assert "gave values that are no finite numbers" in result.refused[0]


@pytest.mark.parametrize(
    "error", [MemoryError(), RuntimeError("a driver's"), OSError(5, "Input/output error")]
)
def test_whatever_a_slot_raises_the_other_boots(
    error: Exception, ready: Device, maker: Company, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    updated(ready, maker, tmp_path, boots=False)
    run, tried = booting.run_self_tests, []

    def failing_first(*words: object) -> None:
        tried.append(words)
        if len(tried) == 1:
            raise error
        run(*words)

    monkeypatch.setattr(booting, "run_self_tests", failing_first)
    assert boot(ready).slot == "a"
    monkeypatch.setattr(booting, "run_self_tests", _raising(error))
    with pytest.raises(BootError, match=r"does not boot: slot a: .*; slot b: ") as caught:
        boot(ready)
    assert len(str(caught.value).splitlines()) == 1


def _raising(error: Exception):
    def raises(*_: object) -> None:
        raise error

    return raises


@pytest.mark.parametrize("content", [b"", b"{", b'{"active": "c"}'])
def test_a_damaged_state_is_mended_by_a_boot(
    content: bytes, ready: Device, maker: Company, tmp_path: Path
) -> None:
    path = Slots(ready.folder).folder / "state.json"
    path.write_bytes(content)
    with pytest.raises(BootError, match="boot the device, which mends it"):
        install(ready, put(tmp_path, maker.signed(tiny_bundle())))
    assert boot(ready).slot == "a"
    assert Slots(ready.folder).state() == State(active="a")
    install(ready, put(tmp_path, maker.signed(tiny_bundle())))
    capture_file(tmp_path / "capture.dng", ready)
