"""``camsim train generated`` and ``generator``: crops, that they resume, and what they export."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from tests.camera_sim.conftest import Camsim
from tests.channel.conftest import photo
from verifier.detectors.model import Model
from verifier.errors import TrainingError
from verifier.training.backbones.efficientnet_lite0 import EfficientNetLite0
from verifier.training.generated.data import CropRecipe, Crops, held_out_scenes, make_crops
from verifier.training.generated.generator import GeneratorRecipe, generate, middle, train_generator
from verifier.training.generated.resnet50 import ResNet50
from verifier.training.generated.sets import GENERATED, NATURAL, pictures_of_sets
from verifier.training.generated.train import RECIPES, GeneratedRecipe, build, train_generated
from verifier.training.generated.vae import VAE
from verifier.training.picture_sets import Picture
from verifier.weights import read_manifest


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Photographs, and "generated" ones: the same, doubled from half the size."""
    root = tmp_path_factory.mktemp("pictures")
    natural, generated = root / "camera", root / "doubling"
    for folder in (natural, generated):
        folder.mkdir()
    for number in range(16):
        picture = Image.fromarray(photo(256, 256, number))
        picture.save(natural / f"{number}.png")
        picture.resize((128, 128)).resize((256, 256), 0).save(generated / f"{number}.png")
    return natural, generated


def crops_of(seed: int = 0, count: int = 24) -> Crops:
    """Crops whose generated half is doubled from half the size."""
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, 256, (count, 64, 64, 3), np.uint8)
    labels = np.arange(count) % 2
    for place in np.flatnonzero(labels):
        pixels[place] = np.repeat(np.repeat(pixels[place, ::2, ::2], 2, axis=0), 2, axis=1)
    return Crops(pixels, labels, labels)


# Crops


def test_a_photograph_and_what_is_made_of_it_are_held_out_together() -> None:
    pictures = [
        Picture(kind, f"{kind}/s", Path(f"{number:03}.png"))
        for kind in (NATURAL, GENERATED)
        for number in range(200)
    ]
    held = held_out_scenes(pictures)
    assert (held[:200] == held[200:]).all()
    assert 0.04 < held.mean() < 0.2


def test_crops_are_of_one_size_and_repeatable(folders: tuple[Path, Path]) -> None:
    natural, generated = folders
    pictures = (
        *pictures_of_sets(NATURAL, [natural])[:2],
        *pictures_of_sets(GENERATED, [generated])[:2],
    )
    seen: list[tuple[int, int]] = []
    crops = make_crops(pictures, CropRecipe(crops=2), lambda *s: seen.append(s))
    assert crops.pixels.shape == (8, 224, 224, 3)
    assert crops.labels.tolist() == [0] * 4 + [1] * 4
    assert seen[-1] == (4, 4)
    again = make_crops(pictures[1:], CropRecipe(crops=2), lambda *_: None)
    assert np.array_equal(again.pixels[:2], crops.pixels[2:4])
    other = make_crops(pictures, CropRecipe(crops=2, seed=1), lambda *_: None)
    assert not np.array_equal(other.pixels, crops.pixels)


def test_pictures_that_are_too_small_are_refused(tmp_path: Path) -> None:
    Image.fromarray(photo(100, 100)).save(tmp_path / "a.png")
    with pytest.raises(TrainingError, match="no picture is as large"):
        make_crops(pictures_of_sets(NATURAL, [tmp_path]), CropRecipe(), lambda *_: None)


# Training


@pytest.mark.slow
@pytest.mark.parametrize("network", ["bands", "lite0", "cnn"])
def test_a_run_goes_on_where_it_stopped(network: str, tmp_path: Path) -> None:
    recipe = GeneratedRecipe(
        network, "none", steps=4, batch=4, validate_every=2, bfloat16=False, weight_decay=0.01
    )
    training, held_out = crops_of(0), crops_of(1, 8)

    def run(out: Path, stop_at: int | None = None) -> dict[str, "torch.Tensor"]:
        torch.manual_seed(0)
        model = EfficientNetLite0() if network == "lite0" else build(network)

        def report(state: object) -> None:
            if stop_at == state.step:
                raise KeyboardInterrupt

        train_generated(model, training, held_out, recipe, out, report)
        return model.state_dict()

    whole = run(tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "parts", stop_at=2)
    resumed = run(tmp_path / "parts")
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)


def test_bands_learn_what_doubling_leaves(tmp_path: Path) -> None:
    recipe = GeneratedRecipe(augmentation="none", steps=60, batch=32, validate_every=60)
    model = build("bands")
    before = model.bands.weight.clone()
    found = train_generated(model, crops_of(0), crops_of(1), recipe, tmp_path, lambda _: None)
    assert found == 1
    assert torch.equal(model.bands.weight, before)


def test_one_class_is_refused(tmp_path: Path) -> None:
    natural = crops_of()
    natural = Crops(natural.pixels, np.zeros_like(natural.labels), natural.sets)
    with pytest.raises(TrainingError, match="both classes"):
        train_generated(build("bands"), natural, natural, RECIPES["bands"], tmp_path, print)


