"""Average precision: the area under the curve of precision against recall."""

import numpy as np
from numpy.typing import ArrayLike

from verifier.errors import ScoresError


def average_precision(scores: ArrayLike, positive: ArrayLike) -> float:
    """Rank pictures by score and average the precision at each that is positive.

    Pictures of the same score are taken together, so that their order doesn't matter. Chance is the
    share of positives.

    Parameters
    ----------
    scores
        (N,), higher for likelier.
    positive
        (N,), whether each is what is looked for.

    Raises
    ------
    ScoresError
        If there is none of either kind.
    """
    values, truth = np.asarray(scores, np.float64), np.asarray(positive, bool)
    if values.shape != truth.shape or truth.all() or not truth.any():
        raise ScoresError(
            f"{values.shape} scores of {int(truth.sum())} positives of {truth.size} have no "
            "average precision; give pictures of both kinds"
        )
    levels, place = np.unique(-values, return_inverse=True)  # the highest first
    found = np.cumsum(np.bincount(place, truth, len(levels)))
    seen = np.cumsum(np.bincount(place, minlength=len(levels)))
    steps = np.diff(found, prepend=0) / truth.sum()
    return float((steps * found / seen).sum())
