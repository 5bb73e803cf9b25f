"""Where finished analyses stay: in memory for a moment, or in SQLite by choice.

The photo itself is never stored: only its report and a small picture of it.
"""

import sqlite3
import threading
from abc import ABC, abstractmethod
from collections import OrderedDict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from verifier.errors import OutputError
from verifier.preview import Preview
from verifier.service.problems import INTERRUPTED, StoppingError, problem_of
from verifier.service.records import Analysis, Record

_TABLE: Final = """
    CREATE TABLE IF NOT EXISTS analyses (
        id TEXT PRIMARY KEY, owner TEXT NOT NULL, expires REAL, analysis TEXT NOT NULL,
        preview BLOB, width INTEGER, height INTEGER
    ) WITHOUT ROWID
"""
_INDEX: Final = "CREATE INDEX IF NOT EXISTS by_expiry ON analyses (expires)"
_COLUMNS: Final = "owner, analysis, preview, width, height"
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

    What was running when the service died is told as failed after it is started again.

    Parameters
    ----------
    path
        Of the file; made if need be.
    days
        After which an analysis is deleted; 0: never.

    Raises
    ------
    OutputError
        If the file can't be made or written, or is no such database.
    """

    keeps_everything = True

    def __init__(self, path: Path, days: float) -> None:
        self._life = timedelta(days=days) if days else None
        self._lock = threading.Lock()
        try:
            path.touch(mode=0o600)
            self._connection = sqlite3.connect(
                path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            # What is deleted is overwritten in the file, too.
            self._connection.execute("PRAGMA secure_delete = ON")
            self._connection.execute(_TABLE)
            self._connection.execute(_INDEX)
            self._fail_interrupted()
        except (OSError, sqlite3.Error) as error:
            raise OutputError(f"reports can't be kept in {path}: {error}") from error

    def put(self, record: Record) -> None:
        """See `Store.put`."""
        analysis, preview = record.analysis, record.preview
        expires = analysis.expires.timestamp() if analysis.expires else None
        picture = (preview.jpeg, preview.width, preview.height) if preview else (None, None, None)
        self._run(
            "INSERT OR REPLACE INTO analyses VALUES (?, ?, ?, ?, ?, ?, ?)",
            (analysis.id, record.owner, expires, analysis.model_dump_json(), *picture),
        )

    def get(self, name: str) -> Record | None:
        """See `Store.get`."""
        rows = self._run(f"SELECT {_COLUMNS} FROM analyses WHERE id = ?", (name,))
        if not rows:
            return None
        owner, text, jpeg, width, height = rows[0]
        preview = Preview(jpeg, width, height) if jpeg is not None else None
        record = Record(Analysis.model_validate_json(text), owner, preview)
        return None if _expired(record) else record

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
            raise OutputError(f"the database of reports can't be used: {error}") from error

    def _fail_interrupted(self) -> None:
        problem = problem_of(StoppingError(INTERRUPTED))
        for (name,) in self._run(
            "SELECT id FROM analyses WHERE json_extract(analysis, '$.state') IN (?, ?)",
            ("queued", "running"),
        ):
            record = self.get(str(name))
            if record:
                update = {"state": "failed", "problem": problem, "expires": self.expiry()}
                self.put(Record(record.analysis.model_copy(update=update), record.owner))


def _expired(record: Record) -> bool:
    expires = record.analysis.expires
    return expires is not None and expires < datetime.now(UTC)
