"""A RAW file, read once: what is checked, decoded and hashed are the same bytes."""

import hashlib
import io
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from camera_sim.errors import RawNotFoundError, RawUnreadableError
from channel.errors import reason_of

MOST_BYTES = 2_000_000_000
"""Of a file: 150 MP of 16 bits, uncompressed, are 300 MB."""


@dataclass(frozen=True)
class RawFile:
    """Bytes of a RAW file, and what it is called.

    Attributes
    ----------
    path
        For messages; the file is not opened again.
    content
        All of it.
    """

    path: Path
    content: bytes = field(repr=False)

    @classmethod
    def read(cls, path: str | Path) -> "RawFile":
        """Read a file.

        Raises
        ------
        RawNotFoundError
            No such file, a directory, or no permission.
        RawUnreadableError
            Empty, larger than any RAW file, or the medium fails.
        """
        path = Path(path)
        try:  # a name may be too long to be asked for
            if path.is_dir():
                raise RawNotFoundError(f"{path} is a directory; name a RAW file in it")
            if not path.is_file():
                what = "it is a pipe or a device" if path.exists() else "no such file"
                raise RawNotFoundError(f"{path}: {what}")
            size = path.stat().st_size
            if size > MOST_BYTES:
                raise RawUnreadableError(
                    f"{path} is no RAW file: it has {size / 1e9:.1f} GB, and none is over 2 GB"
                )
            content = path.read_bytes()
        except PermissionError as error:
            raise RawNotFoundError(f"{path} cannot be read: permission denied") from error
        except (OSError, MemoryError) as error:
            raise RawUnreadableError(f"{path} cannot be read: {reason_of(error)}") from error
        if not content:
            raise RawUnreadableError(f"{path} is empty (0 bytes); copy it from the card again")
        return cls(path, content)

    @cached_property
    def sha256(self) -> str:
        """Of the content, in hex."""
        return hashlib.sha256(self.content).hexdigest()

    @property
    def suffix(self) -> str:
        """Of the name, in small letters, such as ".dng"."""
        return self.path.suffix.lower()

    def opened(self) -> io.BytesIO:
        """Return the content as a file to read."""
        return io.BytesIO(self.content)
