"""How fast a pipeline is, and how much memory it takes, beside LibRaw on the same cores."""

import multiprocessing
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Final

import numpy as np
import rawpy

from camera_sim.device.capture_token import Attest
from camera_sim.raw.libraw_rendering import Demosaicing
from camera_sim.sensor.cameras import CAMERAS
from camera_sim.sensor.dng import write_dng
from camera_sim.sensor.sensor import BASE_ISO, Sensor

# Width and height of common sensors of 12, 24 and 45 megapixels.
SIZES = {12: (4288, 2848), 24: (6016, 4016), 45: (8256, 5504)}
PEER = "libraw"
LIBRAW: Final[dict[str, Demosaicing]] = {
    "libraw linear": "LINEAR",
    "libraw VNG": "VNG",
    "libraw PPG": "PPG",
    PEER: "AHD",
    "libraw DCB": "DCB",
    "libraw DHT": "DHT",
}
"""What LibRaw's demosaicings are called here: the peer is AHD, its default."""
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

    Parameters
    ----------
    pipelines
        Names of pipelines, or of `LIBRAW`.
    sizes
        Of `SIZES`.

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

    if pipeline in LIBRAW:
        return _timed(lambda: _libraw_alone(path, LIBRAW[pipeline]))
    engine = open_engine(pipeline)

    def developed() -> None:
        image = replace(read_raw(path), file=None)  # as `camsim develop` lets it go
        render(image, engine, Options(pipeline=pipeline), image.auto_exposure())

    return _timed(developed)


def _timed(developed: Callable[[], None]) -> Run:
    start = time.perf_counter()
    developed()
    return Run(time.perf_counter() - start, peak_memory())


def peak_memory() -> int:
    """Return the largest resident size of this process in bytes.

    Where the kernel gives it for this process alone: the usual ``ru_maxrss`` starts, after a spawn,
    from what the parent had.
    """
    try:
        status = Path("/proc/self/status").read_text(encoding="utf-8")
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


def _libraw_alone(path: Path, demosaicing: Demosaicing) -> None:
    """Do what a user of rawpy writes: open, demosaic, camera white balance, 8 bits."""
    with rawpy.imread(str(path)) as raw:
        raw.postprocess(use_camera_wb=True, demosaic_algorithm=rawpy.DemosaicAlgorithm[demosaicing])
