"""A table with every picture of an archive once, whoever is killed on the way."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from channel.manipulations import GAUSSIAN
from fleet import Engine, Processes, RayCluster, WorkerDied
from tests.conftest import REPOSITORY
from tests.fleet.alone import Alone
from tests.verifier.conftest import Camsim, jpeg
from tests.verifier.detectors.toy_origin import toy_origin
from tests.verifier.toy import native
from verifier import OutputError, PhotoNotFoundError, Report, WorkerError
from verifier.archive import Archive, ArchiveOptions, verify_archive
from verifier.archive.listing import pictures
from verifier.archive.run import _shard_size
from verifier.archive.shard_store import ShardStore
from verifier.evaluation.bench_archive import bench_archive
from verifier.settings import Settings

pytestmark = pytest.mark.slow

QUICK = ("--resend", "--shard", 2, "--workers", 2)


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Twelve good pictures in folders, and three files that are none."""
    folder = tmp_path / "archive"
    for number in range(12):
        place = folder / f"year{number % 3}" / f"{number:02}.jpg"
        place.parent.mkdir(parents=True, exist_ok=True)
        pixels = native(220, 260, number)
        place.write_bytes(jpeg(GAUSSIAN(pixels) if number % 2 else pixels))
    (folder / "year0" / "bad.jpg").write_bytes(b"no picture")
    (folder / "year0" / "empty.png").write_bytes(b"")
    (folder / "year1" / "notes.txt").write_text("passed over")
    (folder / "year1" / os.fsdecode(b"new\nline\xff.jpg")).write_bytes(jpeg(native(220, 260)))
    return folder


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fleet.Processes", Alone)


def rows(path: Path) -> list[dict[str, Any]]:
    return list(pq.read_table(path).to_pylist())


@pytest.mark.usefixtures("alone")
def test_every_picture_is_a_row_in_order(
    archive: Path, toy_folder: Path, tmp_path: Path, camsim: Camsim
) -> None:
    out = tmp_path / "report.parquet"
    ran = camsim("verify-archive", archive, "--out", out, "--weights", toy_folder, *QUICK)
    assert ran.status == 0, ran.err
    assert "15 pictures" in ran.out
    assert "2 error" in ran.out
    found = rows(out)
    names = [Path(row["photo"]).name for row in found]
    assert names[:3] == ["00.jpg", "03.jpg", "06.jpg"]
    assert names[-4:] == ["02.jpg", "05.jpg", "08.jpg", "11.jpg"]
    assert "new\nline\\udcff.jpg" in names
    by_name = dict(zip(names, found, strict=True))
    assert by_name["bad.jpg"]["error_kind"] == "PhotoUnreadableError"
    assert "0 bytes" in by_name["empty.png"]["error"]
    assert by_name["00.jpg"]["verdict"] == "consistent"
    assert by_name["01.jpg"]["detectors"][0]["finding"] == "evidence against"
    assert by_name["01.jpg"]["verdict"] == "inconclusive"  # sent through nothing, so not confirmed
    assert by_name["01.jpg"]["detectors"][0]["answer"] == "gaussian"
    assert by_name["00.jpg"]["report"] is None
    assert not out.with_name("report.parquet.parts").exists()


def test_rows_are_what_the_sdk_says(
    archive: Path, toy_folder: Path, tmp_path: Path, verifier: Any
) -> None:
    options = ArchiveOptions(toy_folder, Settings(resend_through=("instagram",)), reports=True)
    verify_archive(Archive(str(archive / "year2"), tmp_path / "a.parquet"), options, Alone())
    for row in rows(tmp_path / "a.parquet"):
        own = verifier.analyze(row["photo"])
        whole = Report.model_validate_json(row["report"])
        assert whole.model_dump(exclude={"seconds"}) == own.model_dump(exclude={"seconds"})
        assert (row["sha256"], row["summary"]) == (own.input.sha256, own.verdict.summary)


