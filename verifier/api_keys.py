"""API keys: who may ask. The file of keys holds digests, so that it gives no key away.

One key a line: a name, a space, and the SHA-256 of the key in hexadecimal; ``#`` begins a comment.
"""

import hashlib
import hmac
import os
import re
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from channel.errors import reason_of
from verifier.errors import OutputError, SettingsError

_LINE = re.compile(r"(?P<name>[\w.-]{1,64}) +(?P<digest>[0-9a-f]{64})")


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
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"the keys in {path} can't be read: {reason_of(error)}") from error
        digests: dict[str, str] = {}
        for number, line in enumerate(lines, 1):
            content = line.partition("#")[0].strip()
            match = _LINE.fullmatch(content)
            if match and match["name"] not in digests:
                digests[match["name"]] = match["digest"]
            elif content:
                raise SettingsError(
                    f"line {number} of {path} is no new key; write a name, a space and a SHA-256"
                )
        if not digests:
            raise SettingsError(f"{path} holds no key, so nobody could ask; add one with --add-key")
        return cls(digests)

    def owner(self, key: str) -> str | None:
        """Return whose key it is; None for a stranger's. Takes as long for each."""
        digest = digest_of(key)
        found = [n for n, known in self.digests.items() if hmac.compare_digest(known, digest)]
        return found[0] if found else None


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
