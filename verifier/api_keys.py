"""API keys: who may ask. The file of keys holds digests, so that it gives no key away.

One key a line: a name, a space, and the SHA-256 of the key in hexadecimal; ``#`` begins a comment.
"""

import hashlib
import hmac
import logging
import os
import re
import secrets
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, Self

from channel.errors import reason_of
from channel.regular_file import read_regular_text
from verifier.errors import OutputError, SettingsError

_log = logging.getLogger(__name__)
_LINE = re.compile(r"(?P<name>[\w.-]{1,64}) +(?P<digest>[0-9a-f]{64})")


class ApiKeys(Protocol):
    """Keys that are let in."""

    def owner(self, key: str) -> str | None:
        """Return whose key it is; None for a stranger's."""


@dataclass(frozen=True)
class Keys:
    """Digests of the keys that are let in, by the name of their owner."""

    digests: dict[str, str]

    @classmethod
    def from_file(cls, path: Path) -> Self:
        """Read a file of keys.

        Raises
        ------
        SettingsError
            If it can't be read, holds no key, or a line is none.
        """
        digests, faults = _read(path)
        if faults:
            raise SettingsError(faults[0])
        if not digests:
            raise SettingsError(f"{path} holds no key, so nobody could ask; add one with --add-key")
        return cls(digests)

    def owner(self, key: str) -> str | None:
        """Return whose key it is; None for a stranger's. Takes as long for each."""
        digest = digest_of(key)
        found = [n for n, known in self.digests.items() if hmac.compare_digest(known, digest)]
        return found[0] if found else None


class KeysFile:
    """The keys of a file, read anew when it changes: keys come and go without a restart.

    A line that is none lets nobody in and is a warning; so is a file that can't be read any more.

    Parameters
    ----------
    may_be_missing
        Whether there may be no file, and then nobody has a key; else the first reading is strict.

    Raises
    ------
    SettingsError
        As `Keys.from_file` does.
    """

    def __init__(self, path: Path, *, may_be_missing: bool = False) -> None:
        self._path = path
        self._may_be_missing = may_be_missing
        self._lock = threading.Lock()
        self._state = self._look()
        is_there = self._state is not None or not may_be_missing
        self._keys = Keys.from_file(path) if is_there else Keys({})

    @property
    def exist(self) -> bool:
        """Whether there is a file of keys."""
        return self._look() is not None

    def owner(self, key: str) -> str | None:
        """Return whose key it is now; see `Keys.owner`."""
        with self._lock:
            if (state := self._look()) != self._state:
                self._state = state
                self._keys = self._reread()
            return self._keys.owner(key)

    def _look(self) -> tuple[int, int, int] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino

    def _reread(self) -> Keys:
        try:
            digests, faults = _read(self._path)
        except SettingsError as error:
            digests, faults = {}, [f"{error}; nobody has a key now"]
        if self._state is not None or not self._may_be_missing:
            for fault in faults:
                _log.warning("%s", fault)
        return Keys(digests)


def _read(path: Path) -> tuple[dict[str, str], list[str]]:
    """Return a file's keys, and a sentence for each line that is none."""
    try:
        lines = read_regular_text(path).splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"the keys in {path} can't be read: {reason_of(error)}") from error
    digests: dict[str, str] = {}
    faults = []
    for number, line in enumerate(lines, 1):
        content = line.partition("#")[0].strip()
        match = _LINE.fullmatch(content)
        if match and match["name"] not in digests:
            digests[match["name"]] = match["digest"]
        elif content:
            faults.append(
                f"line {number} of {path} is no new key; write a name, a space and a SHA-256"
            )
    return digests, faults


def digest_of(key: str) -> str:
    """Return what the file of keys holds for a key."""
    return hashlib.sha256(key.encode()).hexdigest()


def add_key(path: Path, name: str) -> str:
    """Make a key, add its digest to a file (made if need be, for its owner alone), and return it.

    Raises
    ------
    SettingsError
        If the name can't be one, or has a key already.
    OutputError
        If the file can't be written.
    """
    if not re.fullmatch(r"[\w.-]{1,64}", name):
        raise SettingsError(f"{name!r} can't name a key; use letters, digits, dot, dash")
    if path.exists() and path.stat().st_size and name in Keys.from_file(path).digests:
        raise SettingsError(f"{name} has a key in {path}; delete its line first")
    key = secrets.token_urlsafe(32)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(f"{name} {digest_of(key)}\n")
    except OSError as error:
        raise OutputError(f"{path} can't be written: {reason_of(error)}") from error
    return key
