"""Writing results: whole or not at all, and never over an existing file unless told to."""

import os
import tempfile
from pathlib import Path

from channel.errors import OutputError


def write(path: Path, data: bytes, *, force: bool) -> None:
    """Write a file under a temporary name and rename it.

    Raises `OutputError` if it exists and ``force`` isn't set, or if it can't be written.
    """
    if path.exists() and not force:
        raise OutputError(f"{path} exists; add --force to replace it")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=".camsim-")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
            Path(temporary).chmod(0o666 & ~_umask())  # mkstemp gives 0600
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise OutputError(f"can't write {path}: {error.strerror}; choose another place") from error


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
