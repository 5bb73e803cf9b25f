"""Developing a capture of any size in tiles: RawImage to RGB, in bounded memory.

Tiles overlap by the network's receptive field and start on its sampling grid, so a tiled picture
equals one developed whole. Beyond the picture's edge the mosaic is mirrored, which keeps the
Bayer order. Tiles run side by side, one thread each.
"""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import product
from typing import Literal, overload

import numpy as np
from numpy.typing import NDArray

from camera_sim.developing.upright import (
    as_sensor_saw,
    square_pixels,
    turned,
    upright_aspect,
    upright_size,
)
from camera_sim.developing.watermark_grid import grid_aligned
from camera_sim.engines import Colour, Engine, FileEngine, TileEngine
from camera_sim.errors import InferenceError, MemoryBudgetError, PipelineError
from camera_sim.raw.cfa import CFAPattern, to_rggb
from camera_sim.raw.raw_image import Picture, RawImage
from channel.one_blas_thread import ONE_BLAS_THREAD
from watermark.plane import Plane

Array = NDArray[np.float32]
Depth = Literal[8, 16]
Window = tuple[slice, slice]

DEFAULT_MAX_MEMORY = 2 * 1024**3
# Python, ONNX Runtime and the libraries, before any picture is loaded (measured: 120–160 MB).
BASE_MEMORY = 200 * 1024**2
# A watermark's plane while it is made, for a photo of any size (measured: 76 MB).
WATERMARK_MEMORY = 80 * 1024**2
# Sides of a tile's inner part in packed pixels, best first: a larger tile wastes less on its halo,
# but its features leave the processor's cache (512 took 1.3 times as long in a fresh process).
TILE_SIDES = (256, 192, 128, 64)


@dataclass(frozen=True)
class Plan:
    """How a capture is cut up.

    Attributes
    ----------
    tile
        Side of a tile's inner part, in packed pixels.
    halo
        Overlap on each side, in packed pixels.
    threads
        Tiles at a time.
    """

    tile: int
    halo: int
    threads: int


@overload
def develop(
    image: RawImage,
    engine: Engine,
    *,
    exposure: float | None = ...,
    denoise: float = ...,
    depth: Literal[8] = ...,
    plan: Plan | None = ...,
    progress: Callable[[float], None] = ...,
    watermark: Plane | None = ...,
) -> NDArray[np.uint8]: ...


@overload
def develop(
    image: RawImage,
    engine: Engine,
    *,
    exposure: float | None = ...,
    denoise: float = ...,
    depth: Depth,
    plan: Plan | None = ...,
    progress: Callable[[float], None] = ...,
    watermark: Plane | None = ...,
) -> Picture: ...


def develop(
    image: RawImage,
    engine: Engine,
    *,
    exposure: float | None = None,
    denoise: float = 1.0,
    depth: Depth = 8,
    plan: Plan | None = None,
    progress: Callable[[float], None] = lambda _: None,
    watermark: Plane | None = None,
) -> Picture:
    """Develop a capture.

    Parameters
    ----------
    image
        The capture.
    engine
        What develops it, in tiles or whole.
    exposure
        Linear gain; None chooses it as `RawImage.auto_exposure`.
    denoise
        How much of the noise a pipeline that removes noise is told of: 0 keeps it, 1 is right.
    depth
        Bits a channel of the result.
    plan
        How to cut it up, where it is developed in tiles; None asks `plan_tiles` for the default
        memory.
    progress
        Called with the share that is done, from worker threads.
    watermark
        What the engine is to embed: noise of unit variance that covers the result exactly, upright
        and with square pixels. None embeds nothing.

    Returns
    -------
    (H, W, 3) uint8 or uint16 sRGB, upright, its pixels square.

    Raises
    ------
    InferenceError
        If the engine fails, or develops values that are no numbers.
    MemoryBudgetError
        If ``plan`` isn't given, and the default memory is too small.
    PipelineError
        If the engine develops files, and the capture is of none; or it embeds no watermark, and
        is given one.
    """
    _check_takes(engine, watermark)
    gain = image.auto_exposure() if exposure is None else exposure
    if isinstance(engine, FileEngine):
        return turned(engine.render(image, gain, depth), image.orientation)
    assert isinstance(engine, TileEngine), f"{engine.name} develops neither tiles nor files"
    plan = plan or plan_tiles(image, engine, depth)
    colour = capture_colour(image, gain, denoise)
    work = _Work(engine, colour, depth, plan, progress)
    if engine.size.watermarked:  # its place counts: what is developed is upright already
        upright = _in_tiles(grid_aligned(image), work)
        height, width = upright_size(image)
        return square_pixels(upright[:height, :width], upright_aspect(image))
    seen = _in_tiles(image, work, watermark and as_developed(watermark, image))
    return turned(square_pixels(seen, image.pixel_aspect), image.orientation)


