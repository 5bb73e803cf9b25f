"""A linear classifier of several classes, over features that are fixed.

Multinomial logistic regression with a quadratic penalty, every class weighing the same. Needs
scipy.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from verifier.errors import ScoresError
from verifier.judging.calibration import log_softmax

Array = NDArray[np.float64]

PENALTY: Final = 1e-2
_MOST_STEPS: Final = 300


@dataclass(frozen=True)
class LinearClassifier:
    """Weights (F + 1, K) of features that are first moved by ``mean`` and divided by ``spread``."""

    mean: Array
    spread: Array
    weights: Array

    def named(self, features: Array) -> NDArray[np.int64]:
        """Name the classes of (N, F) features: (N,)."""
        return np.asarray(self.logits(features).argmax(1))

    def logits(self, features: Array) -> Array:
        """Weigh (N, F) features: (N, K)."""
        found: Array = self._standard(features) @ self.weights
        return found

    def _standard(self, features: Array) -> Array:
        moved = (features - self.mean) / self.spread
        return np.concatenate([moved, np.ones((len(moved), 1))], axis=1)


def fit_linear(
    features: Array,
    kinds: NDArray[np.int64],
    classes: int,
    penalty: float = PENALTY,
    shares: Array | None = None,
) -> LinearClassifier:
    """Fit the weights of least penalised log loss.

    Parameters
    ----------
    features
        (N, F).
    kinds
        (N,) classes, 0 to ``classes`` − 1.
    penalty
        On the squares of standardised weights, not on offsets.
    shares
        (N,), what each row weighs in the loss, summing to 1; None: every class the same.

    Raises
    ------
    ScoresError
        If a class has no picture.
    """
    from scipy.optimize import minimize

    counts = np.bincount(kinds, minlength=classes)
    if not counts.all():
        raise ScoresError(f"class {int(np.argmin(counts))} has no picture to fit a classifier to")
    spread = features.std(0)
    start = LinearClassifier(
        features.mean(0), np.where(spread > 1e-9, spread, 1.0), np.zeros((0, classes))
    )
    inputs = start._standard(features)
    weighed = (1 / counts[kinds] / classes if shares is None else shares)[:, None]
    truth = np.eye(classes)[kinds]

    def loss(flat: Array) -> tuple[float, Array]:
        weights = flat.reshape(inputs.shape[1], classes)
        logs = log_softmax(inputs @ weights)
        slope = inputs.T @ (weighed * (np.exp(logs) - truth))
        slope[:-1] += 2 * penalty * weights[:-1]
        value = -(weighed * truth * logs).sum() + penalty * (weights[:-1] ** 2).sum()
        return float(value), slope.ravel()

    found = minimize(
        loss, np.zeros(inputs.shape[1] * classes), jac=True, method="L-BFGS-B",
        options={"maxiter": _MOST_STEPS},
    )  # fmt: skip
    return LinearClassifier(start.mean, start.spread, found.x.reshape(inputs.shape[1], classes))
