import json
from pathlib import Path

import numpy as np
import pytest

from tests.verifier.toy import CALIBRATION, LABELS, grain_model, native, toy_weights
from verifier import Verifier, WeightsError
from verifier.detectors.model import Model
from verifier.features.patches import batches, choose_patches
from verifier.weights import (
    FOLDER,
    Manifest,
    Selection,
    add_to_manifest,
    read_manifest,
    store_calibration,
)


def test_the_shipped_manifest_is_whole() -> None:
    manifest = read_manifest()
    for entry in manifest.models:
        assert entry.read(FOLDER)
        assert entry.licence
        assert entry.data
        assert entry.calibrations, "a shipped model is calibrated"
    Verifier.default().close()


def test_one_entry_a_name_and_the_order_stays(tmp_path: Path) -> None:
    for name in ("one-1", "two-1", "one-1"):
        toy_weights(tmp_path, name=name)
    assert [entry.name for entry in read_manifest(tmp_path).models] == ["two-1", "one-1"]
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "manifest.json",
        "one-1.onnx",
        "two-1.onnx",
    ]


def test_a_calibration_is_stored_for_a_channel(tmp_path: Path) -> None:
    toy_weights(tmp_path)
    warm = CALIBRATION.model_copy(update={"temperature": 2.5})
    store_calibration("grain-1", warm, "WhatsApp", tmp_path)
    entry = read_manifest(tmp_path).find("grain-1")
    assert entry.calibration_for("WhatsApp") == warm
    assert entry.calibration_for("Telegram") == entry.calibration_for(None) == CALIBRATION
    with pytest.raises(WeightsError, match="no model 'other'"):
        store_calibration("other", warm, folder=tmp_path)


def test_labels_as_they_were_called_are_still_read(tmp_path: Path) -> None:
    path = toy_weights(tmp_path) / "manifest.json"
    now = read_manifest(tmp_path)
    older = json.loads(path.read_text())
    entry = older["models"][0]
    entry["labels"][-1] |= {"name": "foreign", "role": "foreign"}
    written = json.dumps(older)
    assert "unknown" not in written
    assert Manifest.model_validate_json(written) == now


@pytest.mark.parametrize("threshold", ["foreign", "out_of_domain"])
def test_what_models_of_a_former_pair_say_besides_is_left_out(
    threshold: str, tmp_path: Path
) -> None:
    path = toy_weights(tmp_path) / "manifest.json"
    older = json.loads(path.read_text())
    entry = older["models"][0]
    entry["pooling"] = {"file": "pooling.onnx", "sha256": "0" * 64}
    known = {"value": 0.2, "false_alarm_rate": 0.0, "upper_bound": 0.1, "pictures": 30}
    entry["calibrations"]["any"] |= {threshold: known, "isotonic": None}
    assert Manifest.model_validate(older) == read_manifest(tmp_path)


@pytest.mark.parametrize(
    ("before", "now"), [("network", "platform"), ("synthetic", "generated"), ("origin", "origin")]
)
def test_models_of_tasks_as_they_were_called_are_still_found(
    before: str, now: str, tmp_path: Path
) -> None:
    manifest = json.loads((toy_weights(tmp_path) / "manifest.json").read_text())
    manifest["models"][0]["task"] = before
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    assert [entry.task for entry in read_manifest(tmp_path).of_task(now)] == [now]


