"""From measured copies to a calibrated network in a folder of models."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from camera_sim.evaluation.watermark.edited import NATIVE, Measured
from verifier.detectors.edits import KEYED_TASK, TASK, unknown_of
from verifier.judging import calibration as calibrating
from verifier.training.edits.train import KINDS, Sample
from verifier.weights import Calibration

FALSE_ALARMS = 0.01
"""Share of unedited copies that may be called edited by the photo's own key, and of edited ones
called unedited. By the group's key none may be: it is less sure, and every newsroom has it."""


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
    found = calibrating.probabilities(logits, temperature)
    native = labels == KINDS.index(NATIVE)
    edited = 1 - found[:, 0]
    return Calibration(
        temperature=temperature,
        exponent=0.0,
        edited=calibrating.threshold_for(edited[native], FALSE_ALARMS if keyed else 0),
        native=calibrating.threshold_for(found[~native, 0], FALSE_ALARMS) if keyed else None,
        expected_calibration_error=calibrating.top_label_reliability(found, labels).error,
        pictures=len(samples),
        data=data,
    )
