"""A calibration from scores: fitted on some of the photographs, measured on others.

All variants of a photograph are on the same side, so that nothing is measured on what was fitted;
where sets are listed, whole sets are, so that nothing is measured on what is like it either.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from verifier.errors import ScoresError
from verifier.evaluation.scores import Scores
from verifier.judging import calibration as calibrating
from verifier.judging.calibration import ReliabilityDiagram
from verifier.judging.decision import picture_probabilities, role_probability
from verifier.training.listed_sets import ListedSet
from verifier.weights import ANY_CHANNEL, Calibration, ModelEntry, Threshold

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

# Fewer photographs in a half say nothing about a false-alarm rate of percents.
LEAST_PHOTOS: Final = 20


@dataclass(frozen=True)
class Rates:
    """Shares of false alarms that are asked for; see `verifier.weights.Calibration`."""

    named: float = 0.02
    none: float = 0.02


@dataclass(frozen=True)
class Fitted:
    """A calibration and how it does on the pictures that it wasn't fitted to.

    ``before`` is the reliability of the pooled softmax without temperature, exponent 0;
    ``of_classes`` that of any class, such as any platform.
    """

    channel: str
    calibration: Calibration
    before: ReliabilityDiagram
    after: ReliabilityDiagram
    of_classes: ReliabilityDiagram
    accuracy: float
    answered: float
    right_of_answered: float


def fit(
    entry: ModelEntry,
    scores: Scores,
    rates: Rates,
    *,
    channel: str = ANY_CHANNEL,
    by_photo: bool = False,
    sets: Mapping[str, ListedSet] | None = None,
    data: str,
) -> Fitted:
    """Fit temperature, exponent and thresholds, and measure them.

    Parameters
    ----------
    entry
        The model that gave the scores.
    by_photo
        Whether false alarms are counted by photograph, one
        whose answer is wrong in any variant being wrong. Variants of one photograph err together,
        so that their number proves less than it seems to.
    sets
        What each set is for: those for calibration are fitted to, those for tests measured on.
        A picture is one unit then, whatever versions and patches it has: false alarms are counted
        by photograph, a version weighs its share of the picture, and the score of a picture is the
        mean over its patches.
    data
        What the pictures are, in a sentence for the manifest.

    Raises
    ------
    ScoresError
        If the labels aren't the model's, there are too few photographs, or sets aren't listed.
    """
    _check_labels(entry, scores)
    fitted, held_out = halves(scores) if sets is None else by_listed_sets(scores, sets)
    by_photo = by_photo or sets is not None
    exponent, temperature = calibrating.fit_pooling(
        fitted.mean_log(),
        fitted.patches(),
        fitted.truth(),
        None if sets is None else fitted.weights(),
        calibrating.EXPONENTS if sets is None else calibrating.MEAN,
    )
    pictures = len(held_out.rows) if sets is None else len({row.photo for row in held_out.rows})
    draft = _draft(exponent, temperature, data, pictures)
    thresholds: dict[str, object] = {**_thresholds(entry, draft, fitted, held_out, rates, by_photo)}
    if sets is not None:
        thresholds["named_as"] = _thresholds_of_classes(entry, draft, fitted, held_out, rates.named)
    found = _all(entry, draft, held_out)
    weights = None if sets is None else held_out.weights()
    after = calibrating.top_label_reliability(found, held_out.truth(), weights=weights)
    calibration = draft.model_copy(update={**thresholds, "expected_calibration_error": after.error})
    return _measured(entry, calibration, held_out, after, channel, weights)


def measure_stored(
    entry: ModelEntry,
    scores: Scores,
    sets: Mapping[str, ListedSet],
    *,
    channel: str = ANY_CHANNEL,
    data: str = "",
) -> Fitted:
    """Measure the calibration of the manifest on the sets for tests; nothing is fitted.

    A picture is one unit, as in `fit` with ``sets``.

    Parameters
    ----------
    entry
        A model of classes (kinds, platforms), calibrated, that gave the scores.
    data
        What the pictures are, in a sentence for the manifest; "": what it says already.

    Raises
    ------
    ScoresError
        If the labels aren't the model's, the model has no calibration, there are too few
        photographs, or sets aren't listed.
    """
    _check_labels(entry, scores)
    calibration = entry.calibrations.get(channel)
    if calibration is None or calibration.named is None or calibration.none is None:
        raise ScoresError(
            f"{entry.name} has no stored calibration of {channel} with thresholds for classes; "
            "fit one without --stored"
        )
    [held_out] = _enough(_of_part(scores, sets, "test"))
    stated: dict[str, Threshold] = {
        name: _alarms(kept.value, _undeserved(entry, calibration, held_out, name, by_photo=True))
        for name, kept in (("named", calibration.named), ("none", calibration.none))
    }
    classes = {
        label: _alarms(kept.value, _named_undeservedly(entry, calibration, held_out, label))
        for label, kept in calibration.named_as.items()
    }
    weights = held_out.weights()
    after = calibrating.top_label_reliability(
        _all(entry, calibration, held_out), held_out.truth(), weights=weights
    )
    pictures = len({row.photo for row in held_out.rows})
    found = calibration.model_copy(
        update={
            **stated,
            "named_as": classes,
            "pictures": pictures,
            "expected_calibration_error": after.error,
            "data": data or calibration.data,
        }
    )
    return _measured(entry, found, held_out, after, channel, weights)


def halves(scores: Scores) -> tuple[Scores, Scores]:
    """Split by photograph, the same way each time."""
    photos = sorted({row.photo for row in scores.rows}, key=_shuffled)
    chosen = set(photos[: len(photos) // 2])
    first = [row.photo in chosen for row in scores.rows]
    fitted, held_out = _enough(scores.where(first), scores.where([not one for one in first]))
    return fitted, held_out


def by_listed_sets(scores: Scores, sets: Mapping[str, ListedSet]) -> tuple[Scores, Scores]:
    """Split by what the sets are for: calibration, tests. Sets of training are left out.

    Raises
    ------
    ScoresError
        If a row's set isn't listed, or a part has too few photographs.
    """
    fitted, held_out = _enough(
        _of_part(scores, sets, "calibration"), _of_part(scores, sets, "test")
    )
    return fitted, held_out


def _of_part(scores: Scores, sets: Mapping[str, ListedSet], part: str) -> Scores:
    unlisted = sorted({row.set for row in scores.rows}.difference(sets))
    if unlisted:
        raise ScoresError(
            f"the set {unlisted[0]!r} of the scores isn't in the list of sets; score "
            "FOLDER/<label>/<set>/*, and list every set"
        )
    return scores.where([sets[row.set].part == part for row in scores.rows])


def _check_labels(entry: ModelEntry, scores: Scores) -> None:
    if scores.labels != tuple(label.name for label in entry.labels):
        raise ScoresError(f"the scores are of {scores.labels}, the model's labels are others")
    if not entry.indices("class"):
        raise ScoresError(f"{entry.name} has no classes, so there is nothing here to calibrate")


def _enough(*parts: Scores) -> tuple[Scores, ...]:
    for part in parts:
        count = len({row.photo for row in part.rows})
        if count < LEAST_PHOTOS:
            raise ScoresError(
                f"a half of the scores is of {count} photographs only; at least {LEAST_PHOTOS} in "
                "each half are needed"
            )
    return parts


def _shuffled(photo: str) -> bytes:
    return hashlib.sha256(photo.encode()).digest()


def _draft(exponent: float, temperature: float, data: str, pictures: int) -> Calibration:
    return Calibration(
        temperature=temperature,
        exponent=exponent,
        expected_calibration_error=0.0,
        pictures=pictures,
        data=data,
    )


def _all(entry: ModelEntry, calibration: Calibration, scores: Scores) -> Array:
    """Calibrated probabilities of all rows: (N, K)."""
    return np.array([list(shares.values()) for shares in _shares(entry, calibration, scores)])


def _shares(
    entry: ModelEntry, calibration: Calibration, scores: Scores
) -> Iterator[dict[str, float]]:
    for row in scores.rows:
        yield picture_probabilities(entry, calibration, np.array(row.mean_log), row.patches)


def _thresholds(
    entry: ModelEntry,
    draft: Calibration,
    fitted: Scores,
    held_out: Scores,
    rates: Rates,
    by_photo: bool,
) -> dict[str, Threshold]:
    """Choose the thresholds of a model of classes."""
    found = {}
    for name, rate in (("named", rates.named), ("none", rates.none)):
        values = [
            _undeserved(entry, draft, scores, name, by_photo) for scores in (fitted, held_out)
        ]
        found[name] = _stated(values[0], values[1], rate, 0.5)
    return found


def _thresholds_of_classes(
    entry: ModelEntry, draft: Calibration, fitted: Scores, held_out: Scores, rate: float
) -> dict[str, Threshold]:
    """Choose a threshold for each of several classes: what one is mistaken for differs."""
    labels = [entry.labels[place].name for place in entry.indices("class")]
    found = {}
    for label in labels if len(labels) > 1 else ():
        values, held = (
            _named_undeservedly(entry, draft, scores, label) for scores in (fitted, held_out)
        )
        found[label] = _stated(values, held, rate, 0.5)
    return found


def _named_undeservedly(
    entry: ModelEntry, calibration: Calibration, scores: Scores, label: str
) -> Array:
    """Probability of a class, by photograph of no class; 0 where another class is likelier."""
    shares, classes = _all(entry, calibration, scores), entry.indices("class")
    place = next(n for n in classes if entry.labels[n].name == label)
    likeliest = np.array(classes)[shares[:, classes].argmax(1)] == place
    kept = ~np.isin(scores.truth(), classes)
    photos = [row.photo for row in scores.where(list(kept)).rows]
    return _worst(np.where(likeliest, shares[:, place], 0.0)[kept], photos)


def _undeserved(
    entry: ModelEntry, calibration: Calibration, scores: Scores, name: str, by_photo: bool
) -> Array:
    """Probability of an answer of the pictures that don't deserve it."""
    platforms = entry.indices("class")
    shares = _all(entry, calibration, scores)
    answer = shares[:, platforms].max(1) if name == "named" else _none(entry, shares)
    kept = np.isin(scores.truth(), platforms) == (name == "none")
    if not kept.any():
        raise ScoresError(
            f"no held-out picture came through {'a' if name == 'none' else 'no'} platform; false "
            "alarms can't be measured"
        )
    photos = [row.photo for row in scores.where(list(kept)).rows]
    return _worst(answer[kept], photos) if by_photo else answer[kept]


