"""``camsim train pairs`` and ``train generated --network residual``: what makes a pair a pair."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from tests.camera_sim.conftest import Camsim
from tests.channel.conftest import photo
from verifier.detectors.model import Model
from verifier.errors import PicturesError, TrainingError, WeightsError
from verifier.explain.networks import load_ours
from verifier.explain.relevance import relevance
from verifier.training.export import export_residual
from verifier.training.generated.aligned_pairs import (
    Pair,
    made_again,
    read_pairs,
    scaled,
    write_pairs,
)
from verifier.training.generated.mixing import mixed_frequencies, mixed_pixels
from verifier.training.generated.native_crops import (
    PLATFORMS,
    SIDE,
    cut_part,
    draw_native,
    native_crop,
)
from verifier.training.generated.residual_cnn import ResidualCNN
from verifier.training.generated.scenes import Scenes, pairs_of
from verifier.training.generated.sets import NATURAL
from verifier.training.generated.taef2 import TAEF2, load_taef2
from verifier.training.generated.train_residual import ResidualRecipe, train_residual
from verifier.training.generated.vae import UPSAMPLINGS, VAE
from verifier.training.picture_sets import Picture
from verifier.weights import read_manifest


def doubled(planes: torch.Tensor) -> torch.Tensor:
    """A decoder that halves and doubles."""
    return torch.nn.functional.interpolate(planes[..., ::2, ::2], scale_factor=2)


def pair(number: int) -> Pair:
    pixels = photo(160, 144, number)
    return Pair("phones", str(number), pixels, {"doubling": made_again(doubled, pixels)})


def scenes(first: int = 0) -> Scenes:
    pairs = [pair(number) for number in range(first, first + 4)]
    single = [p.made["doubling"] for p in pairs]
    return Scenes([pairs], [[p.photograph for p in pairs]], [single])


# Pairs


def test_a_pair_is_one_scene_of_one_size(tmp_path: Path) -> None:
    folder = tmp_path / "phones"
    folder.mkdir()
    for name, (height, width) in {"large": (700, 600), "small": (150, 140)}.items():
        Image.fromarray(photo(height, width)).save(folder / f"{name}.png")
    pictures = [Picture(NATURAL, "natural/phones", path) for path in sorted(folder.iterdir())]
    decoders = {"doubling": doubled, "same": lambda planes: planes}
    out = tmp_path / "pairs"
    assert write_pairs(pictures, decoders, (1.0, 0.5), out, lambda: None) == 3
    found = read_pairs(out)
    assert [(p.set, p.name, p.photograph.shape) for p in found] == [
        ("phones", "large", (256, 256, 3)),
        ("phones", "large", (256, 256, 3)),
        ("phones", "small", (144, 136, 3)),
    ]
    for one in found:
        assert set(one.made) == {"doubling", "same"}
        assert np.array_equal(one.made["same"], one.photograph)
        assert not np.array_equal(one.made["doubling"], one.photograph)
    # What is there stays: a run that was interrupted goes on.
    kept = out / "phones" / "small-1" / "same.png"
    Image.fromarray(photo(144, 136, 9)).save(kept)
    before = kept.read_bytes()
    write_pairs(pictures, decoders, (1.0,), out, lambda: None)
    assert kept.read_bytes() == before
    assert len(pairs_of(found, pictures[:1])) == 2


def test_what_is_no_pair_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PicturesError, match="holds no pairs"):
        read_pairs(tmp_path)
    scene = tmp_path / "phones" / "a-1"
    scene.mkdir(parents=True)
    Image.fromarray(photo(128, 128)).save(scene / "photograph.png")
    with pytest.raises(PicturesError, match="no reconstruction"):
        read_pairs(tmp_path)
    assert scaled(photo(200, 200), 0.5) is None


@pytest.mark.parametrize("upsampling", UPSAMPLINGS)
def test_every_upsampling_keeps_the_size(upsampling: str) -> None:
    made = VAE(upsampling, 9).eval().made_again(torch.rand(1, 3, 40, 24))
    assert made.shape == (1, 3, 40, 24)


def test_the_tiny_autoencoder_loads_its_two_halves_alone(tmp_path: Path) -> None:
    model = TAEF2()
    assert model(torch.rand(1, 3, 16, 24)).shape == (1, 3, 16, 24)
    halves = tmp_path / "encoder.pth", tmp_path / "decoder.pth"
    for part, path in zip((model.encoder, model.decoder), halves, strict=True):
        torch.save({k: v.half() for k, v in part.state_dict().items()}, path)
    loaded = load_taef2(*halves)
    wanted = model.encoder[0].weight.half().float()
    assert torch.equal(loaded.encoder[0].weight, wanted)
    with pytest.raises(WeightsError, match="doesn't hold that half"):
        load_taef2(*halves[::-1])
    with pytest.raises(WeightsError, match=r"nowhere\.pth"):
        load_taef2(tmp_path / "nowhere.pth", halves[1])


# Mixing and histories


def test_mixtures_lie_between_the_two() -> None:
    one = pair(0)
    photograph, fake = one.photograph, one.made["doubling"]
    assert np.array_equal(mixed_pixels(photograph, fake, 0), fake)
    assert np.array_equal(mixed_pixels(photograph, fake, 1), photograph)
    # Low frequencies are the photograph's: means over blocks of 16 are, where the fake's aren't.
    brighter = np.clip(fake.astype(int) + 20, 0, 255).astype(np.uint8)
    mixed = mixed_frequencies(photograph, brighter, 0.05)
    assert abs(mixed.mean() - photograph.mean()) < 1 < brighter.mean() - photograph.mean()
    assert not np.array_equal(mixed, photograph)


def test_both_of_a_pair_have_one_history() -> None:
    pixels = photo(300, 260)
    drawn = [draw_native(np.random.default_rng(seed), 300, 260) for seed in range(99)]
    histories = [one for one in drawn if one is not None]
    assert len(histories) == 99
    assert {one.platform for one in histories} == {"", *PLATFORMS}
    for history in histories[:10]:
        first, second = (native_crop(cut_part(pixels, history), history) for _ in range(2))
        assert first.shape == (SIDE, SIDE, 3)
        assert np.array_equal(first, second)
    assert draw_native(np.random.default_rng(0), 111, 300) is None
    # A fake that is its photograph can't be told from it.
    same = Scenes([[Pair("s", "a", pixels, {"same": pixels})]], [[pixels]], [[pixels]])
    for seed in range(8):
        crops = same.pair(np.random.default_rng(seed))
        assert crops is not None
        assert np.array_equal(*crops)


def test_a_batch_is_half_photographs() -> None:
    batch = scenes().batch(12, np.random.default_rng(0))
    assert batch.pixels.shape == (12, SIDE, SIDE, 3)
    assert batch.labels.tolist() == [0, 1] * 4 + [0] * 2 + [1] * 2
    without = Scenes([], scenes().natural, scenes().generated).batch(6, np.random.default_rng(0))
    assert without.labels.tolist() == [0, 0, 0, 1, 1, 1]
    small = [[photo(100, 100)]]
    with pytest.raises(TrainingError, match="smaller than 112"):
        Scenes([], small, small).batch(6, np.random.default_rng(0))


# The network


def test_the_network_sees_residuals_alone() -> None:
    model = ResidualCNN().eval()
    crops = torch.rand(2, 3, SIDE, SIDE) / 2
    assert torch.allclose(model(crops), model(crops + 0.25), atol=1e-4)
    ramp = torch.linspace(0, 1, SIDE).expand(3, SIDE, SIDE)
    second = model.residuals(torch.stack([ramp, ramp.mT])).unflatten(1, (3, 4))
    assert second[:, :, 2:].abs().max() < 1e-4  # no slope in the second differences
    assert not model.residual.weight.requires_grad


@pytest.mark.slow
def test_the_network_finds_doubling_in_scenes_that_it_never_saw(tmp_path: Path) -> None:
    torch.manual_seed(0)
    recipe = ResidualRecipe(
        steps=40, batch=8, validated=32, validate_every=40, bfloat16=False, smoothing=0.0
    )
    model = ResidualCNN()
    found = train_residual(model, scenes(), scenes(4), recipe, tmp_path / "run", lambda _: None)
    assert found > 0.7


@pytest.mark.slow
def test_a_run_goes_on_where_it_stopped(tmp_path: Path) -> None:
    recipe = ResidualRecipe(steps=4, batch=6, validated=6, validate_every=2, bfloat16=False)

    def run(out: Path, stop_at: int | None = None) -> dict[str, torch.Tensor]:
        torch.manual_seed(0)
        model = ResidualCNN()

        def report(state: object) -> None:
            if stop_at == state.step:
                raise KeyboardInterrupt

        train_residual(model, scenes(), scenes(4), recipe, out, report)
        return model.state_dict()

    whole = run(tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "parts", stop_at=2)
    resumed = run(tmp_path / "parts")
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)


@pytest.mark.slow
def test_an_exported_network_runs_and_is_explained(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = ResidualCNN()
    entry = export_residual(model, "mine", {}, "made", 0.5, "your own", tmp_path)
    assert (entry.task, entry.input.side, entry.selection.stride) == ("generated", SIDE, SIDE)
    crops = np.random.default_rng(0).random((3, 3, SIDE, SIDE), np.float32)
    found = Model(entry, tmp_path).logits([crops])
    with torch.no_grad():
        wanted = model.eval()(torch.from_numpy(crops)).numpy()
    assert np.allclose(found, wanted, atol=1e-4)
    loaded = load_ours("mine", tmp_path)
    shown = relevance(loaded.model, torch.from_numpy(crops[:1]), 1)
    assert shown.picture.shape == (1, SIDE, SIDE)
    assert np.abs(shown.picture).max() > 0


# The commands


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    root = tmp_path_factory.mktemp("pictures")
    natural, generated = root / "camera", root / "doubling"
    for folder in (natural, generated):
        folder.mkdir()
    for number in range(16):
        picture = Image.fromarray(photo(128, 136, number))
        picture.save(natural / f"{number}.png")
        picture.resize((68, 64)).resize((136, 128), 0).save(generated / f"{number}.png")
    return natural, generated


@pytest.mark.slow
@pytest.mark.usefixtures("stand_in_exports")
def test_the_commands_make_pairs_train_and_export(
    folders: tuple[Path, Path], tmp_path: Path, camsim: Camsim
) -> None:
    natural, generated = folders
    vae = tmp_path / "shuffle"
    ran = camsim(
        "train", "generator", "--pictures", natural, "--upsampling", "shuffle", "--latent", 4,
        "--steps", 2, "--batch", 2, "--piece", 32, "--out", vae,
    )  # fmt: skip
    assert ran.status == 0, ran.err
    pairs = tmp_path / "pairs"
    ran = camsim("train", "pairs", "--natural", natural, "--generator", vae, "--out", pairs)
    assert ran.status == 0, ran.err
    assert "16 scenes by shuffle" in ran.out
    out = tmp_path / "run"
    ran = camsim(
        "train", "generated", "--network", "residual", "--natural", natural, "--generated",
        generated, "--pairs", pairs, "--steps", 2, "--batch", 6, "--name", "mine", "--out", out,
    )  # fmt: skip
    assert ran.status == 0, ran.err
    entry = read_manifest(out / "weights").find("mine")
    assert entry.recipe["scenes of aligned pairs"] == 16
    assert entry.recipe["network"] == "residual"
    assert entry.torch is not None


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("pairs", "--natural", "nowhere", "--generator", "x"), "x/checkpoint.safetensors"),
        (("pairs", "--natural", "nowhere"), "no decoder is given"),
        (("pairs", "--natural", "nowhere", "--taef2", "x"), "takes two files"),
        (("generated", "--network", "residual", "--grey"), "--grey isn't for --network residual"),
        (("generated", "--pairs", "x"), "--pairs are for --network residual"),
    ],
)
def test_bad_options_are_refused_in_a_sentence(
    words: tuple[object, ...], message: str, camsim: Camsim, folders: tuple[Path, Path],
    tmp_path: Path,
) -> None:  # fmt: skip
    more = ("--natural", folders[0], "--generated", folders[1]) if "generated" in words else ()
    ran = camsim("train", *words, *more, "--out", tmp_path / "run")
    assert (ran.status, len(ran.err.splitlines())) == (2, 1)
    assert message in ran.err
    assert not (tmp_path / "run").exists()
