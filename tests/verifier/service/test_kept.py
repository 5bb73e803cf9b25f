"""What is deleted is in no file any more; the file is ours alone, and a foreign one is left."""

import os
import sqlite3
import stat
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image

from tests.verifier.conftest import Camsim
from tests.verifier.service.conftest import Start
from tests.verifier.service.test_service import post
from verifier.errors import OutputError
from verifier.report.preview import Preview, preview_of
from verifier.report.reference import SignedPicture
from verifier.service.problems import Problem, StoreError
from verifier.service.records import Analysis, Record
from verifier.service.store import SqliteStore

MARK = b"informant-7.jpg"
LATER = timedelta(days=1)


def record(name: str, life: timedelta | None = LATER, size: int = 10_000) -> Record:
    problem = Problem(kind="PhotoError", message=MARK.decode() * (size // 15 + 1), status=422)
    analysis = Analysis(
        id=name,
        state="failed",
        name=MARK.decode(),
        created=datetime.now(UTC),
        expires=datetime.now(UTC) + life if life else None,
        parts=(),
        problem=problem,
    )
    return Record(analysis, "ann", Preview(MARK * (size // 15), 10, 10))


def marks(path: Path) -> int:
    """Count the mark in the file, and in all that lies beside it."""
    return sum(found.read_bytes().count(MARK) for found in path.parent.glob(path.name + "*"))


def old_store(path: Path, mode: str, *, secure: bool) -> None:
    """Make a store as an older version, or another program, left it: with deleted reports."""
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute(f"PRAGMA journal_mode = {mode}")
        database.execute(f"PRAGMA secure_delete = {secure}")
        database.execute(
            "CREATE TABLE analyses (id TEXT PRIMARY KEY, owner TEXT NOT NULL, expires REAL, "
            "analysis TEXT NOT NULL, preview BLOB, width INTEGER, height INTEGER) WITHOUT ROWID"
        )
        for number in range(20):
            kept = record(str(number))
            values = (str(number), "ann", None, kept.analysis.model_dump_json(), None, None, None)
            database.execute("INSERT INTO analyses VALUES (?, ?, ?, ?, ?, ?, ?)", values)
        database.execute("DELETE FROM analyses WHERE id != '3'")


@pytest.mark.parametrize("size", [100, 3000, 50_000])
def test_deleted_and_expired_reports_are_in_no_file(size: int, tmp_path: Path) -> None:
    path = tmp_path / "reports.db"
    with closing(SqliteStore(path, 1)) as store:
        for number in range(30):
            store.put(record(str(number), size=size))
            store.put(record(f"old{number}", -LATER, size=size))
        assert marks(path) > 60
        store.purge()
        for number in range(30):
            store.delete(str(number))
        assert marks(path) == 0, "while the service runs"


@pytest.mark.parametrize("mode", ["WAL", "DELETE", "PERSIST"])
@pytest.mark.parametrize("secure", [True, False])
def test_an_older_file_is_cleaned_and_keeps_what_it_has(
    mode: str, secure: bool, tmp_path: Path
) -> None:
    path = tmp_path / "reports.db"
    old_store(path, mode, secure=secure)
    with closing(SqliteStore(path, 1)) as store:
        assert store.get("3") is not None
        store.delete("3")
        assert marks(path) == 0
        for number in range(20):
            store.put(record(str(number)))
            store.delete(str(number))
        assert marks(path) == 0
    assert [found.name for found in tmp_path.iterdir()] == ["reports.db"]


@pytest.mark.parametrize("orientation", [1, 3, 6])
def test_pictures_that_were_kept_as_coded_are_turned_once(
    orientation: int, start: Start, photo: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "reports.db"
    client = start(database=path)
    coded = Image.open(BytesIO(photo))
    coded.getexif()[ExifTags.Base.Orientation] = orientation
    file = BytesIO()
    coded.save(file, "JPEG", exif=coded.getexif())
    place = post(client, file.getvalue()).headers["location"]
    shown = Image.open(BytesIO(client.get(f"{place}/picture").content))
    as_coded = preview_of(np.asarray(coded))
    with closing(sqlite3.connect(path, isolation_level=None)) as database:  # as version 1 left it
        values = (as_coded.jpeg, as_coded.width, as_coded.height)
        database.execute("UPDATE analyses SET preview = ?, width = ?, height = ?", values)
        database.execute("PRAGMA user_version = 1")
    for _ in range(2):
        with closing(SqliteStore(path, 1)) as store:
            kept = store.get(place.rpartition("/")[2])
            assert kept is not None
            assert kept.preview is not None
            turned = Image.open(BytesIO(kept.preview.jpeg))
            assert turned.size == shown.size == (kept.preview.width, kept.preview.height)
            apart = np.abs(np.asarray(turned).astype(int) - np.asarray(shown))
            assert apart.mean() < 10  # encoded again; turned wrongly it were 60


def test_a_deleted_report_of_a_service_is_in_no_file(
    start: Start, photo: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "reports.db"
    client = start(database=path)
    place = post(client, photo, MARK.decode()).headers["location"]
    assert marks(path) > 0
    assert client.delete(place).status_code == 204
    assert marks(path) == 0


@pytest.mark.parametrize("mode", [0o644, 0o666, 0o640, 0o604])
def test_a_file_that_others_may_read_is_ours_alone(mode: int, tmp_path: Path) -> None:
    path = tmp_path / "reports.db"
    old_store(path, "WAL", secure=True)
    leftover = tmp_path / "reports.db-journal"
    leftover.write_bytes(b"")
    for found in (path, leftover):
        found.chmod(mode)
    with closing(SqliteStore(path, 1)) as store:
        store.put(record("a"))
        for found in tmp_path.iterdir():
            assert stat.S_IMODE(found.stat().st_mode) & 0o077 == 0, found


def test_a_new_file_is_ours_alone_whatever_the_mask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        SqliteStore(tmp_path / "reports.db", 1).close()
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "reports.db").stat().st_mode) == 0o600


def test_a_folder_in_which_anybody_can_replace_the_file_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    with pytest.raises(OutputError, match="chmod o-w"):
        SqliteStore(tmp_path / "reports.db", 1)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to another user")
@pytest.mark.parametrize("suffix", ["", "-journal", "-wal"])
def test_another_users_file_is_refused(suffix: str, tmp_path: Path) -> None:
    (tmp_path / "reports.db").touch()
    planted = tmp_path / f"reports.db{suffix}"
    planted.touch()
    os.chown(planted, 65534, 65534)
    with pytest.raises(OutputError, match="another user's"):
        SqliteStore(tmp_path / "reports.db", 1)


def damaged(path: Path) -> None:
    old_store(path, "DELETE", secure=True)
    content = bytearray(path.read_bytes())
    content[100:4096] = b"\xff" * 3996
    path.write_bytes(content)


def foreign(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE customers (name TEXT)")


def same_name(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE analyses (name TEXT)")


def newer(path: Path) -> None:
    SqliteStore(path, 1).close()
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA user_version = 99")


def truncated(path: Path) -> None:
    old_store(path, "DELETE", secure=True)
    os.truncate(path, 5000)


@pytest.mark.parametrize("make", [damaged, foreign, same_name, newer, truncated])
def test_files_that_are_no_store_are_refused_and_left(
    make: object, tmp_path: Path, camsim: Camsim
) -> None:
    path = tmp_path / "reports.db"
    assert callable(make)
    make(path)
    before = path.read_bytes()
    ran = camsim("serve", "--keep", path, "--port", 0)
    assert ran.status == 2
    assert ran.err.count("\n") == 1, ran.err
    assert "reports.db" in ran.err
    assert path.read_bytes() == before


def test_a_folder_or_pipe_is_no_store(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe", tmp_path / "no" / "reports.db"):
        with pytest.raises(OutputError):
            SqliteStore(path, 1)


def test_a_report_of_another_version_is_none_and_stops_nothing(tmp_path: Path) -> None:
    path = tmp_path / "reports.db"
    with closing(SqliteStore(path, 1)) as store:
        store.put(record("a"))
        store.put(record("b"))
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("UPDATE analyses SET analysis = '{\"state\":\"running\"' WHERE id = 'a'")
    with closing(SqliteStore(path, 1)) as store:
        assert store.get("a") is None
        assert store.get("b") is not None
        assert store.get("\ud800") is None


def test_a_store_that_is_locked_says_so_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("verifier.service.store._BUSY_SECONDS", 0.0)
    with closing(SqliteStore(tmp_path / "reports.db", 1)) as store:
        with closing(sqlite3.connect(tmp_path / "reports.db", isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            with pytest.raises(StoreError, match="ask again later"):
                store.get("a")
        assert store.get("a") is None


def test_the_signed_picture_is_kept_beside_the_received_one(tmp_path: Path) -> None:
    path = tmp_path / "reports.db"
    with closing(SqliteStore(path, 1)) as store:
        for name, signed in (
            ("none", None),
            ("whole", SignedPicture(b"whole")),
            ("laid", SignedPicture(b"whole", b"laid")),
        ):
            store.put(replace(record(name), signed=signed))
            kept = store.get(name)
            assert kept is not None
            assert kept.signed == signed


def test_a_file_of_version_2_gets_room_for_it(tmp_path: Path) -> None:
    path = tmp_path / "reports.db"
    old_store(path, "DELETE", secure=True)
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("ALTER TABLE analyses ADD COLUMN signed BLOB")  # as a crash left it
        database.execute("PRAGMA user_version = 2")
    for _ in range(2):
        with closing(SqliteStore(path, 1)) as store:
            assert store.get("3") is not None
            store.put(replace(record("4"), signed=SignedPicture(b"whole", b"laid")))
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA user_version").fetchall() == [(3,)]
        database.execute("ALTER TABLE analyses ADD COLUMN more BLOB")
    with pytest.raises(OutputError, match="database of something else"):
        SqliteStore(path, 1)
