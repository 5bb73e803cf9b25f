"""Analyses on their way: a bounded queue, threads that wait for the verifier, their progress.

What a stranger's file can break runs in the verifier's reading processes, never here.
"""

import logging
import threading
import time
from concurrent.futures import InvalidStateError, ThreadPoolExecutor, wait
from contextlib import ExitStack, suppress
from typing import Final

from verifier.analysis import Verifier
from verifier.errors import VerifierError
from verifier.report.report import Report
from verifier.service.job import MOST_WAIT, Job
from verifier.service.metrics import Metrics
from verifier.service.problems import (
    INTERRUPTED,
    BusyError,
    Problem,
    ServiceError,
    StoppingError,
    StoreError,
    UnknownAnalysisError,
    problem_of,
)
from verifier.service.records import Record
from verifier.service.settings import ServiceSettings
from verifier.service.store import MemoryStore, Store

_log = logging.getLogger(__name__)
_FIRST_GUESS: Final = 2.0  # seconds an analysis takes, before one was measured
_LEAST_WAIT: Final = 1.0  # seconds, told in Retry-After
_DEFECT: Final = Problem(
    kind="InternalError", message="an error of ours, please report it", status=500
)


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
        self._unsaved = MemoryStore(settings.linger_seconds, settings.linger_jobs)
        self._settings = settings
        self._metrics = metrics
        self._pool = ThreadPoolExecutor(settings.workers, thread_name_prefix="analysis")
        self._live: dict[str, Job] = {}
        self._lock = threading.Lock()
        self._mean_seconds = _FIRST_GUESS
        self._stopping = False
        metrics.watch(lambda: self.live)

    @property
    def live(self) -> int:
        """Analyses running or waiting."""
        return len(self._live)

    @property
    def accepting(self) -> bool:
        """Whether another photo would be taken."""
        return not self._stopping and self.live < self._places

    @property
    def _places(self) -> int:
        return self._settings.workers + self._settings.queue

    def check_room(self) -> None:
        """Refuse early what would find no place; raises `BusyError` or `StoppingError`."""
        if self._stopping:
            raise StoppingError("the service is being stopped; ask again in a moment", MOST_WAIT)
        if self.live >= self._places:
            raise BusyError(
                f"{self.live} analyses are running or waiting, which is all that fit; ask "
                "again in a moment",
                self._expected_wait(),
            )

    def submit(
        self, photo: bytes, name: str | None, owner: str, keep: bool, holding: ExitStack
    ) -> Job:
        """Take a photo.

        Parameters
        ----------
        photo
            A file.
        keep
            Whether the answer is to be found by the job's id, too.
        holding
            What the request holds; from now on the job does, until it ends.

        Raises
        ------
        BusyError
            If the queue is full.
        StoppingError
            If the service is being stopped.
        """
        parts, seconds = self._verifier.parts, self._settings.analysis_seconds
        job = Job(photo, name, owner, parts, seconds)
        try:
            job.holding.enter_context(holding.pop_all())
            self._take_place(job)
            if keep:
                self._keep(Record(job.snapshot(), owner))
            self._pool.submit(self._work, job, keep).add_done_callback(job.left)
        except BaseException as error:
            with suppress(InvalidStateError):  # it was ended meanwhile
                job.future.set_exception(error)  # the job's end gives all back that it took
            raise
        return job

    def _take_place(self, job: Job) -> None:
        with self._lock:
            self.check_room()
            job.holding.callback(self._forget, job)
            self._live[job.id] = job

    def find(self, name: str, owner: str) -> Record:
        """Return an analysis as far as it is; raises `UnknownAnalysisError`."""
        job = self._live.get(name)
        record = Record(job.snapshot(), job.owner) if job else self._kept(name)
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
        self._unsaved.delete(name)
        self._store.delete(name)

    def purge(self) -> None:
        """Forget answers that expired, and keep those that the disk didn't take before."""
        self._unsaved.purge()
        try:
            self._store.purge()
        finally:
            for record in self._unsaved.all():
                self._keep_again(record)

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

    def _work(self, job: Job, keep: bool) -> None:
        """Do a job, in a thread of the pool; its future ends in every case."""
        if job.future.done() or not job.future.set_running_or_notify_cancel():
            return
        try:
            job.future.set_result(self._run(job, keep))
        # A thread has nobody to end: not even an exit that a library asks for ends the service.
        except BaseException:
            job.left()
            _log.exception("an analysis failed by an error of ours")

    def _run(self, job: Job, keep: bool) -> Record:
        start = time.perf_counter()
        outcome = self._outcome(job)
        seconds = time.perf_counter() - start
        self._mean_seconds += 0.2 * (seconds - self._mean_seconds)
        self._metrics.analysed(outcome, seconds)
        record = job.finished(outcome, self._store.expiry())
        if keep and not job.deleted:
            self._keep(record)
        return record

    def _outcome(self, job: Job) -> Report | Problem:
        try:
            photo = job.begin()
            return self._verifier.analyze(photo, name=job.name, part_done=job.part_done)
        except VerifierError as error:
            return problem_of(error)
        except BaseException:  # a defect of ours: this request fails, the others go on
            _log.exception("an analysis failed by an error of ours")
            return _DEFECT

    def _keep(self, record: Record) -> None:
        """Keep an answer; one that the disk doesn't take stays in memory for a while."""
        try:
            self._store.put(record)
            self._unsaved.delete(record.analysis.id)
        except Exception as error:  # a full disk costs no answer
            self._unsaved.put(record)
            self._metrics.not_kept()
            _log.warning("%s", error)

    def _keep_again(self, record: Record) -> None:
        if record.analysis.state in ("queued", "running"):
            return
        with suppress(StoreError):
            self._store.put(record)
            self._unsaved.delete(record.analysis.id)

    def _kept(self, name: str) -> Record | None:
        return self._unsaved.get(name) or self._store.get(name)

    def _forget(self, job: Job) -> None:
        with self._lock:
            self._live.pop(job.id, None)
        if job.deleted:  # it may have been kept while it was deleted
            self._unsaved.delete(job.id)
            self._store.delete(job.id)

    def _expected_wait(self) -> float:
        """Seconds until a place is free: the time of one analysis, shared by the workers."""
        seconds = self._mean_seconds / self._settings.workers
        return min(max(seconds, _LEAST_WAIT), MOST_WAIT)
