"""What a crash, a full disk or a bad one leaves: the next run tells what it drops and goes on."""

import errno
import json
import os
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fleet import Engine
from verifier import OutputError
from verifier.archive import Archive, ArchiveOptions, verify_archive
from verifier.archive import analysis as worker
from verifier.archive.listing import pictures
from verifier.archive.shard_store import ShardStore
from verifier.errors import PhotoUnreadableError

SHARD = 3
PHOTOS = 10


class Here(Engine):
    """Does tasks itself, and stops after some of them."""

    workers = 1

    def __init__(self, tasks: int = 1000) -> None:
        self._left = tasks
        self.photos: list[str] = []

    def map(self, function: Any, tasks: Any) -> Any:
        for task in tasks:
            if not self._left:
                raise KeyboardInterrupt
            self._left -= 1
            self.photos += task.photos
            yield task, function(task)


class Quick:
    """A verifier that can read nothing, at once."""

    def analyze(self, *_: object, **__: object) -> None:
        raise PhotoUnreadableError("it is none")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "_verifier", lambda _: Quick())


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    folder = tmp_path / "archive"
    folder.mkdir()
    for number in range(PHOTOS):
        (folder / f"{number:02}.jpg").write_bytes(b"")
    return Archive(str(folder), tmp_path / "out.parquet", SHARD)


def run(
    archive: Archive, engine: Engine | None = None, options: ArchiveOptions | None = None
) -> list[str]:
    """Run; returns what was told to be dropped."""
    told: list[str] = []
    verify_archive(archive, options or ArchiveOptions(), engine or Here(), notice=told.append)
    return told


def stopped(archive: Archive, shards: int = 2) -> Path:
    """Run, and be stopped after some shards; returns the folder of parts."""
    with pytest.raises(KeyboardInterrupt):
        run(archive, Here(shards))
    return ShardStore(archive.out).folder


def names(archive: Archive) -> list[str]:
    return [row["photo"] for row in pq.read_table(archive.out).to_pylist()]


def is_whole(archive: Archive) -> bool:
    """Whether each picture is there exactly once, in order, and nothing is left beside."""
    folder = ShardStore(archive.out).folder
    return names(archive) == list(pictures(archive.source)) and not folder.exists()


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def emptied(path: Path) -> None:
    os.truncate(path, 0)


def garbage(path: Path) -> None:
    path.write_bytes(os.urandom(path.stat().st_size or 100))


def zeroed(path: Path) -> None:
    """As a disk leaves a file whose end was written and whose beginning wasn't."""
    content = bytearray(path.read_bytes())
    content[4:600] = bytes(596)
    path.write_bytes(content)


def another_schema(path: Path) -> None:
    pq.write_table(pa.table({"photo": ["a"] * SHARD}), path)


def a_row_less(path: Path) -> None:
    found = pq.read_table(path)
    pq.write_table(found.slice(1), path)


def another_shard(path: Path) -> None:
    path.write_bytes(path.with_name("000000001.parquet").read_bytes())


def removed(path: Path) -> None:
    path.unlink()


DAMAGE = [cut, emptied, garbage, zeroed, another_schema, a_row_less, another_shard]


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_part_is_told_and_done_again(
    damage: Callable[[Path], None], archive: Archive
) -> None:
    folder = stopped(archive)
    damage(folder / "000000000.parquet")
    engine = Here()
    told = run(archive, engine)
    assert is_whole(archive)
    assert [sentence for sentence in told if "000000000.parquet is dropped" in sentence]
    again = Counter(Path(photo).name for photo in engine.photos)
    assert {"00.jpg", "01.jpg", "02.jpg"} <= set(again)
    assert "03.jpg" not in again, "what is whole isn't done again"


@pytest.mark.parametrize("damage", [cut, emptied, garbage, removed])
@pytest.mark.parametrize("file", ["plan.json", "photos.jsonl"])
def test_a_damaged_plan_is_told_and_made_again(
    file: str, damage: Callable[[Path], None], archive: Archive
) -> None:
    folder = stopped(archive)
    damage(folder / file)
    engine = Here()
    told = run(archive, engine)
    assert is_whole(archive)
    assert "is made again" in "".join(told) or (file, damage) == ("plan.json", removed)
    assert len(engine.photos) == PHOTOS - 2 * SHARD, "parts that agree with it are kept"


def test_a_plan_of_an_older_version_is_told_and_made_again(archive: Archive) -> None:
    folder = stopped(archive)
    plan = json.loads((folder / "plan.json").read_text())
    for field in ("names", "run"):
        del plan[field]
    (folder / "plan.json").write_text(json.dumps(plan))
    assert "is made again" in "".join(run(archive))
    assert is_whole(archive)


def test_a_lost_plan_of_a_folder_that_changed(archive: Archive) -> None:
    folder = stopped(archive)
    emptied(folder / "plan.json")
    (Path(archive.source) / "001.jpg").write_bytes(b"")  # all but the first two move on
    engine = Here()
    told = run(archive, engine)
    assert is_whole(archive)
    assert len(names(archive)) == PHOTOS + 1
    assert sum("is dropped" in sentence for sentence in told) == 2


def test_a_lost_plan_of_fewer_pictures(archive: Archive) -> None:
    folder = stopped(archive, 3)
    emptied(folder / "plan.json")
    for path in sorted(Path(archive.source).iterdir())[SHARD:]:
        path.unlink()
    told = run(archive)
    assert is_whole(archive)
    assert sum("another list" in sentence for sentence in told) == 2


def test_parts_of_other_options_are_not_taken_after_a_lost_plan(archive: Archive) -> None:
    folder = stopped(archive)
    emptied(folder / "plan.json")
    engine = Here()
    told = run(archive, engine, ArchiveOptions(reports=True))
    assert len(engine.photos) == PHOTOS
    assert sum("other options" in sentence for sentence in told) == 2


