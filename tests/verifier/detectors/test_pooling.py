import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from tests.verifier.features.test_watermark_sync import RICH, carrying, downloaded
from tests.verifier.toy import CALIBRATION, LABELS, PAIR, Pixels, native, toy_weights
from verifier import Verifier
from verifier.detectors.manipulation import ManipulationDetector
from verifier.detectors.model import Model
from verifier.detectors.pooling import Pooling
from verifier.errors import WeightsError
from verifier.features.watermark_proof import WatermarkProof
from verifier.features.watermark_statistics import statistics_count
from verifier.features.watermark_sync import FOUND, MATCHED, Sync
from verifier.reading.reading import read_pixels
from verifier.training.manipulation.pooling_export import export_pooling
from verifier.training.manipulation.pooling_network import PoolingNetwork
from verifier.weights import PoolingEntry, read_manifest, store_calibration

COUNT = statistics_count(RICH)


def pooled_weights(folder: Path, network: PoolingNetwork | None = None) -> Path:
    """A toy's weights with a pooling network, which at first says half of what patches say."""
    toy_weights(folder)
    entry = read_manifest(folder).find(PAIR)
    network = network or PoolingNetwork(COUNT, len(LABELS))
    pooled = export_pooling(network, RICH.levels, entry, {"pooling: made": "by hand"}, folder)
    assert pooled.version == "1"
    assert pooled.calibrations == {}
    return folder


def pooling_of(folder: Path) -> Pooling:
    entry = read_manifest(folder).find(PAIR).pooling
    assert entry is not None
    return Pooling(entry, folder)


@pytest.mark.slow
def test_at_first_a_picture_says_what_its_patches_say(tmp_path: Path) -> None:
    pooling = pooling_of(pooled_weights(tmp_path))
    said = np.log([0.5, 0.3, 0.15, 0.05])
    pooled = pooling(native(), said)
    expected = 0.5 * said - np.log(np.exp(0.5 * said).sum())
    assert pooled.log_probabilities == pytest.approx(expected, abs=1e-5)
    assert not pooled.sync.found


@pytest.mark.slow
def test_it_reads_the_watermark_wherever_it_lies(tmp_path: Path) -> None:
    pooling = pooling_of(pooled_weights(tmp_path))
    pooled = pooling(downloaded(carrying(pattern=RICH), 0.62), np.zeros(4))
    assert pooled.sync.scale[0] == pytest.approx(0.62, rel=2e-3)


@pytest.mark.slow
def test_it_travels_to_workers(tmp_path: Path) -> None:
    pooling = pooling_of(pooled_weights(tmp_path))
    first = pooling(native(), np.zeros(4))
    again = pickle.loads(pickle.dumps(pooling))(native(), np.zeros(4))
    assert again.log_probabilities == pytest.approx(first.log_probabilities)


@pytest.mark.slow
def test_learnt_layers_are_exported(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = PoolingNetwork(COUNT, len(LABELS)).eval()
    torch.nn.init.normal_(network.layers[-1].weight)
    network.measure(torch.randn(8, COUNT), -torch.rand(8, len(LABELS)))
    pooling = pooling_of(pooled_weights(tmp_path, network))
    found = pooling(native(), np.zeros(4)).log_probabilities
    assert np.exp(found).sum() == pytest.approx(1)
    assert np.ptp(found) > 0.1


@pytest.mark.slow
@pytest.mark.parametrize("damage", ["missing", "changed", "no pattern"])
def test_a_file_that_is_not_right_is_told(tmp_path: Path, damage: str) -> None:
    entry = read_manifest(pooled_weights(tmp_path)).find(PAIR).pooling
    assert entry is not None
    path = tmp_path / entry.file
    if damage == "missing":
        path.unlink()
    elif damage == "changed":
        path.write_bytes(path.read_bytes()[:-1])
    else:
        path.write_bytes((tmp_path / f"{PAIR}.onnx").read_bytes())
        toy = read_manifest(tmp_path).find(PAIR)
        entry = PoolingEntry(file=entry.file, sha256=toy.sha256)
    with pytest.raises(WeightsError, match=PAIR):
        Pooling(entry, tmp_path)(native(), np.zeros(4))


@pytest.mark.slow
def test_another_fans_network_is_told(tmp_path: Path) -> None:
    pooling = pooling_of(pooled_weights(tmp_path, PoolingNetwork(COUNT, 3)))
    with pytest.raises(WeightsError, match="doesn't run"):
        pooling(native(), np.zeros(4))


@pytest.mark.slow
def test_the_report_says_where_the_watermark_was_found(tmp_path: Path) -> None:
    folder = pooled_weights(tmp_path / "weights")
    path = tmp_path / "photo.png"
    Image.fromarray(downloaded(carrying(pattern=RICH), 0.62)).save(path)
    detector = result_of(folder, path)
    assert "isn't calibrated" in detector["reasons"][0]
    store_calibration(PAIR, CALIBRATION, folder=folder)
    scaled = result_of(folder, path)
    assert scaled["status"] == "abstained"
    assert "was resized to 62" in scaled["reasons"][0]
    assert scaled["probabilities"] == {}
    assert (
        "Camera pipeline: Probably rnet-fan."
        in Verifier.from_weights(folder).analyze(path).to_text()
    )
    assert any(
        "found at 100%" in reason for reason in reasons_of(folder, path, carrying(pattern=RICH))
    )
    cropped = reasons_of(folder, path, carrying(pattern=RICH)[37:, 53:])
    assert any(
        "100% of its size, and the picture was cropped or framed" in reason for reason in cropped
    )
    assert "No watermark of the camera" in reasons_of(folder, path, native())[0]


@pytest.mark.slow
def test_an_untouched_picture_would_hold_more_than_a_weak_watermark(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, path = pooled_weights(tmp_path / "weights"), tmp_path / "photo.png"
    store_calibration(PAIR, CALIBRATION, folder=folder)
    found = Sync(strength=FOUND, match=2 * MATCHED)
    monkeypatch.setattr("verifier.detectors.pooling.find_watermark", lambda *_: found)
    monkeypatch.setattr(WatermarkProof, "holds", True)
    assert "as it left the camera" in reasons_of(folder, path, native())[0]
    found = Sync(strength=0.0, match=2 * MATCHED)
    assert "hardly anything" in reasons_of(folder, path, native())[0]
    grainy = np.clip(4.0 * native() - 384, 0, 255).astype(np.uint8)
    assert "probability of an edit" in reasons_of(folder, path, grainy)[0]


def reasons_of(folder: Path, path: Path, pixels: Pixels) -> list[str]:
    Image.fromarray(pixels).save(path)
    return result_of(folder, path)["reasons"]


def result_of(folder: Path, path: Path) -> dict[str, Any]:
    report = json.loads(Verifier.from_weights(folder).analyze(path).model_dump_json())
    return next(one for one in report["detectors"] if one["name"] == "manipulation")


@pytest.mark.slow
def test_patches_are_looked_at_only_where_the_watermark_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = pooled_weights(tmp_path / "weights")
    store_calibration(PAIR, CALIBRATION, folder=folder)
    looked: list[int] = []
    run = Model.logits
    monkeypatch.setattr(Model, "logits", lambda self, of: looked.append(1) or run(self, of))
    detector = ManipulationDetector.from_weights(folder)
    assert detector.analyze(read_pixels(carrying(pattern=RICH))).patches
    assert looked
    looked.clear()
    without = detector.analyze(read_pixels(native()))
    assert (without.status, without.patches, without.scores) == ("abstained", 0, {})
    assert not looked
