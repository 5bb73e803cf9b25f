"""Scores into probabilities that keep their word, and thresholds that state how often they err.

Pooling of patches; temperature scaling and the expected calibration error (Guo, Pleiss, Sun,
Weinberger, *On Calibration of Modern Neural Networks*, ICML 2017); exact binomial bounds (Clopper &
Pearson 1934). Fitting a temperature needs scipy; all else numpy alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import lgamma
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from verifier.errors import ScoresError
from verifier.weights import Threshold

Array = NDArray[np.float64]

BINS: Final = 15  # Guo et al. 2017, section 4
EXPONENTS: Final = (0.0, 0.25, 0.5, 0.75, 1.0)
MEAN: Final = (0.0,)
"""Of patches, the only exponent by which more patches of one picture make no answer surer."""
_CONFIDENCE: Final = 0.95
_HALVINGS: Final = 60
_TINY: Final = 1e-300


def log_softmax(values: Array) -> Array:
    """Logarithm of the softmax over the last axis, without overflow."""
    shifted = values - values.max(-1, keepdims=True)
    found: Array = shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))
    return found


def mean_log_probabilities(logits: ArrayLike) -> Array:
    """Mean over patches of the log probability of each class: (N, K) logits to (K,)."""
    mean: Array = log_softmax(np.asarray(logits, np.float64)).mean(0)
    return mean


def pooled(mean_log: ArrayLike, patches: ArrayLike, exponent: float) -> Array:
    """Scores of pictures from the mean over their patches: (N, K) and (N,) to (N, K).

    ``patches ** exponent`` times the mean: the sum of log probabilities at exponent 1, which is
    right for independent patches; those of one picture aren't, so the exponent is fitted.
    """
    weights = np.asarray(patches, np.float64) ** exponent
    scores: Array = np.asarray(mean_log, np.float64) * weights[..., None]
    return scores


def probabilities(scores: ArrayLike, temperature: float) -> Array:
    """Softmax at a temperature over the last axis."""
    return np.exp(log_softmax(np.asarray(scores, np.float64) / temperature))


def fit_temperature(scores: ArrayLike, truth: ArrayLike, weights: ArrayLike | None = None) -> float:
    """Find the temperature of the least negative log likelihood, within 0.01–100.

    Parameters
    ----------
    scores
        (N, K), before the softmax.
    truth
        (N,) true classes.
    weights
        (N,) of the rows, such as a share of a picture each; None: all the same.

    Raises
    ------
    ScoresError
        If there are no scores.
    """
    from scipy.optimize import minimize_scalar

    values, classes = _checked(scores, truth)
    bounds = (np.log(0.01), np.log(100.0))
    found = minimize_scalar(
        lambda log_t: _loss(values, classes, float(np.exp(log_t)), weights),
        bounds=bounds,
        method="bounded",
    )
    return float(np.exp(found.x))


def fit_pooling(
    mean_log: ArrayLike,
    patches: ArrayLike,
    truth: ArrayLike,
    weights: ArrayLike | None = None,
    exponents: Sequence[float] = EXPONENTS,
) -> tuple[float, float]:
    """Find exponent and temperature together, by the least negative log likelihood.

    Where all pictures have as many patches, nothing determines the exponent: it is 0, so that more
    patches make no answer surer.

    Parameters
    ----------
    weights
        (N,) of the rows; None: all the same.
    exponents
        To choose from; `MEAN` alone where patches of a picture repeat each other.
    """
    best = (np.inf, 1.0, 0.0)
    counts = np.unique(np.asarray(patches))
    for exponent in exponents if len(counts) > 1 else MEAN:
        scores = pooled(mean_log, patches, exponent)
        temperature = fit_temperature(scores, truth, weights)
        loss = _loss(*_checked(scores, truth), temperature, weights)
        best = min(best, (loss, temperature, exponent))
    return best[2], best[1]


def _loss(
    scores: Array, truth: NDArray[np.int64], temperature: float, weights: ArrayLike | None = None
) -> float:
    chosen = log_softmax(scores / temperature)[np.arange(len(truth)), truth]
    return float(np.average(-chosen, weights=None if weights is None else np.asarray(weights)))


def _checked(scores: ArrayLike, truth: ArrayLike) -> tuple[Array, NDArray[np.int64]]:
    values, classes = np.asarray(scores, np.float64), np.asarray(truth, np.int64)
    if values.ndim != 2 or len(values) != len(classes) or not len(values):
        raise ScoresError(f"scores are {values.shape} for {classes.shape} pictures; give (N, K)")
    return values, classes


@dataclass(frozen=True)
class ReliabilityDiagram:
    """Stated confidence against measured accuracy, in bins of equal width over [0, 1].

    Empty bins are left out. ``count`` is of rows, or the sum of their weights. ``error`` is the
    expected calibration error.
    """

    confidence: tuple[float, ...]
    accuracy: tuple[float, ...]
    count: tuple[float, ...]

    @property
    def error(self) -> float:
        """Mean distance of confidence and accuracy, weighted by count (Guo et al., equation 3)."""
        gaps = np.abs(np.subtract(self.confidence, self.accuracy))
        return float(np.average(gaps, weights=self.count))

    @property
    def error_by_chance(self) -> float:
        """What a calibrated model's would be on average, by chance: few cases never have 0.

        Each bin's share that is right scatters by its binomial deviation (bias of the estimate:
        Roelofs et al., *Mitigating Bias in Calibration Error Estimation*, AISTATS 2022). Rows are
        taken to be independent.
        """
        stated, count = np.array(self.confidence), np.array(self.count)
        gaps = np.sqrt(2 / np.pi * stated * (1 - stated) / count)
        return float(np.average(gaps, weights=count))


def reliability(
    confidence: ArrayLike,
    correct: ArrayLike,
    bins: int = BINS,
    weights: ArrayLike | None = None,
) -> ReliabilityDiagram:
    """Compare stated confidence with what came true.

    Parameters
    ----------
    confidence
        (N,) in [0, 1]: of the top class, or of an event.
    correct
        (N,), whether it was right, or the event took place.
    weights
        (N,) of the rows, such as a share of a picture each; None: 1.
    """
    stated, right = np.asarray(confidence, np.float64), np.asarray(correct, np.float64)
    mass = np.ones(len(stated)) if weights is None else np.asarray(weights, np.float64)
    if not len(stated) or stated.shape != right.shape:
        raise ScoresError(f"{stated.shape} confidences for {right.shape} pictures; give (N,)")
    places = np.minimum((stated * bins).astype(int), bins - 1)
    within = [places == bin_ for bin_ in range(bins) if (places == bin_).any()]
    return ReliabilityDiagram(
        confidence=tuple(float(np.average(stated[one], weights=mass[one])) for one in within),
        accuracy=tuple(float(np.average(right[one], weights=mass[one])) for one in within),
        count=tuple(float(mass[one].sum()) for one in within),
    )


def top_label_reliability(
    found: ArrayLike, truth: ArrayLike, bins: int = BINS, weights: ArrayLike | None = None
) -> ReliabilityDiagram:
    """Reliability of the likeliest class: (N, K) probabilities and (N,) true classes."""
    values, classes = _checked(found, truth)
    return reliability(values.max(1), values.argmax(1) == classes, bins, weights)


def threshold_for(undeserving: ArrayLike, rate: float, least: float = 0.5) -> Threshold:
    """Find the lowest threshold that raises at most this share of false alarms.

    Parameters
    ----------
    undeserving
        (N,) probabilities of the answer, of pictures that don't deserve it.
    rate
        Share of them that may reach it.
    least
        Lower the threshold never is.

    Returns
    -------
    Threshold
        With the share that was measured, and its 95% upper bound: a few pictures can't prove a low
        rate, and the bound says so.
    """
    values = np.sort(np.asarray(undeserving, np.float64))
    if not len(values):
        raise ScoresError("there are no pictures to measure false alarms on")
    if not 0 <= rate < 1:
        raise ScoresError(f"the rate of false alarms is {rate:g}; give 0 to 1, 1 excluded")
    allowed = int(np.floor(rate * len(values)))
    highest = values[len(values) - 1 - allowed]
    value = min(1.0, max(least, float(np.nextafter(highest, 2.0))))
    alarms = int((values >= value).sum())
    return Threshold(
        value=value,
        false_alarm_rate=alarms / len(values),
        upper_bound=upper_bound(alarms, len(values)),
        pictures=len(values),
    )


def upper_bound(events: int, trials: int, confidence: float = _CONFIDENCE) -> float:
    """One-sided exact upper bound of a share (Clopper & Pearson 1934).

    It is the share at which so few events, or fewer, have a probability of 1 − confidence.
    """
    if events >= trials:
        return 1.0
    low, high = events / trials, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (
            (middle, high) if _at_most(events, trials, middle) > 1 - confidence else (low, middle)
        )
    return high


def _at_most(events: int, trials: int, share: float) -> float:
    """Probability of at most so many events: the binomial distribution, by logarithms."""
    if share >= 1:
        return 0.0
    number = np.arange(events + 1)
    ways = np.array([lgamma(trials + 1) - lgamma(n + 1) - lgamma(trials - n + 1) for n in number])
    likely = ways + number * np.log(max(share, _TINY)) + (trials - number) * np.log1p(-share)
    return float(np.exp(likely).sum())


def shares(labels: Sequence[str], found: Array) -> dict[str, float]:
    """Name the probabilities of one picture."""
    return {label: float(value) for label, value in zip(labels, found, strict=True)}
