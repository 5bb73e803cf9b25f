"""A repository in a folder: SQLite, to publish into and to look up in."""

import hashlib
import sqlite3
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from channel.errors import reason_of
from verifier.errors import ManifestConflictError, ManifestNotFoundError, RepositoryError
from verifier.repository.database import (
    FOLDER_ID,
    end_log,
    open_for_reading,
    open_for_writing,
)
from verifier.repository.publication import Publication
from verifier.repository.stored_manifests import VALID, StoredManifests, now, searchable, time_of

FILE: Final = "manifests.sqlite"
KEYS: Final = "keys"
"""File beside it with the digests of the keys that may publish over HTTP."""
_INSERT: Final = (
    "INSERT INTO manifests (id, sha256, published, expires, owner, store) VALUES (?, ?, ?, ?, ?, ?)"
)
_LAST_LONGER: Final = (
    "UPDATE manifests SET expires = CASE WHEN ? IS NULL THEN NULL ELSE max(expires, ?) END "
    "WHERE id = ? AND expires IS NOT NULL"
)


class FolderRepository(StoredManifests):
    """A repository in a folder; safe to use from several threads and processes.

    What `publish` returned from is on the disk: neither a kill nor a power cut takes it away.

    Parameters
    ----------
    folder
        Where ``manifests.sqlite`` lies.
    writes
        Whether manifests are published or deleted.
    make
        Whether it is made where there is none: in a folder that is new or empty.

    Raises
    ------
    RepositoryError
        If it is no repository, can't be opened, or isn't made in a folder of something else.
    """

    def __init__(self, folder: str | Path, *, writes: bool = False, make: bool = False) -> None:
        folder = Path(folder)
        path = folder / FILE
        check_folder(folder, make=make)
        if make:
            _make_folder(folder)
        self._writes = writes or make
        connection = (
            open_for_writing(path)
            if self._writes
            else open_for_reading(path, FOLDER_ID, immutable=False)
        )
        self.folder = folder
        super().__init__(path, str(folder), connection)

    def publish(
        self, publication: Publication, *, expires: datetime | None = None, owner: str = ""
    ) -> bool:
        """Publish a manifest store; the same again is no error, and at most makes it last longer.

        Parameters
        ----------
        expires
            When it isn't found any more; None: never.
        owner
            Whose key published it.

        Returns
        -------
        Whether it is new.

        Raises
        ------
        ManifestConflictError
            If another store is published under its identifier.
        RepositoryError
            If the file can't be written.
        """
        with self._transaction() as execute:
            purged = _purge(execute)
            new = self._put(execute, publication, expires, owner)
        if purged:
            self._end_log()
        return new

    def publish_all(self, publications: Iterable[Publication]) -> None:
        """Publish many manifest stores at once: all of them, or none where one is refused.

        Raises
        ------
        ManifestConflictError
            If another store is published under an identifier.
        RepositoryError
            If the file can't be written.
        """
        with self._transaction() as execute:
            for publication in publications:
                self._put(execute, publication, None, "")

    def delete(self, identifier: str, *, owner: str | None = None) -> None:
        """Delete a manifest and what leads to it.

        Parameters
        ----------
        owner
            Whose key asks: another's manifest isn't deleted. None: the operator, who may.

        Raises
        ------
        ManifestNotFoundError
            If there is none, or it is another's.
        RepositoryError
            If the file can't be written.
        """
        with self._transaction() as execute:
            found = execute(
                "DELETE FROM manifests WHERE id = ? AND (? IS NULL OR owner = ?)",
                (searchable(identifier), owner, owner),
            ).rowcount
        if not found:
            raise ManifestNotFoundError(f"{self.name} holds no manifest {identifier[:300]!a}")
        self._end_log()

    def purge(self) -> int:
        """Delete what expired, and return how many manifests that were."""
        with self._transaction() as execute:
            count = _purge(execute)
        if count:
            self._end_log()
        return count

    def own(self, name: str, make: bytes) -> bytes:
        """Return a value that the repository keeps for itself; it is made the first time."""
        with self._transaction() as execute:
            execute("INSERT OR IGNORE INTO own VALUES (?, ?)", (name, make))
            [(value,)] = execute("SELECT value FROM own WHERE name = ?", (name,)).fetchall()
        return bytes(value)

    def published(self, identifier: str) -> tuple[datetime, bytes]:
        """Return when a manifest was published, and the SHA-256 of its store.

        Raises
        ------
        ManifestNotFoundError
            If there is none.
        """
        rows = self._rows(
            f"SELECT published, sha256 FROM manifests WHERE id = ? AND {VALID}",
            (searchable(identifier), now()),
        )
        if not rows:
            raise ManifestNotFoundError(f"{self.name} holds no manifest {identifier[:300]!a}")
        return time_of(rows[0][0]), bytes(rows[0][1])

    def bindings(self, identifier: str) -> tuple[tuple[str, bytes], ...]:
        """Return the algorithms and values by which a manifest is found.

        Raises
        ------
        ManifestNotFoundError
            If there is none.
        """
        self.published(identifier)
        rows = self._rows(
            "SELECT alg, value FROM manifests JOIN bindings ON manifest = number WHERE id = ?",
            (searchable(identifier),),
        )
        return tuple((str(alg), bytes(value)) for alg, value in rows)

    def _put(
        self,
        execute: "_Execute",
        publication: Publication,
        expires: datetime | None,
        owner: str,
    ) -> bool:
        digest = hashlib.sha256(publication.store).digest()
        name = publication.identifier
        ends = expires.timestamp() if expires else None
        rows = execute("SELECT sha256 FROM manifests WHERE id = ?", (name,)).fetchall()
        if rows and rows[0][0] != digest:
            raise ManifestConflictError(
                f"another manifest store is published as {name}; it is kept"
            )
        if rows:  # whoever published it first, perhaps to expire soon
            execute(_LAST_LONGER, (ends, ends, name))
            return False
        number = execute(_INSERT, (name, digest, now(), ends, owner, publication.store)).lastrowid
        for alg, value in publication.bindings:
            execute("INSERT OR IGNORE INTO bindings VALUES (?, ?, ?)", (alg, value, number))
        return True

    def _transaction(self) -> "_Transaction":
        return _Transaction(self)

    def _end_log(self) -> None:
        with self._lock:
            end_log(self._connection)


