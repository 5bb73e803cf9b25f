"""From measured copies to a calibrated network in a folder of models."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from camera_sim.evaluation.watermark.edit_judging import reliability
from camera_sim.evaluation.watermark.edited import NATIVE, Measured
from verifier.detectors.edit_answer import EXPORTED, SHARPENED, SOFTENED
from verifier.detectors.edits import KEYED_TASK, TASK, unknown_of
from verifier.judging import calibration as calibrating
from verifier.training.edits.train import EDITS, KINDS, Sample
from verifier.weights import Calibration, Threshold

LEAST_SURE = {True: 0.95, False: 0.98}
"""Probability under which no edit is named, by the photo's own key and by the group's, which knows
less: of one of 74 photographs fine lines looked a third stronger by it, unedited as they were.
Thresholds are where none of the unedited copies is called sharpened, nor smoothed or resized."""
MISSAID = 0.01
"""Share of the camera's copies that may be called softened by the photo's own key. By the group's,
which is less sure and which every newsroom has, none may be."""
CLEARED = 0.005
"""Share of edited copies that may be called unedited by the photo's own key."""


def samples_of(rows: Sequence[Measured], *, keyed: bool) -> list[Sample]:
    """Take the copies that may be judged, by the photo's own key or by the group's alone."""
    samples = [
        Sample(np.array(row.numbers(keyed=keyed), np.float32), row.truth, row.photo)
        for row in rows
        if row.blind
    ]
    return [sample for sample in samples if unknown_of(sample.described) is None]


def task_of(*, keyed: bool) -> str:
    """Return the task of the model that learns from one kind of key."""
    return KEYED_TASK if keyed else TASK


def calibrated(
    logits: NDArray[np.float64], samples: Sequence[Sample], data: str, *, keyed: bool
) -> Calibration:
    """Fit temperature and thresholds to logits of photos that their network did not see.

    By the group's key alone nothing is called unedited: who has it, as every newsroom that reads
    has, can put back what an edit took of all that it knows.
    """
    labels = np.array([sample.label for sample in samples])
    temperature = calibrating.fit_temperature(logits, labels)
    probabilities = calibrating.probabilities(logits, temperature)
    found = dict(zip(KINDS, probabilities.T, strict=True))
    edited = np.isin(labels, [KINDS.index(kind) for kind in EDITS])
    of_camera = labels == KINDS.index(NATIVE)
    less = np.sum([found[kind] for kind in EDITS if kind != SHARPENED], 0)
    photos = np.array([sample.photo for sample in samples])
    missaid, least = MISSAID if keyed else 0, LEAST_SURE[keyed]
    return Calibration(
        temperature=temperature,
        exponent=0.0,
        edited=_threshold(less[~edited], photos[~edited], 0, least),
        native=_threshold(found[NATIVE][edited], photos[edited], CLEARED) if keyed else None,
        named_as={
            SHARPENED: _threshold(found[SHARPENED][~edited], photos[~edited], 0, least),
            SOFTENED.name: _threshold(
                (less + found[EXPORTED])[of_camera], photos[of_camera], missaid
            ),
        },
        expected_calibration_error=reliability(probabilities, labels).error,
        pictures=len(samples),
        data=data,
    )


def wrong_answers(calibration: Calibration) -> dict[str, Threshold]:
    """Name each answer that may be wrong, with the threshold that says how often it is."""
    asked = {
        "an unedited copy called sharpened": calibration.named_as[SHARPENED],
        "an unedited copy called smoothed or resized": calibration.edited,
        "a copy of the camera's called softened": calibration.named_as[SOFTENED.name],
        "an edited copy called unedited": calibration.native,
    }
    return {said: threshold for said, threshold in asked.items() if threshold is not None}


def _threshold(
    values: NDArray[np.float64], photos: NDArray[np.str_], rate: float, least: float = 0.5
) -> Threshold:
    """Find the threshold that this share of copies may reach, and say of how many photos any does.

    Copies of one photo are no independent trials, so the bound is that of photos.
    """
    found = calibrating.threshold_for(values, rate, least)
    every, wrong = len(set(photos)), len(set(photos[values >= found.value]))
    return Threshold(
        value=found.value,
        false_alarm_rate=wrong / every,
        upper_bound=calibrating.upper_bound(wrong, every),
        pictures=every,
    )
