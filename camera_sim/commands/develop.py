"""``camsim develop``: RAW files into pictures."""

import re
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from camera_sim import weights
from camera_sim.commands import signing
from camera_sim.developing.files import Job, Options, plan_jobs, raw_files
from camera_sim.developing.many import develop_many
from camera_sim.developing.output import FORMATS, Encoding, Format
from camera_sim.developing.tiles import DEFAULT_MAX_MEMORY
from camera_sim.engines.opening import DEFAULT_ENGINE
from camera_sim.errors import CameraSimError, OutputError
from camera_sim.pipelines import find_pipeline
from camera_sim.raw.process import raw_decoder
from camera_sim.raw.raw_file import RawFile
from channel.command_line import show_traceback
from channel.options import Count, Out, read_by, within
from channel.printable import printable
from channel.terminal import Progress, complain

_NOT_SHOWN = Parameter(show_default=False)
UNITS = {"": 1, "K": 1024, "M": 1024**2, "G": 1024**3}


def memory_size(text: str) -> int:
    """Parse ``2GB``, ``800MB``, ``1.5G`` or a number of bytes."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMG]?)B?", text.strip().upper())
    if not match:
        raise ValueError(f"{text!r} is not a size; write it as 2GB or 800MB")
    return int(float(match[1]) * UNITS[match[2]])


@dataclass(frozen=True)
class Develop(signing.DevelopingOptions):
    """Develop RAW files into pictures.

    Develop RAW files, or every RAW file in a folder, into sRGB pictures.

    Parameters
    ----------
    raw
        RAW files or folders of them.
    out
        A folder, or a file where there is one RAW file.
    format
        Output format; TIFF has 16 bits (default: of --out, else jpeg).
    quality
        JPEG quality.
    subsampling
        JPEG chroma subsampling.
    exposure
        Brighten by so many stops (default: 1% of the pixels may clip).
    denoise
        0 keeps the noise, 1 removes what there is.
    max_memory
        Such as 800MB (default 2GB).
    threads
        Tiles at a time (default: every core).
    processes
        Files at a time, each in a process, sharing --max-memory.
    compare
        Also write a side-by-side with the classical pipeline.
    force
        Overwrite existing files.
    """

    raw: tuple[Path, ...]
    _: KW_ONLY
    out: Out | None = None
    format: Literal["jpeg", "png", "tiff"] | None = None
    quality: int = 95
    subsampling: Literal["4:4:4", "4:2:2", "4:2:0"] = "4:4:4"
    exposure: Annotated[float, within(-10, 10)] | None = None
    denoise: Annotated[float, within(0, 4)] = 1.0
    max_memory: Annotated[int, read_by(memory_size), _NOT_SHOWN] = DEFAULT_MAX_MEMORY
    threads: Count | None = None
    processes: Count = 1
    compare: bool = False
    force: bool = False

    def __call__(self) -> int:
        """Develop what was named; 2 if any file could not be."""
        if self.payload:
            _check_one(self.raw)
        if self.pipeline:
            find_pipeline(self.pipeline)
        _check_any(self.raw)
        raw_decoder().start()  # beside the opening of the network
        developer = signing.developer(self)
        options = _options(self, developer.pipeline)
        jobs = plan_jobs(self.raw, options)
        failures = 0
        with Progress() as progress:
            task = progress.add_task("", total=len(jobs))

            def advance(job: Job, done: float) -> None:
                progress.update(task, completed=done, description=job.source.name)

            for outcome in develop_many(
                jobs, options, developer, self.processes, advance, signing.warn
            ):
                if outcome.error is None:
                    print("\n".join(map(printable, outcome.lines)), flush=True)
                    continue
                if outcome.cause is not None:
                    show_traceback(outcome.cause)
                failures += 1
                complain(outcome.error)
        if len(jobs) > 1:
            print(f"{len(jobs) - failures} of {len(jobs)} files developed")
        return 2 if failures else 0


def _check_any(sources: Sequence[Path]) -> None:
    """Refuse names of nothing before anything is made, such as the keys of a user's photos."""
    named = [file for source in sources for file in raw_files(source)]
    if not any(_is_file(file) for file in named):
        RawFile.read(named[0])


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name may be too long to be asked for
        return False


def _check_one(sources: Sequence[Path]) -> None:
    count = sum(len(raw_files(source)) for source in sources)
    if count > 1:
        raise CameraSimError(
            f"--payload names one photo, and there are {count} RAW files to develop; without it "
            "each photo gets a payload of its own"
        )


def _options(args: Develop, pipeline: str) -> Options:
    named: Format | None = FORMATS.get(args.out.suffix.lower()) if args.out else None
    if args.processes > 1 and (args.device or args.engine != DEFAULT_ENGINE):
        raise CameraSimError("--processes develops without --device and --engine")
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
