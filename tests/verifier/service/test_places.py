"""A place in the queue, and the memory of a photo, are given back whatever fails on the way."""

import asyncio
import errno
import sqlite3
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from anyio import to_thread
from fastapi.testclient import TestClient

from tests.verifier.service.server import wait_until
from tests.verifier.service.test_service import done
from verifier import Report, Verifier
from verifier.service import Service, ServiceSettings, create_app
from verifier.service.store import SqliteStore

PACKAGE = str(Path(sys.modules[Service.__module__].__file__ or "").parent)
# What gives back: if this itself could fail, nothing could be given back by anything.
RELEASES = {"_release", "_forget", "_remove", "release", "left", "deleted", "__exit__"}
# The modules that a photo passes; those that only make the application are left out.
PATH = ["access", "arriving", "held", "job", "jobs", "rate", "routes", "store", "uploads"]
FULL = OSError(errno.ENOSPC, "No space left on device")


class Faults:
    """Raises an error at the n-th call of a function of the service, in any thread."""

    def __init__(self) -> None:
        self.left = 0
        self.error: BaseException = FULL
        self.where = ""

    def arm(self, number: int, error: BaseException) -> None:
        self.left, self.error, self.where = number, error, ""

    def __call__(self, frame: FrameType, event: str, _: object) -> None:
        code = frame.f_code
        if event != "call" or not self.left or not code.co_filename.startswith(PACKAGE):
            return
        if code.co_name in RELEASES or Path(code.co_filename).stem not in PATH:
            return
        self.left -= 1
        if not self.left:
            self.where = f"{Path(code.co_filename).stem}.{code.co_name}"
            raise self.error


@pytest.fixture
def faults() -> Iterator[Faults]:
    made = Faults()
    before = threading.gettrace()
    threading.settrace(made)
    try:
        yield made
    finally:
        threading.settrace(before)  # type: ignore[arg-type]


class Instant:
    """A verifier whose every report is the same one, at once."""

    def __init__(self, verifier: Verifier, report: Report) -> None:
        self.settings, self.detectors = verifier.settings, verifier.detectors
        self.parts = verifier.parts
        self._report = report

    def analyze(self, _: bytes, name: str | None = None, part_done: Any = None) -> Report:
        for part in self.parts if part_done else ():
            part_done(part)
        return self._report

    def close(self) -> None: ...


Serve = Callable[..., tuple[TestClient, Service]]


@pytest.fixture
def serve(toy_folder: Path, photo: bytes) -> Iterator[Serve]:
    verifier = Verifier.from_weights(toy_folder, resend_through=())
    instant: Any = Instant(verifier, verifier.analyze(photo))
    verifier.close()
    clients: list[TestClient] = []

    def served(**settings: Any) -> tuple[TestClient, Service]:
        given = ServiceSettings(**{"requests_per_minute": 0, "workers": 1, "queue": 2} | settings)
        service = Service(instant, given, toy_folder)
        client = TestClient(create_app(service), raise_server_exceptions=False)
        clients.append(client.__enter__())
        wait_until(lambda: service.warm)
        return client, service

    yield served
    for client in clients:
        client.__exit__(None, None, None)


def nothing_is_held(service: Service) -> bool:
    return service.jobs.live == 0 and service.held.bytes == 0


def trace_again(client: TestClient, service: Service, faults: Faults) -> None:
    """Python traces a thread no more once its trace raised: each is told again."""
    assert client.portal
    client.portal.call(sys.settrace, faults)
    client.portal.call(to_thread.run_sync, sys.settrace, faults)
    service.jobs._pool.submit(sys.settrace, faults).result()


