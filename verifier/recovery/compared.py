"""A comparison as a report has it."""

import numpy as np
from numpy.typing import NDArray

from verifier.comparing.comparison import Comparison
from verifier.report.record import ChangedRegion, ChangeMap, ComparisonFacts, GlobalChange

_DIGITS = 3


def comparison_facts(comparison: Comparison) -> ComparisonFacts:
    """Write a comparison of the upright picture as facts."""
    return ComparisonFacts(
        result=comparison.result,
        changes=tuple(
            GlobalChange(kind=one.kind, words=one.words, amount=one.amount)
            for one in comparison.changes
        ),
        regions=tuple(_region(one.box, one.confidence) for one in comparison.regions),
        map=None if comparison.map is None else _map(comparison.map, comparison.cell),
        smallest=min(1.0, max(0.0, comparison.smallest)),
        words=comparison.words,
    )


def _region(box: tuple[int, int, int, int], confidence: float) -> ChangedRegion:
    left, top, right, bottom = map(int, box)
    sure = round(float(confidence), _DIGITS)
    return ChangedRegion(left=left, top=top, right=right, bottom=bottom, confidence=sure)


def _map(values: NDArray[np.float32], cell: float) -> ChangeMap:
    rows, columns = values.shape
    rounded = np.round(np.clip(values, 0, 1).astype(float), _DIGITS)
    flat = tuple(rounded.ravel().tolist())
    return ChangeMap(cell=float(cell), rows=rows, columns=columns, values=flat)
