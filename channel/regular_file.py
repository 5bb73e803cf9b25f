"""Files that a user names, opened without waiting: a pipe that nobody writes into never ends."""

import errno
import os
import stat
from io import BufferedReader, TextIOWrapper
from pathlib import Path
from typing import Final

# Neither is known everywhere; without the first, opening a pipe would wait for who writes.
_FLAGS: Final = (
    os.O_RDONLY
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)


def open_regular(path: Path) -> BufferedReader:
    """Open a file to read bytes from its beginning.

    Raises
    ------
    OSError
        If it can't be opened, or is a folder, a pipe, a socket or a device.
    """
    descriptor = os.open(path, _FLAGS)
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode):
        return os.fdopen(descriptor, "rb")
    os.close(descriptor)
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    raise OSError(errno.EINVAL, "it is a pipe or a device; copy it into a file", str(path))


def read_regular(path: Path) -> bytes:
    """Read a whole file. Raises `OSError` as `open_regular` does."""
    with open_regular(path) as file:
        return file.read()


def read_regular_text(path: Path) -> str:
    """Read a whole file of UTF-8, its lines ending as Python's do.

    Raises
    ------
    OSError
        As `open_regular` does.
    UnicodeDecodeError
        If it is no UTF-8.
    """
    with TextIOWrapper(open_regular(path), encoding="utf-8") as file:
        return file.read()
