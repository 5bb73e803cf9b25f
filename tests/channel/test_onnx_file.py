"""Models are whole: wherever ONNX can hold a tensor, data in another file is found and refused."""

import contextlib
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper

from channel.errors import ModelFileError
from channel.onnx_file import DEEPEST, HOLDERS, check_whole, open_session

ROOT = Path(__file__).parents[2]
PACKAGES = ("camera_sim", "channel", "firmware_export", "fleet", "verifier", "watermark")
FILE = "weights.bin"


def model(external: bool = False) -> onnx.ModelProto:
    """Make a network that adds one weight."""
    tensor = helper.make_tensor("w", TensorProto.FLOAT, [4], np.arange(4, dtype="f4"), raw=False)
    if external:
        tensor = elsewhere(tensor)
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [4])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [4])
    add = helper.make_node("Add", ["x", "w"], ["y"])
    graph = helper.make_graph([add], "g", [x], [y], [tensor])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)


def elsewhere(tensor: TensorProto) -> TensorProto:
    """Take a tensor's data out into a file."""
    moved = TensorProto(name=tensor.name, dims=tensor.dims, data_type=tensor.data_type)
    moved.data_location = TensorProto.EXTERNAL
    entries = {"location": FILE, "offset": "0", "length": "16"}
    for key, value in entries.items():
        moved.external_data.add(key=key, value=value)
    return moved


TENSOR = elsewhere(helper.make_tensor("t", TensorProto.FLOAT, [4], [0.0] * 4))
SUBGRAPH = helper.make_graph([], "inner", [], [], [TENSOR])
SPARSE = onnx.SparseTensorProto(values=TENSOR)


def _attribute(**fields: object) -> Callable[[onnx.ModelProto], object]:
    attribute = onnx.AttributeProto(name="value", **fields)
    return lambda proto: proto.graph.node[0].attribute.append(attribute)


def _function(node: onnx.NodeProto) -> Callable[[onnx.ModelProto], object]:
    return lambda proto: proto.functions.append(onnx.FunctionProto(name="f", node=[node]))


def _deep(proto: onnx.ModelProto) -> None:
    inner = SUBGRAPH
    for _ in range(10):
        node = onnx.NodeProto(op_type="If", attribute=[onnx.AttributeProto(name="b", g=inner)])
        inner = onnx.GraphProto(name="outer", node=[node])
    _attribute(g=inner)(proto)


def _second_location(proto: onnx.ModelProto) -> None:
    """The last of two locations counts; one of them says elsewhere."""
    proto.graph.initializer[0].data_location = TensorProto.EXTERNAL


HIDING: dict[str, Callable[[onnx.ModelProto], object]] = {
    "initializer": lambda p: p.graph.initializer.append(TENSOR),
    "location alone": _second_location,
    "entries alone": lambda p: p.graph.initializer[0].external_data.add(key="location", value=FILE),
    "sparse initializer": lambda p: p.graph.sparse_initializer.append(SPARSE),
    "sparse indices": lambda p: p.graph.sparse_initializer.append(
        onnx.SparseTensorProto(indices=TENSOR)
    ),
    "attribute": _attribute(t=TENSOR),
    "attribute's list": _attribute(tensors=[TENSOR]),
    "sparse attribute": _attribute(sparse_tensor=SPARSE),
    "sparse attribute's list": _attribute(sparse_tensors=[SPARSE]),
    "subgraph": _attribute(g=SUBGRAPH),
    "list of subgraphs": _attribute(graphs=[SUBGRAPH]),
    "ten subgraphs deep": _deep,
    "function": _function(
        onnx.NodeProto(op_type="C", attribute=[onnx.AttributeProto(name="v", t=TENSOR)])
    ),
    "function's default": lambda p: p.functions.append(
        onnx.FunctionProto(name="f", attribute_proto=[onnx.AttributeProto(name="v", t=TENSOR)])
    ),
    "training": lambda p: p.training_info.append(onnx.TrainingInfoProto(initialization=SUBGRAPH)),
    "training's algorithm": lambda p: p.training_info.append(
        onnx.TrainingInfoProto(algorithm=SUBGRAPH)
    ),
}


@pytest.mark.parametrize("place", HIDING)
def test_data_in_another_file_is_found_wherever_it_may_be_named(place: str) -> None:
    proto = model()
    check_whole(proto.SerializeToString())
    HIDING[place](proto)
    with pytest.raises(ModelFileError, match="keeps weights in another file"):
        check_whole(proto.SerializeToString())


def test_what_onnx_runtime_would_read_from_the_working_directory_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import onnxruntime as ort

    monkeypatch.chdir(tmp_path)
    Path(FILE).write_bytes(np.full(4, 7, "f4").tobytes())
    content = model(external=True).SerializeToString()
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = ort.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    assert session.run(["y"], {"x": np.zeros(4, "f4")})[0].tolist() == [7] * 4
    with pytest.raises(ModelFileError):
        open_session(content)
    whole = open_session(model().SerializeToString())
    assert whole.run(["y"], {"x": np.zeros(4, "f4")})[0].tolist() == [0, 1, 2, 3]