def test_a_resnet_starts_from_published_weights(tmp_path: Path) -> None:
    published = ResNet50(1000)
    save_file(published.state_dict(), tmp_path / "imagenet.safetensors")
    model = build("resnet50", tmp_path / "imagenet.safetensors")
    assert model.fc.out_features == 2
    assert torch.equal(model.conv1.weight, published.conv1.weight)
    with pytest.raises(TrainingError, match="lite0 and resnet50 alone"):
        build("cnn", tmp_path / "imagenet.safetensors")


@pytest.mark.slow
def test_the_command_trains_exports_and_says_so(
    folders: tuple[Path, Path], tmp_path: Path, camsim: Camsim
) -> None:
    out = tmp_path / "run"
    words = (
        "train", "generated", "--natural", folders[0], "--generated", folders[1], "--name", "mine",
        "--augmentation", "none", "--crops", 1, "--steps", 20, "--batch", 8, "--out", out,
    )  # fmt: skip
    ran = camsim(*words)
    assert ran.status == 0, ran.err
    assert "average precision" in ran.out
    assert (out / "curve.png").is_file()
    entry = read_manifest(out / "weights").find("mine")
    assert (entry.task, entry.input.side) == ("generated", 224)
    assert entry.recipe["augmentation"] == "none"
    assert entry.torch is not None
    assert entry.data == "natural/camera, generated/doubling: 32 pictures"
    held = (out / "held-out.txt").read_text().split()
    assert {Path(one).parent.name for one in held} == {"camera", "doubling"}
    assert Model(entry, out / "weights").logits([np.zeros((1, 3, 224, 224), np.float32)]).shape == (
        1, 2,
    )  # fmt: skip
    other = camsim(*words, "--grey")
    assert (other.status, len(other.err.splitlines())) == (2, 1)
    assert "another grey" in other.err


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--steps", 0), "--steps must be at least 1"),
        (("--augmentation", "most"), "no augmentation is called 'most'"),
        (("--network", "cnn", "--start-from", "x.pth"), "lite0 and resnet50 alone"),
        (("--network", "lite0"), "lite0 starts from ImageNet's weights"),
        (("--network", "lite0", "--start-from", "x.pth"), "x.pth: no such file"),
        (("--natural", "nowhere"), "nowhere is not a folder"),
    ],
)
def test_bad_options_are_refused_in_a_sentence(
    words: tuple[object, ...], message: str, camsim: Camsim, folders: tuple[Path, Path],
    tmp_path: Path,
) -> None:  # fmt: skip
    ran = camsim(
        "train", "generated", "--natural", folders[0], "--generated", folders[1],
        "--out", tmp_path / "run", *words,
    )  # fmt: skip
    assert (ran.status, len(ran.err.splitlines())) == (2, 1)
    assert message in ran.err
    assert not (tmp_path / "run").exists()


# The generator


@pytest.mark.slow
def test_the_generator_learns_resumes_and_makes_pictures(tmp_path: Path) -> None:
    pictures = [photo(96, 96, number) for number in range(4)]
    recipe = GeneratorRecipe(steps=6, batch=2, piece=32, validate_every=3, bfloat16=False)

    def run(out: Path, stop_at: int | None = None) -> VAE:
        torch.manual_seed(0)
        model = VAE()

        def report(state: object) -> None:
            if stop_at == state.step:
                raise KeyboardInterrupt

        train_generator(model, pictures, recipe, out, report)
        return model

    whole = run(tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "parts", stop_at=3)
    parts = run(tmp_path / "parts")
    expected = whole.state_dict()
    assert all(torch.equal(expected[name], value) for name, value in parts.state_dict().items())
    made = generate(whole, photo(130, 110), 0)
    assert (made.shape, made.dtype) == ((128, 108, 3), np.uint8)
    assert np.array_equal(made, generate(whole, photo(130, 110), 0))
    with pytest.raises(TrainingError, match="give more"):
        train_generator(VAE(), pictures[:1], recipe, tmp_path, print)


def test_large_pictures_are_cut_to_their_middle() -> None:
    picture = photo(600, 700)
    assert middle(picture).shape == (512, 512, 3)
    assert np.array_equal(middle(picture), picture[44:556, 94:606])


@pytest.mark.slow
def test_the_generators_command(folders: tuple[Path, Path], tmp_path: Path, camsim: Camsim) -> None:
    out = tmp_path / "generator"
    ran = camsim(
        "train", "generator", "--pictures", folders[0], "--steps", 2, "--batch", 2, "--out", out
    )
    assert ran.status == 0, ran.err
    assert len(list((out / "made" / "camera").glob("*.png"))) == 16
    refused = camsim(
        "train", "generator", "--pictures", folders[0], "--piece", 30, "--out", tmp_path / "b"
    )
    assert (refused.status, refused.err.splitlines()) == (
        2, ["camsim: --piece must be a multiple of 4, not 30"],
    )  # fmt: skip
