"""``camsim train origin`` by default: patches described once, weighed, sets left out in turn."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from tests.camera_sim.conftest import Camsim
from tests.verifier.training.toy_lite0 import published, shallow
from verifier.detectors.model import Model
from verifier.detectors.origin import scored
from verifier.errors import TrainingError
from verifier.evaluation.linear_classifier import fit_linear
from verifier.evaluation.origin.bench import read_origin_records
from verifier.explain.networks import load_ours
from verifier.features.forensic_statistics import COUNT
from verifier.training.backbones.efficientnet_lite0 import FEATURES, EfficientNetLite0
from verifier.training.origin.classes import labels_of
from verifier.training.origin.cnn import SIDE
from verifier.training.origin.data import Source
from verifier.training.origin.equalise import Ranges
from verifier.training.origin.export import export
from verifier.training.origin.features import ForensicStatistics, Lite0Features
from verifier.training.origin.layer import (
    RECIPES,
    Gathered,
    LayerRecipe,
    gather,
    learn,
    left_out,
    log_probabilities,
)
from verifier.weights import read_manifest

KINDS = ("npi", "cgg", "dgi")
RECIPE = LayerRecipe(patches=2, draws=2)
STATISTICS = ForensicStatistics()


@pytest.fixture(autouse=True)
def _shallow_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    shallow(monkeypatch)


def picture(kind: int, seed: int) -> np.ndarray:
    """Noise that is coarser from class to class."""
    rng = np.random.default_rng([kind, seed])
    side = 260 // (1 + kind)
    small = Image.fromarray(rng.integers(60, 200, (side, side, 3)).astype(np.uint8))
    return np.asarray(small.resize((260, 260), Image.Resampling.BICUBIC))


def source(kind: int, name: str, number: int) -> Source:
    home = f"{KINDS[kind]}/{name}"
    return Source(kind, home, picture(kind, number), ((3, 5),), f"{home}/{number}.png")


@pytest.fixture(scope="module")
def gathered(tmp_path_factory: pytest.TempPathFactory) -> Gathered:
    sources = [source(k, name, n) for k in range(3) for name in "ab" for n in range(3)]
    return gather(sources, STATISTICS, RECIPE, Ranges(), tmp_path_factory.mktemp("run"))


@pytest.mark.slow
def test_every_class_is_learnt_and_sets_left_out_are_named_by_others(gathered: Gathered) -> None:
    fitted = learn(gathered, 3, 0.02)
    named = log_probabilities(fitted, gathered).argmax(2)
    assert (named == gathered.kinds[:, None]).all()
    found = dict(left_out(gathered, KINDS, 0.02))
    assert sorted(found) == sorted(set(gathered.sets))
    assert {r.set for r in found["dgi/b"]} == {"dgi/b"}
    assert all(r.mean_log[2] == max(r.mean_log) for r in found["dgi/b"])


@pytest.mark.slow
def test_the_layer_that_is_asked_about_a_set_never_saw_it(gathered: Gathered) -> None:
    """Pictures of one class under another's name are learnt only by layers that saw them so."""
    wrong = [replace(s, kind=2, set="dgi/odd") if s.set == "npi/b" else s for s in gathered.sources]
    mixed = Gathered(tuple(wrong), gathered.features)
    seen = log_probabilities(learn(mixed, 3, 0.02), mixed)[mixed.sets == "dgi/odd"]
    assert (seen.argmax(2) == 2).all()
    records = dict(left_out(mixed, KINDS, 0.02))["dgi/odd"]
    assert all(np.argmax(r.mean_log) == 0 for r in records)


@pytest.mark.slow
def test_a_class_of_one_set_is_not_left_out(gathered: Gathered) -> None:
    single = gathered.of(gathered.sets != "cgg/b")
    assert "cgg/a" not in dict(left_out(single, KINDS, 0.02))


def test_gathering_goes_on_where_it_stopped(tmp_path: Path) -> None:
    sources = [source(0, "a", n) for n in range(2)]
    first = gather(sources, STATISTICS, RECIPE, Ranges(), tmp_path)
    [kept] = tmp_path.glob("*.npz")
    with np.load(kept) as file:
        told = {name: file[name] for name in file.files}
    np.savez(kept, **(told | {"features": np.zeros_like(first.features)}))
    assert not gather(sources, STATISTICS, RECIPE, Ranges(), tmp_path).features.any()
    with pytest.raises(TrainingError, match="other pictures or otherwise"):
        gather(sources, STATISTICS, replace(RECIPE, draws=3), Ranges(), tmp_path)
    other = ForensicStatistics()
    other.identity = "of another network"
    with pytest.raises(TrainingError, match="other pictures or otherwise"):
        gather(sources, other, RECIPE, Ranges(), tmp_path)
    kept.write_bytes(b"broken")
    with pytest.raises(TrainingError, match="remove it"):
        gather(sources, STATISTICS, RECIPE, Ranges(), tmp_path)


