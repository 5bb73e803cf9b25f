"""What a model of edits calls measured copies."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from camera_sim.evaluation.watermark.edit_tables import (
    COMPRESSED,
    LOST,
    UNDECIDED,
    UNJUDGED,
    Judged,
)
from camera_sim.evaluation.watermark.edited import NATIVE, Measured
from verifier.detectors.edit_answer import SHARPENED, decided
from verifier.detectors.edits import KEYED_TASK, TASK, TOO_STRONGLY, unknown_of
from verifier.detectors.model import Model
from verifier.errors import WeightsError
from verifier.judging.calibration import (
    ReliabilityDiagram,
    log_softmax,
    top_label_reliability,
)
from verifier.judging.decision import picture_probabilities
from verifier.training.edits.train import KINDS
from verifier.weights import FOLDER, ModelEntry, read_manifest


class EditJudge:
    """The models of a folder, asked about what was measured.

    Raises
    ------
    WeightsError
        If the folder lacks one.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._blind, self._keyed = (_model(folder or FOLDER, task) for task in (TASK, KEYED_TASK))

    def __call__(self, rows: Sequence[Measured], *, keyed: bool) -> list[Judged]:
        """Judge copies, by the photo's own key or by the group's alone."""
        model = self._keyed if keyed else self._blind
        return [Judged(row, _said(model, row, keyed=keyed)) for row in rows]

    def reliability(self, rows: Sequence[Measured], *, keyed: bool) -> ReliabilityDiagram | None:
        """Compare the probability of what was likeliest done with how often it is right.

        As `reliability` has it, of copies whose compression leaves enough, and whose kind a model
        can name; None without such a copy.
        """
        model = self._keyed if keyed else self._blind
        judged = [
            (_probabilities(model, numbers), KINDS.index(row.truth))
            for row in rows
            if row.truth in KINDS
            and (numbers := row.numbers(keyed=keyed))
            and unknown_of(_array(numbers)) is None
        ]
        if not judged:
            return None
        found, truths = ([one[part] for one in judged] for part in (0, 1))
        return reliability(np.array(found), np.array(truths))


STATEMENTS = np.array(
    [[kind == NATIVE, kind == SHARPENED, kind not in (NATIVE, SHARPENED)] for kind in KINDS], float
)
"""Which of `KINDS` belong together in what a report states: as the camera left it, sharpened, or
of less detail: what was smoothed, resized or exported differs by how much."""


def reliability(
    probabilities: NDArray[np.float64], labels: NDArray[np.integer]
) -> ReliabilityDiagram:
    """Compare the probability of the likeliest statement with how often it is true.

    Parameters
    ----------
    probabilities
        (N, 5) of `KINDS`.
    labels
        (N,) numbers of the true kinds.
    """
    true = STATEMENTS[labels].argmax(1)
    return top_label_reliability(np.clip(probabilities @ STATEMENTS, 0, 1), true)


def _model(folder: Path, task: str) -> Model:
    entries = read_manifest(folder).of_task(task)
    if not entries or entries[0].calibration_for(None) is None:
        raise WeightsError(f"{folder} holds no calibrated model for {task}")
    return Model(entries[0], folder, 1)


def _said(model: Model, row: Measured, *, keyed: bool) -> str:
    numbers = row.numbers(keyed=keyed)
    unknown = row.unknown or (unknown_of(_array(numbers)) if numbers else None)
    if unknown:
        return COMPRESSED if unknown == TOO_STRONGLY else UNJUDGED
    return called(model.entry, _logarithms(model, numbers)) if numbers else LOST


def _probabilities(model: Model, numbers: Sequence[float]) -> list[float]:
    calibration = model.entry.calibration_for(None)
    assert calibration is not None  # as `EditJudge` saw
    found = picture_probabilities(model.entry, calibration, _logarithms(model, numbers), 1)
    return [found.get(kind, 0.0) for kind in KINDS]  # models of before know no exports


def _logarithms(model: Model, numbers: Sequence[float]) -> NDArray[np.float64]:
    logarithms: NDArray[np.float64] = log_softmax(model.logits([_array(numbers)[None]]))[0]
    return logarithms


def _array(numbers: Sequence[float]) -> NDArray[np.float32]:
    return np.array(numbers, np.float32)


def called(entry: ModelEntry, logarithms: NDArray[np.float64]) -> str:
    """Name a copy by its log probabilities; "" where no threshold is reached."""
    calibration = entry.calibration_for(None)
    assert calibration is not None  # as `EditJudge` saw
    of = decided(entry, calibration, picture_probabilities(entry, calibration, logarithms, 1))
    return of.label.name if of else UNDECIDED
