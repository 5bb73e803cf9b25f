"""Where finished analyses stay: in memory for a moment, or in SQLite by choice.

The photo itself is never stored: only its report, a small picture of it, and the one that was
signed, where it was recovered.
"""

import logging
import sqlite3
import threading
from abc import ABC, abstractmethod
from collections import OrderedDict
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from verifier.errors import OutputError
from verifier.report.preview import Preview
from verifier.report.reference import SignedPicture
from verifier.service.private_file import private_file
from verifier.service.problems import INTERRUPTED, StoppingError, StoreError, problem_of
from verifier.service.records import Analysis, Record

_log = logging.getLogger(__name__)
_TABLE: Final = """
    CREATE TABLE IF NOT EXISTS analyses (
        id TEXT PRIMARY KEY, owner TEXT NOT NULL, expires REAL, analysis TEXT NOT NULL,
        preview BLOB, width INTEGER, height INTEGER, signed BLOB, laid BLOB
    ) WITHOUT ROWID
"""
_ADDED: Final = ["signed", "laid"]  # the signed reference picture, since version 3
_FIELDS: Final = ["id", "owner", "expires", "analysis", "preview", "width", "height", *_ADDED]
_VERSION: Final = 3  # of the table; 0 before it was counted
_CLEANED: Final = 1  # since when what is deleted is overwritten
_UPRIGHT: Final = 2  # since when previews are
_INDEX: Final = "CREATE INDEX IF NOT EXISTS by_expiry ON analyses (expires)"
_COLUMNS: Final = "owner, analysis, preview, width, height, signed, laid"
_BUSY_SECONDS: Final = 10.0  # that a writer waits for another process that has the file


class Store(ABC):
    """Keeps analyses until they expire. Safe to use from several threads."""

    keeps_everything: bool

    @abstractmethod
    def put(self, record: Record) -> None:
        """Keep an analysis, in place of an older state of it."""

    @abstractmethod
    def get(self, name: str) -> Record | None:
        """Return the analysis of an id, unless it expired."""

    @abstractmethod
    def delete(self, name: str) -> None:
        """Forget an analysis, if it is there."""

    @abstractmethod
    def purge(self) -> None:
        """Forget what expired."""

    @abstractmethod
    def expiry(self) -> datetime | None:
        """Say when an analysis that is done now is forgotten; None: never."""

    def close(self) -> None:  # noqa: B027 - nothing to do for most
        """Let go of files."""


class MemoryStore(Store):
    """Holds answers until they were fetched or a few minutes passed; nothing reaches a disk.

    Parameters
    ----------
    seconds
        After which an answer is forgotten.
    most
        Answers at a time, of some 100 kB to 1 MB each; the oldest is forgotten first.
    """

    keeps_everything = False

    def __init__(self, seconds: float, most: int) -> None:
        self._life = timedelta(seconds=seconds)
        self._most = most
        self._records: OrderedDict[str, Record] = OrderedDict()
        self._lock = threading.Lock()

    def put(self, record: Record) -> None:
        """See `Store.put`."""
        with self._lock:
            self._records[record.analysis.id] = record
            while len(self._records) > self._most:
                self._records.popitem(last=False)

    def get(self, name: str) -> Record | None:
        """See `Store.get`."""
        with self._lock:
            record = self._records.get(name)
        return None if record is None or _expired(record) else record

    def delete(self, name: str) -> None:
        """See `Store.delete`."""
        with self._lock:
            self._records.pop(name, None)

    def all(self) -> list[Record]:
        """List what is held."""
        with self._lock:
            return list(self._records.values())

    def purge(self) -> None:
        """See `Store.purge`."""
        with self._lock:
            for name in [n for n, record in self._records.items() if _expired(record)]:
                del self._records[name]

    def expiry(self) -> datetime | None:
        """See `Store.expiry`."""
        return datetime.now(UTC) + self._life


