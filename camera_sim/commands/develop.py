"""``camsim develop``: RAW files into pictures."""

import argparse
import re
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from rich.progress import TaskID

from camera_sim import weights
from camera_sim.commands import secrets, signing
from camera_sim.commands.signing import Developer
from camera_sim.developing.files import (
    Job,
    Options,
    Summary,
    develop_file,
    only_our_errors,
    plan_jobs,
)
from camera_sim.developing.output import FORMATS, Encoding, Format
from camera_sim.developing.processes import Outcome, develop_many
from camera_sim.developing.summary import summary_lines
from camera_sim.developing.tiles import DEFAULT_MAX_MEMORY
from camera_sim.device.firmware import FirmwareSource
from camera_sim.errors import CameraSimError, InferenceError, MemoryBudgetError, OutputError
from camera_sim.pipelines import DEFAULT_PIPELINE, PIPELINES
from camera_sim.raw.process import raw_reader
from channel.printable import printable
from channel.terminal import Progress, complain

if TYPE_CHECKING:
    from camera_sim.commands import Commands

UNITS = {"": 1, "K": 1024, "M": 1024**2, "G": 1024**3}


def add_to(commands: "Commands", firmware: FirmwareSource) -> None:
    """Add the command; ``firmware`` says what a device booted."""
    pipelines = "; ".join(f"{p.name}: {p.summary}" for p in PIPELINES.values())
    parser = commands.add_parser(
        "develop",
        help="develop RAW files into pictures",
        description="Develop RAW files, or every RAW file in a folder, into sRGB pictures.",
        epilog=f"Pipelines: {pipelines}.",
    )
    parser.add_argument("raw", nargs="+", type=Path, help="RAW files or folders of them")
    parser.add_argument(
        "-o", "--out", type=Path, help="a folder, or a file where there is one RAW file"
    )
    parser.add_argument(
        "--pipeline",
        metavar="NAME",
        help=f"one of {', '.join(PIPELINES)} (default {DEFAULT_PIPELINE})",
    )
    parser.add_argument(
        "--weights",
        type=Path,
        help="folder of weights with a manifest (default: those shipped)",
    )
    parser.add_argument(
        "--format",
        choices=("jpeg", "png", "tiff"),
        help="output format; TIFF has 16 bits (default: of --out, else jpeg)",
    )
    parser.add_argument("--quality", type=int, default=95, help="JPEG quality (default 95)")
    parser.add_argument(
        "--subsampling",
        choices=("4:4:4", "4:2:2", "4:2:0"),
        default="4:4:4",
        help="JPEG chroma subsampling (default 4:4:4)",
    )
    parser.add_argument(
        "--exposure",
        type=float,
        metavar="EV",
        help="brighten by so many stops (default: 1%% of the pixels may clip)",
    )
    parser.add_argument(
        "--denoise",
        type=float,
        default=1.0,
        metavar="STRENGTH",
        help="0 keeps the noise, 1 removes what there is (default 1)",
    )
    parser.add_argument(
        "--max-memory",
        type=memory_size,
        default=DEFAULT_MAX_MEMORY,
        metavar="SIZE",
        help="such as 2GB or 800MB (default 2GB)",
    )
    parser.add_argument("--threads", type=int, help="tiles at a time (default: every core)")
    parser.add_argument(
        "--processes",
        type=int,
        default=1,
        metavar="N",
        help="files at a time, each in a process, sharing --max-memory (default 1)",
    )
    parser.add_argument(
        "--compare",
        action="store_true",
        help="also write a side-by-side with the classical pipeline",
    )
    parser.add_argument("--force", action="store_true", help="overwrite existing files")
    signing.add_arguments(parser)
    secrets.add_passphrase(parser)
    parser.set_defaults(run=run, firmware=firmware)


