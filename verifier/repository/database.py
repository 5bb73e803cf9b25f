"""The SQLite file of manifests: its tables, and how it is opened without harm to any other file.

A manifest store is a row; each soft binding that it states is a row that leads to it. The file says
by its application id what it is, and by its user version how its tables are laid out.
"""

import os
import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import Final

from channel.errors import reason_of
from verifier.errors import RepositoryError

FOLDER_ID: Final = 0x43534D46  # "CSMF": of a folder's database
BUNDLE_ID: Final = 0x43534D42  # "CSMB": of a bundle
VERSION: Final = 1
_MAGIC: Final = b"SQLite format 3\0"
_BUSY_SECONDS: Final = 10.0  # that a writer waits for another process
TABLES: Final = (
    """CREATE TABLE manifests (
        number INTEGER PRIMARY KEY, id TEXT NOT NULL, sha256 BLOB NOT NULL,
        published REAL NOT NULL, expires REAL, owner TEXT NOT NULL, store BLOB NOT NULL
    )""",
    """CREATE TABLE bindings (
        alg TEXT NOT NULL, value BLOB NOT NULL,
        manifest INTEGER NOT NULL REFERENCES manifests ON DELETE CASCADE,
        PRIMARY KEY (alg, value, manifest)
    ) WITHOUT ROWID""",
    "CREATE UNIQUE INDEX by_id ON manifests (id)",
    "CREATE INDEX bindings_of ON bindings (manifest)",
    "CREATE INDEX by_expiry ON manifests (expires) WHERE expires IS NOT NULL",
    "CREATE TABLE own (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID",
)


DAMAGE: Final = (sqlite3.Error, UnicodeDecodeError)
"""What reading a damaged file raises."""


def open_for_reading(path: Path, application: int, *, immutable: bool) -> sqlite3.Connection:
    """Open a file of manifests; nothing of it is changed.

    Parameters
    ----------
    application
        `FOLDER_ID` or `BUNDLE_ID`.
    immutable
        Whether nobody changes it meanwhile: then it is read as it lies, without a lock.

    Raises
    ------
    RepositoryError
        If it can't be read, is a file of something else, or of a later version.
    """
    check_beginning(path)
    options = "mode=ro&immutable=1" if immutable else "mode=ro"
    connection = _connected(f"{path.absolute().as_uri()}?{options}", path)
    try:
        _check_kind(connection, path, application)
    except BaseException:
        connection.close()
        raise
    return connection


def open_for_writing(path: Path) -> sqlite3.Connection:
    """Open a folder's database, or make it; what is committed is on the disk.

    Raises
    ------
    RepositoryError
        If it can't be written, is a file of something else, or of a later version.
    """
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK, 0o600))
    except OSError as error:
        raise RepositoryError(f"{path} can't be written: {reason_of(error)}") from error
    check_beginning(path, may_be_empty=True)
    connection = _connected(f"{path.absolute().as_uri()}?mode=rw", path)
    try:
        _prepare(connection, path)
    except sqlite3.Error as error:
        connection.close()
        raise RepositoryError(f"{path} can't be written: {error}") from error
    except BaseException:
        connection.close()
        raise
    return connection


def check_beginning(path: Path, *, may_be_empty: bool = False) -> None:
    """Refuse what is no database before SQLite touches it. Raises `RepositoryError`."""
    try:
        if not path.is_file() and path.exists():  # reading from a pipe would wait for ever
            raise RepositoryError(f"{path} is no file of manifests; name another")
        with path.open("rb") as file:
            beginning = file.read(len(_MAGIC))
    except OSError as error:
        raise RepositoryError(f"{path} can't be read: {reason_of(error)}") from error
    if beginning != _MAGIC and not (may_be_empty and not beginning):
        raise RepositoryError(f"{path} is no file of manifests, or a damaged one; name another")


def damaged_bundle(path: Path) -> RepositoryError:
    """Say that a bundle isn't what was exported."""
    return RepositoryError(f"the bundle {path} is damaged; get it again from who made it")


def make_tables(connection: sqlite3.Connection, application: int) -> None:
    """Make the tables in a new file, inside of a transaction."""
    for table in TABLES:
        connection.execute(table)
    connection.execute(f"PRAGMA application_id = {application}")
    connection.execute(f"PRAGMA user_version = {VERSION}")


def _connected(uri: str, path: Path) -> sqlite3.Connection:
    try:
        return sqlite3.connect(
            uri, uri=True, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
    except (sqlite3.Error, ValueError) as error:
        raise RepositoryError(f"{path} can't be opened: {error}") from error


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    execute = connection.execute
    execute("BEGIN IMMEDIATE")  # of two that make it at once, one finds it made
    is_new = not execute("SELECT count(*) FROM sqlite_master").fetchone()[0] and (
        execute("PRAGMA application_id").fetchone()[0] == 0
    )
    if is_new:
        make_tables(connection, FOLDER_ID)
    try:
        _check_kind(connection, path, FOLDER_ID)
    except BaseException:
        execute("ROLLBACK")
        raise
    execute("COMMIT")
    execute("PRAGMA journal_mode = WAL")  # readers go on while somebody publishes
    execute("PRAGMA synchronous = FULL")  # with it, what is committed survives a power cut
    execute("PRAGMA foreign_keys = ON")
    execute("PRAGMA secure_delete = ON")  # what is deleted is overwritten in the file


def _check_kind(connection: sqlite3.Connection, path: Path, application: int) -> None:
    try:
        # A file from elsewhere could bring views and triggers: it gets no functions to call, and
        # nothing but our own tables is looked into.
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA cell_size_check = ON")
        made = connection.execute("SELECT sql FROM sqlite_master WHERE sql NOT NULL").fetchall()
        [(found,)] = connection.execute("PRAGMA application_id").fetchall()
        [(version,)] = connection.execute("PRAGMA user_version").fetchall()
    except DAMAGE as error:
        if application == BUNDLE_ID:
            raise damaged_bundle(path) from error
        raise RepositoryError(
            f"{path} can't be opened: {error}; a folder that you may not write is read as a "
            "bundle: camsim repository export"
        ) from error
    if found != application:
        raise RepositoryError(f"{path} is a database of something else; name another")
    if version > VERSION:
        raise RepositoryError(f"{path} is of a later version of camsim; update camsim to read it")
    if {sql for (sql,) in made} != set(TABLES):
        raise RepositoryError(f"{path} is a database of something else; name another")


def end_log(connection: sqlite3.Connection) -> None:
    """Empty the log beside the file, which still holds what was deleted."""
    with suppress(sqlite3.Error):  # a reader is at work: the next one empties it
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
