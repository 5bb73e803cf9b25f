"""Develop damaged RAW files: only pictures and our own errors may come out."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from camera_sim.developing.files import Job, Options, Summary, develop_file, only_our_errors
from camera_sim.engines import Engine
from camera_sim.errors import CameraSimError, EngineError, UnforeseenError
from camera_sim.evaluation.fuzzing.mutation import mutated
from camera_sim.evaluation.fuzzing.seeds import Seed
from camera_sim.raw.process import raw_decoder

# A picture shows nothing where it spans less than this, and its samples more than that, of 1.
PICTURE_SPAN, SAMPLES_SPAN = 0.02, 0.25


@dataclass(frozen=True)
class Defect:
    """A file that let out what must not come out."""

    file: Seed
    what: str


@dataclass(frozen=True)
class RawFuzzResult:
    """What came out.

    Attributes
    ----------
    outcomes
        How often a picture, a picture with warnings, and each of our errors.
    defects
        Exceptions that aren't ours, values that are no numbers, files half written, pictures
        that show nothing.
    deaths
        How often the decoding process died of a file and was replaced; develop went on.
    slowest
        Seconds of the slowest file.
    """

    files: int
    outcomes: dict[str, int]
    defects: tuple[Defect, ...]
    deaths: int
    slowest: float
    seconds: float


def raw_fuzz(
    engine: Engine,
    options: Options,
    files: Sequence[Seed],
    count: int,
    folder: Path,
    seed: int = 0,
    progress: Callable[[int], None] = lambda _: None,
) -> RawFuzzResult:
    """Develop so many damaged files, each as ``camsim develop`` does.

    Parameters
    ----------
    files
        Valid ones to start from.
    folder
        An empty folder for RAW files and pictures.
    seed
        Equal seeds give equal files.
    """
    outcomes: Counter[str] = Counter()
    defects: list[Defect] = []
    deaths, slowest, start = raw_decoder().deaths, 0.0, time.perf_counter()
    for number in range(count):
        suffix, content = mutated(np.random.default_rng((seed, number)), files)
        job = Job(folder / f"damaged{suffix}", folder / "out" / "picture.png")
        job.source.write_bytes(content)
        began = time.perf_counter()
        outcome, defect = _developed(job, replace(options, out=job.target), engine)
        slowest = max(slowest, time.perf_counter() - began)
        outcomes[outcome] += 1
        if defect:
            defects.append(Defect((suffix, content), f"file {number}: {defect}"))
        job.source.unlink()
        progress(number + 1)
    return RawFuzzResult(
        files=count,
        outcomes=dict(outcomes.most_common()),
        defects=tuple(defects),
        deaths=raw_decoder().deaths - deaths,
        slowest=slowest,
        seconds=time.perf_counter() - start,
    )


def _developed(job: Job, options: Options, engine: Engine) -> tuple[str, str | None]:
    """Develop one file; return what came out, and what must not have."""
    defect: str | None
    try:
        with only_our_errors(job.source):
            summary = develop_file(job, options, engine)
    except (UnforeseenError, EngineError) as error:  # no file's fault
        outcome, defect = type(error).__name__, str(error)
    except CameraSimError as error:
        outcome, defect = type(error).__name__, _stray(job)
    except Exception as error:  # it would stop a batch
        outcome = "a stop of the batch"
        defect = f"{outcome}: {type(error).__name__}: {error}"
    else:
        outcome = "picture, with warnings" if summary.image.notes else "picture"
        defect = _wrong(job, summary)
    for left in job.target.parent.glob("*"):
        left.unlink()
    for left in job.target.parent.glob(".*"):
        left.unlink()
    return outcome, defect


def _stray(job: Job) -> str | None:
    """Say what a refused file left behind."""
    left = [path.name for path in job.target.parent.glob("*")]
    left += [path.name for path in job.target.parent.glob(".*")]
    return f"half-written files: {', '.join(left)}" if left else None


def _wrong(job: Job, summary: Summary) -> str | None:
    """Say what is wrong with a picture that was written."""
    try:
        with Image.open(job.target) as opened:
            picture = np.asarray(opened)
    except Exception as error:
        return f"half-written file: {error}"
    image = summary.image
    samples = image.samples.astype(np.float32) / max(image.white, 1)
    if _span(picture / np.float32(255)) < PICTURE_SPAN and _span(samples) > SAMPLES_SPAN:
        return f"a picture that shows nothing; {'; '.join(image.notes) or 'no warning'}"
    return None


def _span(values: NDArray[np.floating]) -> float:
    low, high = np.percentile(values, (2, 98))
    return float(high - low)
