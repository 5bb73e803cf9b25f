"""Tables of photographs with generated parts: what the map knows, and what the subject gives."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from channel import platform
from channel.evaluation.table import Table
from verifier.evaluation.inpainted.trials import Trial
from verifier.evaluation.scores import NO_PLATFORM

_RESAMPLES: Final = 2000
_LEAST: Final = 3
"""Photographs that a set needs to be the weakest."""

Values = NDArray[np.float64]


def map_table(trials: Sequence[Trial]) -> str:
    """Write a line for each decoder, share and platform.

    Intervals are bootstrapped over photographs (95%, percentiles).
    """
    columns = (
        "made again by", "part", "after", "photographs", "map: AUC (95%)",
        "same patches, untouched", "difference (95%)", "as a report draws it",
        "weakest set (AUC)", "called generated", "untouched called so",
    )  # fmt: skip
    groups = dict.fromkeys((t.decoder, t.share, t.platform) for t in trials)
    return str(Table(columns, [_line([t for t in trials if _group(t) == g]) for g in groups]))


def change_table(trials: Sequence[Trial]) -> str:
    """Write a line for each decoder: how much it changed."""
    lines = []
    for name in dict.fromkeys(t.decoder for t in trials):
        by_photo = {(t.set, t.photo, t.share): t.psnr for t in trials if t.decoder == name}
        low, middle, high = np.percentile(list(by_photo.values()), (10, 50, 90))
        lines.append((name, f"{middle:.1f}", f"{low:.1f} to {high:.1f}"))
    columns = "made again by", "PSNR of the part, dB: median", "80% of parts"
    return str(Table(columns, lines))


def _group(trial: Trial) -> tuple[str, float, str]:
    return trial.decoder, trial.share, trial.platform


def _line(trials: Sequence[Trial]) -> tuple[object, ...]:
    decoder, share, sent = _group(trials[0])
    ranked = [t for t in trials if t.auc is not None and t.before is not None]
    after = "nothing" if sent == NO_PLATFORM else platform(sent).platform
    named, before = (sum(getattr(t, name) for t in trials) for name in ("named", "named_before"))
    return (
        decoder, f"{share:.0%}", after, len(ranked), *_areas(ranked),
        f"{named} of {len(trials)}", f"{before} of {len(trials)}",
    )  # fmt: skip


def _areas(ranked: Sequence[Trial]) -> tuple[str, ...]:
    if not ranked:
        return ("–",) * 5
    found, before, drawn = (
        np.array([getattr(t, name) for t in ranked], float) for name in ("auc", "before", "drawn")
    )
    return (
        f"{found.mean():.3f} ({interval(found)})",
        f"{before.mean():.3f}",
        f"{(found - before).mean():+.3f} ({interval(found - before, '+')})",
        f"{drawn.mean():.3f}",
        _weakest(ranked, found),
    )


def interval(values: Values, sign: str = "", seed: int = 0) -> str:
    """Bootstrap the mean of values (N,): its 95% interval, in words."""
    rng = np.random.default_rng(seed)
    means = rng.choice(values, (_RESAMPLES, len(values))).mean(1)
    low, high = np.percentile(means, (2.5, 97.5))
    return f"{low:{sign}.3f} to {high:{sign}.3f}"


def _weakest(ranked: Sequence[Trial], found: Values) -> str:
    sets = np.array([t.set for t in ranked])
    means = {s: found[sets == s].mean() for s in set(sets) if (sets == s).sum() >= _LEAST}
    if not means:
        return "–"
    name = min(sorted(means), key=lambda one: means[one])
    return f"{name} ({means[name]:.2f})"