def _worst(values: Array, photos: Sequence[str]) -> Array:
    """Highest value of each photograph's variants."""
    names, places = np.unique(photos, return_inverse=True)
    worst = np.zeros(len(names))
    np.maximum.at(worst, places, values)
    return worst


def _none(entry: ModelEntry, shares: Array) -> Array:
    """Probability of no platform that the model knows: (N, K) to (N,)."""
    none: Array = 1 - shares[:, entry.indices("class")].sum(1)
    return none


def _stated(fitted: Array, values: Array, rate: float, least: float) -> Threshold:
    """Choose a threshold on one half, and state its false alarms as the other half has them."""
    return _alarms(calibrating.threshold_for(fitted, rate, least).value, values)


def _alarms(value: float, values: Array) -> Threshold:
    alarms = int((values >= value).sum())
    return Threshold(
        value=value,
        false_alarm_rate=alarms / len(values),
        upper_bound=calibrating.upper_bound(alarms, len(values)),
        pictures=len(values),
    )


def _measured(
    entry: ModelEntry,
    calibration: Calibration,
    held_out: Scores,
    after: ReliabilityDiagram,
    channel: str,
    weights: Array | None,
) -> Fitted:
    truth = held_out.truth()
    found = _all(entry, calibration, held_out)
    plain = calibrating.probabilities(held_out.mean_log(), 1.0)
    events, happened = _events(entry, calibration, held_out)
    answered, right = _answers(entry, calibration, held_out, found)
    return Fitted(
        channel=channel,
        calibration=calibration,
        before=calibrating.top_label_reliability(plain, truth, weights=weights),
        after=after,
        of_classes=calibrating.reliability(events, happened, weights=weights),
        accuracy=float(np.average(found.argmax(1) == truth, weights=weights)),
        answered=float(answered.mean()),
        right_of_answered=float(right.sum() / max(1, answered.sum())),
    )


