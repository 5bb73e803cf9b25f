"""Writes that a power cut leaves either undone or done: what devices and keys are stored with.

The order is the usual one: the whole content under a temporary name, flushed to the disk, renamed
over the old file, and the folder flushed, so that the name is as safe as the content.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from camera_sim.errors import OutputError

PUBLIC, SECRET = 0o644, 0o600


def write_whole(path: Path, data: bytes, mode: int = PUBLIC) -> None:
    """Replace a file by ``data``, or leave it as it was.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    temporary = path.with_name(f".{path.name}.part")
    try:
        make_folder(path.parent)
        write_new(temporary, data, mode)
        temporary.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror or error}") from error


def write_new(path: Path, data: bytes, mode: int = PUBLIC) -> None:
    """Write and flush a file of a temporary name; what has that name already is left over."""
    path.unlink(missing_ok=True)
    _write(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), data)


def write_over(path: Path, data: bytes) -> None:
    """Write and flush a file over the room that it has on the disk already."""
    _write(os.open(path, os.O_WRONLY), data)


def _write(descriptor: int, data: bytes) -> None:
    try:
        left = memoryview(data)
        while left:
            left = left[os.write(descriptor, left) :]
        os.ftruncate(descriptor, len(data))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def move(source: Path, target: Path) -> None:
    """Rename a file or a folder, durably.

    Raises
    ------
    OutputError
        If it cannot be moved.
    """
    try:
        source.replace(target)
        sync_folder(target.parent)
    except OSError as error:
        raise OutputError(f"{target} cannot be written: {error.strerror or error}") from error


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, each with its name flushed to the disk."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    """Flush a folder's names to the disk."""
    _sync(folder, os.O_RDONLY | os.O_DIRECTORY)


def sync_file(path: Path) -> None:
    """Flush a file's content to the disk."""
    _sync(path, os.O_RDWR)


def _sync(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep other processes out of a folder's counters while they are read and advanced."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, SECRET)
    except OSError as error:
        raise OutputError(f"{folder} cannot be written: {error.strerror or error}") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
