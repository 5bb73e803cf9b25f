"""One frame, one photo: at every write, by a real kill, on a full disk, and for two at a time."""

import errno
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from camera_sim.developing import output
from camera_sim.developing.credential import Development, Signing
from camera_sim.developing.output import Encoding, picture_file
from camera_sim.device import one_photo, photo_journal
from camera_sim.device.device import CAPTURES, SENSOR_COUNTER, Device
from camera_sim.device.one_photo import settle
from camera_sim.errors import CredentialError, DeviceError, OutputError, TokenError
from camera_sim.raw.raw_file import RawFile
from camera_sim.signing.identity import Secrets, open_identity
from tests.camera_sim.conftest import Camsim
from tests.camera_sim.developing.test_output import made
from tests.firmware_export.factory import capture_file
from tests.firmware_export.power import PowerCuts
from verifier.reading.credentials import read_credential

pytestmark = pytest.mark.slow

MADE = Development(pipeline="rnet", pair=None, weights_sha256=None, engine="e", precision="fp32")
PHOTO = picture_file(made("jpeg"), Encoding(), b"")


def signing(device: Device) -> Signing:
    identity = open_identity(device.identity_folder, Secrets())
    return Signing(lambda: identity, MADE, device)


def sign(device: Device, raw: Path, target: Path) -> None:
    by = signing(device)
    by.finish(PHOTO, "jpeg", by.origin(RawFile.read(raw)), target, force=False)


def captures(folder: Path) -> set[bytes]:
    """Find every whole photo under a folder that is signed as a capture, under whatever name."""
    found = set()
    for path in folder.rglob("*"):
        data = path.read_bytes() if path.is_file() else b""
        if data.startswith(b"\xff\xd8") and "c2pa.created" in _actions(data):
            found.add(data)
    return found


def _actions(data: bytes) -> tuple[str, ...]:
    credential = read_credential(data, "image/jpeg")
    return credential.actions if credential.integrity.state == "intact" else ()


def moved(disk: Path, state: Path) -> Path:
    """Put the copy of a disk into the disk's own place, since records name whole paths."""
    import shutil

    shutil.rmtree(disk)
    shutil.copytree(state, disk)
    return disk


