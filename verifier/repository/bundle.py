"""An offline bundle: a repository in one file, which a newsroom reads without network.

It is a SQLite file that is never written again. A digest in it covers by which value each manifest
is found, and the digest of each manifest store; so damage is noticed when it is opened, or when the
damaged store is asked for. It says nothing of who made the bundle: that a manifest is genuine is
known by its own signature.
"""

import hashlib
import os
import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from channel.errors import reason_of
from channel.output import replacing
from verifier.errors import OutputError, RepositoryError
from verifier.repository.database import (
    BUNDLE_ID,
    DAMAGE,
    damaged_bundle,
    make_tables,
    open_for_reading,
)
from verifier.repository.folder import FolderRepository
from verifier.repository.stored_manifests import StoredManifests

_DIGEST: Final = "sha256"
_VALID: Final = "(expires IS NULL OR expires > :now)"
# By the ways that look-ups take, so that damage to an index is noticed as well.
_ROWS: Final = (
    "SELECT named.id, m.id, m.published, m.expires, m.sha256 "
    "FROM manifests AS named INDEXED BY by_id CROSS JOIN manifests AS m ON m.number = named.number "
    "ORDER BY named.id",
    "SELECT alg, value, id FROM bindings CROSS JOIN manifests ON number = manifest "
    "ORDER BY alg, value, manifest",
)


class BundleRepository(StoredManifests):
    """A repository in one file, read as it lies.

    Raises
    ------
    RepositoryError
        If the file is no bundle, or damaged.
    """

    def __init__(self, path: str | Path) -> None:
        path = Path(path)
        super().__init__(path, str(path), open_for_reading(path, BUNDLE_ID, immutable=True))
        try:
            self._check(path)
        except BaseException:
            self.close()
            raise

    def _check(self, path: Path) -> None:
        try:
            [(size,)] = self._connection.execute("PRAGMA page_size").fetchall()
            [(pages,)] = self._connection.execute("PRAGMA page_count").fetchall()
            rows = self._connection.execute("SELECT value FROM own WHERE name = ?", (_DIGEST,))
            stated = rows.fetchall()
            is_whole = path.stat().st_size == size * pages and stated == [
                (_digest(self._connection),)
            ]
        except (*DAMAGE, OSError):
            is_whole = False
        if not is_whole:
            raise damaged_bundle(path)


def export_bundle(repository: FolderRepository, path: Path) -> int:
    """Write what a repository holds, but for what expired, into a new file.

    Returns
    -------
    Number of manifests.

    Raises
    ------
    OutputError
        If the file exists, or can't be written.
    RepositoryError
        If the repository can't be read.
    """
    if path.exists():
        raise OutputError(f"{path} exists, and a bundle replaces none; name a new file")
    try:
        with replacing(path) as temporary:
            count = _write(temporary, repository.folder)
    except OSError as error:
        raise OutputError(f"{path} can't be written: {reason_of(error)}") from error
    except sqlite3.Error as error:
        raise RepositoryError(f"{repository.name} can't be exported: {error}") from error
    return count


def _write(path: Path, folder: Path) -> int:
    from verifier.repository.folder import FILE

    path.unlink(missing_ok=True)  # of a process that was killed
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
    connection = sqlite3.connect(path.absolute().as_uri(), uri=True, isolation_level=None)
    try:
        execute = connection.execute
        execute("PRAGMA journal_mode = OFF")  # the file gets its name when it is whole
        execute("ATTACH ? AS source", (f"{(folder / FILE).absolute().as_uri()}?mode=ro",))
        execute("BEGIN")
        make_tables(connection, BUNDLE_ID)
        now = {"now": datetime.now(UTC).timestamp()}
        execute(
            "INSERT INTO main.manifests SELECT number, id, sha256, published, expires, '', store "
            f"FROM source.manifests WHERE {_VALID} ORDER BY number",
            now,
        )
        execute(
            "INSERT INTO main.bindings SELECT alg, value, manifest FROM source.bindings "
            "WHERE manifest IN (SELECT number FROM main.manifests)"
        )
        execute("INSERT INTO main.own VALUES (?, ?)", (_DIGEST, _digest(connection)))
        execute("COMMIT")
        [(count,)] = execute("SELECT count(*) FROM main.manifests").fetchall()
    finally:
        connection.close()
    return int(count)


def _digest(connection: sqlite3.Connection) -> bytes:
    """Hash by which value each manifest is found, and the digest of each store."""
    found = hashlib.sha256()
    for command in _ROWS:
        for row in connection.execute(command):
            for value in row:
                content = _bytes(value)
                found.update(len(content).to_bytes(8) + content)
    return found.digest()


def _bytes(value: Any) -> bytes:
    return value if isinstance(value, bytes) else repr(value).encode(errors="replace")
