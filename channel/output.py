"""Writing results: whole or not at all, and never over an existing file unless asked to."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from errno import EINVAL
from pathlib import Path

from channel.errors import OutputError
from channel.file_names import fitting_name


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a name beside a file's: what is written there takes its place, or leaves no trace.

    The folder is made if need be. What was written is flushed to the disk before it gets its name,
    so that a power cut leaves the old file or the new one. Several processes may write at a time.

    Raises
    ------
    OSError
        If the system refuses, or what is there is no regular file.
    """
    if path.exists() and not path.is_file():
        raise OSError(EINVAL, "it is a folder, a pipe or a device")
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(fitting_name(f".{path.name}", f".{os.getpid()}.part"))
    try:
        yield temporary
        _flush(temporary)
        temporary.replace(path)
        _flush(path.parent)
    except BaseException:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise


def write(path: Path, data: bytes, *, force: bool) -> None:
    """Write a file.

    Raises
    ------
    OutputError
        If it exists and ``force`` isn't set, or if it can't be written.
    """
    if path.exists() and not force:
        raise OutputError(f"{path} exists; add --force to replace it")
    try:
        with replacing(path) as temporary:
            temporary.write_bytes(data)
    except OSError as error:
        raise OutputError(f"can't write {path}: {error.strerror}; choose another place") from error


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
