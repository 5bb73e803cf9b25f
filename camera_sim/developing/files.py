"""Developing RAW files into picture files: one, many, or a folder of them."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from importlib import import_module
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from camera_sim import weights
from camera_sim.developing.compare import comparison
from camera_sim.developing.credential import Origin, Signing
from camera_sim.developing.output import (
    FORMATS,
    SUFFIXES,
    Encoding,
    check_absent,
    picture_file,
    write_file,
    write_picture,
)
from camera_sim.developing.sanity import check_developed
from camera_sim.developing.stated_watermark import StatedWatermark
from camera_sim.developing.tiles import (
    DEFAULT_MAX_MEMORY,
    WATERMARK_MEMORY,
    Depth,
    develop,
    plan_tiles,
)
from camera_sim.developing.upright import developed_size
from camera_sim.developing.watermarking import Watermarking
from camera_sim.engines import Engine, FileEngine, TileEngine
from camera_sim.engines.onnxruntime import OnnxRuntimeEngine
from camera_sim.errors import (
    CameraSimError,
    MemoryBudgetError,
    OutputError,
    RawNotFoundError,
    UnforeseenError,
)
from camera_sim.pipelines import DEFAULT_PIPELINE, find_pipeline
from camera_sim.raw.process import raw_decoder
from camera_sim.raw.raw_file import RawFile
from camera_sim.raw.raw_image import Picture, RawImage
from channel.file_names import fitting_name
from watermark.embedding import Watermark

# What a user may name --out, and is not written.
OTHER_FORMATS = frozenset(
    [".bmp", ".gif", ".webp", ".heic", ".heif", ".avif", ".jxl", ".jp2", ".psd", ".exr", ".dng"]
)
# Files that a folder may hold beside RAW ones are passed over; these are taken.
RAW_SUFFIXES = frozenset(
    [
        ".nef",
        ".nrw",
        ".crw",
        ".cr2",
        ".cr3",
        ".dng",
        ".arw",
        ".srf",
        ".sr2",
        ".raf",
        ".orf",
        ".rw2",
        ".pef",
        ".kdc",
        ".dcr",
        ".srw",
        ".mrw",
        ".erf",
        ".3fr",
        ".iiq",
        ".mef",
        ".mos",
        ".rwl",
        ".raw",
        ".x3f",
    ]
)


@dataclass(frozen=True)
class Options:
    """How files are developed.

    Attributes
    ----------
    out
        A file, for one RAW file; a folder; or None for beside the RAW file.
    exposure
        Linear gain; None chooses it for each.
    compare
        Whether a side-by-side with the classical pipeline is written too.
    force
        Whether existing files may be replaced.
    """

    pipeline: str = DEFAULT_PIPELINE
    weights: Path = weights.FOLDER
    out: Path | None = None
    encoding: Encoding = field(default_factory=Encoding)
    exposure: float | None = None
    denoise: float = 1.0
    max_memory: int = DEFAULT_MAX_MEMORY
    threads: int | None = None
    compare: bool = False
    force: bool = False

    @property
    def depth(self) -> Depth:
        """Bits a channel of the output."""
        return 16 if self.encoding.format == "tiff" else 8


@dataclass(frozen=True)
class Job:
    """One RAW file and where its picture goes."""

    source: Path
    target: Path

    @property
    def comparison(self) -> Path:
        """Where its side-by-side goes."""
        return self.target.with_name(fitting_name(self.target.stem, ".compare.jpg"))


@dataclass(frozen=True)
class Summary:
    """What became of one file.

    Attributes
    ----------
    seconds
        From opening the RAW file to the picture on disk, the side-by-side left out.
    origin
        As what it was signed; None where it was not.
    payload
        Of its watermark, 8 bytes; None where it has none.
    """

    job: Job
    image: RawImage
    pipeline: str
    seconds: float
    comparison: Path | None = None
    origin: Origin | None = None
    payload: bytes | None = None


def open_engine(pipeline: str, folder: Path = weights.FOLDER, threads: int = 1) -> Engine:
    """Open what runs a pipeline.

    Raises
    ------
    PipelineError
        If there is no such pipeline, or no weights for it.
    WeightsError
        If its weights are damaged.
    """
    described = find_pipeline(pipeline)
    if not described.is_neural:
        module, name = described.engine.split(":")
        made: Engine = getattr(import_module(f"camera_sim.pipelines.{module}"), name)()
        return made
    return OnnxRuntimeEngine(weights.read_manifest(folder).find(pipeline), folder, threads)


def plan_jobs(sources: Sequence[Path], options: Options) -> list[Job]:
    """List what to develop: files as named, and every RAW file directly in a folder.

    Raises
    ------
    RawNotFoundError
        If a folder holds no RAW file.
    OutputError
        If two files would be written under one name, or ``out`` is a file for many.
    """
    files = [file for source in sources for file in raw_files(source)]
    single = _names_a_file(options.out)
    if single and len(files) > 1:
        raise OutputError(f"--out {options.out} is one file, and there are {len(files)} to develop")
    jobs = [Job(file, _target(file, options, single)) for file in files]
    seen: dict[Path, Path] = {}
    for job in jobs:
        if job.target in seen:
            raise OutputError(
                f"{seen[job.target]} and {job.source} would both become {job.target}; "
                "develop them into different folders"
            )
        seen[job.target] = job.source
    return jobs


def _names_a_file(out: Path | None) -> bool:
    """Tell a file from a folder by its suffix; a picture format that we do not write is refused."""
    if out is None or out.is_dir() or not out.suffix:
        return False
    if out.suffix.lower() in OTHER_FORMATS:
        raise OutputError(f"--out {out}: pictures are written as {', '.join(FORMATS)}")
    return out.suffix.lower() in FORMATS


def raw_files(source: Path) -> list[Path]:
    """Return a file as named, or every RAW file directly in a folder.

    Raises
    ------
    RawNotFoundError
        If a folder holds no RAW file.
    """
    if not source.is_dir():
        return [source]
    files = sorted(p for p in source.iterdir() if p.suffix.lower() in RAW_SUFFIXES)
    if not files:
        raise RawNotFoundError(f"{source} is a directory without a RAW file in it")
    return files


def _target(source: Path, options: Options, single: bool) -> Path:
    if single and options.out is not None:
        return options.out
    suffix = f".{options.pipeline}{SUFFIXES[options.encoding.format]}"
    name = fitting_name(source.stem, suffix)
    return (options.out or source.parent) / name


@contextmanager
def only_our_errors(source: Path) -> Iterator[None]:
    """Turn whatever else a file makes us raise into our own errors: it stops no other file.

    Raises
    ------
    CameraSimError
        As it was raised; `MemoryBudgetError` where memory ran out; `UnforeseenError` of all else.
    """
    try:
        yield
    except CameraSimError:
        raise
    except MemoryError as error:
        raise MemoryBudgetError(
            f"{source}: there is not enough memory to develop it; give a smaller --max-memory"
        ) from error
    except Exception as error:
        raise UnforeseenError(f"{source}: {type(error).__name__}: {error}") from error


@dataclass(frozen=True)
class Developed:
    """A capture that is developed and encoded, and not written yet.

    Attributes
    ----------
    picture
        (H, W, 3) uint8 or uint16, upright.
    photo
        The picture as a file, unsigned.
    payload
        Of its watermark, 8 bytes; None where it has none.
    """

    image: RawImage
    exposure: float
    picture: Picture
    photo: bytes
    payload: bytes | None = None

    def stated_watermark(self) -> StatedWatermark | None:
        """Return what its signer is to state of its watermark; None where it has none."""
        return StatedWatermark.of_photo(self.payload, self.picture) if self.payload else None


def develop_file(
    job: Job,
    options: Options,
    engine: Engine,
    progress: Callable[[float], None] = lambda _: None,
    signing: Signing | None = None,
    watermarking: Watermarking | None = None,
) -> Summary:
    """Develop one RAW file into one picture, signed where there is someone to sign it.

    With ``watermarking``, which needs an engine that takes it, it carries a watermark.

    Raises
    ------
    CameraSimError
        Of any kind; nothing is left half written.
    """
    check_free(job, options)
    start = time.perf_counter()
    raw = RawFile.read(job.source)
    origin = signing.origin(raw) if signing else None
    image = decode(raw, engine)
    del raw
    watermark = watermarking.next() if watermarking else None
    developed = develop_capture(image, job.source, options, engine, progress, watermark)
    payload = developed.payload
    if signing and origin:
        signing.finish(
            developed.photo,
            options.encoding.format,
            origin,
            job.target,
            force=options.force,
            watermark=developed.stated_watermark(),
        )
    else:
        write_file(job.target, developed.photo, force=options.force)
    seconds = time.perf_counter() - start
    beside = write_comparison(job, developed, options)
    return Summary(job, developed.image, options.pipeline, seconds, beside, origin, payload)


def check_free(job: Job, options: Options) -> None:
    """Refuse what would be overwritten unasked, before the work; raises `OutputError`."""
    check_absent(job.target, force=options.force)
    if options.compare:
        check_absent(job.comparison, force=options.force)


def decode(raw: RawFile, engine: Engine) -> RawImage:
    """Decode a RAW file; only what develops files keeps its bytes. Raises `RawError`."""
    image = raw_decoder().read(raw)
    return image if isinstance(engine, FileEngine) else replace(image, file=None)


def develop_capture(
    image: RawImage,
    source: Path,
    options: Options,
    engine: Engine,
    progress: Callable[[float], None] = lambda _: None,
    watermark: Watermark | None = None,
) -> Developed:
    """Develop the capture of a RAW file in memory. Raises `CameraSimError` of any kind."""
    exposure = image.auto_exposure() if options.exposure is None else options.exposure
    picture = render(image, engine, options, exposure, progress, watermark)
    check_developed(picture, image, exposure, source)
    photo = picture_file(picture, options.encoding, image.info.exif)
    return Developed(image, exposure, picture, photo, watermark.payload if watermark else None)


def write_comparison(job: Job, developed: Developed, options: Options) -> Path | None:
    """Write the side-by-side with the classical pipeline, if it is asked for."""
    if not options.compare:
        return None
    reference = render(developed.image, open_engine("classical"), options, developed.exposure)
    pictures = _to_8_bits(developed.picture), _to_8_bits(reference)
    sheet = comparison(*pictures, options.pipeline, "classical")
    write_picture(job.comparison, sheet, Encoding(), b"", force=options.force)
    return job.comparison


def render(
    image: RawImage,
    engine: Engine,
    options: Options,
    exposure: float,
    progress: Callable[[float], None] = lambda _: None,
    watermark: Watermark | None = None,
) -> Picture:
    """Develop a capture within the memory of the options: (H, W, 3) uint8, or uint16 for TIFF."""
    held = len(image.file.content) if image.file else 0
    held += WATERMARK_MEMORY if watermark else 0
    plan = None
    if isinstance(engine, TileEngine):
        plan = plan_tiles(image, engine, options.depth, options.max_memory, options.threads, held)
    return develop(
        image,
        engine,
        exposure=exposure,
        denoise=options.denoise,
        depth=options.depth,
        plan=plan,
        progress=progress,
        watermark=watermark.plane(developed_size(image)) if watermark else None,
    )


def _to_8_bits(picture: Picture) -> NDArray[np.uint8]:
    shift = 8 * (picture.dtype.itemsize - 1)
    return (picture >> shift).astype(np.uint8)
