"""EfficientNet-Lite0: its shape, the names of the published weights, and what is trained of it."""

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from tests.verifier.training.toy_lite0 import published
from verifier.detectors.model import Model
from verifier.errors import WeightsError
from verifier.explain.networks import load_ours
from verifier.training.backbones.efficientnet_lite0 import (
    EfficientNetLite0,
    load_efficientnet_lite0,
    same_padding,
)
from verifier.training.export import export_generated


def test_it_has_as_many_weights_as_published_without_the_head() -> None:
    model = EfficientNetLite0()
    # 4,652,008 in all, as published; less the head's 1280·320 + 2·1280 and 1000·1280 + 1000.
    whole = 4_652_008 - (1280 * 320 + 2 * 1280) - (1000 * 1280 + 1000)
    backbone = sum(v.numel() for n, v in model.named_parameters() if not n.startswith("classifier"))
    assert backbone == whole
    assert sum(v.numel() for v in model.parameters() if v.requires_grad) == 2 * 320 + 2


def test_features_are_a_fifth_halving() -> None:
    model = EfficientNetLite0().eval()
    pictures = torch.rand(2, 3, 64, 96)
    with torch.no_grad():
        maps = model.blocks(model.relu(model.bn0(model.conv_stem(model.pad(pictures)))))
        assert maps.shape == (2, 320, 2, 3)
        assert model.features(pictures).shape == (2, 320)


@pytest.mark.parametrize(
    ("kernel", "stride", "expected"),
    [(3, 1, (1, 1, 1, 1)), (5, 1, (2, 2, 2, 2)), (3, 2, (0, 1, 0, 1)), (5, 2, (1, 2, 1, 2))],
)
def test_padding_is_tensorflows(kernel: int, stride: int, expected: tuple[int, ...]) -> None:
    assert same_padding(kernel, stride).padding == expected


@pytest.mark.parametrize("suffix", ["pth", "safetensors"])
def test_published_weights_are_loaded_by_name(suffix: str, tmp_path: Path) -> None:
    torch.manual_seed(1)
    model = EfficientNetLite0().eval()
    path = tmp_path / f"lite0.{suffix}"
    if suffix == "pth":
        torch.save(published(model), path)
    else:
        save_file(published(model), path)
    loaded = load_efficientnet_lite0(path)
    pictures = torch.rand(1, 3, 64, 64)
    torch.testing.assert_close(loaded.features(pictures), model.features(pictures))


def test_names_are_those_of_the_published_file() -> None:
    names = set(published(EfficientNetLite0()))
    assert {
        "_conv_stem.weight", "_bn0.running_mean", "_blocks.0._depthwise_conv.weight",
        "_blocks.1._expand_conv.weight", "_blocks.15._project_conv.weight", "_blocks.15._bn2.bias",
    } <= names  # fmt: skip
    assert "_blocks.0._expand_conv.weight" not in names


def test_another_file_is_refused(tmp_path: Path) -> None:
    weights = published(EfficientNetLite0())
    path = tmp_path / "w.safetensors"
    save_file({n: v for n, v in weights.items() if "_blocks.3." not in n}, path)
    with pytest.raises(WeightsError, match=r"has no blocks\.3\.bn0\.bias"):
        load_efficientnet_lite0(path)
    save_file(weights | {"_conv_stem.weight": torch.zeros(32, 3, 5, 5)}, path)
    with pytest.raises(WeightsError, match="isn't of an EfficientNet-Lite0: size mismatch"):
        load_efficientnet_lite0(path)
    with pytest.raises(WeightsError, match="no such file"):
        load_efficientnet_lite0(tmp_path / "none.pth")


@pytest.mark.slow
def test_its_files_hold_half_floats_and_answer_the_same(tmp_path: Path) -> None:
    torch.manual_seed(2)
    model = EfficientNetLite0().eval()
    torch.nn.init.normal_(model.classifier.weight)
    entry = export_generated(model, "lite0", "mine", {}, "noise", 0.5, "your own", tmp_path)
    assert entry.torch is not None
    for file in (entry.file, entry.torch.file):
        assert (tmp_path / file).stat().st_size < 2.2 * 2_959_490
    pictures = torch.rand(2, 3, 224, 224, generator=torch.Generator().manual_seed(3))
    with torch.no_grad():
        expected = model(pictures).numpy()
        again = load_ours("mine", tmp_path).model(pictures).numpy()
    found = Model(entry, tmp_path).logits([pictures.numpy()])
    np.testing.assert_allclose(found, expected, atol=0.01 * max(1, np.abs(expected).max()))
    np.testing.assert_allclose(again, expected, atol=0.01 * max(1, np.abs(expected).max()))


def test_mean_and_variance_are_those_of_the_features() -> None:
    model = EfficientNetLite0().eval()
    features = torch.randn(40, 320, generator=torch.Generator().manual_seed(0)) * 3 + 2
    model.fit_scale(features)
    scaled = model.scale(features)
    np.testing.assert_allclose(scaled.mean(dim=0), 0, atol=1e-5)
    np.testing.assert_allclose(scaled.std(dim=0), 1, atol=1e-4)
    np.testing.assert_allclose(model.deviation(), features.std(dim=0), rtol=1e-5)
