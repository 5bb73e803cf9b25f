import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest
import torch

from camera_sim import weights
from camera_sim.engines import Colour
from camera_sim.engines.onnxruntime import OnnxRuntimeEngine
from camera_sim.errors import PipelineError, WeightsError
from camera_sim.pipelines import DEFAULT_PIPELINE, find_pipeline
from camera_sim.training.nip.export import build_network, inputs_of
from camera_sim.weights import add_to_manifest, default_pipeline, read_manifest


@pytest.mark.slow
@pytest.mark.parametrize("name", ["inet", "rnet", "qnet"])
def test_export_gives_what_torch_gives(name: str, untrained: Callable[[str], Path]) -> None:
    folder = untrained(name)
    torch.manual_seed(0)
    model = build_network(find_pipeline(name)).eval()
    inputs = inputs_of(model, 20 * model.multiple_of, 8 * model.multiple_of)
    session = ort.InferenceSession((folder / f"{name}.onnx").read_bytes())
    taken = {node.name for node in session.get_inputs()}
    named = zip(model.input_names, inputs, strict=True)
    fed = {name: value.numpy() for name, value in named if name in taken}
    with torch.no_grad():
        expected = model(*inputs).numpy()
    assert expected.std() > 0.01
    np.testing.assert_allclose(session.run(["srgb"], fed)[0], expected, atol=1e-4)


def test_entries_describe_their_network(untrained: Callable[[str], Path]) -> None:
    entry = read_manifest(untrained("inet")).find("inet")
    assert entry.parameters == 321
    assert (entry.size.multiple_of, entry.size.receptive_field) == (1, 2)


@pytest.mark.slow
def test_exported_files_tell_no_paths(untrained: Callable[[str], Path]) -> None:
    content = (untrained("rnet") / "rnet.onnx").read_bytes()
    assert b".py" not in content
    assert b"site-packages" not in content


def test_one_entry_a_pipeline(untrained: Callable[[str], Path], tmp_path: Path) -> None:
    entry = read_manifest(untrained("inet")).find("inet")
    add_to_manifest(entry, tmp_path)
    add_to_manifest(entry.model_copy(update={"version": "2"}), tmp_path)
    assert [e.version for e in read_manifest(tmp_path).networks] == ["2"]
    assert [path.name for path in tmp_path.iterdir()] == ["manifest.json"]


def test_altered_files_are_refused(untrained: Callable[[str], Path], tmp_path: Path) -> None:
    folder = untrained("inet")
    entry = read_manifest(folder).find("inet")
    content = bytearray((folder / entry.file).read_bytes())
    content[len(content) // 2] ^= 1
    (tmp_path / entry.file).write_bytes(content)
    with pytest.raises(WeightsError, match="changed or damaged"):
        OnnxRuntimeEngine(entry, tmp_path)


@pytest.mark.parametrize("name", ["../a.onnx", "/etc/passwd", "sub/a.onnx", ".", ".."])
def test_files_outside_the_folder_are_refused(name: str, untrained: Callable[[str], Path]) -> None:
    folder = untrained("inet")
    entry = read_manifest(folder).find("inet").model_copy(update={"file": name})
    with pytest.raises(WeightsError):
        entry.read(folder)


def test_a_network_that_is_no_pipeline_is_refused(tmp_path: Path) -> None:
    import hashlib

    import onnx

    node = onnx.helper.make_node("Identity", ["x"], ["y"])
    x, y = (onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [1]) for name in "xy")
    graph = onnx.helper.make_graph([node], "identity", [x], [y])
    opset = onnx.helper.make_opsetid("", 18)
    content = onnx.helper.make_model(graph, opset_imports=[opset], ir_version=9)
    (tmp_path / "a.onnx").write_bytes(content.SerializeToString())
    digest = hashlib.sha256((tmp_path / "a.onnx").read_bytes()).hexdigest()
    entry = weights.WeightsEntry(
        pipeline="rnet", version="0", file="a.onnx", sha256=digest, licence="", parameters=0,
        trained_for="", recipe={}, data="", figures={},
        size=weights.SizeRequirements(multiple_of=1, receptive_field=0, bytes_per_pixel=1),
    )  # fmt: skip
    with pytest.raises(WeightsError, match="no imaging pipeline"):
        OnnxRuntimeEngine(entry, tmp_path)


