"""How surely a model calls a crop generated, of a model of generated pictures or of origins."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from verifier.errors import ScoresError
from verifier.weights import Label

NAMES: Final = ("generated", "dgi")
"""What the label is called in a model of generated pictures, and in one of origins."""


def place_of_generated(model: str, labels: Sequence[Label]) -> int:
    """Find the label of generated pictures.

    Parameters
    ----------
    model
        Its name, for the error.

    Raises
    ------
    ScoresError
        If the model has none.
    """
    names = [label.name for label in labels]
    for place, name in enumerate(names):
        if name in NAMES:
            return place
    raise ScoresError(
        f"{model} distinguishes {', '.join(names)}; give a model with a class "
        f"{' or '.join(map(repr, NAMES))}"
    )


def log_odds(logits: NDArray[np.float64] | NDArray[np.float32], place: int) -> NDArray[np.float64]:
    """Turn (N, K) logits into log odds, (N,): of one label's probability p, log p - log(1 - p).

    They rank as the probability does, and don't saturate. Of two labels they are the difference of
    the logits; a single logit, of the last label, is returned as it is.
    """
    if logits.shape[1] == 1:
        return logits[:, 0].astype(np.float64)
    rest = np.delete(logits, place, axis=1).astype(np.float64)
    found: NDArray[np.float64] = logits[:, place] - np.logaddexp.reduce(rest, axis=1)
    return found
