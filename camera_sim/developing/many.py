"""Developing many RAW files: one after another here, or each in a process by the engine of `fleet`.

Either way each file has one `Outcome`, and none stops the others.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path

from camera_sim.developing.credential import Signing
from camera_sim.developing.developer import Developer
from camera_sim.developing.files import (
    Job,
    Options,
    Summary,
    check_free,
    decode,
    develop_capture,
    develop_file,
    only_our_errors,
    open_engine,
    plan_jobs,
    write_comparison,
)
from camera_sim.developing.stated_watermark import StatedWatermark
from camera_sim.developing.summary import origin_line, summary_lines
from camera_sim.developing.watermarking import Watermarking
from camera_sim.engines import Engine
from camera_sim.errors import CameraSimError, InferenceError, OutputError
from camera_sim.raw.raw_file import RawFile
from fleet import FleetError, Processes, WorkerDied

# Called with a file and how many are done, a share of that one included.
Advance = Callable[[Job, float], None]
Share = Callable[[float], None]
Say = Callable[[str], None]


@dataclass(frozen=True)
class Outcome:
    """What became of a RAW file: lines that say it, or the sentence why it wasn't developed.

    ``cause`` is the error behind the sentence, where it was raised in this process.
    """

    job: Job
    lines: tuple[str, ...] = ()
    error: str | None = None
    cause: CameraSimError | None = None


def develop_many(
    jobs: Sequence[Job],
    options: Options,
    developer: Developer,
    processes: int = 1,
    advance: Advance = lambda *_: None,
    say: Say = lambda _: None,
) -> Iterator[Outcome]:
    """Develop files; yields what became of each as it is done.

    Parameters
    ----------
    developer
        Who develops and signs. In several processes each opens its own engine; what they develop
        is signed here, since keys stay in this one.
    processes
        Files at a time; they share the memory of ``options``.
    say
        Told of what stops nothing, such as that another network took over.

    Raises
    ------
    CameraSimError
        If several processes can't be started, or are to work as a device.
    """
    if processes == 1:
        outcomes = _here(jobs, options, developer, advance, say)
    elif developer.signing is None or developer.signing.device is None:
        outcomes = _apart(jobs, options, developer, processes)
    else:
        raise CameraSimError("a device develops in one process; develop without --processes")
    for done, outcome in enumerate(outcomes, 1):
        advance(outcome.job, done)
        yield outcome


@dataclass(frozen=True)
class _Unsigned:
    """What a process developed for us to sign: the photo, its watermark, its RAW file's digest."""

    told: Outcome
    photo: bytes
    watermark: StatedWatermark | None
    raw_sha256: str


