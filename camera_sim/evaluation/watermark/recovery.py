"""Whether payloads come back, by what happened to the photos."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from camera_sim.evaluation.watermark.changes import Change
from camera_sim.evaluation.watermark.photos import Shot
from channel.evaluation.table import Table
from verifier.judging.calibration import upper_bound
from verifier.watermark.reader import read_watermark


@dataclass(frozen=True)
class Trial:
    """One photo after one change.

    Attributes
    ----------
    photo, change
        Names.
    recovered
        Whether the photo's own payload was read.
    wrong
        Whether another one was.
    pilot
        The pilot's correlation, in deviations.
    seconds
        That reading took, the picture being decoded.
    """

    photo: str
    change: str
    recovered: bool
    wrong: bool
    pilot: float
    seconds: float


def trials(shot: Shot, changes: Mapping[str, Change]) -> Iterator[Trial]:
    """Try each change on a photo."""
    for name, change in changes.items():
        received = change(shot)
        start = time.perf_counter()
        reading = read_watermark(received, [shot.keys.group])
        seconds = time.perf_counter() - start
        recovered = reading.payload == shot.payload
        wrong = reading.found and not recovered
        yield Trial(shot.name, name, recovered, wrong, reading.pilot, seconds)


def recovery_table(found: Sequence[Trial], title: str) -> Table:
    """Show what share of photos is recovered after each change, and where it isn't."""
    rows = []
    for change in dict.fromkeys(trial.change for trial in found):
        of_change = [trial for trial in found if trial.change == change]
        lost = [trial.photo for trial in of_change if not trial.recovered]
        wrong = sum(trial.wrong for trial in of_change)
        least = 1 - upper_bound(len(lost), len(of_change))
        seconds = np.median([trial.seconds for trial in of_change])
        rows.append(
            (
                change,
                f"{len(of_change) - len(lost)} of {len(of_change)}",
                f"{1 - len(lost) / len(of_change):.1%}",
                f"{least:.1%}",
                wrong,
                f"{seconds:.2f}",
                ", ".join(lost[:3]) + (", …" if len(lost) > 3 else ""),
            )
        )
    columns = (
        "after", "recovered", "share", "at least (95%)", "wrong payloads", "s to read", "lost",
    )  # fmt: skip
    return Table(columns, rows, title)


def tried(
    shots: Iterable[Shot], changes: Mapping[str, Change], each: Callable[[Trial], None]
) -> list[Trial]:
    """Try all changes on all photos; ``each`` is told of every trial."""
    found = []
    for shot in shots:
        for trial in trials(shot, changes):
            each(trial)
            found.append(trial)
    return found
