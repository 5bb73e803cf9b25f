"""Every task is answered once, whoever is killed meanwhile."""

import os
import signal
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from fleet import Engine, FleetError, Processes, RayCluster, WorkerDied
from fleet.engine import ATTEMPTS
from fleet.ray_cluster import _connected as CONNECTED
from tests.verifier.service.server import wait_until

Task = tuple[int, str, str]


def act(task: Task) -> int:
    """Square a number; on the way die, or raise, as told; each attempt leaves a file."""
    number, outcome, folder = task
    attempt = len(list(Path(folder).glob(f"{number}.*")))
    (Path(folder) / f"{number}.{attempt}").touch()
    if outcome == "dies" or (outcome == "dies once" and not attempt):
        os.kill(os.getpid(), signal.SIGKILL)
    if outcome == "raises":
        raise ValueError("wrong")
    return number * number


class Lasting:
    """Ray, whose cluster goes on for the next test: it takes seconds to start."""

    def __init__(self) -> None:
        self._started: Any = None
        self.ended = 0

    def connected(self, *given: Any) -> "Lasting":
        self._started = self._started or CONNECTED(*given)
        return self

    def __getattr__(self, name: str) -> Any:
        return getattr(self._started, name)

    def shutdown(self) -> None:
        self.ended += 1

    def end(self) -> None:
        if self._started:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # Ray's own
                self._started.shutdown()


@pytest.fixture(scope="module")
def lasting() -> Iterator[Lasting]:
    made = Lasting()
    yield made
    made.end()


@pytest.fixture(params=["processes", "ray"])
def engine(
    request: pytest.FixtureRequest, lasting: Lasting, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Engine]:
    if request.param == "processes":
        yield Processes(2)
        return
    ended = lasting.ended
    monkeypatch.setattr("fleet.ray_cluster._connected", lasting.connected)
    yield RayCluster("local", 2)
    assert lasting.ended == ended + 1


def tasks(folder: Path, outcomes: dict[int, str], count: int = 20) -> list[Task]:
    return [(number, outcomes.get(number, ""), str(folder)) for number in range(count)]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # Ray's own
def test_a_killed_worker_loses_nothing(engine: Engine, tmp_path: Path) -> None:
    given = tasks(tmp_path, {3: "dies once", 7: "dies"})
    results = [(task[0], result) for task, result in engine.map(act, given)]
    expected = {number: number * number for number in range(20)} | {7: WorkerDied()}
    assert len(results) == 20
    assert dict(results) == expected
    assert len(list(tmp_path.glob("7.*"))) == ATTEMPTS
    assert len(list(tmp_path.glob("3.*"))) == 2


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_what_a_task_raises_stops_everything(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(FleetError, match="wrong"):
        list(engine.map(act, tasks(tmp_path, {3: "raises"})))


def test_tasks_are_read_as_they_are_needed(tmp_path: Path) -> None:
    read = []

    def reading() -> Iterator[Task]:
        for task in tasks(tmp_path, {}, 50):
            read.append(task)
            yield task

    results = Processes(2).map(act, reading())
    next(results)
    assert len(read) <= 5
    results.close()


def test_workers_end_with_the_map(tmp_path: Path) -> None:
    def running() -> set[str]:
        return {path.name for path in Path("/proc").glob("[0-9]*") if _is_child(path)}

    before = running()
    list(Processes(2).map(act, tasks(tmp_path, {}, 3)))
    wait_until(lambda: running() - before <= _trackers())


def _is_child(path: Path) -> bool:
    try:
        return path.joinpath("stat").read_text().rpartition(")")[2].split()[1] == str(os.getpid())
    except OSError:
        return False


def _trackers() -> set[str]:
    """Python's own process that tidies up after others."""
    from multiprocessing.resource_tracker import _resource_tracker

    pid = getattr(_resource_tracker, "_pid", None)
    return {str(pid)}


def test_no_workers_are_refused() -> None:
    with pytest.raises(FleetError, match="1 or more"):
        Processes(0)


def unpicklable(_: Task) -> object:
    return lambda: 0


def test_a_result_that_cannot_be_sent_is_no_death(tmp_path: Path) -> None:
    with pytest.raises(FleetError, match="pickle"):
        list(Processes(1).map(unpicklable, tasks(tmp_path, {}, 1)))


class FakeRay:
    """A cluster of one task, which ends by an error of Ray's."""

    def __init__(self, error: Exception) -> None:
        self._error = error
        self.put = self.shutdown = lambda *_: None
        self.cluster_resources = dict
        self.wait = lambda running, **_: (running[:1], [])

    def remote(self, **_: object) -> Any:
        return lambda _: SimpleNamespace(remote=lambda *_: "task")

    def get(self, _: str) -> None:
        raise self._error


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["WorkerCrashedError", "OutOfMemoryError", "ObjectStoreFullError"])
def test_what_a_task_dies_of_is_told_from_what_a_cluster_does(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import ray.exceptions

    kind = getattr(ray.exceptions, name)
    error = kind() if name == "WorkerCrashedError" else kind("too much")
    monkeypatch.setattr("fleet.ray_cluster._connected", lambda *_: FakeRay(error))
    results = RayCluster("local", 1).map(act, [(1, "", "")])
    if name == "ObjectStoreFullError":
        with pytest.raises(FleetError, match="the cluster of Ray failed"):
            list(results)
    else:
        assert list(results) == [((1, "", ""), WorkerDied())]
