"""Keys in files: JSON that only its owner can read, and that says what it is.

::

    {"kind": "camsim watermark group key", "version": 1, "name": "…", "secret": "… 64 hex digits"}
"""

import json
import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, TypeVar

from channel.errors import reason_of
from channel.regular_file import open_regular
from watermark.errors import WatermarkError
from watermark.keys import DeviceSecret, GroupKey, Key

KINDS: Final[dict[type[Key], str]] = {
    GroupKey: "camsim watermark group key",
    DeviceSecret: "camsim watermark device secret",
}
VERSION: Final = 1
_MODE: Final = 0o600
_FOLDER_MODE: Final = 0o700
_MOST_BYTES: Final = 4096
_FIELDS: Final = {"kind", "version", "name", "secret"}

K = TypeVar("K", bound=Key)


def read_key_file(path: Path, kind: type[K]) -> K:
    """Read a key file.

    Parameters
    ----------
    kind
        `GroupKey` or `DeviceSecret`.

    Raises
    ------
    WatermarkError
        If it is missing, readable by others, damaged, of a later version, or another kind's.
    """
    return _parsed(_read(path), path, kind)


def read_any_key_file(path: Path) -> Key:
    """Read a key file of either kind. Raises `WatermarkError` as `read_key_file` does."""
    content = _read(path)
    described = _described(content, path)
    kind = next(kind for kind, words in KINDS.items() if words == described["kind"])
    return _parsed(content, path, kind)


def _read(path: Path) -> bytes:
    """Read a file that its owner alone can read."""
    try:
        with open_regular(
            path
        ) as file:  # mode and content of one file, whatever is renamed meanwhile
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            content = file.read(_MOST_BYTES)
    except (OSError, ValueError) as error:  # ValueError: a null byte in the name
        raise WatermarkError(
            f"the watermark key {path} can't be read: {reason_of(error)}"
        ) from error
    if os.name == "posix" and mode & 0o077:
        raise WatermarkError(
            f"the watermark key {path} can be read by others (mode {mode:04o}); chmod 600 it"
        )
    return content


def write_key_file(path: Path, key: Key) -> bool:
    """Write a key to a file that its owner alone can read; one that is there stays.

    Returns
    -------
    Whether it was written; False where there is a file of that name.

    Raises
    ------
    WatermarkError
        If it can't be written.
    """
    described = {"kind": KINDS[type(key)], "version": VERSION, "name": key.name}
    content = json.dumps(described | {"secret": key.secret.hex()}, indent=2) + "\n"
    temporary = path.with_name(f".{path.name[:100]}.{secrets.token_hex(4)}.part")
    try:
        if path.exists():
            return False
        path.parent.mkdir(_FOLDER_MODE, parents=True, exist_ok=True)
        try:
            _write(temporary, content.encode())
            return _named(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise WatermarkError(
            f"the watermark key {path} can't be written: {reason_of(error)}"
        ) from error


def _write(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(descriptor)


def _named(temporary: Path, path: Path) -> bool:
    """Give a written file its name, unless another process was faster."""
    try:
        os.link(temporary, path)  # unlike a rename, it fails where the name is taken
    except FileExistsError:
        return False
    except OSError:  # a file system without links
        if path.exists():
            return False
        temporary.replace(path)
    with suppress(OSError):  # where folders can't be flushed
        _flush_folder(path.parent)
    return True


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _described(content: bytes, path: Path) -> dict[str, Any]:
    try:
        described = json.loads(content)
    except (ValueError, RecursionError):
        described = None
    if not isinstance(described, dict) or described.get("kind") not in KINDS.values():
        raise WatermarkError(f"{path} is no watermark key, or a damaged one; get it again")
    return described


def _parsed(content: bytes, path: Path, kind: type[K]) -> K:
    wanted = KINDS[kind].removeprefix("camsim watermark ")
    described = _described(content, path)
    if described["kind"] != KINDS[kind]:
        other = described["kind"].removeprefix("camsim watermark ")
        raise WatermarkError(f"{path} is a watermark's {other}, and its {wanted} is asked for")
    if described.get("version") != VERSION:
        raise WatermarkError(
            f"{path} is a watermark key of another version; read it with a newer camsim"
        )
    try:
        key = kind(bytes.fromhex(described["secret"]))
        if described.keys() != _FIELDS or described["name"] != key.name:
            raise ValueError("its name is another's")
    except (WatermarkError, ValueError, TypeError, KeyError) as error:
        raise WatermarkError(
            f"the watermark key {path} is damaged; get it again from who gave it"
        ) from error
    return key
