"""``camsim train origin``: patches of one history, stages, that it resumes, and what it exports."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from tests.camera_sim.conftest import Camsim
from verifier.detectors.model import Model
from verifier.errors import TrainingError, WeightsError
from verifier.training.origin.classes import ORIGINS
from verifier.training.origin.cnn import OriginCNN, OriginVGG
from verifier.training.origin.data import TURNS, Patchwork, Source, load, toned
from verifier.training.origin.equalise import Ranges
from verifier.training.origin.export import export
from verifier.training.origin.train import (
    FAST,
    PAPER,
    OriginRecipe,
    Stage,
    dense_only,
    first_stage_of,
    held_patches,
    scaled,
    train_origin,
)
from verifier.training.picture_sets import Picture
from verifier.weights import read_manifest

KINDS = ("npi", "cgg", "dgi")
RECIPE = OriginRecipe(
    (
        Stage(3, 2, 32, "pooled", 1e-3, one_cycle=True, memory=0.5),
        Stage(2, 2, 224, "dense", 1e-4, one_cycle=True, memory=0.0),
    ),
    patches=4,
    validate_every=2,
    bfloat16=False,
)


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the paper's network have an eighth of its filters: its structure is the paper's."""
    monkeypatch.setattr("verifier.training.origin.cnn.WIDTHS", (8, 8, 4, 4, 8, 8, 16))
    monkeypatch.setattr("verifier.training.origin.cnn.DENSE", 256)


def picture(kind: int, seed: int) -> np.ndarray:
    """Blotches of one colour of three."""
    rng = np.random.default_rng([kind, seed])
    small = np.zeros((16, 16, 3), np.uint8)
    small[..., kind] = rng.integers(90, 215, (16, 16))
    small[::2, ::2] += 40
    return np.asarray(Image.fromarray(small).resize((260, 260), Image.Resampling.NEAREST))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("pictures")
    for kind, name in enumerate(KINDS):
        for number in range(10):
            path = root / name / ("a" if number < 8 else "b") / f"{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(picture(kind, number)).save(path)
    Image.fromarray(picture(0, 0)).save(_made(root / "few") / "0.png")
    return root


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


@pytest.fixture(scope="module")
def patchwork() -> Patchwork:
    sources = [Source(k, "a", picture(k, 0), ((3, 5), (9, 30))) for k in range(3)]
    return Patchwork(sources, 3, Ranges())


def test_patches_are_drawn_evenly_of_classes_and_again_alike(patchwork: Patchwork) -> None:
    patches, kinds = patchwork.batch(np.random.default_rng(0), 60, 64)
    assert patches.shape == (60, 64, 64, 3)
    assert patches.dtype == np.uint8
    assert np.bincount(kinds).min() > 10
    assert (patches.mean((1, 2)).argmax(1) == kinds).mean() > 0.9
    again, _ = patchwork.batch(np.random.default_rng(0), 60, 64)
    assert np.array_equal(patches, again)


def test_six_turns_differ_and_keep_the_pixels() -> None:
    patch = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    turned = [turn(patch) for turn in TURNS]
    assert len({one.tobytes() for one in turned}) == 6
    assert all(sorted(one.ravel()) == sorted(patch.ravel()) for one in turned)


def test_half_of_the_patches_keep_their_tone() -> None:
    rng = np.random.default_rng(0)
    patch = picture(0, 1)
    kept = sum(toned(patch, rng) is patch for _ in range(200))
    assert 70 < kept < 130


def test_small_and_flat_pictures_are_left_out(tmp_path: Path) -> None:
    Image.fromarray(picture(0, 0)).save(tmp_path / "good.png")
    Image.new("RGB", (300, 300)).save(tmp_path / "flat.png")
    Image.fromarray(picture(0, 0)[:200]).save(tmp_path / "small.png")
    seen: list[tuple[int, int]] = []
    pictures = [Picture("npi", "npi/a", path) for path in sorted(tmp_path.iterdir())]
    found = load(pictures, KINDS, 3, lambda *state: seen.append(state))
    assert [len(source.places) for source in found] == [3]
    assert seen == [(1, 3), (2, 3), (3, 3)]
    with pytest.raises(TrainingError, match="class 1 has no picture"):
        Patchwork(found, 3, Ranges())


