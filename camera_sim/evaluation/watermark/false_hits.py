"""Pictures without a watermark: none may be said to carry one."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from camera_sim.errors import CameraSimError
from camera_sim.evaluation.watermark.changes import PLATFORMS, pixels
from camera_sim.evaluation.watermark.photos import Picture, as_jpeg
from channel import transmit
from channel.errors import ChannelError
from channel.evaluation.table import Table
from channel.picture_file.srgb import load_picture
from fleet.engine import WorkerDied
from fleet.processes import Processes
from verifier.judging.calibration import upper_bound
from verifier.watermark.reader import read_watermark
from watermark.keys import GroupKey

KEYS = 4
"""Keys that each picture is read with: what a newsroom holds. Each picture has others."""
LEAST_CUT, MOST_CUT = 0.4, 0.8  # of each side


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


@dataclass(frozen=True)
class Looking:
    """Looks at a numbered picture as it is, cut, and after each platform.

    Attributes
    ----------
    seed
        Draws what is cut. Keys are never drawn from it.
    """

    seed: int

    def __call__(self, numbered: tuple[int, Path]) -> list[Look]:
        """Return all looks at it; none of a file that is no picture."""
        number, file = numbered
        try:
            picture = load_picture(file)
        except ChannelError:
            return []
        keys = [GroupKey.draw() for _ in range(KEYS)]
        found = []
        for way, shown in _ways(picture, np.random.default_rng([self.seed, number])):
            start = time.perf_counter()
            reading = read_watermark(shown, keys)
            seconds = time.perf_counter() - start
            found.append(Look(str(file), way, int(reading.found), reading.pilot, seconds))
        return found


def looks(
    files: Sequence[Path], workers: int = 1, limit: int | None = None, seed: int = 0
) -> Iterator[list[Look]]:
    """Yield the looks at each picture, or at so many of them, in an order drawn at random.

    Raises
    ------
    CameraSimError
        If a picture ends its worker.
    """
    order = np.random.default_rng(seed).permutation(len(files))[:limit]
    drawn = [(int(n), files[n]) for n in order]
    for (_, file), found in Processes(workers).map(Looking(seed), drawn):
        if isinstance(found, WorkerDied):
            raise CameraSimError(f"{file} can't be looked at: its workers died")
        yield found


def _ways(picture: Picture, rng: np.random.Generator) -> Iterator[tuple[str, Picture]]:
    yield "as it is", picture
    height, width = (
        max(1, int(side * rng.uniform(LEAST_CUT, MOST_CUT))) for side in picture.shape[:2]
    )
    top = int(rng.integers(picture.shape[0] - height + 1))
    left = int(rng.integers(picture.shape[1] - width + 1))
    yield "cut", picture[top : top + height, left : left + width]
    file = as_jpeg(picture)
    for platform in PLATFORMS:
        try:
            yield f"after {platform}", pixels(transmit(file, platform))
        except ChannelError:  # a shape that the platform doesn't take
            continue


def false_hit_table(found: Sequence[Look]) -> Table:
    """Count what was read where nothing was laid.

    Looks at one picture are no independent trials: the last row bounds the share of pictures.
    """
    rows = [
        _row(way, [look for look in found if look.way == way])
        for way in dict.fromkeys(look.way for look in found)
    ]
    pictures = dict.fromkeys(look.picture for look in found)
    hit = {look.picture for look in found if look.hits}
    of_pictures = (len(pictures), len(hit), f"{upper_bound(len(hit), len(pictures)):.3%}", "", "")
    rows += [_row("all looks", found), ("pictures, by any look", *of_pictures)]
    columns = ("without a watermark", "trials", "hits", "at most (95%)", "highest pilot", "s")
    return Table(columns, rows, f"False hits, each look with {KEYS} keys")


def _row(name: str, looks: Sequence[Look]) -> tuple[object, ...]:
    hits = sum(look.hits for look in looks)
    pilot = max(look.pilot for look in looks)
    seconds = np.median([look.seconds for look in looks])
    bound = f"{upper_bound(hits, len(looks)):.3%}"
    return name, len(looks), hits, bound, f"{pilot:.1f}", f"{seconds:.2f}"
