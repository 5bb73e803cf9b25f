"""The service under load: how long answers take, whether one is lost, how much memory it takes."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from statistics import quantiles
from typing import Final

from verifier.analysis import Verifier
from verifier.errors import WorkerError
from verifier.limits import Limits

_PROGRAM: Final = (
    "import sys; from verifier.evaluation.bench_service import main; main(*sys.argv[1:])"
)
_LOOK_SECONDS: Final = 0.2
_READY_SECONDS: Final = 120.0
_MOST_TRIES: Final = 1000


@dataclass(frozen=True)
class LoadResult:
    """What the clients saw.

    Attributes
    ----------
    statuses
        How often each status came; every request is asked again until it is no 503.
    p50, p95
        Seconds from the first try to the report.
    memory
        Most bytes that the service and its reading processes held together (resident).
    processor
        Seconds of all cores of both; 0 where the system doesn't say.
    """

    requests: int
    statuses: dict[int, int]
    p50: float
    p95: float
    seconds: float
    memory: int
    processor: float

    @property
    def rate(self) -> float:
        """Reports a second."""
        return self.statuses.get(200, 0) / self.seconds


def bench_service(
    photos: Sequence[Path],
    weights: Path,
    *,
    requests: int,
    at_a_time: int,
    workers: int,
    queue: int,
    threads: int = 0,
) -> LoadResult:
    """Post so many photos, so many at a time, to a fresh service.

    Parameters
    ----------
    workers, queue
        Analyses at a time, and that wait.
    threads
        Cores of each analysis; 0: all.

    Raises
    ------
    WorkerError
        If the service doesn't start.
    """
    bodies = [photo.read_bytes() for photo in photos]
    with _service(weights, workers, queue, threads) as (port, process, peak):
        before, start = _all(process, _processor), time.perf_counter()
        with ThreadPoolExecutor(at_a_time) as pool:
            jobs = [(port, bodies[number % len(bodies)]) for number in range(requests)]
            answers = list(pool.map(_ask, jobs))
        seconds = time.perf_counter() - start
        processor = _all(process, _processor) - before
    statuses = Counter(status for answer in answers for status in answer[0])
    waits = sorted(answer[1] for answer in answers)
    cuts = quantiles(waits, n=20)
    return LoadResult(requests, dict(statuses), cuts[9], cuts[18], seconds, peak[0], processor)


def _ask(job: tuple[int, bytes]) -> tuple[list[int], float]:
    """Post a photo, again as long as the service is busy; statuses and seconds."""
    port, body = job
    statuses: list[int] = []
    start = time.perf_counter()
    while len(statuses) < _MOST_TRIES:
        status, wait = _post(port, body)
        statuses.append(status)
        if status != 503:
            break
        time.sleep(wait)
    return statuses, time.perf_counter() - start


def _post(port: int, body: bytes) -> tuple[int, float]:
    """Return an answer's status, and the seconds after which to ask again."""
    with closing(HTTPConnection("127.0.0.1", port)) as connection:
        try:
            connection.request("POST", "/v1/analyses", body, {"Content-Type": "image/jpeg"})
            answer = connection.getresponse()
            answer.read()
        except OSError:  # refused before all was sent
            return 503, 1.0
        return answer.status, float(answer.getheader("Retry-After", "1"))


@contextmanager
def _service(
    weights: Path, workers: int, queue: int, threads: int
) -> Iterator[tuple[int, int, list[int]]]:
    """Run a service; its port, its process, and its peak memory as it becomes known."""
    numbers = map(str, (workers, queue, threads))
    command = [sys.executable, "-c", _PROGRAM, str(weights), *numbers]
    peak = [0]
    pipe = subprocess.PIPE  # of standard input, which the service sees closed when this one dies
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, encoding="utf-8") as process:
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
            if not line.strip().isdecimal():
                raise WorkerError("the measured service didn't start")
            _await_ready(int(line))
            threading.Thread(target=_watch, args=(process, peak), daemon=True).start()
            yield int(line), process.pid, peak
        finally:
            process.terminate()


def _await_ready(port: int) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while time.monotonic() < deadline:
        with closing(HTTPConnection("127.0.0.1", port)) as connection:
            connection.request("GET", "/readyz")
            answer = connection.getresponse()
            answer.read()
        if answer.status == 200:
            return
        time.sleep(_LOOK_SECONDS)
    raise WorkerError("the measured service didn't get ready")


def _watch(process: "subprocess.Popen[str]", peak: list[int]) -> None:
    while process.poll() is None:
        peak[0] = max(peak[0], int(_all(process.pid, _resident)))
        time.sleep(_LOOK_SECONDS)


def _all(pid: int, measured: Callable[[int], float]) -> float:
    """Return what a process and its children have together."""
    return sum(map(measured, [pid, *_children(pid)]))


def _children(pid: int) -> list[int]:
    try:
        tasks = list(Path(f"/proc/{pid}/task").glob("*/children"))
        return [int(child) for path in tasks for child in path.read_text(encoding="utf-8").split()]
    except OSError:  # it has just ended, or this isn't Linux
        return []


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text(encoding="utf-8").split()[1]) * os.sysconf(
            "SC_PAGE_SIZE"
        )
    except OSError:
        return 0


def _processor(pid: int) -> float:
    """Return seconds of all cores, those of children that ended included (proc(5), 14 to 17)."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
    except OSError:  # as above
        return 0.0


def main(weights: str, workers: str, queue: str, threads: str) -> None:
    """Serve at a free port, and print it."""
    from verifier.service import Service, ServiceSettings, create_app
    from verifier.service.server import listening, serve

    settings = ServiceSettings(
        workers=int(workers), queue=int(queue), requests_per_minute=0, drain_seconds=1
    )
    limits = Limits(workers=int(workers))
    verifier = Verifier.from_weights(Path(weights), limits=limits, threads=int(threads))
    opened = listening("127.0.0.1", 0)
    print(opened.getsockname()[1], flush=True)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    serve(create_app(Service(verifier, settings, Path(weights))), opened, settings)


def _end_with_parent() -> None:
    """Stop as soon as nobody holds standard input any more: who measured was killed."""
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)