def _check_takes(engine: Engine, watermark: Plane | None) -> None:
    takes = isinstance(engine, TileEngine) and engine.takes_watermark
    if watermark is not None and not takes:
        raise PipelineError(
            f"the network that {engine.name} runs embeds no watermark that it is given; develop "
            "with --pipeline qnet, or without a watermark"
        )


@dataclass(frozen=True)
class _Work:
    """What is the same for every tile."""

    engine: TileEngine
    colour: Colour
    depth: Depth
    plan: Plan
    progress: Callable[[float], None]


def _in_tiles(image: RawImage, work: _Work, watermark: Plane | None = None) -> Picture:
    """Develop as the sensor saw it.

    Parameters
    ----------
    watermark
        `as_developed`.
    """
    dtype = np.uint8 if work.depth == 8 else np.uint16
    developed = np.empty((*image.size, 3), dtype)
    turned = to_rggb(developed, image.pattern)
    windows = list(tile_windows(image.size, work.plan.tile))
    engine, halo = work.engine, work.plan.halo

    def develop_window(window: Window) -> None:
        planes = padded_planes(image, window, halo, engine)
        laid = _padded_window(watermark, image.size, window, planes.shape, halo)
        given = (planes, work.colour) if laid is None else (planes, work.colour, laid)
        _store(engine.develop(*given), turned, window, halo)

    alone = ONE_BLAS_THREAD if watermark else nullcontext()
    with alone, ThreadPoolExecutor(work.plan.threads) as pool:
        for done, _ in enumerate(pool.map(develop_window, windows), 1):
            work.progress(done / len(windows))
    return developed


def as_developed(watermark: Plane, image: RawImage) -> Plane:
    """Turn an upright picture's plane as `to_rggb` turns the capture's mosaic."""
    row, column = image.pattern.red_site
    return as_sensor_saw(watermark, image.orientation).flipped(row == 1, column == 1)


def _padded_window(
    watermark: Plane | None,
    size: tuple[int, int],
    window: Window,
    planes: tuple[int, ...],
    halo: int,
) -> Array | None:
    """Return a watermark at a tile's pixels; each is added to one alone, so the halo needs none."""
    if watermark is None:
        return None
    padded = np.zeros((2 * planes[1], 2 * planes[2]), np.float32)
    part = watermark.window(size, *window)
    padded[2 * halo : 2 * halo + part.shape[0], 2 * halo : 2 * halo + part.shape[1]] = part
    return padded


def capture_colour(image: RawImage, exposure: float, denoise: float = 1.0) -> Colour:
    """Gather what a pipeline is told of a capture."""
    noise = image.noise_profile().scaled(denoise).limited()
    return Colour(
        white_balance=image.packed_gains,
        camera_to_srgb=image.camera_to_srgb.astype(np.float32),
        exposure=exposure,
        noise=np.array([noise.shot, noise.read], np.float32),
    )