@pytest.mark.slow
def test_the_dense_network_begins_where_the_pooled_one_ended() -> None:
    torch.manual_seed(0)
    pooled = OriginCNN(3, "pooled").eval()
    patches = torch.rand(2, 3, 224, 224)
    with torch.no_grad():
        expected, found = pooled(patches), pooled.densified().eval()(patches)
    assert torch.allclose(expected, found, atol=0.05 * float(expected.abs().max()))
    assert sum(p.numel() for p in pooled.densified().parameters()) == 13_049_859
    with pytest.raises(ValueError, match="already"):
        OriginCNN().densified()


@pytest.mark.slow
@pytest.mark.usefixtures("narrow")
def test_a_run_goes_on_where_it_stopped_and_exports_what_it_learnt(
    patchwork: Patchwork, tmp_path: Path
) -> None:
    held = held_patches(patchwork, 6, 0)

    def run(out: Path, stop_at: int | None = None) -> tuple[torch.nn.Module, float]:
        torch.manual_seed(0)
        model = OriginCNN(3, "pooled")

        def report(state: object) -> None:
            if stop_at == state.step:
                raise KeyboardInterrupt

        return train_origin(model, patchwork, held, RECIPE, out, report)

    whole, accuracy = run(tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "parts", stop_at=2)
    torch.manual_seed(1)
    resumed, again = run(tmp_path / "parts")
    # The first stage is the same to the bit; the dense layer's small noise is drawn by the seed.
    assert all(
        torch.equal(one, other)
        for (name, one), other in zip(
            whole.state_dict().items(), resumed.state_dict().values(), strict=True
        )
        if name.startswith("features.0")
    )
    assert accuracy == again
    started = first_stage_of(tmp_path / "whole", OriginCNN(3, "pooled"))
    resumed_start = first_stage_of(tmp_path / "parts", OriginCNN(3, "pooled"))
    assert torch.equal(started.features[0].weight, resumed_start.features[0].weight)
    assert not torch.equal(started.features[0].weight, OriginCNN(3, "pooled").features[0].weight)
    with pytest.raises(TrainingError, match="of another network"):
        first_stage_of(tmp_path / "whole", OriginCNN(2, "pooled"))
    assert len((tmp_path / "whole/history.jsonl").read_text().splitlines()) == 3
    with pytest.raises(TrainingError, match="another seed"):
        train_origin(
            OriginCNN(3, "pooled"), patchwork, held, replace(RECIPE, seed=1),
            tmp_path / "parts", lambda _: None,
        )  # fmt: skip
    entry = export(
        whole, "a", ORIGINS, RECIPE, {"sets held out whole": "none"}, "made", 0.5,
        tmp_path / "weights",
    )  # fmt: skip
    assert (entry.task, entry.input.side, entry.selection.method) == ("origin", 224, "edges")
    # A byte each, nearly; the graph around them takes some 20 kB.
    assert (tmp_path / "weights" / entry.file).stat().st_size < 1.2 * entry.parameters + 30e3
    inputs = np.random.default_rng(0).random((2, 3, 224, 224), np.float32)
    with torch.no_grad():
        expected = whole(torch.from_numpy(inputs)).numpy()
    found = Model(entry, tmp_path / "weights").logits([inputs])
    np.testing.assert_allclose(found, expected, atol=1e-3 * max(1.0, abs(expected).max()))


def test_schedules_are_named() -> None:
    assert [(s.batch, s.side, s.rate, s.head) for s in PAPER.stages] == [(128, 224, 1e-4, "dense")]
    assert PAPER.patches == 200
    assert [stage.steps for stage in scaled(FAST, (5, 6)).stages] == [5, 6]
    with pytest.raises(TrainingError, match="2 stages"):
        scaled(FAST, (5,))
    assert [stage.head for stage in dense_only(FAST).stages] == ["dense"]


def vgg_file(path: Path, *, damaged: bool = False) -> Path:
    """Weights of VGG-19's shapes, all small: the real ones are the user's."""
    from safetensors.torch import save_file

    widths = [64, 64, 128, 128, *[256] * 4, *[512] * 8]
    places = [0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28, 30, 32, 34]
    tensors, before = {}, 3
    for place, width in zip(places, widths, strict=True):
        tensors[f"features.{place}.weight"] = torch.full((width, before, 3, 3), 0.01)
        tensors[f"features.{place}.bias"] = torch.zeros(width)
        before = width
    tensors["classifier.0.weight"] = torch.zeros(1)
    if damaged:
        del tensors["features.34.weight"]
    save_file(tensors, path)
    return path