def test_unknown_fields_are_refused(untrained: Callable[[str], Path], tmp_path: Path) -> None:
    manifest = json.loads((untrained("inet") / "manifest.json").read_text())
    manifest["networks"][0]["pickle"] = "weights.pkl"
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(WeightsError, match="not a manifest"):
        read_manifest(tmp_path)


def test_a_manifest_with_the_old_name_of_a_field_is_read(
    untrained: Callable[[str], Path], tmp_path: Path
) -> None:
    manifest = json.loads((untrained("inet") / "manifest.json").read_text())
    for entry in manifest["networks"]:
        del entry["size"]["watermarked"]
        entry["size"]["traces"] = True
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    assert read_manifest(tmp_path).find("inet").size.watermarked


@pytest.mark.parametrize("content", ["", "[]", "{", '{"schema_version": 2}'])
def test_malformed_manifests_are_refused(content: str, tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text(content)
    with pytest.raises(WeightsError, match="not a manifest"):
        read_manifest(tmp_path)


def test_missing_pipelines_name_those_there_are(untrained: Callable[[str], Path]) -> None:
    manifest = read_manifest(untrained("inet"))
    with pytest.raises(PipelineError, match=r"'magic' \(there are: .*inet"):
        manifest.find("magic")


def test_a_folder_of_one_network_needs_no_name(
    untrained: Callable[[str], Path], tmp_path: Path
) -> None:
    entry = read_manifest(untrained("inet")).find("inet")
    add_to_manifest(entry, tmp_path)
    assert default_pipeline(tmp_path) == "inet"
    add_to_manifest(entry.model_copy(update={"pipeline": "rnet"}), tmp_path)
    assert default_pipeline(tmp_path) == default_pipeline() == DEFAULT_PIPELINE


def test_shipped_weights_are_labelled_and_whole() -> None:
    manifest = read_manifest()
    assert {DEFAULT_PIPELINE, "inet"} <= {entry.pipeline for entry in manifest.networks}
    for entry in manifest.networks:
        assert OnnxRuntimeEngine(entry).size == entry.size
        assert entry.licence
        assert entry.data
        assert entry.figures


def test_shipped_default_develops_better_than_the_classical_pipeline() -> None:
    from camera_sim.developing.tiles import develop
    from camera_sim.pipelines.classical import ClassicalEngine
    from camera_sim.sensor.sensor import Noise
    from tests.camera_sim.scenes import capture, clean, psnr

    neural = OnnxRuntimeEngine(read_manifest().find(DEFAULT_PIPELINE))
    image = replace(capture(256, 320, "GBRG", Noise(2e-3, 2e-5)))
    reference = clean(256, 320)
    better = psnr(develop(image, neural, exposure=1.0), reference)
    assert better > psnr(develop(image, ClassicalEngine(), exposure=1.0), reference) + 1


@pytest.mark.parametrize(
    ("shot", "read", "levels"),
    [(4e-4, 1.3e-7, 2.5), (5e-3, 3.2e-5, 4.5), (0.012, 2.2e-4, 4.5), (0.1, 0.01, 5)],
)
def test_noise_that_is_told_hardly_shifts_flat_patches(
    shot: float, read: float, levels: float
) -> None:
    neural = OnnxRuntimeEngine(read_manifest().find(DEFAULT_PIPELINE))
    white, matrix = np.ones(4, np.float32), np.eye(3, dtype=np.float32)
    told, silent = (
        Colour(white, matrix, 1.0, np.array(noise, np.float32)) for noise in ((shot, read), (0, 0))
    )
    for light in (0.0, 0.01, 0.03, 0.08, 0.18, 0.35, 0.6, 0.85):
        packed = np.full((4, 32, 32), light, np.float32)
        noisy, clean = (neural.develop(packed, colour) for colour in (told, silent))
        shift = 255 * (noisy - clean)[:, 16:-16, 16:-16].mean(axis=(1, 2))
        assert np.abs(shift).max() < levels, light