@pytest.mark.parametrize("content", ["", "[]", "{", '{"schema_version": 2}', '{"models": [{}]}'])
def test_malformed_manifests_are_refused(content: str, tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text(content)
    with pytest.raises(WeightsError, match="not a manifest"):
        Verifier.from_weights(tmp_path)


def test_unknown_fields_are_refused(tmp_path: Path) -> None:
    manifest = json.loads((toy_weights(tmp_path) / "manifest.json").read_text())
    manifest["models"][0]["pickle"] = "weights.pkl"
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(WeightsError, match="not a manifest"):
        Verifier.from_weights(tmp_path)


@pytest.mark.parametrize("name", ["../a.onnx", "/etc/passwd", "sub/a.onnx", ".", "gone.onnx"])
def test_files_outside_the_folder_are_refused(name: str, tmp_path: Path) -> None:
    entry = read_manifest(toy_weights(tmp_path)).models[0].model_copy(update={"file": name})
    with pytest.raises(WeightsError):
        entry.read(tmp_path)


def test_labels_may_not_repeat(tmp_path: Path) -> None:
    manifest = json.loads((toy_weights(tmp_path) / "manifest.json").read_text())
    manifest["models"][0]["labels"][1] = manifest["models"][0]["labels"][0]
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(WeightsError, match="labels repeat"):
        Verifier.from_weights(tmp_path)


def test_a_model_that_is_not_what_the_manifest_says(tmp_path: Path) -> None:
    entry = read_manifest(toy_weights(tmp_path)).models[0]
    pixels = native(256, 256)
    patches = choose_patches(pixels, 128, Selection(min_variance=0))
    for update, words in (
        ({"labels": LABELS[:3]}, "3 labels"),
        ({"input": entry.input.model_copy(update={"name": "image"})}, "the manifest says image"),
    ):
        model = Model(entry.model_copy(update=update), tmp_path)
        with pytest.raises(WeightsError, match=words):
            model.logits(batches(pixels, patches, 4))
    with pytest.raises(WeightsError, match="doesn't run"):
        Model(entry, tmp_path).logits([np.zeros((1, 3, 64, 64), np.float32)])
    (tmp_path / "grain-1.onnx").write_bytes(b"no model")
    import hashlib

    wrong = entry.model_copy(update={"sha256": hashlib.sha256(b"no model").hexdigest()})
    with pytest.raises(WeightsError, match="cannot be loaded"):
        Model(wrong, tmp_path).logits([])


def test_numbers_that_are_not_finite_are_refused(tmp_path: Path) -> None:
    import hashlib

    entry = read_manifest(toy_weights(tmp_path)).models[0]
    content = grain_model(unknown_camera=float("nan"))
    (tmp_path / entry.file).write_bytes(content)
    changed = entry.model_copy(update={"sha256": hashlib.sha256(content).hexdigest()})
    add_to_manifest(changed, tmp_path)
    with pytest.raises(WeightsError, match="aren't finite"):
        Model(changed, tmp_path).logits([np.zeros((1, 3, 128, 128), np.float32)])


def test_patches_keep_to_the_block_grid_and_leave_out_the_flat_and_the_burnt_out() -> None:
    pixels = native(512, 512)
    pixels[:128, :128] = 120
    pixels[128:256, :128] = np.where(pixels[128:256, :128, :1] > 90, 255, 0)
    patches = choose_patches(pixels, 128, Selection(min_variance=0.001))
    assert patches.of == 16
    assert patches.usable == 14
    assert not {(0, 0), (0, 128)} & set(patches.places)
    assert all(left % 8 == 0 and top % 8 == 0 for left, top in patches.places)


def test_too_many_patches_are_thinned_evenly() -> None:
    selection = Selection(stride=64, most_patches=10, min_variance=0)
    patches = choose_patches(native(640, 640), 128, selection)
    assert (len(patches.places), patches.usable, patches.of) == (10, 81, 81)
    tops = sorted({top for _, top in patches.places})
    assert tops[0] == 0
    assert tops[-1] == 512


def test_batches_are_the_pixels_in_0_to_1() -> None:
    pixels = native(256, 256)
    patches = choose_patches(pixels, 128, Selection(min_variance=0))
    found = np.concatenate(list(batches(pixels, patches, 3)))
    assert found.shape == (4, 3, 128, 128)
    assert found.dtype == np.float32
    assert np.array_equal(found[1].transpose(1, 2, 0), pixels[:128, 128:].astype(np.float32) / 255)