def test_every_message_that_can_hold_a_tensor_is_walked() -> None:
    """Held against the installed package's own description: a new place in ONNX fails here."""

    def holds(kind, seen=()) -> bool:
        if kind.name == "TensorProto":
            return True
        inner = [f.message_type for f in kind.fields if f.message_type]
        return kind not in seen and any(holds(one, (*seen, kind)) for one in inner)

    waiting, found = [onnx.ModelProto.DESCRIPTOR], {}
    while waiting:
        kind = waiting.pop()
        if kind.name in found:
            continue
        fields = [f for f in kind.fields if f.message_type and holds(f.message_type)]
        found[kind.name] = {f.number: f.message_type.name for f in fields}
        waiting += [f.message_type for f in fields]
    assert found == HOLDERS
    fields = {f.name: f.number for f in onnx.TensorProto.DESCRIPTOR.fields}
    assert (fields["external_data"], fields["data_location"]) == (13, 14)


def _part(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    out = b""
    while value > 0x7F:
        out, value = out + bytes([value & 0x7F | 0x80]), value >> 7
    return out + bytes([value])


def test_encodings_that_other_parsers_take_hide_nothing() -> None:
    """Tags longer than they must be, tags of more than 32 bits, a graph in two halves, groups."""
    hidden = SUBGRAPH.SerializeToString()
    whole = model().SerializeToString()
    for extra in (
        b"\xba\x80\x00" + _varint(len(hidden)) + hidden,  # field 7, said in three bytes
        _varint((7 << 3 | 2) + 2**32) + _varint(len(hidden)) + hidden,
        _part(7, hidden),
        b"\x3b" + hidden + b"\x3c",
        b"\x3d" + hidden[:4],
    ):
        with pytest.raises(ModelFileError):
            check_whole(whole + extra)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"ONNX?", "no ONNX file"),
        (b"\x0a\xff\xff\xff\xff\x0f", "no ONNX file"),
        (b"\x08" + b"\xff" * 20, "no ONNX file"),
        (b"\x20\0\0\0ORTM" + bytes(64), "own format"),
        (b"\x00\x01", "no ONNX file"),
    ],
)
def test_what_is_no_onnx_file_is_said_to_be_none(content: bytes, words: str) -> None:
    with pytest.raises(ModelFileError, match=words):
        check_whole(content)


def test_a_compiled_network_is_refused() -> None:
    proto = model()
    proto.graph.node.append(helper.make_node("EPContext", [], ["z"], domain="com.microsoft"))
    with pytest.raises(ModelFileError, match="compiled network"):
        check_whole(proto.SerializeToString())


@pytest.mark.slow
def test_nesting_and_numbers_of_parts_are_bounded() -> None:
    content = b""
    for _ in range(DEEPEST):  # graph in attribute in node in graph …
        content = _part(1, _part(5, _part(6, content)))
    with pytest.raises(ModelFileError, match="deep"):
        check_whole(_part(7, content))
    with pytest.raises(ModelFileError, match="parts"):
        check_whole(b"\x08\x01" * (1 << 20))


@settings(max_examples=300)
@given(cut=st.integers(0, 400), flip=st.integers(0, 4000), data=st.binary(max_size=40))
def test_any_bytes_are_taken_or_refused_in_words(cut: int, flip: int, data: bytes) -> None:
    content = bytearray(model(external=True).SerializeToString())
    content[flip // 8 % len(content)] ^= 1 << flip % 8
    for tried in (data, bytes(content[: cut % len(content)]) + data):
        with contextlib.suppress(ModelFileError):
            check_whole(tried)


def test_no_other_line_of_the_product_opens_a_session() -> None:
    opening = re.compile(r"InferenceSession\(")
    found = [
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        if opening.search(path.read_text())
    ]
    assert found == ["channel/onnx_file.py"]


def test_shipped_networks_are_whole() -> None:
    shipped = [*ROOT.glob("*/weights/*.onnx")]
    assert shipped
    for path in shipped:
        check_whole(path.read_bytes())


def test_nobody_is_told_of_a_session(tmp_path: Path) -> None:
    """ONNX Runtime keeps a name of the device for its maker, where telemetry isn't off."""
    file, home = tmp_path / "model.onnx", tmp_path / "home"
    home.mkdir()
    file.write_bytes(model().SerializeToString())
    opened = f"from channel.onnx_file import *; open_session(open({str(file)!r}, 'rb').read())"
    given = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"}
    given |= {"HOME": str(home), "XDG_CACHE_HOME": str(home / "cache")}
    subprocess.run([sys.executable, "-c", opened], check=True, env=given, cwd=ROOT)
    assert not list(home.iterdir())
