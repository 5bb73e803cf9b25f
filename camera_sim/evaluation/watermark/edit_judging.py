"""What a model of edits calls measured copies."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from camera_sim.evaluation.watermark.edit_tables import COMPRESSED, LOST, UNDECIDED, Judged
from camera_sim.evaluation.watermark.edited import NATIVE, Measured
from verifier.detectors.edits import KEYED_TASK, TASK
from verifier.detectors.model import Model
from verifier.errors import WeightsError
from verifier.judging.calibration import log_softmax
from verifier.judging.decision import picture_probabilities, role_probability
from verifier.watermark.description import is_known
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
        return [
            Judged(row, _called(model, row.keyed if keyed else row.blind) if row.blind else LOST)
            for row in rows
        ]


def _model(folder: Path, task: str) -> Model:
    entries = read_manifest(folder).of_task(task)
    if not entries or entries[0].calibration_for(None) is None:
        raise WeightsError(f"{folder} holds no calibrated model for {task}")
    return Model(entries[0], folder, 1)


def _called(model: Model, numbers: Sequence[float]) -> str:
    described = np.array(numbers, np.float32)
    if not is_known(described):
        return COMPRESSED
    logits = model.logits([described[None]])
    return called(model.entry, log_softmax(logits)[0])


def called(entry: ModelEntry, logarithms: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> str:
    """Name a copy by its log probabilities; "" where neither threshold is reached."""
    calibration = entry.calibration_for(None)
    assert calibration is not None  # as `EditJudge` saw
    assert calibration.edited is not None
    assert calibration.native is not None
    found = picture_probabilities(entry, calibration, logarithms, 1)
    if role_probability(entry, found, "edit") >= calibration.edited.value:
        edits = [label.name for label in entry.labels if label.role == "edit"]
        return max(edits, key=lambda name: found[name])
    unedited = role_probability(entry, found, "native") >= calibration.native.value
    return NATIVE if unedited else UNDECIDED