@pytest.mark.slow(seconds=9)
@pytest.mark.parametrize(
    ("error", "is_async"), [(FULL, "true"), (asyncio.CancelledError(), "false")], ids=repr
)
def test_an_error_at_any_call_gives_all_back(
    error: BaseException, is_async: str, serve: Serve, faults: Faults, tmp_path: Path
) -> None:
    client, service = serve(database=tmp_path / "reports.db")
    number, places = 0, []
    while True:
        number += 1
        faults.arm(number, error)
        with suppress(Exception, CancelledError):
            client.post(f"/v1/analyses?async={is_async}", files={"file": b"photo"})
        with suppress(AssertionError):
            wait_until(lambda: nothing_is_held(service))
        assert nothing_is_held(service), faults.where
        if faults.left:
            break
        places.append(faults.where)
        trace_again(client, service, faults)
        if number % 8 == 0:
            assert client.post("/v1/analyses", files={"file": b"photo"}).status_code == 200
    faults.left = 0
    assert client.post("/v1/analyses", files={"file": b"photo"}).status_code == 200
    assert {"jobs.submit", "uploads._counted"} <= set(places), places
    assert {"jobs._work", "jobs._run", "jobs._outcome"} & set(places), places  # of its thread


@pytest.mark.slow
@pytest.mark.parametrize("error", [FULL, sqlite3.OperationalError("disk is full")], ids=repr)
def test_a_full_disk_costs_no_answer_and_no_place(
    error: Exception, serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, service = serve(database=tmp_path / "reports.db")

    def full(*_: object) -> None:
        raise error

    with monkeypatch.context() as disk:
        disk.setattr(SqliteStore, "put", full)
        for _ in range(10):  # more than there are places
            assert client.post("/v1/analyses", files={"file": b"photo"}).status_code == 200
        place = client.post("/v1/analyses?async=true", files={"file": b"p"}).headers["location"]
        assert done(client, place).state == "done"
        assert client.get(f"{place}/report").status_code == 200
        assert nothing_is_held(service)
        assert "camsim_not_kept_total 0.0" not in client.get("/metrics").text
    service.jobs.purge()  # the disk has room again
    record = SqliteStore(tmp_path / "reports.db", 1).get(place.rpartition("/")[2])
    assert record is not None
    assert record.analysis.state == "done"


def test_a_full_disk_in_truth(serve: Serve, tmp_path: Path) -> None:
    client, service = serve(database=tmp_path / "reports.db")
    service.store._connection.execute("PRAGMA max_page_count = 1")  # type: ignore[attr-defined]
    for _ in range(10):
        assert client.post("/v1/analyses", files={"file": b"photo"}).status_code == 200
    service.store._connection.execute("PRAGMA max_page_count = 1000")  # type: ignore[attr-defined]
    place = client.post("/v1/analyses", files={"file": b"photo"}).headers["location"]
    assert client.get(place).status_code == 200
    assert nothing_is_held(service)


def test_a_library_that_ends_the_process_ends_one_request(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, service = serve()

    def leave(*_: object, **__: object) -> Report:
        raise SystemExit(3)

    with monkeypatch.context() as broken:
        broken.setattr(Instant, "analyze", leave)
        for _ in range(5):
            assert client.post("/v1/analyses", files={"file": b"photo"}).status_code == 500
    assert client.post("/v1/analyses", files={"file": b"photo"}).status_code == 200
    assert nothing_is_held(service)


def test_threads_that_cannot_start_take_no_place(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, service = serve()

    def refused(*_: object) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as system:
        system.setattr(service.jobs._pool, "submit", refused)
        for _ in range(5):
            assert client.post("/v1/analyses", files={"file": b"photo"}).status_code == 500
    assert client.post("/v1/analyses", files={"file": b"photo"}).status_code == 200
    assert nothing_is_held(service)


def test_a_photo_that_was_given_up_is_not_in_the_queue(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, service = serve()
    go_on, report = threading.Event(), Instant.analyze

    def waits(self: Instant, photo: bytes, **options: Any) -> Report:
        go_on.wait()
        return report(self, photo, **options)

    monkeypatch.setattr(Instant, "analyze", waits)
    try:
        client.post("/v1/analyses?async=true", files={"file": b"photo"})
        waiting = client.post("/v1/analyses?async=true", files={"file": b"photo"}).json()["id"]
        job = service.jobs._live[waiting]
        assert client.delete(f"/v1/analyses/{waiting}").status_code == 204
        assert (job.photo, service.jobs.live, service.held.bytes > 0) == (None, 1, True)
    finally:
        go_on.set()
    wait_until(lambda: nothing_is_held(service))
