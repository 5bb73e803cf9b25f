"""Export and quantisation: what ONNX says, that ONNX Runtime runs it, and that it is explicit."""

import collections
import json
from functools import cache
from pathlib import Path

import numpy as np
import onnx
import pytest

from camera_sim.developing.tiles import Plan, develop
from camera_sim.engines.onnxruntime import OnnxRuntimeEngine
from camera_sim.weights import FOLDER
from firmware_export.calibration import feeds_of
from firmware_export.contract import KEY, Exported, read_exported
from firmware_export.errors import ExportError
from firmware_export.onnx_export import export_weights
from firmware_export.quantise import quantised
from tests.camera_sim.conftest import Camsim
from tests.camera_sim.scenes import capture, psnr
from tests.firmware_export.factory import capture_file, tiny_model


@pytest.fixture(scope="module")
def inet() -> Exported:
    return export_weights("inet", pair="a-pair", labels=("native", "gaussian"))


@pytest.fixture(scope="module")
def rnet() -> Exported:
    return read_exported(FOLDER / "rnet.onnx")  # as it was exported when it was shipped


def developed(model: Exported, height: int = 96, width: int = 128) -> np.ndarray:
    return develop(capture(height, width), OnnxRuntimeEngine(model.model()), exposure=1.0)


def kinds(model: Exported) -> collections.Counter[str]:
    return collections.Counter(n.op_type for n in onnx.load_from_string(model.content).graph.node)


@pytest.mark.slow
def test_the_metadata_says_what_the_model_is(inet: Exported, tmp_path: Path) -> None:
    (tmp_path / "inet.onnx").write_bytes(inet.content)
    read = read_exported(tmp_path / "inet.onnx")
    assert read == inet
    assert read.contract.pair == "a-pair"
    assert read.contract.labels == ("native", "gaussian")
    assert read.contract.inputs["mosaic"]["shape"] == [1, 4, "h", "w"]
    proto = onnx.load_from_string(inet.content)
    assert proto.opset_import[0].version == read.contract.opset == 18
    assert json.loads({p.key: p.value for p in proto.metadata_props}[KEY])["precision"] == "fp32"


@pytest.mark.slow
def test_nothing_of_this_machine_or_run_is_in_a_model(inet: Exported) -> None:
    assert not onnx.load_from_string(inet.content).graph.metadata_props
    for text in (b"/home/", b"/root/", str(Path.cwd()).encode(), b".py", b"site-packages"):
        assert text not in inet.content


@pytest.mark.slow
def test_a_static_tile_model_gives_the_dynamic_ones_picture(inet: Exported) -> None:
    static = export_weights("inet", tile=(96, 96))
    assert static.contract.name == "inet.fp32-96x96.onnx"
    shapes = onnx.load_from_string(static.content).graph.input[0].type.tensor_type.shape.dim
    assert [dim.dim_value for dim in shapes] == [1, 4, 96, 96]
    engine = OnnxRuntimeEngine(static.model())
    assert engine.fixed == (96, 96)
    image = capture(300, 420)
    tiled = develop(image, engine, exposure=1.0)
    dynamic = OnnxRuntimeEngine(inet.model())
    whole = develop(image, dynamic, exposure=1.0, plan=Plan(256, 16, 1))
    assert np.abs(tiled.astype(int) - whole).max() <= 1


def test_a_tile_must_suit_the_network() -> None:
    for tile in ((30, 32), (16, 16)):
        with pytest.raises(ExportError, match="a tile's sides are multiples of 4"):
            export_weights("rnet", tile=tile)


@pytest.mark.slow
def test_fp16_is_in_the_types_and_only_where_it_is_harmless(rnet: Exported) -> None:
    lowered = quantised(rnet, "fp16")
    proto = onnx.shape_inference.infer_shapes(onnx.load_from_string(lowered.content))
    weights = [w.data_type for w in proto.graph.initializer if len(w.dims) == 4]
    assert set(weights) == {onnx.TensorProto.FLOAT16}
    types = {v.name: v.type.tensor_type.elem_type for v in proto.graph.value_info}
    for node in proto.graph.node:
        if node.op_type == "Conv":
            assert types[node.output[0]] == onnx.TensorProto.FLOAT16
        if node.op_type in ("Sqrt", "MatMul", "Pow", "Where"):
            assert types.get(node.output[0], 1) == onnx.TensorProto.FLOAT
    assert [i.type.tensor_type.elem_type for i in (*proto.graph.input, *proto.graph.output)] == [
        1
    ] * 6
    assert len(lowered.content) < 0.7 * len(rnet.content)
    assert psnr(developed(lowered), developed(rnet)) > 55