@pytest.mark.slow(seconds=10)
@pytest.mark.parametrize("network", ["statistics", "lite0"])
def test_a_user_trains_on_a_folder_and_calibrates_on_sets_left_out(
    camsim: Camsim, tmp_path: Path, network: str
) -> None:
    folder = tmp_path / "pictures"
    for kind, name in enumerate(KINDS):
        for number in range(9):
            path = folder / name / "ab"[number >= 6] / f"{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(picture(kind, number)).save(path)
    run = tmp_path / "run"
    ran = camsim(
        "train", "origin", "--pictures", folder, "--out", run, "--patches", 2, "--draws", 1,
        "--name", "mine", "--network", network, *_start(network, tmp_path),
    )  # fmt: skip
    assert ran.status == 0, ran.err
    assert (run / "curve.png").exists()
    assert "without npi/a" in ran.err
    [entry] = read_manifest(run / "weights").models
    assert entry.task == "origin"
    if network == "statistics":
        assert entry.input.kind == "forensic statistics"
        assert entry.parameters == 3 * (COUNT + 1)
    else:
        assert entry.input.kind == "patches"
        assert load_ours("mine", run / "weights").model.classifier.weight.shape == (3, FEATURES)
    scores = scored(Model(entry, run / "weights"), picture(1, 99), 2)
    assert scores is not None
    if network == "statistics":  # channels of random weights tell little
        assert np.argmax(scores.mean_log) == 1
    records = read_origin_records(run / "left-out.jsonl")
    assert {r.part for r in records} == {"calibration", "unseen"}
    words = (folder, "--weights", run / "weights", "--out", tmp_path / "m", "--table", "answers")
    ran = camsim("evaluate", "origin", *words, "--store")
    assert ran.status == 2
    assert "--store needs --left-out" in ran.err
    ran = camsim("evaluate", "origin", *words, "--store", "--left-out", run / "left-out.jsonl")
    assert ran.status == 0, ran.err
    assert read_manifest(run / "weights").models[0].calibrations


@pytest.mark.slow
def test_the_exported_network_says_what_its_layer_says(tmp_path: Path) -> None:
    """The layer is fitted to features of patches; the verifier hands the network the patches."""
    _start("lite0", tmp_path)
    lite0 = Lite0Features(tmp_path / "lite0.pth")
    patches = [picture(kind, seed)[:SIDE, :SIDE] for kind in range(3) for seed in range(4)]
    features = lite0.describe(patches).astype(np.float64)
    fitted = fit_linear(features, np.repeat(np.arange(3), 4), 3, 0.1)
    entry = export(
        lite0.model_of(fitted), "mine", labels_of(None), RECIPES["lite0"], {}, "toys", 1.0, tmp_path
    )
    given = np.stack(patches).transpose(0, 3, 1, 2).astype(np.float32) / np.float32(255)
    logits = Model(entry, tmp_path).logits([given])
    np.testing.assert_allclose(logits, fitted.logits(features), atol=0.05)
    assert (logits.argmax(1) == np.repeat(np.arange(3), 4)).all()


def _start(network: str, folder: Path) -> tuple[object, ...]:
    if network != "lite0":
        return ()
    torch.manual_seed(1)
    model = EfficientNetLite0()
    for norm in model.modules():
        if isinstance(norm, torch.nn.BatchNorm2d):
            norm.momentum = 1.0
    toys = np.stack([picture(kind, 50)[:SIDE, :SIDE] for kind in range(3)])
    with torch.no_grad():  # once in training, or the channels of random weights fade away
        model.train().features(torch.from_numpy(toys).permute(0, 3, 1, 2).float() / 255)
    torch.save(published(model), folder / "lite0.pth")
    return "--start-from", folder / "lite0.pth"


def test_features_of_the_same_weights_are_the_same_features(tmp_path: Path) -> None:
    """The layer of labels is drawn at random, and mustn't make features that lie there useless."""
    path = tmp_path / "lite0.pth"
    torch.save(published(EfficientNetLite0()), path)
    assert Lite0Features(path).identity == Lite0Features(path).identity
