"""A model that knows one thing, the mean colour: stands in for a trained network for origin."""

import hashlib
from pathlib import Path

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from tests.verifier.toy import threshold
from verifier.training.origin.classes import ORIGIN_DOMAIN, ORIGIN_SELECTION, ORIGINS
from verifier.weights import (
    ANY_CHANNEL,
    Calibration,
    InputContract,
    ModelEntry,
    Threshold,
    add_to_manifest,
)

NAME = "toy-origin"
SIDE = 224
CALIBRATION = Calibration(
    temperature=1.0,
    exponent=0.0,
    named=threshold(0.9),
    none=threshold(0.9),
    expected_calibration_error=0.02,
    pictures=200,
    data="none: a toy",
)
UNSURE = Threshold(value=0.9, false_alarm_rate=0.0, upper_bound=0.2, pictures=14)


def toy_origin(
    folder: Path,
    calibration: Calibration | None = CALIBRATION,
    recipe: dict[str, str | int | float | bool] | None = None,
) -> Path:
    """Write the toy and its manifest: green is a photograph, red rendered, blue generated."""
    weights = 60 * np.array([[0, 1, 0], [1, 0, 0], [0, 0, 1]], np.float32)
    graph = helper.make_graph(
        [
            helper.make_node("GlobalAveragePool", ["patches"], ["mean4"]),
            helper.make_node("Flatten", ["mean4"], ["mean"]),
            helper.make_node("MatMul", ["mean", "weights"], ["logits"]),
        ],
        "colour",
        [helper.make_tensor_value_info("patches", TensorProto.FLOAT, ["n", 3, SIDE, SIDE])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", 3])],
        [numpy_helper.from_array(weights, "weights")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    content = model.SerializeToString()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{NAME}.onnx").write_bytes(content)
    entry = ModelEntry(
        name=NAME,
        task="origin",
        version="0",
        file=f"{NAME}.onnx",
        sha256=hashlib.sha256(content).hexdigest(),
        licence="Apache-2.0",
        parameters=weights.size,
        labels=ORIGINS,
        input=InputContract(side=SIDE),
        selection=ORIGIN_SELECTION,
        domain=ORIGIN_DOMAIN,
        calibrations={ANY_CHANNEL: calibration} if calibration else {},
        recipe=recipe or {"made": "by hand"},
        data="none",
        figures={},
    )
    add_to_manifest(entry, folder)
    return folder
