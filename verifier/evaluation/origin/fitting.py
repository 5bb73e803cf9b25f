"""A calibration of origin: fitted on pictures held out for it, stated on the test pictures.

Several files are fed of each picture. A picture is one unit: a file weighs its share of it in the
fit and in the error, the score is the mean over patches, and a picture counts as a false alarm if
any of its files is one. So a rate is over pictures, which are independent, and not over files.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from verifier.errors import ScoresError
from verifier.evaluation.origin.bench import OriginRecord
from verifier.evaluation.origin.tables import probabilities
from verifier.judging import calibration as calibrating
from verifier.weights import ANY_CHANNEL, Calibration, ModelEntry, Threshold

# The worst error is a photograph called generated: none of the calibration's may be. Of the others
# this share may be called photographs, and no answer may be less likely than this.
ACCUSED: Final = 0.0
CLEARED: Final = 0.01
LEAST: Final = 0.7


def fit_origin(
    entry: ModelEntry,
    records: Sequence[OriginRecord],
    data: str,
) -> Calibration:
    """Fit temperature, exponent and thresholds to the calibration's pictures.

    Parameters
    ----------
    records
        Of every part; those of conditions are left out.
    data
        What the pictures are, in a sentence for the manifest.

    Returns
    -------
    A calibration whose rates, bounds and error are those of the tests' pictures.

    Raises
    ------
    ScoresError
        If a part has no photographs, or none of the others.
    """
    labels = [label.name for label in entry.labels]
    native = next(label.name for label in entry.labels if label.role == "native")
    plain = [r for r in records if not r.condition]
    fitted = [r for r in plain if r.part == "calibration"]
    tests = [r for r in plain if r.part != "calibration"]
    for part in (fitted, tests):
        if len({r.kind == native for r in part}) < 2:
            raise ScoresError("calibration and tests need photographs, and others")
    truth = [labels.index(r.kind) for r in fitted]
    exponent, temperature = calibrating.fit_pooling(
        [r.mean_log for r in fitted], [r.patches for r in fitted], truth, _weights(fitted),
        calibrating.MEAN,
    )  # fmt: skip
    draft = Calibration(
        temperature=max(1.0, temperature),  # dozens of pictures are no ground for sharpening
        exponent=exponent,
        expected_calibration_error=0.0,
        pictures=len({r.name for r in tests}),
        data=data,
    )
    draft_entry = with_calibration(entry, draft)
    accused = _by_picture(fitted, _accused(fitted, draft_entry, native), native, of_native=True)
    cleared = _by_picture(fitted, _cleared(fitted, draft_entry, native), native, of_native=False)
    named = calibrating.threshold_for(accused, ACCUSED, LEAST)
    none = calibrating.threshold_for(cleared, CLEARED, LEAST)
    shares = np.array([list(probabilities(r, draft_entry).values()) for r in tests])
    kinds = [labels.index(r.kind) for r in tests]
    error = calibrating.top_label_reliability(shares, kinds, weights=_weights(tests)).error
    photos = [r for r in tests if r.kind == native]
    others = [r for r in tests if r.kind != native]
    update = {
        "named": _stated(named.value, photos, _accused(photos, draft_entry, native)),
        "none": _stated(none.value, others, _cleared(others, draft_entry, native)),
        "expected_calibration_error": error,
    }
    return draft.model_copy(update=update)


def with_calibration(entry: ModelEntry, calibration: Calibration) -> ModelEntry:
    """Return the entry with one calibration for every channel."""
    return entry.model_copy(update={"calibrations": {ANY_CHANNEL: calibration}})


def _accused(
    records: Sequence[OriginRecord], entry: ModelEntry, native: str
) -> NDArray[np.float64]:
    """Return the largest probability of another origin, of each photograph's file."""
    found = [probabilities(r, entry) for r in records if r.kind == native]
    return np.array([max(v for k, v in one.items() if k != native) for one in found])


def _cleared(
    records: Sequence[OriginRecord], entry: ModelEntry, native: str
) -> NDArray[np.float64]:
    """Return the probability of a photograph, of each file that is none."""
    return np.array([probabilities(r, entry)[native] for r in records if r.kind != native])


def _weights(records: Sequence[OriginRecord]) -> NDArray[np.float64]:
    """Return the share of its picture that each file is, (N,)."""
    files = Counter(r.name for r in records)
    return np.array([1 / files[r.name] for r in records])


def _by_picture(
    records: Sequence[OriginRecord], found: NDArray[np.float64], native: str, *, of_native: bool
) -> NDArray[np.float64]:
    """Return the highest value of each picture's files, of photographs or of the others."""
    worst: dict[str, float] = {}
    kept = [r for r in records if (r.kind == native) == of_native]
    for record, value in zip(kept, found, strict=True):
        worst[record.name] = max(float(value), worst.get(record.name, 0.0))
    return np.array(list(worst.values()))


def _stated(value: float, records: Sequence[OriginRecord], found: NDArray[np.float64]) -> Threshold:
    """State a threshold's false alarms over pictures."""
    pictures = {r.name for r in records}
    wrong = {r.name for r, probability in zip(records, found, strict=True) if probability >= value}
    return Threshold(
        value=value,
        false_alarm_rate=len(wrong) / len(pictures),
        upper_bound=calibrating.upper_bound(len(wrong), len(pictures)),
        pictures=len(pictures),
    )
