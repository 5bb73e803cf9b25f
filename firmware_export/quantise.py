"""Models in explicit precision: fp16 and bf16 by typed tensors, int8 by Q/DQ nodes.

Nothing is left to a runtime's choice, as TensorRT 11 (always strongly typed) wants it, TensorRT 10
takes it, and ONNX Runtime runs it. What surrounds the network, the white balance, the mixing of
filters and the colour (squares, roots, a matrix), stays in fp32: its cost is small, and half
precision there is what turns pictures dark. Only convolutions that look at the mosaic are lowered.
Needs onnx, of the extra ``train``.
"""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from camera_sim.device.firmware import Precision
from camera_sim.engines import Array
from channel.onnx_file import open_session
from firmware_export.contract import KEY, Contract, Exported
from firmware_export.errors import ExportError

if TYPE_CHECKING:
    import onnx

Feed = dict[str, Array]
CONVOLUTIONS = ("Conv", "ConvTranspose")
BETWEEN = ("LeakyRelu", "Relu", "Resize", "MaxPool")
# What is asked of int8 on the worst calibration tile: what the parity gate asks of all together.
INT8_PSNR = 40.0
# Tiles on which convolutions are tried; all are used for the ranges of the final model.
TRIAL_FEEDS = 8


def quantised(model: Exported, precision: Precision, feeds: Sequence[Feed] = ()) -> Exported:
    """Return an fp32 model in another precision.

    Parameters
    ----------
    feeds
        Inputs of held-out captures, to find the ranges of int8 activations; see `calibration`.

    Raises
    ------
    ExportError
        If the model is not fp32, or int8 has nothing to calibrate on.
    """
    if model.contract.precision != "fp32":
        raise ExportError(f"an fp32 model is lowered, not one in {model.contract.precision}")
    makers: dict[Precision, Callable[[], onnx.ModelProto]] = {
        "fp16": lambda: _in_half(model, "fp16"),
        "bf16": lambda: _in_half(model, "bf16"),
        "int8": lambda: _in_int8(model, feeds),
    }
    if precision not in makers:
        raise ExportError(f"there is nothing to do for {precision}")
    return _labelled(makers[precision](), model, precision)


def _labelled(proto: "onnx.ModelProto", model: Exported, precision: Precision) -> Exported:
    import onnx

    update = {"precision": precision, "source_sha256": model.sha256,
              "opset": proto.opset_import[0].version}  # fmt: skip
    contract: Contract = model.contract.model_copy(update=update)
    onnx.helper.set_model_props(proto, {KEY: contract.model_dump_json()})
    proto.producer_version = ""
    onnx.checker.check_model(proto, full_check=True)
    return Exported(contract=contract, content=proto.SerializeToString())


def _in_half(model: Exported, precision: Precision) -> "onnx.ModelProto":
    import onnx

    proto = onnx.load_from_string(model.content)
    return _in_fp16(proto) if precision == "fp16" else _in_bf16(proto)


def _in_fp16(proto: "onnx.ModelProto") -> "onnx.ModelProto":
    """Compute convolutions, and what lies between two of them, in fp16; all else stays fp32.

    A cast stands where a tensor crosses over, once for all that read it.
    """
    from onnx import TensorProto, helper

    weights = {initial.name: initial for initial in proto.graph.initializer}
    halves: set[str] = set()
    casts: dict[tuple[str, int], str] = {}
    nodes: list[onnx.NodeProto] = []

    def read_as(name: str, kind: int) -> str:
        if (name, kind) not in casts:
            casts[name, kind] = f"{name}_as_{'half' if kind == TensorProto.FLOAT16 else 'float'}"
            nodes.append(helper.make_node("Cast", [name], [casts[name, kind]],
                                          f"cast_{casts[name, kind]}", to=kind))  # fmt: skip
        return casts[name, kind]

    for node in proto.graph.node:
        lowered = node.op_type in CONVOLUTIONS or (
            node.op_type in BETWEEN and node.input[0] in halves
        )
        data = len(node.input) if node.op_type in CONVOLUTIONS else 1
        for index, name in enumerate(node.input):
            if lowered and index < data:
                if name in weights:
                    _store(weights[name], TensorProto.FLOAT16)
                elif name not in halves:
                    node.input[index] = read_as(name, TensorProto.FLOAT16)
            elif name in halves:
                node.input[index] = read_as(name, TensorProto.FLOAT)
        if lowered:
            halves.update(node.output)
        nodes.append(node)
    del proto.graph.node[:], proto.graph.value_info[:]
    proto.graph.node.extend(nodes)
    return proto


