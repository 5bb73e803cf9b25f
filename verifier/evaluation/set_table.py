"""What a calibrated model of kinds says of each set: of photographs wrongly, of others rightly."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from channel.evaluation.table import Table
from verifier.detectors.origin import TASK as ORIGIN
from verifier.evaluation.scores import NO_PLATFORM, Row, Scores
from verifier.judging.calibration import upper_bound
from verifier.judging.decision import picture_probabilities
from verifier.training.listed_sets import ListedSet
from verifier.weights import Calibration, ModelEntry

# Tasks whose detector says of a picture that it is a photograph; the others only name what isn't.
_CLEARING: Final = (ORIGIN,)


@dataclass(frozen=True)
class SetRow:
    """What is said of the pictures of a set, or of several.

    Attributes
    ----------
    as_found, in_any
        Pictures that are called another than a photograph: as they are, and in any version.
    right
        Pictures that are called what they are in any version; of photographs that is ``cleared``.
    cleared
        Pictures that are called a photograph in any version.
    """

    name: str
    truth: str
    pictures: int
    as_found: int
    in_any: int
    right: int
    cleared: int


def set_rows(
    entry: ModelEntry, calibration: Calibration, scores: Scores, sets: Mapping[str, ListedSet]
) -> list[SetRow]:
    """Count answers by set, of the sets for tests: photographs first, the worst first."""
    tested = [row for row in scores.rows if sets[row.set].part == "test"]
    names = dict.fromkeys((row.truth, row.set) for row in tested)
    natives = _natives(entry)
    found = [
        _row(entry, calibration, [r for r in tested if (r.truth, r.set) == key], key[1])
        for key in names
    ]
    return sorted(
        found,
        key=lambda one: (one.truth not in natives, one.truth, -one.in_any / one.pictures, one.name),
    )


def set_table(
    entry: ModelEntry, calibration: Calibration, scores: Scores, sets: Mapping[str, ListedSet]
) -> str:
    """Write a line a set, and one of all photographs, each with its 95% bound."""
    rows = set_rows(entry, calibration, scores, sets)
    columns = (
        "set", "truth", "pictures", "called no photograph, as found", "in any version",
        "95% bound", "named rightly, in any version", "called a photograph, in any version",
    )  # fmt: skip
    lines: list[tuple[object, ...]] = []
    for truth in dict.fromkeys(row.truth for row in rows):
        of_class = [row for row in rows if row.truth == truth]
        lines += [_cells(row) for row in (*of_class, _together(of_class, truth))]
    return str(Table(columns, lines))


def _row(entry: ModelEntry, calibration: Calibration, rows: Sequence[Row], name: str) -> SetRow:
    said = [(row, _said(entry, calibration, row)) for row in rows]
    natives = _natives(entry)
    accused = {row.photo for row, answer in said if answer and answer not in natives}
    return SetRow(
        name=name,
        truth=rows[0].truth,
        pictures=len({row.photo for row in rows}),
        as_found=sum(
            bool(answer) and answer not in natives
            for row, answer in said
            if row.platform == NO_PLATFORM
        ),
        in_any=len(accused),
        right=len({row.photo for row, answer in said if answer == row.truth}),
        cleared=len({row.photo for row, answer in said if answer in natives}),
    )


def _said(entry: ModelEntry, calibration: Calibration, row: Row) -> str | None:
    """Return the label that a detector answers, or None."""
    found = picture_probabilities(entry, calibration, np.array(row.mean_log), row.patches)
    natives = _natives(entry)
    likeliest = max((n for n in found if n not in natives), key=lambda name: found[name])
    threshold = calibration.to_name(likeliest)
    if threshold is not None and found[likeliest] >= threshold.value:
        return likeliest
    photo = max(natives, key=lambda name: found[name])
    if entry.task not in _CLEARING or calibration.none is None:
        return None
    return photo if found[photo] >= calibration.none.value else None


def _natives(entry: ModelEntry) -> list[str]:
    return [label.name for label in entry.labels if label.role == "native"]


def _together(rows: Sequence[SetRow], truth: str) -> SetRow:
    counts = (
        sum(getattr(row, name) for row in rows)
        for name in ("pictures", "as_found", "in_any", "right", "cleared")
    )
    return SetRow(f"**all {len(rows)} sets**", truth, *counts)


def _cells(row: SetRow) -> tuple[object, ...]:
    bound = f"{upper_bound(row.in_any, row.pictures):.1%}"
    counts = row.pictures, row.as_found, row.in_any, bound, row.right, row.cleared
    return (row.name, row.truth, *counts)
