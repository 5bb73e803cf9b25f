"""Photos that are being signed: what a device writes down so that a cut loses and doubles none.

::

    DEVICE/unfinished/12/    frame 12 is being signed, or was when the power went
    ├── record.json          its RAW file, and where its photo goes
    ├── photo                the signed photo, once it is whole
    └── .photo.part          its place on the disk, taken before anything is signed

The record counts as a use of the frame's token from the moment it is on the disk, and it is there
before anything is signed. A process that works on an entry holds its lock, which a kill lets go.
"""

import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote_to_bytes, urlsplit

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from camera_sim.device import durable
from camera_sim.device.used_frames import MOST_FRAMES, Lost
from camera_sim.errors import OutputError

FOLDER, RECORD, PHOTO, SPARE, LOCK = "unfinished", "record.json", "photo", ".photo.part", ".lock"
FRAME = re.compile("[1-9][0-9]{0,9}")
ROOM_FOR_CREDENTIAL = 1 << 18
"""Bytes that a credential may add to a photo.

With certificates and a timestamp about 20,000; a reference picture adds up to 80,000 (as base64).
"""


class Record(BaseModel):
    """What is known of a photo before it is signed.

    Attributes
    ----------
    raw, target
        As ``file:`` addresses, since a path may hold any bytes.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    frame: int = Field(ge=1, le=MOST_FRAMES, strict=True)
    raw: str
    raw_sha256: str
    target: str
    began: AwareDatetime

    @property
    def target_path(self) -> Path:
        """Where the photo goes."""
        return _path(self.target)

    def lost(self) -> Lost:
        """Return this as a frame whose photo was never finished."""
        name = os.fsencode(_path(self.raw).name).decode(errors="replace")
        return Lost(frame=self.frame, raw=name, raw_sha256=self.raw_sha256, began=self.began)


def address(path: Path) -> str:
    """Return a path as an absolute ``file:`` address."""
    return path.absolute().as_uri()


def _path(uri: str) -> Path:
    return Path(os.fsdecode(unquote_to_bytes(urlsplit(uri).path)))


@dataclass(frozen=True)
class Entry:
    """One photo in the journal, locked by this process.

    Attributes
    ----------
    record
        None where it is damaged, or was never written.
    lock
        Descriptor of the locked file.
    """

    folder: Path
    record: Record | None
    lock: int

    def keep(self, signed: bytes) -> None:
        """Write the signed photo over the place that was taken for it: no disk is too full."""
        spare = self.folder / SPARE
        try:
            durable.write_over(spare, signed)
            durable.move(spare, self.folder / PHOTO)
        except OSError as error:
            raise OutputError(f"{self.folder} cannot be written: {error.strerror}") from error

    @property
    def is_begun(self) -> bool:
        """Whether there is a record, sound or damaged."""
        return (self.folder / RECORD).exists()

    def photo(self) -> bytes | None:
        """Return the signed photo; None where it is not whole."""
        try:
            return (self.folder / PHOTO).read_bytes()
        except OSError:
            return None

    def remove(self) -> None:
        """Take the entry out: by one rename, so that half of it is never taken for an entry."""
        done = self.folder.with_name(f".{self.folder.name}.done")
        shutil.rmtree(done, ignore_errors=True)
        durable.move(self.folder, done)
        shutil.rmtree(done, ignore_errors=True)

    def close(self) -> None:
        """Let the lock go."""
        os.close(self.lock)


class PhotoJournal:
    """The journal of one device; whoever calls holds the device's lock.

    Parameters
    ----------
    device
        Its folder.
    """

    def __init__(self, device: Path) -> None:
        self._folder = device / FOLDER

    def frames(self) -> list[int]:
        """Return the frames with a record, in order."""
        return sorted(int(place.name) for place in self._places() if (place / RECORD).exists())

    def begin(self, record: Record, size: int) -> Entry:
        """Take the room for a photo of about ``size`` bytes, then write its record down.

        Raises
        ------
        OutputError
            If the disk is full, or cannot be written; nothing is left then.
        """
        place = self._folder / str(record.frame)
        try:
            durable.make_folder(place)
            entry = Entry(place, record, _locked(place))
        except OSError as error:
            raise OutputError(f"{place} cannot be written: {error.strerror}") from error
        try:
            durable.write_whole(place / SPARE, bytes(size + ROOM_FOR_CREDENTIAL))
            durable.write_whole(place / RECORD, record.model_dump_json().encode())
        except OutputError:
            entry.remove()
            entry.close()
            raise
        return entry

    def left(self) -> Iterator[Entry]:
        """Yield the entries that no living process works on; each is closed afterwards."""
        for rest in self._folder.glob(".*.done"):
            shutil.rmtree(rest, ignore_errors=True)
        for place in self._places():
            try:
                lock = _locked(place)
            except OSError:  # its process lives
                continue
            entry = Entry(place, _read(place / RECORD), lock)
            try:
                yield entry
            finally:
                entry.close()

    def _places(self) -> list[Path]:
        if not self._folder.is_dir():
            return []
        return sorted(place for place in self._folder.iterdir() if FRAME.fullmatch(place.name))


def _locked(place: Path) -> int:
    lock = os.open(place / LOCK, os.O_RDWR | os.O_CREAT, durable.SECRET)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        raise
    return lock


def _read(path: Path) -> Record | None:
    try:
        return Record.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None