def _in_bf16(proto: "onnx.ModelProto") -> "onnx.ModelProto":
    """Round what convolutions read to bf16, weights included; they add up in fp32.

    ONNX has bf16 convolutions from opset 22 on, and ONNX Runtime has none on a processor: casts say
    the same in types that every runtime has.
    """
    from onnx import TensorProto

    nodes: list[onnx.NodeProto] = []
    weights = {initial.name: initial for initial in proto.graph.initializer}
    for node in proto.graph.node:
        if node.op_type in CONVOLUTIONS:
            nodes += _rounded(node, 0, (TensorProto.BFLOAT16, TensorProto.FLOAT))
            _store(weights[node.input[1]], TensorProto.BFLOAT16)
            nodes += _rounded(node, 1, (TensorProto.FLOAT,))
        nodes.append(node)
    del proto.graph.node[:], proto.graph.value_info[:]
    proto.graph.node.extend(nodes)
    return proto


def _rounded(node: "onnx.NodeProto", index: int, types: Sequence[int]) -> Iterator[Any]:
    """Yield casts in a row before one input of a node, and have the node read the last."""
    from onnx import helper

    for step, kind in enumerate(types):
        name = f"{node.name}_input{index}_cast{step}"
        yield helper.make_node("Cast", [node.input[index]], [name], name, to=kind)
        node.input[index] = name


def _store(weight: "onnx.TensorProto", kind: int) -> None:
    """Keep a weight in another type."""
    from onnx import helper, numpy_helper

    if weight.data_type == kind:
        return
    values = numpy_helper.to_array(weight).astype(helper.tensor_dtype_to_np_dtype(kind))
    weight.data_type = kind
    del weight.float_data[:]
    weight.raw_data = values.tobytes()


def _in_int8(model: Exported, feeds: Sequence[Feed]) -> "onnx.ModelProto":
    """Quantise as many convolutions as leave the picture within `INT8_PSNR`, the harmless first."""
    import onnx

    if not feeds:
        raise ExportError("int8 needs held-out captures to calibrate on; name some RAW files")
    proto = onnx.load_from_string(model.content)
    names = [node.name for node in proto.graph.node if node.op_type == "Conv"]
    trial = [feeds[place] for place in np.linspace(0, len(feeds) - 1, TRIAL_FEEDS).astype(int)]
    reference = _developed(model.content, trial)
    harm = {name: _psnr_left(proto, [name], trial, reference) for name in names}
    ordered = sorted(names, key=lambda name: harm[name], reverse=True)
    count = most(ordered, lambda chosen: _psnr_left(proto, chosen, trial, reference))
    if not count:
        raise ExportError(f"no convolution can be in int8 and keep {INT8_PSNR:g} dB")
    return _with_qdq(proto, ordered[:count], feeds)


def most(ordered: list[str], psnr: Callable[[list[str]], float]) -> int:
    """Find by bisection how many of the first may be quantised together."""
    low, high = 0, len(ordered)
    while low < high:
        middle = (low + high + 1) // 2
        if psnr(ordered[:middle]) >= INT8_PSNR:
            low = middle
        else:
            high = middle - 1
    return low


def _psnr_left(
    proto: "onnx.ModelProto", chosen: list[str], feeds: Sequence[Feed], reference: list[Array]
) -> float:
    """Return the PSNR in dB that the worst tile keeps with these convolutions in int8."""
    content = _with_qdq(proto, chosen, feeds).SerializeToString()
    pairs = zip(_developed(content, feeds), reference, strict=True)
    error = max(float(np.square(a - b).mean()) for a, b in pairs)
    return -10 * float(np.log10(max(error, 1e-12)))


def _developed(content: bytes, feeds: Sequence[Feed]) -> list[Array]:
    session = open_session(content)
    taken = {node.name for node in session.get_inputs()}
    return [session.run(["srgb"], {k: v for k, v in feed.items() if k in taken})[0]
            for feed in feeds]  # fmt: skip


def _with_qdq(
    proto: "onnx.ModelProto", chosen: list[str], feeds: Sequence[Feed]
) -> "onnx.ModelProto":
    """Put Q/DQ around these nodes: symmetric, weights by channel, as TensorRT's int8 is."""
    import logging

    import onnx
    from onnxruntime.quantization import (
        CalibrationDataReader,
        QuantFormat,
        QuantType,
        quantize_static,
    )

    taken = {node.name for node in proto.graph.input}
    queue = [{k: v for k, v in feed.items() if k in taken} for feed in reversed(feeds)]

    class Reader(CalibrationDataReader):  # type: ignore[misc]
        """Feeds to ONNX Runtime's calibration, in its protocol: the next, or None."""

        def get_next(self) -> Feed | None:
            return queue.pop() if queue else None

    copy = onnx.ModelProto()
    copy.CopyFrom(proto)
    level = logging.root.level
    logging.root.setLevel(logging.ERROR)  # it advises on the root logger to pre-process first
    try:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "int8.onnx"
            quantize_static(
                copy,
                path,
                Reader(),
                quant_format=QuantFormat.QDQ,
                per_channel=True,
                activation_type=QuantType.QInt8,
                weight_type=QuantType.QInt8,
                nodes_to_quantize=chosen,
                extra_options={
                    "ActivationSymmetric": True,
                    "WeightSymmetric": True,
                    "QuantizeBias": False,
                },
            )
            return onnx.load(path)
    finally:
        logging.root.setLevel(level)
