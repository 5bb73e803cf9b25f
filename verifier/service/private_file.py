"""A file for its owner alone, made so or mended so; refused where neither can be had."""

import os
import stat
from pathlib import Path
from typing import Final

from verifier.errors import OutputError

_OTHERS: Final = 0o077
# What SQLite lays beside a database: read by it, so nobody else may have put it there.
_BESIDE: Final = ("", "-journal", "-wal", "-shm")


def private_file(path: Path) -> None:
    """Make a file that only its owner may read, or take that right from others where they have it.

    Raises
    ------
    OutputError
        If it is no file, is another user's, or its folder lets everybody replace it.
    """
    try:
        _check_folder(path)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK, 0o600)
        os.close(descriptor)
        for suffix in _BESIDE:
            _mend(path.with_name(path.name + suffix))
    except OSError as error:
        reason = error.strerror or error
        raise OutputError(f"reports can't be kept in {path}: {reason}") from error


def _check_folder(path: Path) -> None:
    mode = path.absolute().parent.stat().st_mode
    if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
        raise OutputError(
            f"{path.absolute().parent} may be written by everybody, who could replace {path.name}; "
            f"use another folder, or: chmod o-w {path.absolute().parent}"
        )


def _mend(path: Path) -> None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return
    if not stat.S_ISREG(found.st_mode):
        raise OutputError(f"{path} is no file; name another one")
    if found.st_uid != os.geteuid():
        raise OutputError(f"{path} is another user's; name a file of your own")
    if found.st_mode & _OTHERS:
        path.chmod(stat.S_IMODE(found.st_mode) & ~_OTHERS)
