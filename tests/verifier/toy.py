"""A model that knows one thing, grain, made with onnx: stands in for a trained FAN in tests."""

import hashlib
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from tests.channel.conftest import photo
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
PAIR = "rnet-fan-1"
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
    out_of_domain=threshold(0.5),
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
    name: str = PAIR,
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
        task="manipulation",
        version="0",
        file=f"{name}.onnx",
        sha256=hashlib.sha256(content).hexdigest(),
        licence="Apache-2.0",
        parameters=17,
        pair=name,
        pipeline=name.rsplit("-", 1)[0],
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
