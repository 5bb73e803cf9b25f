"""Developing many RAW files at a time, each in a process of its own, by the engine of `fleet`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path

from camera_sim.developing.files import Job, Options, develop_file, only_our_errors, open_engine
from camera_sim.developing.summary import summary_lines
from camera_sim.engines import Engine
from camera_sim.errors import CameraSimError
from fleet import FleetError, Processes, WorkerDied


@dataclass(frozen=True)
class Outcome:
    """What became of a RAW file: lines that say it, or the sentence why it wasn't developed."""

    job: Job
    lines: tuple[str, ...] = ()
    error: str | None = None


def develop_many(jobs: Sequence[Job], options: Options, processes: int) -> Iterator[Outcome]:
    """Develop files, unsigned, as many at a time; yields them as they are done.

    The memory of ``options`` is shared among the processes. A file that kills its process is told,
    and the others go on.

    Raises
    ------
    CameraSimError
        If the processes can't be started.
    """
    share = replace(options, max_memory=options.max_memory // processes, threads=1)
    try:
        for job, outcome in Processes(processes).map(partial(_developed, share), jobs):
            if isinstance(outcome, WorkerDied):
                words = f"{job.source} killed every process that developed it; it may need memory"
                yield Outcome(job, error=f"{words}: use fewer --processes")
            else:
                yield outcome
    except FleetError as error:
        raise CameraSimError(str(error)) from error


def _developed(options: Options, job: Job) -> Outcome:
    try:
        with only_our_errors(job.source):
            engine = _engine(options.pipeline, options.weights)
            return Outcome(job, tuple(summary_lines(develop_file(job, options, engine))))
    except CameraSimError as error:
        return Outcome(job, error=str(error))


@cache
def _engine(pipeline: str, folder: Path) -> Engine:
    """Open this process' engine, once."""
    return open_engine(pipeline, folder)