def test_bf16_weights_are_stored_so_and_differ(rnet: Exported) -> None:
    lowered = quantised(rnet, "bf16")
    proto = onnx.load_from_string(lowered.content)
    weights = [w.data_type for w in proto.graph.initializer if len(w.dims) == 4]
    assert set(weights) == {onnx.TensorProto.BFLOAT16}
    assert 42 < psnr(developed(lowered), developed(rnet)) < 60  # not optimised away


@pytest.mark.slow
def test_int8_has_explicit_symmetric_qdq_nodes(rnet: Exported) -> None:
    feeds = feeds_of([("a", capture(320, 320))])
    # A quarter of each tile's sides: the network runs on them dozens of times.
    small = [feed | {"mosaic": feed["mosaic"][..., :48, :48]} for feed in feeds]
    lowered = quantised(rnet, "int8", small)
    counted = kinds(lowered)
    assert counted["QuantizeLinear"] >= 3
    assert counted["DequantizeLinear"] > counted["QuantizeLinear"]  # weights are stored quantised
    assert not [name for name in counted if "Integer" in name or "QLinear" in name]
    proto = onnx.load_from_string(lowered.content)
    points = [w for w in proto.graph.initializer if w.name.endswith("_zero_point")]
    assert points
    for point in points:
        assert point.data_type == onnx.TensorProto.INT8
        assert not onnx.numpy_helper.to_array(point).any()
    assert lowered.contract.source_sha256 == rnet.sha256
    assert psnr(developed(lowered), developed(rnet)) > 40


def test_lowering_twice_gives_the_same_bytes() -> None:
    model = tiny_model()
    feeds = feeds_of([("a", capture(320, 320))])
    for precision in ("fp16", "bf16", "int8"):
        first = quantised(model, precision, feeds)
        assert first.content == quantised(model, precision, feeds).content


def test_what_cannot_be_lowered_says_so() -> None:
    with pytest.raises(ExportError, match="int8 needs held-out captures"):
        quantised(tiny_model(), "int8")
    with pytest.raises(ExportError, match="an fp32 model is lowered, not one in fp16"):
        quantised(tiny_model(precision="fp16"), "bf16")
    with pytest.raises(ExportError, match="holds no tile of 256×256"):
        feeds_of([("a", capture(64, 64))])


def test_foreign_files_are_no_exported_models(tmp_path: Path) -> None:
    for content in (b"", b"nothing", tiny_model().content[:-20]):
        (tmp_path / "model.onnx").write_bytes(content)
        with pytest.raises(ExportError):
            read_exported(tmp_path / "model.onnx")
    with pytest.raises(ExportError, match="cannot be read"):
        read_exported(tmp_path / "nowhere.onnx")


@pytest.mark.slow
def test_the_command_writes_all_or_nothing(
    camsim: Camsim, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What several runs export in the same way takes seconds each time.
    monkeypatch.setattr("firmware_export.commands.export.export_weights", cache(export_weights))
    raw = capture_file(tmp_path / "a.dng", side=320)
    words = ("firmware", "export", "--pipeline", "inet", "-o", tmp_path / "models")
    ran = camsim(*words, "--precision", "fp32", "fp16")
    assert (ran.status, ran.err) == (
        2,
        "camsim: fp16 must pass the parity gate; name --captures\n",
    )
    ran = camsim(*words, "--precision", "fp16", "--captures", raw, "--least-psnr", 90)
    assert ran.status == 2
    assert "the fp16 model is refused: PSNR is" in ran.err
    assert "worst tile: a.dng at" in ran.err
    assert not (tmp_path / "models").exists()
    ran = camsim(*words, "--precision", "fp16", "--captures", raw, "--tile", 64, 64)
    assert ran.status == 0, ran.err
    names = sorted(path.name for path in (tmp_path / "models").iterdir())
    assert names == ["inet.fp16.onnx", "inet.fp32-64x64.onnx", "inet.fp32.onnx", "parity.json"]
    ran = camsim(*words)
    assert ran.status == 2
    assert "exists; name another --out" in ran.err
