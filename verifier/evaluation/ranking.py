"""How well a model of kinds ranks pictures, whatever its threshold: by platform, and by set."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from channel.evaluation.table import Table
from verifier.evaluation.average_precision import average_precision
from verifier.evaluation.scores import Row, Scores
from verifier.judging.calibration import upper_bound
from verifier.judging.decision import picture_probabilities
from verifier.training.listed_sets import ListedSet
from verifier.weights import Calibration, ModelEntry

Array = NDArray[np.float64]
FALSE_ALARMS: Final = 0.01
"""Of photographs, at which it is counted how many of the others are found."""


@dataclass(frozen=True)
class Ranking:
    """Of the pictures of a class among photographs, both of the sets for tests.

    Attributes
    ----------
    auc
        Probability that one of them ranks above a photograph (Mann & Whitney 1947).
    precision
        Average precision; ``chance`` is what guessing gives.
    found
        How many rank above all but one in a hundred of these photographs.
    weakest
        The set with the lowest AUC, and that.
    """

    platform: str
    truth: str
    photographs: int
    pictures: int
    auc: float
    precision: float
    chance: float
    found: int
    weakest: tuple[str, float]


def rankings(
    entry: ModelEntry, calibration: Calibration, scores: Scores, sets: Mapping[str, ListedSet]
) -> list[Ranking]:
    """Rank by platform and class; a class without pictures, or photographs, has no line."""
    natives = {entry.labels[place].name for place in entry.indices("native")}
    tested = [row for row in scores.rows if sets[row.set].part == "test"]
    values = np.array([_value(entry, calibration, row, natives) for row in tested])
    found = []
    for platform in dict.fromkeys(row.platform for row in tested):
        here = np.array([row.platform == platform for row in tested])
        photographs = values[here & np.array([row.truth in natives for row in tested])]
        for truth in (label.name for label in entry.labels if label.name not in natives):
            rows = [(row, value) for row, value, is_here in zip(tested, values, here, strict=True)
                    if is_here and row.truth == truth]  # fmt: skip
            if len(photographs) and rows:
                found.append(_ranking(platform, truth, photographs, rows))
    return found


def ranking_table(found: Sequence[Ranking]) -> str:
    """Write a line for each."""
    columns = (
        "platform", "truth", "pictures", "photographs", "AUC", "AP", "chance",
        f"found at ≤ {FALSE_ALARMS:.0%} false", "that rate's 95% bound", "weakest set (AUC)",
    )  # fmt: skip
    return str(Table(columns, [_cells(one) for one in found]))


def auc(values: Array, photographs: Array) -> float:
    """Probability that one of the first ranks above one of the second; half where they tie."""
    order = np.sort(photographs)
    below, upto = (np.searchsorted(order, values, side) for side in ("left", "right"))
    return float((below + upto).mean() / (2 * len(order)))


def _value(
    entry: ModelEntry, calibration: Calibration, row: Row, natives: set[str]
) -> float:  # fmt: skip
    """Logarithm of how improbable a photograph is: probabilities near 1 would tie."""
    found = picture_probabilities(entry, calibration, np.array(row.mean_log), row.patches)
    return -float(np.log(max(1e-300, sum(found[name] for name in natives))))


def _ranking(
    platform: str, truth: str, photographs: Array, rows: Sequence[tuple[Row, float]]
) -> Ranking:
    values = np.array([value for _, value in rows])
    allowed = int(FALSE_ALARMS * len(photographs))
    least = np.sort(photographs)[len(photographs) - 1 - allowed]
    by_set = {
        name: auc(np.array([value for row, value in rows if row.set == name]), photographs)
        for name in dict.fromkeys(row.set for row, _ in rows)
    }
    weakest = min(by_set, key=lambda name: by_set[name])
    positives = np.arange(len(values) + len(photographs)) < len(values)
    return Ranking(
        platform=platform,
        truth=truth,
        photographs=len(photographs),
        pictures=len(values),
        auc=auc(values, photographs),
        precision=average_precision(np.concatenate([values, photographs]), positives),
        chance=len(values) / len(positives),
        found=int((values > least).sum()),
        weakest=(weakest, by_set[weakest]),
    )


def _cells(one: Ranking) -> tuple[object, ...]:
    bound = upper_bound(int(FALSE_ALARMS * one.photographs), one.photographs)
    return (
        one.platform, one.truth, one.pictures, one.photographs, f"{one.auc:.3f}",
        f"{one.precision:.1%}", f"{one.chance:.1%}", f"{one.found} of {one.pictures}",
        f"{bound:.1%}", f"{one.weakest[0]} ({one.weakest[1]:.2f})",
    )  # fmt: skip
