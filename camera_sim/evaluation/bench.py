"""How fast a pipeline is, and how much memory it takes, beside LibRaw on the same cores."""

import multiprocessing
import resource
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np

from camera_sim.device.capture_token import Attest
from camera_sim.sensor.cameras import CAMERAS
from camera_sim.sensor.dng import write_dng
from camera_sim.sensor.sensor import BASE_ISO, Sensor

# Width and height of common sensors of 12, 24 and 45 megapixels.
SIZES = {12: (4288, 2848), 24: (6016, 4016), 45: (8256, 5504)}
PEER = "libraw"
ROUNDS = 3


@dataclass(frozen=True)
class Run:
    """One measurement in a process of its own.

    Attributes
    ----------
    seconds
        From the file on disk to the whole picture in memory.
    peak_memory
        Largest resident size of the process in bytes, Python and libraries included.
    """

    seconds: float
    peak_memory: int


@dataclass(frozen=True)
class Result:
    """A pipeline at a size: medians over rounds."""

    pipeline: str
    megapixels: float
    seconds_per_megapixel: float
    ratio: float
    peak_memory: int


def bench_develop(pipelines: tuple[str, ...], sizes: tuple[int, ...]) -> Iterator[Result]:
    """Develop a capture of each size by each pipeline and by LibRaw's AHD, in turn.

    Yields
    ------
    A result for each, LibRaw's first; the ratio is over LibRaw's time, round by round.
    """
    with tempfile.TemporaryDirectory() as folder:
        for size in sizes:
            width, height = SIZES[size]
            path = Path(folder) / f"{size}.dng"
            write_sample(path, width, height)
            rounds = [
                {name: _apart(name, path) for name in (PEER, *pipelines)} for _ in range(ROUNDS)
            ]
            megapixels = width * height / 1e6
            for name in (PEER, *pipelines):
                yield _result(name, megapixels, rounds)


def _result(name: str, megapixels: float, rounds: list[dict[str, Run]]) -> Result:
    return Result(
        pipeline=name,
        megapixels=megapixels,
        seconds_per_megapixel=median(r[name].seconds for r in rounds) / megapixels,
        ratio=median(r[name].seconds / r[PEER].seconds for r in rounds),
        peak_memory=int(median(r[name].peak_memory for r in rounds)),
    )


def write_sample(path: Path, width: int, height: int, attest: Attest | None = None) -> None:
    """Write a simulated capture of a made scene: smooth shading, edges and texture.

    A device's sensor may attest it.
    """
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    waves = [np.sin(x / (7 + 40 * c) + y / (11 + 30 * c)) for c in range(3)]
    shade = np.stack(waves, axis=-1) * 0.2 + 0.4
    shade[(x // 97 + y // 61) % 2 == 0] *= 0.5
    sensor = Sensor(CAMERAS[0], noise=BASE_ISO)
    rng = np.random.default_rng(0)
    write_dng(
        path,
        sensor.capture(shade.astype(np.float32), (2.0, 1.0, 1.5), rng),
        attest=attest,
        force=True,
    )


def _apart(pipeline: str, path: Path) -> Run:
    """Measure in a fresh process, so that memory is that of one development."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        return pool.apply(measure, (pipeline, path))


def measure(pipeline: str, path: Path) -> Run:
    """Develop once, with everything imported and loaded, and report."""
    from camera_sim.developing.files import Options, open_engine, render
    from camera_sim.raw.raw_image import read_raw

    engine = open_engine(pipeline)
    start = time.perf_counter()
    if pipeline == PEER:
        _libraw_alone(path)
    else:
        image = read_raw(path)
        render(image, engine, Options(pipeline=pipeline), image.auto_exposure())
    seconds = time.perf_counter() - start
    return Run(seconds, peak_memory())


def peak_memory() -> int:
    """Return the largest resident size of this process in bytes.

    Where the kernel tells it of this process alone: the usual ``ru_maxrss`` starts, after a spawn,
    from what the parent had.
    """
    try:
        status = Path("/proc/self/status").read_text(encoding="utf-8")
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


def _libraw_alone(path: Path) -> None:
    """Do what a user of rawpy writes: open, AHD, camera white balance, 8 bits."""
    import rawpy

    with rawpy.imread(str(path)) as raw:
        raw.postprocess(use_camera_wb=True, demosaic_algorithm=rawpy.DemosaicAlgorithm.AHD)
