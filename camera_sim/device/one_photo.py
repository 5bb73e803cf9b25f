"""One frame, one photo: what is on the disk at each step of signing a capture.

1. a record of the frame, which counts as its use, and room for its photo;
2. the photo is signed, in memory;
3. the frame is used up in ``captures.json``;
4. the signed photo, whole, in the device; 5. in its place; 6. the record is taken out.

Killed before 2 ends, nothing is signed; killed between 2 and 4, the photo is lost and the frame is
written down as lost; killed later, the photo of 4 is put into its place. There is never another.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from camera_sim.developing.output import write_file
from camera_sim.device import durable
from camera_sim.device.capture_token import CaptureToken
from camera_sim.device.device import Device
from camera_sim.device.photo_journal import PHOTO, Entry, Record, address
from camera_sim.device.used_frames import Lost
from camera_sim.errors import OutputError
from camera_sim.raw.raw_file import RawFile
from channel.file_names import fitting_name

KEPT = "photos"


class Taking:
    """A frame that is being made into its one photo; see `taking`.

    Attributes
    ----------
    is_signed
        Whether a signed photo is, or may be, on a disk.
    """

    def __init__(self, device: Device, entry: Entry, target: Path) -> None:
        self._device, self._entry, self._target = device, entry, target
        self._frame = int(entry.folder.name)
        self.is_signed = False

    def finish(self, signed: bytes, *, force: bool) -> None:
        """Use the frame up, keep its signed photo in the device, and put it into its place.

        Raises
        ------
        OutputError
            If it cannot be written there; the message says where in the device it is kept.
        """
        with durable.locked(self._device.folder):
            self._device.write_used(self._device.used_frames().adding(self._frame))
        self.is_signed = True
        try:
            self._entry.keep(signed)
        except OutputError:  # the device's storage fails; its place may be on another disk
            self._place(signed, force=force, kept=False)
        else:
            self._place(signed, force=force, kept=True)

    def _place(self, signed: bytes, *, force: bool, kept: bool) -> None:
        part = _part(self._target, self._frame)
        try:
            write_file(self._target, signed, force=force, temporary=part)
        except OutputError as error:
            raise OutputError(f"{error}; {self._kept_words(kept=kept)}") from error
        with durable.locked(self._device.folder):
            self._entry.remove()

    def _kept_words(self, *, kept: bool) -> str:
        if not kept:
            return f"frame {self._frame} is used up and its photo is lost"
        with durable.locked(self._device.folder):
            path = _kept(self._device, self._entry)
        return f"the signed photo of frame {self._frame} is kept as {path}"


@contextmanager
def taking(
    device: Device, token: CaptureToken, raw: RawFile, target: Path, size: int
) -> Iterator[Taking]:
    """Reserve a frame for the one photo that is signed in the ``with``.

    What is raised before `Taking.finish` gives the frame back, since nothing is signed on a disk.

    Parameters
    ----------
    size
        Of the unsigned photo, in bytes: room for the signed one is taken beforehand.

    Raises
    ------
    TokenError
        If the frame was used meanwhile.
    OutputError
        If the device's storage cannot be written.
    """
    record = Record(
        frame=token.counter,
        raw=address(raw.path),
        raw_sha256=raw.sha256,
        target=address(target),
        began=datetime.now(UTC).replace(microsecond=0),
    )
    try:
        durable.make_folder(target.parent)  # what cannot be is an error before anything is used up
    except OSError as error:
        raise OutputError(f"{target} cannot be written: {error.strerror}") from error
    with durable.locked(device.folder):
        device.check_unused(token)
        entry = device.journal.begin(record, size)
    taken = Taking(device, entry, target)
    try:
        yield taken
    finally:
        if not taken.is_signed:
            with durable.locked(device.folder):
                entry.remove()
        entry.close()


def settle(device: Device) -> tuple[str, ...]:
    """Bring to an end what killed processes left; returns a sentence for each photo.

    A whole signed photo is put into its place, if that is free, or kept in the device. A frame
    without one is written down as lost.

    Raises
    ------
    DeviceError
        If which captures were signed is lost.
    OutputError
        If the device's storage cannot be written.
    """
    with durable.locked(device.folder):
        said = [_settled(device, entry) for entry in device.journal.left()]
    return tuple(words for words in said if words)


def _settled(device: Device, entry: Entry) -> str:
    frame, record, photo = int(entry.folder.name), entry.record, entry.photo()
    used = device.used_frames()
    if photo is None and not entry.is_begun:  # nothing was signed yet
        entry.remove()
        return ""
    if photo is None:
        lost = record.lost() if record else Lost(frame=frame)
        device.write_used(used.adding(frame, lost))
        entry.remove()
        return lost.words()
    device.write_used(used.adding(frame))
    if record and _holds(record.target_path, photo):
        _part(record.target_path, frame).unlink(missing_ok=True)
        entry.remove()
        return ""
    path = _delivered(device, entry, record.target_path if record else None, photo)
    return f"the photo of frame {frame}, signed when the last run was cut off, is {path}"


def _delivered(device: Device, entry: Entry, target: Path | None, photo: bytes) -> Path:
    """Put a signed photo into its place; where that is taken or gone, keep it in the device."""
    if target is None or not target.parent.is_dir():
        return _kept(device, entry)
    try:
        write_file(target, photo, force=False, temporary=_part(target, int(entry.folder.name)))
    except OutputError:
        return _kept(device, entry)
    entry.remove()
    return target


def _kept(device: Device, entry: Entry) -> Path:
    """Move a signed photo out of the journal into the device's own folder of photos."""
    suffix = entry.record.target_path.suffix if entry.record else ""
    path = device.folder / KEPT / f"frame-{entry.folder.name}{suffix}"
    try:
        durable.make_folder(path.parent)
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror}") from error
    durable.move(entry.folder / PHOTO, path)
    entry.remove()
    return path


def _part(target: Path, frame: int) -> Path:
    """Return the temporary name of a frame's photo: the same in the next run, which clears it."""
    return target.with_name(fitting_name(f".{target.name}", f".frame-{frame}.part"))


def _holds(path: Path, photo: bytes) -> bool:
    try:
        return path.stat().st_size == len(photo) and path.read_bytes() == photo
    except OSError:
        return False
