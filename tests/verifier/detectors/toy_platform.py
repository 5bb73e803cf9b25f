"""A model that knows one thing, how many DCT levels are zero: stands in for a trained platform."""

import hashlib
from pathlib import Path

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from tests.verifier.toy import threshold
from verifier.evaluation.platform.classes import CLASSES
from verifier.features.dct_histogram import PATCH_BINS
from verifier.weights import (
    ANY_CHANNEL,
    Calibration,
    Domain,
    InputContract,
    ModelEntry,
    Selection,
    add_to_manifest,
)

NAME = "toy-platform"
LABELS = tuple(one.label for one in CLASSES)
FACEBOOK, ORIGINAL = 0, 7
# Of the nine coefficients of 64 blocks: so many zeros are the toy's Facebook, fewer its original.
ZEROS = 380
CALIBRATION = Calibration(
    temperature=1.0,
    exponent=0.0,
    named=threshold(0.9),
    none=threshold(0.9),
    expected_calibration_error=0.02,
    pictures=200,
    data="none: a toy",
)


def toy_platform(folder: Path, calibration: Calibration | None = CALIBRATION) -> Path:
    """Write the toy and its manifest; returns the folder."""
    weights = np.zeros((PATCH_BINS, len(LABELS)), np.float32)
    weights[50::101, FACEBOOK] = 0.5
    weights[50::101, ORIGINAL] = -0.5
    offsets = np.full(len(LABELS), -9, np.float32)
    offsets[[FACEBOOK, ORIGINAL]] = -0.5 * ZEROS, 0.5 * ZEROS
    graph = helper.make_graph(
        [
            helper.make_node("MatMul", ["histograms", "weights"], ["scaled"]),
            helper.make_node("Add", ["scaled", "offsets"], ["logits"]),
        ],
        "zeros",
        [helper.make_tensor_value_info("histograms", TensorProto.FLOAT, ["n", PATCH_BINS])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", len(LABELS)])],
        [numpy_helper.from_array(weights, "weights"), numpy_helper.from_array(offsets, "offsets")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    content = model.SerializeToString()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{NAME}.onnx").write_bytes(content)
    entry = ModelEntry(
        name=NAME,
        task="platform",
        version="0",
        file=f"{NAME}.onnx",
        sha256=hashlib.sha256(content).hexdigest(),
        licence="Apache-2.0",
        parameters=weights.size,
        labels=LABELS,
        input=InputContract(kind="DCT histograms", name="histograms", side=64),
        selection=Selection(stride=64, min_variance=2e-5),
        domain=Domain(min_side=128, min_patches=4),
        calibrations={ANY_CHANNEL: calibration} if calibration else {},
        recipe={"made": "by hand"},
        data="none",
        figures={},
    )
    add_to_manifest(entry, folder)
    return folder