def _apart(
    jobs: Sequence[Job], options: Options, developer: Developer, processes: int
) -> Iterator[Outcome]:
    """Develop in processes; a file that kills its process is reported."""
    share = replace(options, max_memory=options.max_memory // processes, threads=1)
    signing = developer.signing
    function = _in_worker if signing is None else _unsigned_in_worker
    work = partial(function, share, developer.watermarking)
    try:
        for job, result in Processes(processes).map(work, jobs):
            if isinstance(result, WorkerDied):
                words = f"{job.source} killed every process that developed it; it may need memory"
                yield Outcome(job, error=f"{words}: use fewer --processes")
            elif isinstance(result, Outcome):
                yield result
            elif signing is not None:
                yield _signed(result, signing, options)
    except FleetError as error:
        raise CameraSimError(str(error)) from error


def _in_worker(options: Options, watermarking: Watermarking | None, job: Job) -> Outcome:
    try:
        with only_our_errors(job.source):
            engine = _engine(options.pipeline, options.weights)
            summary = develop_file(job, options, engine, watermarking=watermarking)
            return Outcome(job, tuple(summary_lines(summary)))
    except CameraSimError as error:
        return Outcome(job, error=str(error))


def _unsigned_in_worker(
    options: Options, watermarking: Watermarking | None, job: Job
) -> _Unsigned | Outcome:
    try:
        with only_our_errors(job.source):
            check_free(job, options)
            start = time.perf_counter()
            raw = RawFile.read(job.source)
            engine, digest = _engine(options.pipeline, options.weights), raw.sha256
            image = decode(raw, engine)
            del raw
            watermark = watermarking.next() if watermarking else None
            made = develop_capture(image, job.source, options, engine, watermark=watermark)
            seconds = time.perf_counter() - start
            beside = write_comparison(job, made, options)
            summary = Summary(
                job, made.image, options.pipeline, seconds, beside, payload=made.payload
            )
            told = Outcome(job, tuple(summary_lines(summary)))
            return _Unsigned(told, made.photo, made.stated_watermark(), digest)
    except CameraSimError as error:
        return Outcome(job, error=str(error))


def _signed(made: _Unsigned, signing: Signing, options: Options) -> Outcome:
    """Sign and write a photo of a process."""
    job, (first, *others) = made.told.job, made.told.lines
    try:
        with only_our_errors(job.source):
            raw = RawFile.read(job.source)
            if raw.sha256 != made.raw_sha256:
                raise OutputError(f"{job.source} was changed while it was developed; try it again")
            origin = signing.origin(raw)
            kind, force, mark = options.encoding.format, options.force, made.watermark
            signing.finish(made.photo, kind, origin, job.target, force=force, watermark=mark)
            return Outcome(job, (first, origin_line(origin), *others))
    except CameraSimError as error:
        return Outcome(job, error=str(error), cause=error)


@cache
def _engine(pipeline: str, folder: Path) -> Engine:
    """Open this process' engine, once."""
    return open_engine(pipeline, folder)


def _here(
    jobs: Sequence[Job], options: Options, developer: Developer, advance: Advance, say: Say
) -> Iterator[Outcome]:
    for done, job in enumerate(jobs):
        advance(job, done)
        share = partial(_advanced, advance, job, done)
        try:
            with only_our_errors(job.source):
                developer, summary = _developed(job, options, developer, share, say)
        except CameraSimError as error:
            yield Outcome(job, error=str(error), cause=error)
        else:
            yield Outcome(job, tuple(summary_lines(summary)))


def _advanced(advance: Advance, job: Job, done: int, share: float) -> None:
    advance(job, done + share)


def _developed(
    job: Job, options: Options, developer: Developer, share: Share, say: Say
) -> tuple[Developer, Summary]:
    """Develop a file; where the network fails while it runs, by whoever there is to fall back to.

    Returns
    -------
    Who developed it, and is to develop the next, and the summary.
    """
    try:
        summary = _by(developer, job, options, share)
    except InferenceError as error:
        if developer.fall_back is None:
            raise InferenceError(f"{job.source}: {error}") from error
        return _fallen_back(job, options, developer, share, say, error)
    developer.has_run()
    return developer, summary


def _fallen_back(
    job: Job,
    options: Options,
    developer: Developer,
    share: Share,
    say: Say,
    failure: InferenceError,
) -> tuple[Developer, Summary]:
    assert developer.fall_back is not None  # asked before
    try:
        other = developer.fall_back(str(failure))
        developed = _developed(job, options, other, share, say)
    except CameraSimError as error:
        developer.take_back()
        again = str(error).removeprefix(f"{job.source}: ")
        raise InferenceError(f"{job.source}: {failure}; {again}") from error
    say(f"{job.source}: {failure}; fell back to {other.name}")
    return developed


def _by(developer: Developer, job: Job, options: Options, share: Share) -> Summary:
    if developer.pipeline != options.pipeline:  # what was fallen back to is another network
        options = replace(options, pipeline=developer.pipeline)
        job = plan_jobs([job.source], options)[0]
    signing, watermarking = developer.signing, developer.watermarking
    return develop_file(job, options, developer.engine, share, signing, watermarking)
