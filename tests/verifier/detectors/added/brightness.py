"""A network that finds bright pictures, made with onnx: stands in for a detector that is added."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

SIDE = 32
GAIN = 20.0  # of the log odds, by brightness in [0, 1] around a half

CARD: dict[str, Any] = {
    "kind": "camsim detector card",
    "version": 1,
    "name": "bright",
    "question": "Is it bright?",
    "licence": "MIT",
    "source": "https://example.org/bright",
    "limits": "It knows brightness alone.",
    "width": SIDE,
    "height": SIDE,
    "fit": "resize",
    "colours": "RGB",
    "mean": [0.5, 0.5, 0.5],
    "std": [1, 1, 1],
    "output": "logit",
    "generated": "high",
}


def bright_model(
    outputs: int = 1,
    *,
    layout: str = "NCHW",
    weights: tuple[float, ...] = (1 / 3, 1 / 3, 1 / 3),
    probability: bool = False,
) -> bytes:
    """Log odds GAIN × (brightness − ½); of two outputs the second is that of bright pictures."""
    axes = [2, 3] if layout == "NCHW" else [1, 2]
    shape = ["n", 3, SIDE, SIDE] if layout == "NCHW" else ["n", SIDE, SIDE, 3]
    gains = GAIN * np.array(weights, np.float32)[:, None]
    if outputs == 2:
        gains = np.concatenate([-gains / 2, gains / 2], axis=1)
    nodes = [
        helper.make_node("ReduceMean", ["picture", "axes"], ["means"], keepdims=0),
        helper.make_node("MatMul", ["means", "gains"], ["odds"]),
    ]
    if probability:
        kind = "Sigmoid" if outputs == 1 else "Softmax"
        nodes.append(helper.make_node(kind, ["odds"], ["score"]))
    else:
        nodes.append(helper.make_node("Identity", ["odds"], ["score"]))
    graph = helper.make_graph(
        nodes,
        "bright",
        [helper.make_tensor_value_info("picture", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("score", TensorProto.FLOAT, ["n", outputs])],
        [
            numpy_helper.from_array(gains.astype(np.float32), "gains"),
            numpy_helper.from_array(np.array(axes, np.int64), "axes"),
        ],
    )
    return _file(graph)


def endless_model() -> bytes:
    """A network that never ends: a loop of 10¹² turns."""
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["go"], ["on"]),
            helper.make_node("Add", ["sum", "one"], ["more"]),
        ],
        "body",
        [
            helper.make_tensor_value_info("turn", TensorProto.INT64, []),
            helper.make_tensor_value_info("go", TensorProto.BOOL, []),
            helper.make_tensor_value_info("sum", TensorProto.FLOAT, [1]),
        ],
        [
            helper.make_tensor_value_info("on", TensorProto.BOOL, []),
            helper.make_tensor_value_info("more", TensorProto.FLOAT, [1]),
        ],
        [numpy_helper.from_array(np.ones(1, np.float32), "one")],
    )
    graph = helper.make_graph(
        [
            helper.make_node("ReduceMean", ["picture"], ["mean"], keepdims=0),
            helper.make_node("Reshape", ["mean", "shape"], ["first"]),
            helper.make_node("Loop", ["turns", "yes", "first"], ["score"], body=body),
        ],
        "endless",
        [helper.make_tensor_value_info("picture", TensorProto.FLOAT, [1, 3, SIDE, SIDE])],
        [helper.make_tensor_value_info("score", TensorProto.FLOAT, [1])],
        [
            numpy_helper.from_array(np.array(10**12, np.int64), "turns"),
            numpy_helper.from_array(np.array(True), "yes"),
            numpy_helper.from_array(np.array([1], np.int64), "shape"),
        ],
    )
    return _file(graph)


def huge_model() -> bytes:
    """A network of a few bytes that asks for 40 GB."""
    graph = helper.make_graph(
        [
            helper.make_node("ConstantOfShape", ["shape"], ["zeros"]),
            helper.make_node("ReduceMean", ["picture"], ["mean"], keepdims=0),
            helper.make_node("Add", ["zeros", "mean"], ["sum"]),
            helper.make_node("ReduceMean", ["sum"], ["score"], keepdims=0),
        ],
        "huge",
        [helper.make_tensor_value_info("picture", TensorProto.FLOAT, [1, 3, SIDE, SIDE])],
        [helper.make_tensor_value_info("score", TensorProto.FLOAT, [])],
        [numpy_helper.from_array(np.array([10**10], np.int64), "shape")],
    )
    return _file(graph)


def _file(graph: onnx.GraphProto) -> bytes:
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def written(folder: Path, model: bytes | None = None, **changed: object) -> tuple[Path, Path]:
    """Write a model and its card; fields that are None are left out."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.onnx").write_bytes(bright_model() if model is None else model)
    card = {k: v for k, v in (CARD | changed).items() if v is not None}
    (folder / "card.json").write_text(json.dumps(card))
    return folder / "model.onnx", folder / "card.json"


def grey(level: int, size: tuple[int, int] = (64, 64)) -> NDArray[np.uint8]:
    return np.full((*size, 3), level, np.uint8)


def pictures(folder: Path, levels: list[int]) -> Path:
    """Write a grey picture of each level."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, level in enumerate(levels):
        Image.fromarray(grey(level)).save(folder / f"{number:03d}.png")
    return folder
