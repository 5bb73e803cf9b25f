"""Look-ups in a file of manifests, a folder's or a bundle's."""

import hashlib
import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Self

from verifier.errors import ManifestNotFoundError, RepositoryError
from verifier.repository.database import DAMAGE
from verifier.repository.repository import MOST_MATCHES

VALID: Final = "(expires IS NULL OR expires > ?)"
"""Of a manifest that is found; with the time now."""


@dataclass(frozen=True)
class Entry:
    """A published manifest, as a list shows it."""

    identifier: str
    published: datetime
    expires: datetime | None
    owner: str
    size: int

    @property
    def is_expired(self) -> bool:
        """Whether it isn't found any more."""
        return self.expires is not None and self.expires <= datetime.now(UTC)


class StoredManifests:
    """The look-ups that folders and bundles share; safe to use from several threads.

    Attributes
    ----------
    name
        Of the repository, as it was named.
    """

    def __init__(self, path: Path, name: str, connection: sqlite3.Connection) -> None:
        self.name = name
        self._path = path
        self._connection = connection
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def matches(self, alg: str, value: bytes, most: int = MOST_MATCHES) -> tuple[str, ...]:
        """See `Repository.matches`."""
        rows = self._rows(
            "SELECT id FROM bindings JOIN manifests ON number = manifest "
            f"WHERE alg = ? AND value = ? AND {VALID} ORDER BY number LIMIT ?",
            (searchable(alg), value, now(), most),
        )
        return tuple(str(name) for (name,) in rows)

    def manifest(self, identifier: str) -> bytes:
        """See `Repository.manifest`."""
        rows = self._rows(
            f"SELECT id, store, sha256 FROM manifests WHERE id = ? AND {VALID}",
            (searchable(identifier), now()),
        )
        if not rows:
            raise ManifestNotFoundError(f"{self.name} holds no manifest {identifier[:300]!a}")
        name, store, digest = rows[0]
        is_whole = isinstance(store, bytes) and hashlib.sha256(store).digest() == digest
        if not is_whole or name != identifier:
            raise RepositoryError(
                f"{self._path} is damaged: its manifest {identifier} isn't what was published"
            )
        return bytes(store)

    def algorithms(self) -> tuple[str, ...]:
        """Return the names of the algorithms by which manifests are found."""
        # One step of the index an algorithm: DISTINCT alone would read all of it.
        names: list[str] = []
        while rows := self._rows(
            "SELECT min(alg) FROM bindings WHERE alg > ?", (names[-1] if names else "",)
        ):
            if rows[0][0] is None:
                break
            names.append(str(rows[0][0]))
        return tuple(names)

    def entries(self) -> Iterator[Entry]:
        """Yield what is published, the first published first; expired ones are said to be that."""
        last = 0
        while rows := self._rows(
            "SELECT number, id, published, expires, owner, length(store) FROM manifests "
            "WHERE number > ? ORDER BY number LIMIT 1000",
            (last,),
        ):
            for _, name, published, expires, owner, size in rows:
                ends = None if expires is None else time_of(expires)
                yield Entry(name, time_of(published), ends, owner, size)
            last = rows[-1][0]

    def __len__(self) -> int:
        [(count,)] = self._rows(f"SELECT count(*) FROM manifests WHERE {VALID}", (now(),))
        return int(count)

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._connection.close()

    def _rows(self, command: str, values: tuple[object, ...]) -> list[tuple[Any, ...]]:
        try:
            with self._lock:
                return self._connection.execute(command, values).fetchall()
        except DAMAGE as error:
            raise RepositoryError(f"{self._path} can't be read: {error}") from error


def now() -> float:
    """Return the time as a row has it: seconds since 1970."""
    return datetime.now(UTC).timestamp()


def searchable(given: str) -> str:
    """Return a text that SQLite can compare: one with half a character in it names nothing."""
    return given.encode(errors="replace").decode()


def time_of(seconds: float) -> datetime:
    """Return the time that a row has; the first or the last there is where it is none."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        return (datetime.max if seconds > 0 else datetime.min).replace(tzinfo=UTC)
