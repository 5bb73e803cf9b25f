"""One table for each attack."""

from collections.abc import Sequence

import numpy as np

from camera_sim.evaluation.attacks.judging import Outcome
from channel.evaluation.table import Table
from verifier.judging.calibration import upper_bound

COLUMNS = (
    "what was done", "pictures", "payload still read", "octaves found", "false statement",
    "noticed by the photo's key", "by the reference", "false and unnoticed", "at most (95%)",
    "dB, mean (least)",
)  # fmt: skip


def attack_table(attack: str, outcomes: Sequence[Outcome]) -> Table:
    """Show each way of an attack in a row."""
    some = [one for one in outcomes if one.attack == attack]
    ways = dict.fromkeys((one.way, one.aim) for one in some)
    rows = [_row([one for one in some if (one.way, one.aim) == way]) for way in ways]
    return Table(COLUMNS, rows, attack.capitalize())


def _row(some: Sequence[Outcome]) -> tuple[object, ...]:
    read = [one for one in some if one.read]
    judged = [one for one in some if one.forged is not None]
    unnoticed = sum(bool(one.forged) and not one.noticed for one in judged)
    decibels = [one.psnr for one in some if one.psnr is not None]
    return (
        f"{some[0].aim}: {some[0].way}",
        len(some),
        len(read),
        _of(sum(bool(one.octaves) for one in read), len(read)),
        _of(sum(bool(one.forged) for one in judged), len(judged)),
        _of(sum(one.noticed_by_key for one in read), len(read)),
        _of(sum(one.comparison != "same" for one in read), len(read)),
        _of(unnoticed, len(judged)),
        f"{upper_bound(unnoticed, len(judged)):.0%}" if judged else "–",
        f"{np.mean(decibels):.1f} ({min(decibels):.1f})" if decibels else "–",
    )


def _of(count: int, total: int) -> str:
    return f"{count} of {total}" if total else "–"
