"""Pictures without a watermark: none may be said to carry one."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from camera_sim.evaluation.watermark.changes import pixels
from camera_sim.evaluation.watermark.photos import Picture, as_jpeg
from channel import transmit
from channel.errors import ChannelError
from channel.evaluation.table import Table
from channel.picture_file.srgb import load_picture
from verifier.judging.calibration import upper_bound
from verifier.watermark.reader import read_watermark
from watermark.keys import GroupKey

KEYS = 4
"""Keys that each picture is read with: what a newsroom holds."""


@dataclass(frozen=True)
class Look:
    """One picture without a watermark, looked at in one way.

    Attributes
    ----------
    hits
        Payloads that were read.
    pilot
        The likeliest pilot's correlation.
    """

    picture: str
    way: str
    hits: int
    pilot: float
    seconds: float


def looks(files: Sequence[Path], seed: int = 0) -> Iterator[Look]:
    """Look at pictures as they are, cut, and after a platform."""
    keys = [GroupKey.draw() for _ in range(KEYS)]
    for number, file in enumerate(files):
        rng = np.random.default_rng([seed, number])
        picture = load_picture(file)
        for way, shown in _ways(picture, rng):
            start = time.perf_counter()
            reading = read_watermark(shown, keys)
            seconds = time.perf_counter() - start
            yield Look(file.name, way, int(reading.found), reading.pilot, seconds)


def _ways(picture: Picture, rng: np.random.Generator) -> Iterator[tuple[str, Picture]]:
    yield "as it is", picture
    height, width = (max(1, int(side * rng.uniform(0.4, 0.8))) for side in picture.shape[:2])
    top = int(rng.integers(picture.shape[0] - height + 1))
    left = int(rng.integers(picture.shape[1] - width + 1))
    yield "cut", picture[top : top + height, left : left + width]
    try:
        yield "after WhatsApp", pixels(transmit(as_jpeg(picture), "whatsapp"))
    except ChannelError:  # a shape that the platform doesn't take
        return


def false_hit_table(found: Sequence[Look]) -> Table:
    """Count what was read where nothing was laid."""
    rows = []
    for way in (*dict.fromkeys(look.way for look in found), "all"):
        of_way = [look for look in found if way in (look.way, "all")]
        hits = sum(look.hits for look in of_way)
        bound = upper_bound(hits, len(of_way))
        pilots = [look.pilot for look in of_way]
        seconds = np.median([look.seconds for look in of_way])
        highest = f"{max(pilots):.1f}"
        rows.append((way, len(of_way), hits, f"{bound:.2%}", highest, f"{seconds:.2f}"))
    columns = ("without a watermark", "looks", "hits", "at most (95%)", "highest pilot", "s")
    return Table(columns, rows, f"False hits, each look with {KEYS} keys")