def plan_tiles(
    image: RawImage,
    engine: TileEngine,
    depth: Depth = 8,
    max_memory: int = DEFAULT_MAX_MEMORY,
    threads: int | None = None,
    held: int = 0,
) -> Plan:
    """Choose the largest tiles that keep the whole process under a memory limit.

    Parameters
    ----------
    held
        Bytes that are in memory besides: the RAW file, as it was read; a watermark's.

    Raises
    ------
    MemoryBudgetError
        If not even one small tile fits beside the picture; the message says what would do.
    """
    multiple = engine.size.multiple_of
    halo = -(-engine.size.receptive_field // multiple) * multiple
    threads = threads or os.cpu_count() or 1
    spare = max_memory - BASE_MEMORY - picture_memory(image, depth) - held
    if engine.size.watermarked:
        spare -= image.samples.nbytes  # turned upright
    most = min(engine.fixed) - 2 * halo if engine.fixed else TILE_SIDES[0]
    sides = [side for side in TILE_SIDES if side <= most] or [most]
    for used, side in product(range(threads, 0, -1), sides):
        if used * tile_memory(side, halo, engine) <= spare:
            return Plan(side, halo, used)
    least = max_memory - spare + tile_memory(TILE_SIDES[-1], halo, engine)
    raise MemoryBudgetError(
        f"{image.megapixels:.1f} MP cannot be developed in {max_memory / 1024**2:.0f} MB; "
        f"--max-memory {-(-least // 1024**2)}MB would do"
    )


def picture_memory(image: RawImage, depth: Depth) -> int:
    """Return the bytes of the mosaic, the result, and the two copies that encoding makes."""
    return image.samples.nbytes + 3 * image.samples.size * 3 * (depth // 8)


def tile_memory(side: int, halo: int, engine: TileEngine) -> int:
    """Return the bytes that one tile takes while it is developed."""
    return (side + 2 * halo) ** 2 * engine.size.bytes_per_pixel


def tile_windows(size: tuple[int, int], tile: int) -> Iterator[Window]:
    """Cut a (H, W) mosaic into windows of at most ``2 · tile`` pixels a side."""
    height, width = size
    step = 2 * tile
    for top, left in product(range(0, height, step), range(0, width, step)):
        yield slice(top, min(top + step, height)), slice(left, min(left + step, width))


def padded_planes(image: RawImage, window: Window, halo: int, engine: TileEngine) -> Array:
    """Return the (4, h, w) planes of a window with its halo, sides as the engine wants them."""
    turned = to_rggb(image.samples, image.pattern)
    rows, columns = (
        _mirrored(part, halo, side, engine.size.multiple_of)
        for part, side in zip(window, image.size, strict=True)
    )
    tile = turned[rows][:, columns]
    sites = CFAPattern("RGGB").sites
    planes = [tile[row::2, column::2] for row, column in sites]
    return np.stack([image.normalise_plane(plane, index) for index, plane in enumerate(planes)])


def _mirrored(part: slice, halo: int, side: int, multiple: int) -> slice | NDArray[np.intp]:
    """Widen a window by the halo; past an edge, as indices mirrored without repeating it."""
    inner = -(-(part.stop - part.start) // (2 * multiple)) * 2 * multiple
    start, stop = part.start - 2 * halo, part.start + inner + 2 * halo
    if start >= 0 and stop <= side:
        return slice(start, stop)
    period = 2 * (side - 1)
    index = np.abs(np.arange(start, stop)) % period
    mirrored: NDArray[np.intp] = np.minimum(index, period - index)
    return mirrored


def _store(tile: Array, picture: Picture, window: Window, halo: int) -> None:
    """Quantise a tile's inner part into its place."""
    rows, columns = window
    height, width = rows.stop - rows.start, columns.stop - columns.start
    inner = tile[:, 2 * halo : 2 * halo + height, 2 * halo : 2 * halo + width]
    if not (inner.min() >= 0 and inner.max() <= 1):  # not a number fails both
        inner = _in_range(inner)
    top = np.float32(np.iinfo(picture.dtype).max)
    for channel, plane in enumerate(inner):  # one at a time: twice as fast as all transposed
        picture[(*window, channel)] = plane * top + np.float32(0.5)


def _in_range(values: Array) -> Array:
    """Clip values to [0, 1]: beyond, they would wrap around; raises where one is no number."""
    if not np.isfinite(values).all():
        raise InferenceError(
            "the pipeline developed values that are no numbers; nothing was written"
        )
    return np.clip(values, 0, 1)
