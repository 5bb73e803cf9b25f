"""A device's self-test: a fixed tile, developed, must give the answer that the bundle holds.

The question is in the code and the answer in the bundle, signed. A model that a faulty memory, a
wrong driver or an unlucky rounding turned black does not get to take photos. A model that booted
and has not developed a photo yet is run on more, by `run_in`, before what ran earlier is given up.
"""

import numpy as np
from numpy.typing import NDArray

from camera_sim.developing.tiles import TILE_SIDES
from camera_sim.engines import Array, Colour, TileEngine, checked
from firmware_export.errors import BootError

SIDE = 64
# An 8-bit level more or less is what processors differ by; networks in int8 by a few.
LARGEST, MEAN = 12, 0.75
# So strong, in its own deviations, that a network which lays no watermark fails.
WATERMARK_PEAK = np.float32(4)
Answer = NDArray[np.uint8]


def question(multiple: int) -> tuple[Array, Colour]:
    """Return a made (4, h, w) mosaic of waves and edges, and its colour; the same everywhere."""
    side = -(-SIDE // multiple) * multiple
    y, x = np.mgrid[0:side, 0:side].astype(np.float32)
    waves = [0.35 + 0.25 * np.sin(x / (3 + k) + k) * np.cos(y / (5 + k)) for k in range(4)]
    mosaic = np.stack(waves).astype(np.float32)
    mosaic[:, side // 4 : side // 2, side // 3 : 2 * side // 3] *= 0.4
    colour = Colour(
        white_balance=np.array([2.0, 1.0, 1.0, 1.5], np.float32),
        camera_to_srgb=np.array(
            [[1.6, -0.5, -0.1], [-0.2, 1.5, -0.3], [0.0, -0.6, 1.6]], np.float32
        ),
        exposure=1.0,
        noise=np.array([2e-4, 1e-6], np.float32),
    )
    return mosaic, colour


def watermark_of(mosaic: Array) -> Array:
    """Return a made (2h, 2w) watermark for a (4, h, w) mosaic: squares of 3 pixels, ± a peak."""
    y, x = np.mgrid[0 : 2 * mosaic.shape[1], 0 : 2 * mosaic.shape[2]] // 3
    return np.where((y + x) % 2, WATERMARK_PEAK, -WATERMARK_PEAK)


def answer(engine: TileEngine) -> Answer:
    """Return what a network makes of the question, as (3, H, W) 8-bit sRGB.

    One that embeds a watermark is given one.

    Raises
    ------
    InferenceError
        If the network fails, or gives no picture.
    """
    mosaic, colour = question(engine.size.multiple_of)
    laid = watermark_of(mosaic) if engine.takes_watermark else None
    developed = checked(engine.develop(mosaic, colour, laid), mosaic, "")
    answered: Answer = np.rint(developed.clip(0, 1) * 255).astype(np.uint8)
    return answered


def run_in(engine: TileEngine) -> None:
    """Run a network on tiles as large as a photo's, dark, bright and clipped.

    Raises
    ------
    InferenceError
        If the network fails, or gives no picture.
    """
    mosaic, colour = question(engine.size.multiple_of)
    count = -(-TILE_SIDES[0] // mosaic.shape[1]) + 1
    tile = np.tile(mosaic, (1, count, count))
    for gain, offset in ((1.0, 0.0), (0.01, -0.01), (4.0, 0.0), (0.0, 1.0)):
        shown = np.minimum(tile * np.float32(gain) + np.float32(offset), np.float32(1))
        checked(engine.develop(shown, colour), shown, "")


def check(engine: TileEngine, expected: bytes, largest: int, mean: float) -> None:
    """Ask, and compare with the bundle's answer.

    Raises
    ------
    BootError
        If they differ by more than these levels.
    """
    given = answer(engine)
    wanted = np.frombuffer(expected, np.uint8)
    if wanted.size != given.size:
        raise BootError("the self-test's answer has another size than the picture")
    difference = np.abs(given.ravel().astype(np.int16) - wanted)
    if difference.max() > largest or difference.mean() > mean:
        raise BootError(
            f"the self-test failed: the picture differs by up to {difference.max()} levels, "
            f"{difference.mean():.2f} on average, and may by {largest} and {mean:g}"
        )