class SqliteStore(Store):
    """Keeps analyses in a file, for its owner alone.

    What was running when the service died is told as failed after it is started again. What is
    deleted is overwritten with zeros in the file, and no second file is left that holds it.

    Parameters
    ----------
    path
        Of the file; made if need be. One that others may read is made ours alone.
    days
        After which an analysis is deleted; 0: never.

    Raises
    ------
    OutputError
        If the file can't be made or written, is another's, or is no such database.
    """

    keeps_everything = True

    def __init__(self, path: Path, days: float) -> None:
        self._life = timedelta(days=days) if days else None
        self._lock = threading.Lock()
        private_file(path)
        try:
            self._connection = sqlite3.connect(
                path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            try:
                self._open(path)
            except BaseException:
                self._connection.close()
                raise
        except (sqlite3.Error, StoreError) as error:
            raise OutputError(
                f"reports can't be kept in {path}: {error}; mend it, or name another file"
            ) from error

    def _open(self, path: Path) -> None:
        execute = self._connection.execute
        version = _checked_version(self._connection, path)
        # What is deleted is overwritten in the file, too, and is in no log beside it: a file that
        # another program set to WAL has one, which keeps pages that were changed since.
        execute("PRAGMA secure_delete = ON")
        [(mode,)] = execute("PRAGMA journal_mode = DELETE").fetchall()
        if mode != "delete":
            raise OutputError(f"{path} is open in another program; close that one first")
        execute(_TABLE)
        execute(_INDEX)
        self._add_columns()
        self._fail_interrupted()
        self.purge()
        if version < _CLEANED:  # what was deleted before may not have been overwritten
            execute("VACUUM")
            execute(f"PRAGMA user_version = {_CLEANED}")
        if version < _UPRIGHT:
            execute("BEGIN IMMEDIATE")  # all of it or nothing: none is turned twice
            self._turn_previews()
            execute(f"PRAGMA user_version = {_UPRIGHT}")
            execute("COMMIT")
        if version < _VERSION:
            execute(f"PRAGMA user_version = {_VERSION}")

    def put(self, record: Record) -> None:
        """See `Store.put`."""
        analysis, preview = record.analysis, record.preview
        expires = analysis.expires.timestamp() if analysis.expires else None
        picture = (preview.jpeg, preview.width, preview.height) if preview else (None, None, None)
        signed = (record.signed.whole, record.signed.laid) if record.signed else (None, None)
        self._run(
            "INSERT OR REPLACE INTO analyses VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (analysis.id, record.owner, expires, analysis.model_dump_json(), *picture, *signed),
        )

    def get(self, name: str) -> Record | None:
        """See `Store.get`; one that can't be read any more is none."""
        if not name.isascii():
            return None
        rows = self._run(f"SELECT {_COLUMNS} FROM analyses WHERE id = ?", (name,))
        record = _record(rows[0]) if rows else None
        return None if record is None or _expired(record) else record

    def delete(self, name: str) -> None:
        """See `Store.delete`."""
        self._run("DELETE FROM analyses WHERE id = ?", (name,))

    def purge(self) -> None:
        """See `Store.purge`."""
        now = datetime.now(UTC).timestamp()
        self._run("DELETE FROM analyses WHERE expires < ?", (now,))

    def expiry(self) -> datetime | None:
        """See `Store.expiry`."""
        return datetime.now(UTC) + self._life if self._life else None

    def close(self) -> None:
        """See `Store.close`."""
        with self._lock:
            self._connection.close()

    def _run(self, command: str, values: tuple[object, ...]) -> list[tuple[Any, ...]]:
        try:
            with self._lock:
                return self._connection.execute(command, values).fetchall()
        except sqlite3.Error as error:
            raise StoreError(
                f"the file of reports can't be used now: {error}; ask again later", _BUSY_SECONDS
            ) from error

    def _add_columns(self) -> None:
        """Add what an earlier version's table lacks; what it holds stays as it is."""
        columns = _columns(self._connection)
        for name in _ADDED:
            if name not in columns:
                self._connection.execute(f"ALTER TABLE analyses ADD COLUMN {name} BLOB")

    def _turn_previews(self) -> None:
        """Turn the pictures upright that an earlier version kept as they were coded."""
        for (name,) in self._run("SELECT id FROM analyses WHERE preview IS NOT NULL", ()):
            record = self.get(str(name))
            if record and record.report and record.preview:
                orientation = record.report.input.orientation
                self.put(replace(record, preview=record.preview.turned(orientation)))

    def _fail_interrupted(self) -> None:
        problem = problem_of(StoppingError(INTERRUPTED))
        for (name,) in self._run(
            "SELECT id FROM analyses WHERE instr(analysis, ?) OR instr(analysis, ?)",
            ('"state":"queued"', '"state":"running"'),  # the others needn't be read
        ):
            record = self.get(str(name))
            if record and record.analysis.state in ("queued", "running"):
                update = {"state": "failed", "problem": problem, "expires": self.expiry()}
                self.put(Record(record.analysis.model_copy(update=update), record.owner))


def _record(row: tuple[Any, ...]) -> Record | None:
    """Read a row; None where another version wrote what this one can't read."""
    owner, text, jpeg, width, height, whole, laid = row
    try:
        preview = Preview(jpeg, width, height) if jpeg is not None else None
        signed = SignedPicture(whole, laid) if whole is not None else None
        return Record(Analysis.model_validate_json(text), owner, preview, signed)
    except (ValueError, TypeError) as error:
        _log.warning("a report that was kept can't be read: %s", type(error).__name__)
        return None


def _checked_version(connection: sqlite3.Connection, path: Path) -> int:
    """Refuse a database of something else, or of a later version, before anything is changed."""
    [(version,)] = connection.execute("PRAGMA user_version").fetchall()
    if version > _VERSION:
        raise OutputError(f"{path} is of a later version of camsim; use that, or another file")
    tables = connection.execute("SELECT name FROM sqlite_master").fetchall()
    columns = _columns(connection)
    if tables and columns not in [_FIELDS[:end] for end in range(-len(_ADDED), 0)] + [_FIELDS]:
        raise OutputError(f"{path} is a database of something else; name another file")
    return int(version)


def _columns(connection: sqlite3.Connection) -> list[str]:
    return [row[1] for row in connection.execute("PRAGMA table_info(analyses)")]


def _expired(record: Record) -> bool:
    expires = record.analysis.expires
    return expires is not None and expires < datetime.now(UTC)
