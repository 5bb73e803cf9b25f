"""How long each part of an analysis takes, and how much memory."""

import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

import numpy as np
from PIL import Image
from pydantic import BaseModel

from verifier.analysis import Verifier
from verifier.detectors import DETECTORS
from verifier.errors import WorkerError
from verifier.report.parts import parts_of
from watermark.keys import GroupKey

# What a photo of 12 megapixels has.
SIZE: Final = (4000, 3000)
# "reading" holds the parts that the reading process names itself.
PARTS: Final = (*parts_of({detector.name: "" for detector in DETECTORS}), "total")
_INNER: Final = ("decoding", "credential", "channel")


class BenchResult(BaseModel):
    """What an analysis takes.

    Attributes
    ----------
    size
        Width and height.
    first, again
        Seconds of each part, the first time and the median of further ones; parts overlap.
    cold
        Seconds from the start of Python to the first report.
    processor
        Seconds of all cores of a further analysis, without the reading process.
    reader_processor
        Seconds of all cores of the reading process an analysis, its start included.
    service_memory, reader_memory
        Peak bytes of both processes.
    without_models
        Whether no detector ran.
    """

    size: tuple[int, int]
    first: dict[str, float]
    again: dict[str, float]
    cold: float
    processor: float
    reader_processor: float
    service_memory: int
    reader_memory: int
    without_models: bool


@dataclass(frozen=True)
class _Run:
    seconds: dict[str, float]
    processor: float
    size: tuple[int, int]
    ran: bool


def bench_verify(photo: Path | None, weights: Path, runs: int) -> BenchResult:
    """Measure in a fresh process, so that memory is that of one service."""
    with tempfile.TemporaryDirectory() as folder:
        if photo is None:
            photo = Path(folder) / "photo.jpg"
            write_sample(photo)
        program = "import sys; from verifier.evaluation.bench import main; main(*sys.argv[1:])"
        command = [sys.executable, "-c", program, str(photo.resolve()), str(weights), str(runs)]
        command.append(str(time.time()))  # the same clock for both processes
        ran = subprocess.run(command, capture_output=True, text=True, check=False, encoding="utf-8")
    if ran.returncode:
        raise WorkerError(f"the measured process failed: {ran.stderr.strip().splitlines()[-1:]}")
    return BenchResult.model_validate_json(ran.stdout)


def write_sample(path: Path, size: tuple[int, int] = SIZE, seed: int = 0) -> None:
    """Write a made picture with texture everywhere, the worst case; ``size``: width and height."""
    rng = np.random.default_rng(seed)
    width, height = size
    small = rng.integers(0, 256, (height // 8, width // 8, 3), dtype=np.uint8)
    image = Image.fromarray(small).resize(size, Image.Resampling.BICUBIC)
    pixels = np.asarray(image, np.int16) + rng.integers(-12, 13, (height, width, 1), np.int16)
    Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(path, quality=90)


def main(photo: str, weights: str, runs: str, started: str) -> None:
    """Measure here, and print the result as JSON."""
    # A newsroom has a key, so that a watermark is looked for; whose it is doesn't matter.
    keys = (GroupKey.draw(),)
    with Verifier.from_weights(Path(weights), watermark_keys=keys) as verifier:
        first = _measured(verifier, photo)
        cold = time.time() - float(started)
        again = [_measured(verifier, photo) for _ in range(int(runs))]
    # The reading process has ended, so that its size is known.
    parts = [part for part in (*_INNER, *PARTS) if part in first.seconds]
    reader = resource.getrusage(resource.RUSAGE_CHILDREN)
    result = BenchResult(
        size=first.size,
        first=first.seconds,
        again={part: median(run.seconds.get(part, 0.0) for run in again) for part in parts},
        cold=cold,
        processor=median(run.processor for run in again),
        reader_processor=(reader.ru_utime + reader.ru_stime) / (1 + len(again)),
        service_memory=_peak(),
        reader_memory=reader.ru_maxrss * 1024,
        without_models=not first.ran,
    )
    print(result.model_dump_json())


def _measured(verifier: Verifier, photo: str) -> _Run:
    start, processor = time.perf_counter(), time.process_time()
    report = verifier.analyze(photo)
    seconds = report.seconds | {"total": time.perf_counter() - start}
    processor = time.process_time() - processor
    ran = any(result.model for result in report.detectors)
    return _Run(seconds, processor, (report.input.width, report.input.height), ran)


def _peak() -> int:
    """Largest resident size of this process in bytes, from the kernel where it says."""
    try:
        status = Path("/proc/self/status").read_text(encoding="utf-8")
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024
