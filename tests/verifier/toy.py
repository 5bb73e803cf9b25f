"""A detector of one's own that knows one thing, grain, with a model made with onnx.

The shipped detectors clear nothing, and accuse by a photo's watermark alone. This one does both for
any picture, so that tests of the verdict, of stability, of the service and of archives have answers
to go by.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from tests.channel.conftest import photo
from verifier.detectors import DETECTORS
from verifier.detectors.detector import PixelDetector, map_values
from verifier.detectors.model import BATCH, Model
from verifier.detectors.patch_scores import PatchScores, patch_scores
from verifier.features.patches import batches, choose_patches
from verifier.judging.decision import Answer, Grounds, how_often_wrong, role_probability
from verifier.reading.reading import Reading
from verifier.report.record import PatchMap
from verifier.weights import (
    ANY_CHANNEL,
    Calibration,
    Domain,
    InputContract,
    Label,
    ModelEntry,
    Selection,
    Threshold,
    add_to_manifest,
)

Pixels = NDArray[np.uint8]

LABELS = (
    Label(name="native", role="native", words="straight from the camera"),
    Label(name="gaussian", role="edit", words="smoothed"),
    Label(name="sharpen", role="edit", words="sharpened"),
    Label(name="unknown-camera", role="out-of-domain", words="not from this camera"),
)
GRAIN = "grain-1"
TASK = "grain"
# Mean absolute Laplacian (of values in [0, 1]) that the toy takes for native; less is smoothed,
# more sharpened.
NATIVE_GRAIN = 0.09


def threshold(value: float) -> Threshold:
    return Threshold(value=value, false_alarm_rate=0.01, upper_bound=0.03, pictures=200)


CALIBRATION = Calibration(
    temperature=1.0,
    exponent=0.0,
    edited=threshold(0.9),
    native=threshold(0.9),
    expected_calibration_error=0.02,
    pictures=200,
    data="none: a toy",
)


def grain_model(side: int = 128, unknown_camera: float = -20.0) -> bytes:
    """Logits that are linear in grain: 0, ±200 × (grain − native), and one for unknown cameras."""
    kernel = np.array([[0, -1, 0], [-1, 4, -1], [0, -1, 0]], np.float32)
    weights = np.zeros((1, 3, 3, 3), np.float32)
    weights[0, 1] = kernel
    slope = 200.0
    gains = np.array([[0.0, -slope, slope, 0.0]], np.float32)
    margin = 0.04 * slope
    offsets = np.array(
        [0, slope * NATIVE_GRAIN - margin, -slope * NATIVE_GRAIN - margin, unknown_camera],
        np.float32,
    )
    nodes = [
        helper.make_node("Conv", ["patches", "kernel"], ["laplacian"]),
        helper.make_node("Abs", ["laplacian"], ["absolute"]),
        helper.make_node("GlobalAveragePool", ["absolute"], ["grain4"]),
        helper.make_node("Flatten", ["grain4"], ["grain"]),
        helper.make_node("MatMul", ["grain", "gains"], ["scaled"]),
        helper.make_node("Add", ["scaled", "offsets"], ["logits"]),
    ]
    tensors = {"kernel": weights, "gains": gains, "offsets": offsets}
    graph = helper.make_graph(
        nodes,
        "grain",
        [helper.make_tensor_value_info("patches", TensorProto.FLOAT, ["n", 3, side, side])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", 4])],
        [numpy_helper.from_array(value, name) for name, value in tensors.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def toy_weights(
    folder: Path,
    *,
    name: str = GRAIN,
    calibration: Calibration | None = CALIBRATION,
    domain: Domain | None = None,
    selection: Selection | None = None,
    unknown_camera: float = -20.0,
) -> Path:
    """Write a toy model and its manifest; returns the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    content = grain_model(unknown_camera=unknown_camera)
    (folder / f"{name}.onnx").write_bytes(content)
    entry = ModelEntry(
        name=name,
        task=TASK,
        version="0",
        file=f"{name}.onnx",
        sha256=hashlib.sha256(content).hexdigest(),
        licence="Apache-2.0",
        parameters=17,
        pipeline="toy",
        labels=LABELS,
        input=InputContract(),
        selection=selection or Selection(min_variance=0.001),
        domain=domain or Domain(min_side=200, min_patches=2),
        calibrations={ANY_CHANNEL: calibration} if calibration else {},
        recipe={"made": "by hand"},
        data="none",
        figures={},
    )
    add_to_manifest(entry, folder)
    return folder


def native(height: int = 384, width: int = 512, seed: int = 0) -> Pixels:
    """A picture whose grain the toy takes for native."""
    return photo(height, width, seed)


class GrainDetector(PixelDetector[PatchScores]):
    """Accuses what was smoothed or sharpened, and clears the rest."""

    task: ClassVar[str] = TASK
    name: ClassVar[str] = "grain"
    question: ClassVar[str] = "Is its grain the camera's?"
    doing: ClassVar[str] = "Looking at grain"
    limits: ClassVar[str] = "It knows grain alone."
    without_models: ClassVar[str] = "No model of grain is installed."
    too_little: ClassVar[str] = "that is large enough, and neither uniform nor overexposed"
    outside: ClassVar[bool | None] = False

    def look(self, model: Model, reading: Reading, *, brief: bool) -> PatchScores | None:
        entry = model.entry
        patches = choose_patches(reading.pixels, entry.input.side, entry.selection, brief=brief)
        if not patches.places:
            return None
        return patch_scores(model, patches, model.logits(batches(reading.pixels, patches, BATCH)))

    def decide(self, scores: PatchScores, grounds: Grounds) -> Answer:
        entry, calibration = scores.model.entry, grounds.calibration
        edited = role_probability(entry, grounds.found, "edit")
        native = role_probability(entry, grounds.found, "native")
        against, none = calibration.edited, calibration.native
        if against and edited >= against.value:
            edits = [label for label in entry.labels if label.role == "edit"]
            likeliest = max(edits, key=lambda label: grounds.found[label.name])
            reasons = (f"It was {likeliest.words}.", how_often_wrong(against, "unedited"))
            return Answer("ran", "evidence against", reasons, likeliest, True, against, edited)
        if none and native >= none.value:
            reasons = ("Its grain is the camera's.", how_often_wrong(none, "edited"))
            return Answer("ran", "consistent", reasons, entry.labels[0], True, none, native)
        return Answer("ran", "inconclusive", ("Its grain is neither.",), in_domain=True)

    def patch_map(self, scores: PatchScores, answer: Answer) -> PatchMap | None:
        return PatchMap(
            side=scores.patches.side,
            places=scores.patches.places,
            values=map_values(scores.shares[:, scores.model.entry.indices("edit")].sum(1)),
            words="Each square is a part's grain.",
        )


@contextmanager
def grain_detected() -> Iterator[None]:
    """Let verifiers of this process have the detector, before the shipped ones."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("verifier.analysis.DETECTORS", (GrainDetector, *DETECTORS))
        yield
