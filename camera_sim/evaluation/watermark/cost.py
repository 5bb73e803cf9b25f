"""What a watermark costs: laying it beside developing, and reading it."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from camera_sim.developing.upright import upright_size
from camera_sim.evaluation.watermark.changes import pixels
from camera_sim.evaluation.watermark.photos import Shot
from channel import transmit
from channel.evaluation.table import Table
from verifier.watermark.reader import read_watermark

ROUNDS = 5


@dataclass(frozen=True)
class Cost:
    """Seconds of one photo, each the median of rounds taken in turn.

    Attributes
    ----------
    plain, watermarked
        Developing it, from the capture in memory to RGB; with the plane's making.
    plane
        Making the plane alone.
    whole, searched, without
        Reading it as developed; after a cut and WhatsApp; and a photo that has none, searched.
    more, more_processor
        By which share a watermark makes developing longer; the same of the seconds of all cores,
        which other work on a machine changes less.
    """

    megapixels: float
    plain: float
    watermarked: float
    plane: float
    whole: float
    searched: float
    without: float
    more: float
    more_processor: float


def cost_of(shot: Shot) -> Cost:
    """Measure one photo."""
    keys = [shot.keys.group]
    height, width = shot.photo.shape[:2]
    part = np.ascontiguousarray(shot.photo[height // 4 : -height // 4, width // 4 : -width // 4])
    cut = pixels(transmit(part, "whatsapp"))
    none = pixels(transmit(shot.plain, "whatsapp"))
    steps: dict[str, Callable[[], object]] = {
        "plain": lambda: shot.developed(watermarked=False),
        "watermarked": lambda: shot.developed(watermarked=True),
        "plane": lambda: shot.keys.watermark(shot.payload).plane(upright_size(shot.capture)),
        "whole": lambda: read_watermark(shot.photo, keys),
        "searched": lambda: read_watermark(cut, keys),
        "without": lambda: read_watermark(none, keys),
    }
    seconds: dict[str, list[float]] = {name: [] for name in steps}
    processor: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(ROUNDS):
        for name, step in steps.items():
            start, used = time.perf_counter(), time.process_time()
            step()
            seconds[name].append(time.perf_counter() - start)
            processor[name].append(time.process_time() - used)
    medians = {name: float(np.median(taken)) for name, taken in seconds.items()}
    more = (_more(taken["plain"], taken["watermarked"]) for taken in (seconds, processor))
    return Cost(shot.capture.megapixels, *medians.values(), *more)


def _more(plain: Sequence[float], watermarked: Sequence[float]) -> float:
    """Return by which share one is more than the other in the same round: the median."""
    return float(np.median(np.divide(watermarked, plain))) - 1


def cost_table(costs: Sequence[Cost]) -> Table:
    """Show each photo in a row."""
    rows = [
        (
            f"{cost.megapixels:.0f}",
            f"{cost.plain:.2f}",
            f"{cost.watermarked:.2f}",
            f"{cost.more:+.0%}",
            f"{cost.more_processor:+.0%}",
            f"{cost.plane:.2f}",
            f"{cost.whole:.2f}",
            f"{cost.searched:.2f}",
            f"{cost.without:.2f}",
        )
        for cost in costs
    ]
    columns = (
        "MP", "develop, s", "with a watermark, s", "more", "more, all cores' seconds",
        "the plane, s", "read whole, s", "read a quarter after WhatsApp, s", "none there, s",
    )  # fmt: skip
    return Table(columns, rows, "Seconds")