def test_the_driver_killed_the_next_run_finishes_it(
    archive: Path, toy_folder: Path, tmp_path: Path, camsim: Camsim
) -> None:
    out = tmp_path / "report.parquet"
    parts = out.with_name("report.parquet.parts")
    words = ["verify-archive", archive, "--out", out, "--weights", toy_folder, *QUICK]
    command = [sys.executable, "-m", "camera_sim.cli", *map(str, words)]
    kills = 0
    while kills < 2:
        before = len(list(parts.glob("*.parquet"))) if parts.exists() else 0
        with subprocess.Popen(command, cwd=REPOSITORY, stderr=subprocess.DEVNULL) as driver:
            while len(list(parts.glob("*.parquet"))) <= before and driver.poll() is None:
                time.sleep(0.01)
            driver.send_signal(signal.SIGKILL)
            driver.wait()
        kills += 1
        assert not out.exists()
    written = {path.name: path.stat().st_mtime_ns for path in parts.glob("*.parquet")}
    assert 2 <= len(written) < 8
    (archive / "year0" / "new.jpg").write_bytes(jpeg(native(220, 260)))
    ran = camsim(*words)
    assert ran.status == 0, ran.err
    names = Counter(Path(row["photo"]).name for row in rows(out))
    assert len(names) == 15
    assert set(names.values()) == {1}
    now = int(ran.out.splitlines()[1].split()[0])
    assert now < 15, "what was written wasn't done again"


@pytest.mark.usefixtures("alone")
def test_a_finished_table_is_not_replaced_unasked(
    archive: Path, toy_folder: Path, tmp_path: Path, camsim: Camsim
) -> None:
    out = tmp_path / "report.parquet"
    out.write_text("mine")
    words = ("verify-archive", archive / "year2", "--out", out, "--weights", toy_folder, *QUICK)
    assert "exists; add --force" in camsim(*words).err
    assert out.read_text() == "mine"
    assert camsim(*words, "--force").status == 0
    assert len(rows(out)) == 4


def test_another_run_in_the_same_place_is_refused(archive: Path, tmp_path: Path) -> None:
    out = tmp_path / "a.parquet"
    store = ShardStore(out)
    with store.alone():
        store.planned(str(archive), "other options", lambda _: 2, ["a.jpg"])
        with pytest.raises(OutputError, match="another run is at work"):
            verify_archive(Archive(str(archive), out), ArchiveOptions(), Processes(1))
    with pytest.raises(OutputError, match="of another run"):
        verify_archive(Archive(str(archive), out), ArchiveOptions(), Processes(1))


def test_a_list_and_an_object_store_are_sources(archive: Path, tmp_path: Path) -> None:
    folder = list(pictures(str(archive)))
    assert len(folder) == 15
    (tmp_path / "list.txt").write_text("\n".join(folder[:3]) + "\n\nfile:///a.jpg\n")
    assert list(pictures(str(tmp_path / "list.txt"))) == [*folder[:3], "file:///a.jpg"]
    stored = list(pictures(f"file://{archive}"))
    assert sorted(stored) == sorted(f"file://{name}" for name in folder)


@pytest.mark.usefixtures("alone")
def test_pictures_of_an_object_store_are_read(
    archive: Path, toy_folder: Path, tmp_path: Path, camsim: Camsim
) -> None:
    source, out = f"file://{archive}/year2", tmp_path / "a.parquet"
    ran = camsim("verify-archive", source, "--out", out, "--weights", toy_folder, *QUICK)
    assert ran.status == 0, ran.err
    assert [row["verdict"] for row in rows(out)].count("consistent") == 2


@pytest.mark.parametrize("source", ["/no/such/folder", "nosuch://bucket/a"])
def test_sources_that_are_none(source: str, tmp_path: Path) -> None:
    with pytest.raises(PhotoNotFoundError):
        verify_archive(Archive(source, tmp_path / "a.parquet"), ArchiveOptions(), Processes(1))
    (tmp_path / "empty").mkdir()
    empty = Archive(str(tmp_path / "empty"), tmp_path / "a.parquet")
    with pytest.raises(PhotoNotFoundError, match="no picture"):
        verify_archive(empty, ArchiveOptions(), Processes(1))
    assert not (tmp_path / "a.parquet.parts").exists()


class Deadly(Engine):
    """Does tasks itself, and dies of those with a picture of a certain name."""

    workers = 1

    def map(self, function: Any, tasks: Any) -> Any:
        for task in tasks:
            deadly = any(Path(photo).stem == "05" for photo in task.photos)
            yield task, WorkerDied() if deadly else function(task)