@pytest.mark.slow
def test_the_vgg_scenario_trains_the_head_alone(tmp_path: Path) -> None:
    model = OriginVGG(vgg_file(tmp_path / "vgg.safetensors"))
    trained = [name for name, p in model.named_parameters() if p.requires_grad]
    assert trained == ["head.1.weight", "head.1.bias", "head.4.weight", "head.4.bias"]
    with torch.no_grad():
        assert model.eval()(torch.rand(1, 3, 224, 224)).shape == (1, 3)
    with pytest.raises(WeightsError, match="isn't VGG-19"):
        OriginVGG(vgg_file(tmp_path / "bad.safetensors", damaged=True))
    (tmp_path / "text").write_text("no weights")
    with pytest.raises(WeightsError, match="can't be read as safetensors"):
        OriginVGG(tmp_path / "text")


@pytest.mark.slow
@pytest.mark.usefixtures("narrow")
def test_the_command_trains_and_says_where_the_weights_are(
    camsim: Camsim, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = replace(FAST, stages=tuple(replace(stage, batch=2) for stage in FAST.stages))
    monkeypatch.setattr("verifier.training.origin.train.FAST", small)
    monkeypatch.setattr("verifier.commands.train_origin._VALIDATED", 6)
    ran = camsim(
        "train", "origin", "--pictures", folder, "--out", tmp_path / "run", "--network", "ada",
        "--steps", 1, 1,
        "--patches", 2, "--unseen", "npi/b", "--threads", 1, "--name", "mine",
    )  # fmt: skip
    assert ran.status == 0, ran.err
    assert "camsim evaluate origin" in ran.out
    assert (tmp_path / "run/curve.png").exists()
    [entry] = read_manifest(tmp_path / "run/weights").models
    assert entry.recipe["sets held out whole"] == "npi/b"
    assert entry.calibrations == {}
    again = camsim(
        "train", "origin", "--pictures", folder, "--out", tmp_path / "next", "--network", "ada",
        "--steps", 0, 0,
        "--patches", 2, "--threads", 1, "--start-from", tmp_path / "run",
    )  # fmt: skip
    assert again.status == 0, again.err
    assert (tmp_path / "next/weights/my-origin.onnx").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--network", "ada", "--steps", -1, 1), "--steps cannot be negative"),
        (("--network", "ada", "--steps", 1), "2 stages"),
        (("--network", "ada", "--draws", 2), "--draws is of one layer"),
        (("--steps", 1, 1), "--steps is of the paper's network"),
        (("--float32",), "--float32 is of the paper's network"),
        (("--penalty", 0), "--penalty must be above 0"),
        (("--draws", 0), "--draws must be at least 1"),
        (("--patches", 0), "--patches must be at least 1"),
        (("--seed", -1), "--seed cannot be negative"),
        (("--unseen", "npi/c"), "no set 'npi/c'"),
        (("--classes", "npi"), "name two or more"),
        (("--classes", "npi", "drawn"), "no folder 'drawn'"),
        (("--classes", "npi", "few"), "class 'few' has too few pictures"),
        (("--network", "lite0", "--vgg", "w.safetensors"), "leave --network lite0 out"),
        (("--network", "ada", "--start-from", "nowhere"), "no folder of a run"),
        (("--network", "lite0"), "lite0 starts from ImageNet's weights"),
        (("--network", "lite0", "--start-from", "nowhere.pth"), "no such file"),
        (("--start-from", "nowhere.pth"), "leave --start-from out"),
        (("--vgg", "missing.safetensors"), "can't be read as safetensors"),
    ],
)
def test_bad_options_are_refused_in_a_sentence(
    words: tuple[object, ...], message: str, camsim: Camsim, folder: Path, tmp_path: Path
) -> None:
    ran = camsim("train", "origin", "--pictures", folder, "--out", tmp_path / "run", *words)
    assert ran.status == 2
    assert message in ran.err
    assert len(ran.err.splitlines()) == 1
    assert not (tmp_path / "run").exists()