def memory_size(text: str) -> int:
    """Parse ``2GB``, ``800MB``, ``1.5G`` or a number of bytes."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMG]?)B?", text.strip().upper())
    if not match:
        raise argparse.ArgumentTypeError(f"{text!r} is not a size; write it as 2GB or 800MB")
    return int(float(match[1]) * UNITS[match[2]])


def run(args: argparse.Namespace) -> int:
    """Develop what was named; 2 if any file could not be."""
    raw_reader().start()  # beside the opening of the network
    developer = signing.developer(args)
    options = _options(args, developer.pipeline)
    jobs = plan_jobs(args.raw, options)
    failures = 0
    with Progress() as progress:
        task = progress.add_task("", total=len(jobs))
        outcomes = (
            develop_many(jobs, options, args.processes)
            if args.processes > 1
            else _one_by_one(jobs, options, developer, progress, task, traced=args.traceback)
        )
        for done, outcome in enumerate(outcomes, 1):
            progress.update(task, completed=done, description=outcome.job.source.name)
            if outcome.error is None:
                print("\n".join(map(printable, outcome.lines)), flush=True)
                continue
            failures += 1
            complain(outcome.error)
    if len(jobs) > 1:
        print(f"{len(jobs) - failures} of {len(jobs)} files developed")
    return 2 if failures else 0


def _one_by_one(
    jobs: Sequence[Job],
    options: Options,
    developer: Developer,
    progress: Progress,
    task: TaskID,
    *,
    traced: bool,
) -> Iterator[Outcome]:
    for done, job in enumerate(jobs):
        progress.update(task, description=job.source.name)
        try:
            with only_our_errors(job.source):
                advance = _advance(progress, task, done)
                developer, summary = _developed(job, options, developer, advance)
        except CameraSimError as error:
            if traced:
                traceback.print_exception(error)
            yield Outcome(job, error=str(error))
        else:
            yield Outcome(job, tuple(summary_lines(summary)))


def _developed(
    job: Job, options: Options, developer: Developer, advance: Callable[[float], None]
) -> tuple[Developer, Summary]:
    """Develop a file; where the network fails while it runs, by whoever there is to fall back to.

    Returns
    -------
    Who developed it, and is to develop the next, and the summary.
    """
    try:
        summary = _by(developer, job, options, advance)
    except InferenceError as error:
        if developer.fall_back is None:
            raise InferenceError(f"{job.source}: {error}") from error
        return _fallen_back(job, options, developer, advance, error)
    developer.has_run()
    return developer, summary


def _fallen_back(
    job: Job,
    options: Options,
    developer: Developer,
    advance: Callable[[float], None],
    failure: InferenceError,
) -> tuple[Developer, Summary]:
    assert developer.fall_back is not None  # asked before
    try:
        other = developer.fall_back(str(failure))
        developed = _developed(job, options, other, advance)
    except CameraSimError as error:
        developer.take_back()
        again = str(error).removeprefix(f"{job.source}: ")
        raise InferenceError(f"{job.source}: {failure}; {again}") from error
    signing.warn(f"{job.source}: {failure}; fell back to {other.name}")
    return developed


def _by(
    developer: Developer, job: Job, options: Options, advance: Callable[[float], None]
) -> Summary:
    if developer.pipeline != options.pipeline:  # what was fallen back to is another network
        options = replace(options, pipeline=developer.pipeline)
        job = plan_jobs([job.source], options)[0]
    return develop_file(job, options, developer.engine, advance, developer.signing)


def _options(args: argparse.Namespace, pipeline: str) -> Options:
    named: Format | None = FORMATS.get(args.out.suffix.lower()) if args.out else None
    _check(args)
    if args.format and named and args.format != named:
        raise OutputError(f"--out {args.out} and --format {args.format} contradict each other")
    return Options(
        pipeline=pipeline,
        weights=args.weights or weights.FOLDER,
        out=args.out,
        encoding=Encoding(args.format or named or "jpeg", args.quality, args.subsampling),
        exposure=None if args.exposure is None else 2.0**args.exposure,
        denoise=args.denoise,
        max_memory=args.max_memory,
        threads=args.threads,
        compare=args.compare,
        force=args.force,
    )


def _check(args: argparse.Namespace) -> None:
    if args.processes < 1:
        raise CameraSimError(f"--processes must be at least 1, not {args.processes}")
    if args.processes > 1 and (args.device or args.identity or args.engine != "onnxruntime"):
        raise CameraSimError("--processes develops without --device, --identity and --engine")
    if args.threads is not None and args.threads < 1:
        raise MemoryBudgetError(f"--threads must be at least 1, not {args.threads}")
    if not 0 <= args.denoise <= 4:
        raise CameraSimError(f"--denoise is 0 to 4, not {args.denoise:g}")
    if args.exposure is not None and not -10 <= args.exposure <= 10:
        raise CameraSimError(f"--exposure is -10 to 10 EV, not {args.exposure:g}")


def _advance(progress: Progress, task: TaskID, done: int) -> Callable[[float], None]:
    return lambda share: progress.update(task, completed=done + share)