def test_another_version_is_another_run(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    stopped(archive)
    monkeypatch.setattr("verifier.archive.run._version", lambda: "999")
    with pytest.raises(OutputError, match="or version; finish that one"):
        run(archive)


def test_leftovers_and_the_lock_of_a_dead_run_are_in_nobodys_way(archive: Archive) -> None:
    folder = stopped(archive)
    assert (folder / "lock").exists()
    for name in ("000000007.writing", "table.writing", "plan.writing", "photos.writing"):
        (folder / name).write_bytes(b"half")
    run(archive)
    assert is_whole(archive)


def test_what_somebody_else_laid_there_stays(archive: Archive) -> None:
    folder = stopped(archive)
    (folder / "notes.txt").write_text("mine")
    (folder / "1.parquet").write_text("mine, too")
    run(archive)
    assert names(archive) == list(pictures(archive.source))
    assert sorted(path.name for path in folder.iterdir()) == ["1.parquet", "notes.txt"]


def test_killed_while_tidying_up_it_is_no_start_of_the_next_run(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as killed:
        killed.setattr(ShardStore, "_sweep", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            run(archive)
    assert len(names(archive)) == PHOTOS
    with pytest.raises(OutputError, match="exists"):
        run(archive)
    (Path(archive.source) / "new.jpg").write_bytes(b"")
    engine = Here()
    run(Archive(archive.source, archive.out, SHARD, force=True), engine)
    assert len(engine.photos) == PHOTOS + 1, "the table that was finished is made anew"
    assert is_whole(archive)


def test_a_part_that_goes_bad_after_it_was_checked_is_done_again(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    join, damaged = ShardStore._join, []

    def bad(self: ShardStore, *args: Any) -> None:
        if not damaged:
            damaged.append(self.folder / "000000001.parquet")
            zeroed(damaged[0])
        join(self, *args)

    monkeypatch.setattr(ShardStore, "_join", bad)
    assert "can't be read" in "".join(run(archive))
    assert is_whole(archive)


def test_a_defect_that_one_picture_brings_out_is_a_row(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    def analyze(*_: object, **options: object) -> None:
        if options["name"] == "05.jpg":
            raise ZeroDivisionError("a defect")
        raise PhotoUnreadableError("it is none")

    monkeypatch.setattr(Quick, "analyze", analyze)
    run(archive)
    rows = pq.read_table(archive.out).to_pylist()
    assert Counter(row["error_kind"] for row in rows) == {
        "PhotoUnreadableError": PHOTOS - 1,
        "ZeroDivisionError": 1,
    }


def test_a_picture_that_a_list_names_twice_is_a_row(archive: Archive, tmp_path: Path) -> None:
    found = list(pictures(archive.source))
    (tmp_path / "list.txt").write_text("\n".join([*found, *found[:4]]))
    listed = Archive(str(tmp_path / "list.txt"), tmp_path / "b.parquet", SHARD)
    run(listed)
    assert names(listed) == found


FULL = OSError(errno.ENOSPC, "No space left on device")


class Disk:
    """Is full at the n-th call that writes."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, at: int) -> None:
        self.calls, self._at = 0, at
        for owner, name in (
            (pq, "write_table"),
            (pq.ParquetWriter, "write_table"),
            (os, "fsync"),
            (Path, "replace"),
            (Path, "write_text"),
            (Path, "mkdir"),
        ):
            self._watch(monkeypatch, owner, name)
        self._watch(monkeypatch, Path, "open", lambda args: "w" in "".join(args[1:2]))

    def calls_of(self, archive: Archive) -> int:
        """Run; returns how often it was written to the disk until it was full."""
        try:
            run(archive)
        except OutputError as error:
            assert "No space left on device; make room" in str(error)  # noqa: PT017
        return self.calls

    def _watch(
        self,
        monkeypatch: pytest.MonkeyPatch,
        owner: Any,
        name: str,
        writes: Callable[[Any], bool] = lambda _: True,
    ) -> None:
        original = getattr(owner, name)

        def call(*args: Any, **options: Any) -> Any:
            if writes(args):
                self.calls += 1
                if self.calls == self._at:
                    raise FULL
            return original(*args, **options)

        monkeypatch.setattr(owner, name, call)


@pytest.mark.slow
def test_a_disk_that_is_full_at_any_write_loses_nothing(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = ShardStore(archive.out).folder
    at = 0
    while True:
        at += 1
        shutil.rmtree(folder, ignore_errors=True)
        archive.out.unlink(missing_ok=True)
        with monkeypatch.context() as context:
            disk = Disk(context, at)
            if disk.calls_of(archive) < at:
                break
        assert not archive.out.exists()
        assert not list(folder.glob("*.writing")), "half a file takes none of the room"
        assert run(archive) == []
        assert is_whole(archive)
    assert at > 20


@contextmanager
def small_disk(place: Path, kilobytes: int) -> Iterator[None]:
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(place)]
    if os.geteuid() or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("a small disk can't be mounted here: that needs the rights of root")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)  # whatever is still open


def fill(ballast: Path, leave: int) -> None:
    """Take all the room of a disk, except some bytes."""
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            file.truncate(file.tell() - leave)


def test_a_disk_that_is_full_in_truth(archive: Archive, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 120):
        small = Archive(archive.source, tmp_path / "disk" / "out.parquet", SHARD)
        ballast = tmp_path / "disk" / "ballast"
        fill(ballast, leave=16_384)
        with pytest.raises(OutputError, match="No space left on device; make room"):
            run(small)
        assert not small.out.exists()
        ballast.unlink()
        assert run(small) == []
        assert is_whole(small)
