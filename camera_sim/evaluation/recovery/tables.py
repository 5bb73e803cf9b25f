"""What the trials show, in tables."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from camera_sim.evaluation.recovery.global_edits import GLOBAL_EDITS
from camera_sim.evaluation.recovery.trials import Trial
from channel.evaluation.table import Table
from verifier.judging.calibration import upper_bound

RESULTS = ("same", "changed in parts", "another picture", "not comparable")
FLAGGED = 0.5
SHOWN = 4.0
"""Levels: an edit that changes less than this at an eighth of the size shows next to nothing."""
Key = TypeVar("Key")


def untouched_table(trials: Sequence[Trial]) -> Table:
    """Show what is said of untouched copies."""
    columns = ("way", "recovered", *RESULTS, "same, at least (95%)", "blocks flagged")
    return Table(columns, _by(trials, lambda trial: trial.way, _results_row), "Untouched copies")


def another_table(trials: Sequence[Trial]) -> Table:
    """Show what is said of other pictures that bear the payload."""
    rows = []
    for change, some in _groups(trials, lambda trial: trial.change):
        told = sum(trial.result == "another picture" for trial in some)
        counts = [sum(trial.result == result for trial in some) for result in RESULTS]
        rows.append((change, len(some), *counts, _at_least(told, len(some))))
    columns = ("picture", "trials", *RESULTS, "another, at least (95%)")
    return Table(columns, rows, "The payload on another picture")


def local_table(trials: Sequence[Trial], title: str) -> Table:
    """Show which local edits are found, by edit and share of the area."""
    rows = []
    for (change, share), some in _groups(trials, lambda trial: (trial.change, trial.share)):
        rows.append((change, f"{share:.0%}", *_found_cells(some)))
    for share in sorted({trial.share for trial in trials}):
        some = [trial for trial in trials if trial.share == share]
        rows.append(("**all**", f"**{share:.0%}**", *_found_cells(some)))
    columns = (
        "edit", "of the area", "found", "at least (95%)", "of those that show", "blocks: AUC",
        "edited blocks flagged", "untouched flagged", "beside edited flagged",
    )  # fmt: skip
    return Table(columns, rows, title)


def whole_table(trials: Sequence[Trial]) -> Table:
    """Show what is said of pictures that were edited as a whole."""
    rows = []
    for change, some in _groups(trials, lambda trial: trial.change):
        wanted = GLOBAL_EDITS[change][1]
        compared = [trial for trial in some if trial.result]
        named = sum(bool(set(trial.kinds) & set(wanted)) for trial in compared)
        said = [sum(trial.result == result for trial in some) for result in RESULTS]
        rows.append((change, f"{len(compared)} of {len(some)}", named, *said, _most(compared)))
    columns = ("edit", "recovered", "named", *RESULTS, "names given most")
    return Table(columns, rows, "Edits of the whole picture")


def cost_table(trials: Sequence[Trial]) -> Table:
    """Show seconds of comparisons."""
    seconds = [trial.seconds for trial in trials if trial.result]
    row = (len(seconds), f"{np.median(seconds):.2f}", f"{np.percentile(seconds, 95):.2f}")
    return Table(("comparisons", "median, s", "95%, s"), [row], "Seconds")


def area_under_curve(edited: NDArray[np.floating], untouched: NDArray[np.floating]) -> float:
    """Return how often an edited block has the higher value: the area under the ROC curve."""
    if not len(edited) or not len(untouched):
        return float("nan")
    ordered = np.sort(untouched)
    below = np.searchsorted(ordered, edited, side="left")
    upto = np.searchsorted(ordered, edited, side="right")
    return float((below + upto).mean() / 2 / len(untouched))


def _results_row(way: str, some: Sequence[Trial]) -> tuple[object, ...]:
    compared = [trial for trial in some if trial.recovered]
    counts = [sum(trial.result == result for trial in compared) for result in RESULTS]
    flagged = np.concatenate([trial.untouched for trial in some])
    return (
        way,
        f"{len(compared)} of {len(some)}",
        *counts,
        _at_least(counts[0], len(compared)),
        f"{(flagged > FLAGGED).mean():.2%}" if len(flagged) else "–",
    )


def _found_cells(some: Sequence[Trial]) -> tuple[object, ...]:
    compared = [trial for trial in some if trial.result]
    found = [trial.hit or trial.result == "another picture" for trial in compared]
    shown = [hit for hit, trial in zip(found, compared, strict=True) if trial.shows >= SHOWN]
    edited, untouched, beside = (
        np.concatenate([getattr(trial, name) for trial in some])
        for name in ("edited", "untouched", "beside")
    )
    flagged = (
        f"{(v > FLAGGED).mean():.1%}" if len(v) else "–" for v in (edited, untouched, beside)
    )
    return (
        f"{sum(found)} of {len(found)}",
        _at_least(sum(found), len(found)),
        f"{sum(shown)} of {len(shown)}",
        f"{area_under_curve(edited, untouched):.3f}",
        *flagged,
    )


def _most(some: Sequence[Trial]) -> str:
    kinds = [kind for trial in some for kind in trial.kinds if kind != "scaled"]
    names = sorted(set(kinds), key=lambda kind: -kinds.count(kind))
    return ", ".join(f"{name} ({kinds.count(name)})" for name in names[:4])


def _at_least(count: int, total: int) -> str:
    return f"{1 - upper_bound(total - count, total):.1%}" if total else "–"


def _groups(trials: Sequence[Trial], key: Callable[[Trial], Key]) -> list[tuple[Key, list[Trial]]]:
    names = dict.fromkeys(key(trial) for trial in trials)
    return [(name, [trial for trial in trials if key(trial) == name]) for name in names]


def _by(
    trials: Sequence[Trial],
    key: Callable[[Trial], str],
    row: Callable[[str, Sequence[Trial]], tuple[object, ...]],
) -> list[tuple[object, ...]]:
    rows = [row(name, some) for name, some in _groups(trials, key)]
    return [*rows, row("**all**", trials)]