class _Execute:
    """Runs commands in a transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def __call__(self, command: str, values: tuple[Any, ...] = ()) -> sqlite3.Cursor:
        return self._connection.execute(command, values)


class _Transaction:
    """All of it or nothing, one at a time; SQLite's errors are told as ours."""

    def __init__(self, repository: FolderRepository) -> None:
        self._of = repository

    def __enter__(self) -> _Execute:
        self._of._lock.acquire()
        try:
            self._of._connection.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            self._of._lock.release()
            raise self._told(error) from error
        return _Execute(self._of._connection)

    def __exit__(self, kind: object, error: BaseException | None, _: object) -> None:
        connection = self._of._connection
        try:
            if error is None:
                connection.execute("COMMIT")
        except sqlite3.Error as failure:
            raise self._told(failure) from failure
        finally:
            with suppress(sqlite3.Error):
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
            self._of._lock.release()
        if isinstance(error, sqlite3.Error):
            raise self._told(error) from error

    def _told(self, error: sqlite3.Error) -> RepositoryError:
        return RepositoryError(f"{self._of._path} can't be written: {error}")


def _purge(execute: _Execute) -> int:
    return execute("DELETE FROM manifests WHERE expires <= ?", (now(),)).rowcount


def check_folder(folder: Path, *, make: bool) -> None:
    """Check that a folder is a repository, or that one can be made there; makes none.

    Raises
    ------
    RepositoryError
        If it is none, and none is made there.
    """
    path = folder / FILE
    try:
        if path.exists():
            return
        if folder.exists() and not folder.is_dir():
            what = "a file" if folder.is_file() else "a pipe or a device"
            why = "no folder to publish in" if make else "no repository"
            raise RepositoryError(f"{folder} is {what}, and {why}; name another")
        if not make:
            words = "is no repository" if folder.exists() else "isn't there"
            raise RepositoryError(
                f"{folder} {words}: there is no {FILE} in it; `camsim publish` makes one"
            )
        if folder.exists() and any(folder.iterdir()):
            raise RepositoryError(
                f"{folder} is a folder of something else; name a new or an empty one"
            )
    except (OSError, ValueError) as error:  # ValueError: a null byte in the name
        raise RepositoryError(f"{folder} can't be used: {reason_of(error)}") from error


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RepositoryError(f"{folder} can't be made: {reason_of(error)}") from error