def test_cut_at_every_write_there_is_one_photo_or_a_frame_that_is_told_of(
    ready: Device, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    ready.folder.rename(disk / "camera")
    device, raw, target = Device(disk / "camera"), disk / "capture.dng", disk / "out" / "a.jpg"
    capture_file(raw, device)
    (tmp_path / "states").mkdir()
    watch = PowerCuts(disk, tmp_path / "states")
    with watch.watching(monkeypatch):
        sign(device, raw, target)
    assert watch.cuts > 40
    fates = []
    for state in watch.states:
        moved(disk, state)
        before = captures(disk)
        try:
            device.check_capture(RawFile.read(raw))
        except TokenError:
            unused = False
        else:
            unused = True
        assert not (unused and before)  # used up, on the disk, before a photo is anywhere
        said = settle(device)
        assert settle(device) == ()  # said once
        if unused:
            assert not said
            sign(device, raw, target)
            fates.append("unused")
        elif captures(disk):
            assert target.read_bytes() in captures(disk)
            fates.append("finished")
        else:
            assert "frame 1 was used up" in said[0]
            assert "capture.dng can be developed as opened" in said[0]
            assert device.used_frames().loss(1) is not None
            fates.append("lost")
        assert len(captures(disk)) == (fates[-1] != "lost")
        with pytest.raises(TokenError, match="was used before"):
            sign_as_capture(device, raw, disk / "second.jpg")
        assert len(captures(disk)) == (fates[-1] != "lost")
        assert not [p for p in disk.rglob("*") if p.suffix == ".part"]
    assert set(fates) == {"unused", "lost", "finished"}
    assert fates == sorted(fates, key=["unused", "lost", "finished"].index)


def sign_as_capture(device: Device, raw: Path, target: Path) -> None:
    device.check_capture(RawFile.read(raw))
    sign(device, raw, target)


HOOKS = (
    "camera_sim.device.photo_journal.PhotoJournal.begin",
    "camera_sim.developing.credential.sign",
    "camera_sim.device.one_photo.Taking.finish",
    "camera_sim.device.photo_journal.Entry.keep",
    "camera_sim.device.one_photo.write_file",
    "camera_sim.device.photo_journal.Entry.remove",
)
# Runs commands in processes forked from it, where all is imported already; says how each ended.
KILLED = """
import json, os, pkgutil, signal, sys, threading
from camera_sim import cli
import camera_sim.commands.develop, camera_sim.developing.credential, camera_sim.device.one_photo
assert threading.active_count() == 1
def kill(where, when, words):
    os.dup2(2, 1)
    place, name = where.rsplit(".", 1)
    holder = pkgutil.resolve_name(place)
    act = getattr(holder, name)
    def killed(*given, **named):
        if when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        act(*given, **named)
        os.kill(os.getpid(), signal.SIGKILL)
    setattr(holder, name, killed)
    os._exit(cli.main(words))
for line in sys.stdin:
    if not (child := os.fork()):
        kill(*json.loads(line))
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""
Kill = Callable[[str, str, list[object]], int]


@pytest.fixture(scope="module")
def kill() -> Iterator[Kill]:
    """Run camsim until a hook kills it; its exit status."""
    command = [sys.executable, "-c", KILLED]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, text=True, **pipes) as process:
        assert process.stdin
        assert process.stdout

        def killed(hook: str, when: str, words: list[object]) -> int:
            process.stdin.write(json.dumps([hook, when, [*map(str, words)]]) + "\n")
            process.stdin.flush()
            return int(process.stdout.readline())

        yield killed


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("hook", HOOKS)
def test_killed_in_earnest_no_second_photo_comes_and_the_next_run_says_so(
    hook: str, when: str, kill: Kill, ready: Device, camsim: Camsim, tmp_path: Path
) -> None:
    raw, out = capture_file(tmp_path / "capture.dng", ready), tmp_path / "out"
    words = ["develop", raw, "--device", ready.folder]
    assert kill(hook, when, [*words, "--out", out / "a.jpg"]) == -signal.SIGKILL
    ran = camsim(*words, "--out", out / "b.jpg")
    assert ran.status == 0, ran.err
    known = captures(tmp_path)
    assert len(known) <= 1
    if "signed as a digital capture" in ran.out:  # the kill came before anything was signed
        assert (hook, when) == (HOOKS[0], "before")
        assert ran.err == ""
    elif known:
        assert (out / "a.jpg").read_bytes() in known
    else:
        assert "camsim: frame 1 was used up" in ran.err
        assert "used before, for a photo that was never finished" in ran.out
        assert "its photo was never finished" in camsim("identity", "show", ready.folder).out
    ran = camsim(*words, "--out", out / "c.jpg", "--captures-only")
    assert (ran.status, len(captures(tmp_path))) == (2, len(known))
    assert "was used before" in ran.err


def test_where_signing_fails_the_frame_is_given_back(
    ready: Device, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = capture_file(tmp_path / "capture.dng", ready)
    with monkeypatch.context() as patch:
        patch.setattr(
            "camera_sim.developing.credential.sign", _raising(CredentialError("no answer"))
        )
        with pytest.raises(CredentialError):
            sign(ready, raw, tmp_path / "a.jpg")
    assert settle(ready) == ()
    sign(ready, raw, tmp_path / "a.jpg")
    assert len(captures(tmp_path)) == 1


def _raising(error: Exception):
    def raises(*_: object, **__: object) -> None:
        raise error

    return raises


def test_on_a_full_disk_the_signed_photo_is_kept_and_told_of(
    ready: Device, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = capture_file(tmp_path / "capture.dng", ready)
    full = OutputError(f"a.jpg cannot be written: {os.strerror(errno.ENOSPC)}")
    monkeypatch.setattr(one_photo, "write_file", _raising(full))
    with pytest.raises(OutputError, match=r"No space left.*photo of frame 1 is kept as") as caught:
        sign(ready, raw, tmp_path / "a.jpg")
    kept = Path(str(caught.value).split("kept as ")[1])
    assert captures(tmp_path) == {kept.read_bytes()}
    assert settle(ready) == ()


def test_a_full_device_uses_no_frame_up(
    ready: Device, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The room is taken before anything is signed, so no frame is spent on a photo without room."""
    raw, write = capture_file(tmp_path / "capture.dng", ready), photo_journal.durable.write_whole

    def small_disk(path: Path, data: bytes, mode: int = 0o644) -> None:
        if len(data) > len(PHOTO):
            raise OutputError(f"{path} cannot be written: {os.strerror(errno.ENOSPC)}")
        write(path, data, mode)

    with monkeypatch.context() as patch:
        patch.setattr(photo_journal.durable, "write_whole", small_disk)
        with pytest.raises(OutputError, match="No space left"):
            sign(ready, raw, tmp_path / "a.jpg")
    assert settle(ready) == ()
    sign(ready, raw, tmp_path / "a.jpg")


def test_a_photo_is_not_put_over_a_file_that_came_meanwhile(ready: Device, tmp_path: Path) -> None:
    raw, target = capture_file(tmp_path / "capture.dng", ready), tmp_path / "a.jpg"
    by = signing(ready)
    origin = by.origin(RawFile.read(raw))
    target.write_bytes(b"mine")
    with pytest.raises(OutputError, match=r"exists.*kept as .*frame-1\.jpg"):
        by.finish(PHOTO, "jpeg", origin, target, force=False)
    assert target.read_bytes() == b"mine"
    assert len(captures(tmp_path)) == 1


def test_two_at_a_time_make_one_photo(ready: Device, tmp_path: Path) -> None:
    raw = capture_file(tmp_path / "capture.dng", ready)
    first, second = signing(ready), signing(ready)
    origins = [by.origin(RawFile.read(raw)) for by in (first, second)]
    taking = one_photo.taking(ready, origins[0].token, origins[0].raw, tmp_path / "a.jpg", 9)
    with taking:
        assert settle(ready) == ()  # the other lives: its work is not taken from it
        with pytest.raises(TokenError, match="was used before"):
            second.finish(PHOTO, "jpeg", origins[1], tmp_path / "b.jpg", force=False)
    second.finish(PHOTO, "jpeg", origins[1], tmp_path / "b.jpg", force=False)
    assert len(captures(tmp_path)) == 1


def test_a_counter_that_was_set_back_gives_no_number_twice(ready: Device, tmp_path: Path) -> None:
    for name in ("a", "b"):
        sign(ready, capture_file(tmp_path / f"{name}.dng", ready), tmp_path / f"{name}.jpg")
    (ready.folder / SENSOR_COUNTER).write_text("0")
    raw = RawFile.read(capture_file(tmp_path / "c.dng", ready))
    assert ready.check_capture(raw).counter == 3


@pytest.mark.parametrize("text", ["", "-5", "1e3", "9" * 30, "\N{SUPERSCRIPT TWO}", "\udcff"])
def test_a_damaged_counter_says_what_to_do(text: str, ready: Device, tmp_path: Path) -> None:
    (ready.folder / SENSOR_COUNTER).write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(DeviceError, match="write the number of the last frame into it"):
        capture_file(tmp_path / "a.dng", ready)


@pytest.mark.parametrize("content", [b"", b"{}x", b'{"all_to": 1e400}', b'{"all_to": -1}',
                                     b'{"all_to": 99999999999999999999}'])  # fmt: skip
def test_damaged_records_of_used_frames_sign_no_capture(
    content: bytes, ready: Device, tmp_path: Path
) -> None:
    raw = RawFile.read(capture_file(tmp_path / "a.dng", ready))
    (ready.folder / CAPTURES).write_bytes(content)
    with pytest.raises(DeviceError, match="which captures were signed is lost"):
        ready.check_capture(raw)


def test_names_of_any_bytes_are_found_again(ready: Device, tmp_path: Path) -> None:
    name = os.fsdecode(b"\xff\xfe 100%.jpg")
    raw, target = capture_file(tmp_path / "capture.dng", ready), tmp_path / name
    origin = signing(ready).origin(RawFile.read(raw))
    entry = ready.journal.begin(
        photo_journal.Record(
            frame=1,
            raw=photo_journal.address(raw),
            raw_sha256="",
            target=photo_journal.address(target),
            began=origin.token.captured_at,
        ),
        len(PHOTO),
    )
    entry.keep(PHOTO)
    entry.close()
    assert settle(ready) == (
        f"the photo of frame 1, signed when the last run was cut off, is {target}",
    )
    assert target.read_bytes() == PHOTO


def test_whole_files_are_never_put_over_one_that_came_meanwhile(tmp_path: Path) -> None:
    def late() -> None:
        with output.whole_file(tmp_path / "a", force=False) as part:
            part.write_bytes(b"new")
            (tmp_path / "a").write_bytes(b"mine")

    with pytest.raises(OutputError, match="exists"):
        late()
    assert [p.read_bytes() for p in tmp_path.iterdir()] == [b"mine"]