def _events(entry: ModelEntry, calibration: Calibration, held_out: Scores) -> tuple[Array, Mask]:
    """Probability of any class, and whether it is of one."""
    found = [
        role_probability(entry, shares, "class") for shares in _shares(entry, calibration, held_out)
    ]
    return np.array(found), np.isin(held_out.truth(), entry.indices("class"))


def _answers(
    entry: ModelEntry, calibration: Calibration, held_out: Scores, found: Array
) -> tuple[Mask, Mask]:
    """Find which pictures get an answer, and which of those rightly: (N,)."""
    assert calibration.named is not None  # as `fit` and `measure_stored` see to
    assert calibration.none is not None
    truth, classes = held_out.truth(), entry.indices("class")
    is_class = np.isin(truth, classes)
    likeliest = np.array(classes)[found[:, classes].argmax(1)]
    least = np.array([_least(entry, calibration, place) for place in likeliest])
    named = found[:, classes].max(1) >= least
    none = ~named & (_none(entry, found) >= calibration.none.value)
    right = (named & (likeliest == truth)) | (none & ~is_class)
    return named | none, right


def _least(entry: ModelEntry, calibration: Calibration, place: int) -> float:
    """Probability from which a label is named."""
    threshold = calibration.to_name(entry.labels[place].name)
    return 1.0 if threshold is None else threshold.value
