"""Analyses on their way: a bounded queue, threads that wait for the verifier, their progress.

What a stranger's file can break runs in the verifier's reading processes, never here.
"""

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Final

from verifier.analysis import Verifier
from verifier.errors import VerifierError
from verifier.report import Report
from verifier.service.job import MOST_WAIT, Job
from verifier.service.metrics import Metrics
from verifier.service.problems import (
    INTERRUPTED,
    BusyError,
    Problem,
    ServiceError,
    StoppingError,
    UnknownAnalysisError,
    problem_of,
)
from verifier.service.records import Record
from verifier.service.settings import ServiceSettings
from verifier.service.store import Store

_log = logging.getLogger(__name__)
_FIRST_GUESS: Final = 2.0  # seconds an analysis takes, before one was measured
_LEAST_WAIT: Final = 1.0  # seconds, told in Retry-After


class Jobs:
    """Takes photos, and has them analysed one after another.

    Parameters
    ----------
    verifier
        Used by ``settings.workers`` threads.
    store
        For the answers of those who poll, or of all.
    """

    def __init__(
        self, verifier: Verifier, store: Store, settings: ServiceSettings, metrics: Metrics
    ) -> None:
        self._verifier = verifier
        self._store = store
        self._settings = settings
        self._metrics = metrics
        self._pool = ThreadPoolExecutor(settings.workers, thread_name_prefix="analysis")
        self._live: dict[str, Job] = {}
        self._lock = threading.Lock()
        self._mean_seconds = _FIRST_GUESS
        self._stopping = False

    @property
    def accepting(self) -> bool:
        """Whether another photo would be taken."""
        return not self._stopping and len(self._live) < self._places

    @property
    def _places(self) -> int:
        return self._settings.workers + self._settings.queue

    def check_room(self) -> None:
        """Refuse early what would find no place; raises `BusyError` or `StoppingError`."""
        if self._stopping:
            raise StoppingError("the service is being stopped; ask again in a moment", MOST_WAIT)
        if len(self._live) >= self._places:
            raise BusyError(
                f"{len(self._live)} analyses are running or waiting, which is all that fit; ask "
                "again in a moment",
                self._expected_wait(),
            )

    def submit(
        self, photo: bytes, name: str | None, owner: str, keep: bool, ended: Callable[[], None]
    ) -> Job:
        """Take a photo.

        Parameters
        ----------
        photo
            A file.
        keep
            Whether the answer is to be found by the job's id, too.
        ended
            Called when the photo is needed no more.

        Raises
        ------
        BusyError
            If the queue is full.
        StoppingError
            If the service is being stopped.
        """
        with self._lock:
            self.check_room()
            job = Job(name, owner, self._verifier.parts, self._settings.analysis_seconds)
            self._live[job.id] = job
        self._metrics.waiting(len(self._live))
        if keep:
            self._store.put(Record(job.snapshot(), owner))
        job.future = self._pool.submit(self._run, job, photo, keep)
        job.future.add_done_callback(lambda _: self._forget(job, ended))
        return job

    def find(self, name: str, owner: str) -> Record:
        """Return an analysis as far as it is; raises `UnknownAnalysisError`."""
        job = self._live.get(name)
        record = Record(job.snapshot(), job.owner) if job else self._store.get(name)
        if record is None or record.owner != owner or (job and job.deleted):
            raise UnknownAnalysisError(
                f"there is no analysis {name[:40]!r}; it may have been deleted or expired"
            )
        return record

    def delete(self, name: str, owner: str) -> None:
        """Forget an analysis, and end it if it runs; raises `UnknownAnalysisError`."""
        self.find(name, owner)
        job = self._live.get(name)
        if job:
            self.give_up(job)
        self._store.delete(name)

    def give_up(self, job: Job) -> None:
        """End an analysis that nobody waits for, at the next of its parts."""
        self._end(job, UnknownAnalysisError("the analysis was deleted"))

    def _end(self, job: Job, why: ServiceError) -> None:
        job.ending = why
        job.future.cancel()

    def stop(self, seconds: float) -> None:
        """Take no more; let what is there finish, and give up what isn't done in time."""
        self._stopping = True
        wait([job.future for job in list(self._live.values())], timeout=seconds)
        for job in list(self._live.values()):
            self._end(job, StoppingError(INTERRUPTED, MOST_WAIT))
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _run(self, job: Job, photo: bytes, keep: bool) -> Record:
        start = time.perf_counter()
        outcome: Report | Problem
        try:
            job.begin()
            outcome = self._verifier.analyze(photo, name=job.name, part_done=job.part_done)
        except VerifierError as error:
            outcome = problem_of(error)
        except Exception:  # a defect of ours: this request fails, the others go on
            _log.exception("an analysis failed by an error of ours")
            outcome = Problem(
                kind="InternalError", message="an error of ours, please report it", status=500
            )
        seconds = time.perf_counter() - start
        self._mean_seconds += 0.2 * (seconds - self._mean_seconds)
        self._metrics.analysed(outcome, seconds)
        record = job.finished(outcome, self._store.expiry())
        if keep and not job.deleted:
            self._store.put(record)
        return record

    def _forget(self, job: Job, ended: Callable[[], None]) -> None:
        with self._lock:
            self._live.pop(job.id, None)
        self._metrics.waiting(len(self._live))
        if job.deleted:
            self._store.delete(job.id)
        ended()

    def _expected_wait(self) -> float:
        """Seconds until a place is free: the time of one analysis, shared by the workers."""
        seconds = self._mean_seconds / self._settings.workers
        return min(max(seconds, _LEAST_WAIT), MOST_WAIT)
