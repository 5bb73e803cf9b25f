"""Tiles of held-out captures: what int8 ranges are found on."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from camera_sim.developing.files import RAW_SUFFIXES
from camera_sim.developing.tiles import capture_colour
from camera_sim.engines import Array, Colour, inputs_of
from camera_sim.raw.raw_image import RawImage, read_raw
from firmware_export.errors import ExportError

SIDE = 128
PER_CAPTURE = 4
# Each tile is taken as shot and once more three stops darker: what int8 rounds off near black is
# what a dark capture is made of (found by the parity gate: 26 dB on one, 40 on the others).
UNDEREXPOSED = 8


def read_captures(sources: Sequence[Path]) -> list[tuple[str, RawImage]]:
    """Read RAW files, and every RAW file in a folder, with their names.

    Raises
    ------
    ExportError
        If there is none.
    RawError
        If one cannot be read.
    """
    files = [file for source in sources for file in _files(source)]
    if not files:
        raise ExportError(f"there is no RAW file in {', '.join(map(str, sources)) or 'nothing'}")
    return [(file.name, read_raw(file)) for file in files]


def _files(source: Path) -> list[Path]:
    if not source.is_dir():
        return [source]
    return sorted(path for path in source.iterdir() if path.suffix.lower() in RAW_SUFFIXES)


def feeds_of(
    captures: Sequence[tuple[str, RawImage]], tile: tuple[int, int] | None = None
) -> list[dict[str, Array]]:
    """Cut tiles out of captures, evenly, as a network's inputs, each with noise as a watermark.

    Parameters
    ----------
    tile
        Height and width in packed pixels; None takes `SIDE`.
    """
    return [feed for _, image in captures for feed in _feeds(image, tile or (SIDE, SIDE))]


def _feeds(image: RawImage, tile: tuple[int, int]) -> Iterator[dict[str, Array]]:
    height, width = tile
    colour = capture_colour(image, image.auto_exposure())
    rows, columns = image.size[0] // 2 - height, image.size[1] // 2 - width
    if rows < 0 or columns < 0:
        raise ExportError(
            f"a capture of {image.size[1]}×{image.size[0]} pixels holds no tile of "
            f"{2 * width}×{2 * height}"
        )
    noise = np.random.default_rng(0)
    for place in np.linspace(0, 1, PER_CAPTURE):
        top, left = 2 * int(rows * place), 2 * int(columns * (1 - place))
        packed = image.packed((slice(top, top + 2 * height), slice(left, left + 2 * width)))
        mosaic = np.ascontiguousarray(packed.transpose(2, 0, 1))
        watermark = noise.standard_normal((2 * height, 2 * width)).astype(np.float32)
        yield inputs_of(mosaic, colour, watermark)
        yield inputs_of(mosaic / np.float32(UNDEREXPOSED), darkened(colour), watermark)


def darkened(colour: Colour) -> Colour:
    """Return a capture's colour had it been taken `UNDEREXPOSED`, and brightened as much after."""
    shot, read = colour.noise
    return replace(
        colour,
        exposure=colour.exposure * UNDEREXPOSED,
        noise=np.array([shot / UNDEREXPOSED, read / UNDEREXPOSED**2], np.float32),
    )
