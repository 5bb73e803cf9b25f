"""Whether parts that were changed are found by the watermark alone, by platform and by edit."""

from collections.abc import Callable, Sequence

import numpy as np

from camera_sim.evaluation.watermark.part_trials import SHARES, UNTOUCHED, PartTrial
from channel.evaluation.table import Table
from verifier.judging.calibration import upper_bound


def parts_by_way(trials: Sequence[PartTrial]) -> Table:
    """Show each way, and all of them."""
    ways = dict.fromkeys(_way(trial) for trial in trials)
    rows = [(way, *_way_cells([one for one in trials if _way(one) == way])) for way in ways]
    columns = (
        "through", "untouched said to be changed", "at most (95%)", "untouched squares flagged",
        *(f"found, {share:.0%} of the area" for share in SHARES),
        "squares: AUC, group's key", "photo's own key", "no payload",
    )  # fmt: skip
    title = "Parts that were changed, by platform, by the group's key alone"
    return Table(columns, [*rows, ("all", *_way_cells(trials))], title)


def parts_by_edit(trials: Sequence[PartTrial]) -> Table:
    """Show each edit, through all ways."""
    edited = [one for one in trials if one.change != UNTOUCHED]
    rows = [
        (change, *_edit_cells([one for one in edited if one.change == change]))
        for change in sorted({one.change for one in edited})
    ]
    columns = (
        "edit", *(f"found, {share:.0%} of the area" for share in SHARES),
        "squares: AUC, group's key", "photo's own key",
    )  # fmt: skip
    return Table(
        columns, [*rows, ("all", *_edit_cells(edited))], "Parts that were changed, by edit"
    )


def _way(trial: PartTrial) -> str:
    return " → ".join(trial.way) or "the camera's file"


def _way_cells(trials: Sequence[PartTrial]) -> tuple[str, ...]:
    read = [one for one in trials if one.read]
    untouched = [one for one in read if one.change == UNTOUCHED]
    wrong = sum(one.said for one in untouched)
    squares = sum(one.untouched for one in read)
    flagged = sum(one.flagged for one in read)
    return (
        f"{wrong} of {len(untouched)}",
        f"{upper_bound(wrong, len(untouched)):.1%}" if untouched else "",
        f"{flagged / squares:.2%}" if squares else "",
        *_edit_cells([one for one in read if one.change != UNTOUCHED]),
        f"{len(trials) - len(read)} of {len(trials)}",
    )


def _edit_cells(edited: Sequence[PartTrial]) -> tuple[str, ...]:
    counts = []
    for share in SHARES:
        some = [one for one in edited if one.share == share and one.read]
        found = sum(one.said and one.met for one in some)
        counts.append(f"{found} of {len(some)}" if some else "")
    return (*counts, _mean(edited, lambda one: one.auc), _mean(edited, lambda one: one.keyed_auc))


def _mean(trials: Sequence[PartTrial], value: Callable[[PartTrial], float | None]) -> str:
    values = [found for one in trials if (found := value(one)) is not None]
    return f"{np.mean(values):.3f}" if values else ""