def test_a_picture_that_kills_every_worker_is_a_row(
    archive: Path, toy_folder: Path, tmp_path: Path
) -> None:
    options = ArchiveOptions(toy_folder, Settings(resend_through=()))
    summary = verify_archive(Archive(str(archive), tmp_path / "a.parquet", 4), options, Deadly())
    found = {Path(row["photo"]).name: row for row in rows(tmp_path / "a.parquet")}
    assert len(found) == summary.photos == 15
    assert found["05.jpg"]["error_kind"] == "WorkerError"
    assert found["08.jpg"]["verdict"] == "consistent"


class Counting(Engine):
    """Does tasks itself, as several workers would; knows how many pictures each has."""

    def __init__(self, workers: int | None) -> None:
        self._workers = workers
        self.sizes: list[int] = []

    @property
    def workers(self) -> int | None:
        return self._workers

    def map(self, function: Any, tasks: Any) -> Any:
        for task in tasks:
            self.sizes.append(len(task.photos))
            yield task, function(task)


@pytest.mark.parametrize(
    ("workers", "shard", "sizes"),
    [
        (1, 100, [15]),
        (2, 100, [1] * 15),
        (2, 1, [1] * 15),
        (None, 100, [1] * 15),
        (1, 4, [4, 4, 4, 3]),
    ],
)
def test_a_small_archive_is_shared_out_among_all_workers(
    workers: int | None, shard: int, sizes: list[int], archive: Path, tmp_path: Path
) -> None:
    engine, out = Counting(workers), tmp_path / "a.parquet"
    (archive / "weights").mkdir()
    (archive / "weights" / "manifest.json").write_text('{"models": []}')
    options = ArchiveOptions(archive / "weights", Settings(resend_through=()))
    assert verify_archive(Archive(str(archive), out, shard), options, engine).photos == 15
    assert engine.sizes == sizes


@pytest.mark.parametrize("workers", [2, 3, 64])
def test_no_worker_is_late_by_more_than_an_eighth_of_its_work(workers: int) -> None:
    for photos in (workers * 8, 1000, 10_000):
        size = _shard_size(100, workers, photos)
        assert size <= 100
        assert size * workers * 8 <= photos + workers * 8


def test_the_bench_verifies_as_many_pictures_as_it_says(archive: Path, toy_folder: Path) -> None:
    photos = [archive / "year0" / "00.jpg", archive / "year2" / "08.jpg"]
    options = ArchiveOptions(toy_folder, Settings(resend_through=()))
    [result] = bench_archive(photos, 5, options, [2], ray=False)
    assert result.photos == 5
    assert result.processor > 0


def test_a_damaged_model_stops_the_run_and_says_so(tmp_path: Path) -> None:
    folder = toy_origin(tmp_path / "weights")
    next(folder.glob("*.onnx")).write_bytes(b"damaged")
    photos = tmp_path / "photos"
    photos.mkdir()
    (photos / "a.jpg").write_bytes(jpeg(native(300, 400)))
    with pytest.raises(WorkerError, match="digest"):
        verify_archive(
            Archive(str(photos), tmp_path / "a.parquet"),
            ArchiveOptions(weights=folder),
            Processes(1),
        )


@pytest.mark.filterwarnings("ignore")  # Ray's own
def test_on_ray_with_a_worker_killed_on_the_way(
    archive: Path, toy_folder: Path, tmp_path: Path
) -> None:
    killed: list[int] = []

    def kill_one(done: int, _: int) -> None:
        if done and not killed:
            killed.append(ray_worker())
            os.kill(killed[0], signal.SIGKILL)

    options = ArchiveOptions(toy_folder, Settings(resend_through=("instagram",)))
    summary = verify_archive(
        Archive(str(archive), tmp_path / "a.parquet", 1), options, RayCluster("local", 2), kill_one
    )
    assert killed
    names = Counter(row["photo"] for row in rows(tmp_path / "a.parquet"))
    assert len(names) == summary.photos == 15
    assert set(names.values()) == {1}


def ray_worker() -> int:
    """Find a worker of Ray that is at a task."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if path.read_bytes().startswith(b"ray::_act"):
                return int(path.parent.name)
        except OSError:
            continue
    raise AssertionError("no worker of Ray is at work")
