"""Teaching a network how strong to lay its watermark: the classical strength, all else frozen."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from camera_sim import weights
from camera_sim.networks.qnet import QNet
from camera_sim.networks.watermark_strength import LEAST, MOST
from camera_sim.pipelines import find_pipeline
from camera_sim.training.nip.data import Batch, SceneSource
from camera_sim.training.nip.export import inputs_of, network_of_weights
from camera_sim.training.watermark.classical_strength import classical_strength
from camera_sim.training.watermark.strength import (
    StrengthRecipe,
    loss_of,
    train_strength,
    validate,
)
from tests.camera_sim.conftest import Camsim
from tests.camera_sim.scenes import picture
from verifier.training.checkpoint import load_weights

SHIPPED = weights.FOLDER / "qnet.safetensors"
SMALL = StrengthRecipe(steps=40, batch=4, patch=96, validate_every=20)


def scenes() -> SceneSource:
    """Pictures whose lower half is busy."""
    pictures = [picture(128, 160, seed) for seed in range(3)]
    for seed, one in enumerate(pictures):
        one[64:] = np.random.default_rng(seed).integers(0, 256, (64, 160, 1))
    return SceneSource(pictures)


def held_out() -> Batch:
    return scenes().batch(np.random.default_rng(99), 8, 96)


def without_a_head(path: Path) -> Path:
    old = {k: v for k, v in load_file(SHIPPED).items() if not k.startswith("model.strength.")}
    save_file(old, path)
    return path


@pytest.fixture
def fresh(tmp_path: Path) -> QNet:
    """The shipped network, its head not trained yet."""
    torch.manual_seed(0)
    model = QNet()
    load_weights(without_a_head(tmp_path / "old.safetensors"), model)
    return model


def test_even_areas_get_the_least_and_texture_the_most() -> None:
    flat = torch.full((1, 3, 64, 64), 0.4)
    torch.testing.assert_close(classical_strength(flat), torch.full((1, 1, 64, 64), 0.6))
    busy = flat + 0.2 * torch.randn(1, 1, 64, 64, generator=torch.Generator().manual_seed(0))
    assert float(classical_strength(busy.clamp(0, 1))[..., 8:-8, 8:-8].min()) == pytest.approx(2.5)
    levels = 8 / 255 * torch.randn(1, 1, 256, 256, generator=torch.Generator().manual_seed(0))
    middle = classical_strength((0.5 + levels).expand(1, 3, -1, -1))[..., 16:-16, 16:-16]
    assert float(middle.mean()) == pytest.approx(0.5 + 0.13 * 8, rel=0.03)


def test_weights_that_know_no_watermark_start_with_a_strength_of_1(fresh: QNet) -> None:
    batch = held_out()
    args = (batch.mosaic, batch.white_balance, batch.exposure, batch.noise)
    with torch.no_grad():
        assert torch.allclose(fresh.strengths(*args), torch.ones(()), atol=1e-6)


@pytest.mark.slow
def test_a_few_steps_help_and_change_nothing_else(fresh: QNet, tmp_path: Path) -> None:
    batch, before = held_out(), {k: v.clone() for k, v in fresh.state_dict().items()}
    loss = float(loss_of(fresh, batch).detach())
    found = train_strength(fresh, scenes(), batch, SMALL, tmp_path / "run", lambda _: None)
    assert found == validate(fresh, batch)
    assert float(loss_of(fresh, batch).detach()) < 0.8 * loss
    changed = {k for k, v in fresh.state_dict().items() if not torch.equal(v, before[k])}
    assert changed == {k for k in before if k.startswith("strength.")}


@pytest.mark.slow
def test_a_finished_run_is_not_trained_again(fresh: QNet, tmp_path: Path) -> None:
    short = replace(SMALL, steps=4, validate_every=2)
    train_strength(fresh, scenes(), held_out(), short, tmp_path / "run", lambda _: None)
    again = QNet()
    load_weights(tmp_path / "old.safetensors", again)
    train_strength(again, scenes(), held_out(), short, tmp_path / "run", pytest.fail)
    assert all(torch.equal(v, again.state_dict()[k]) for k, v in fresh.state_dict().items())


def test_zeros_are_no_watermark_and_strengths_keep_their_range() -> None:
    model = network_of_weights(find_pipeline("qnet"), SHIPPED)
    *inputs, noise = inputs_of(model, 32, 48)
    with torch.no_grad():
        plain = model(*inputs)
        assert torch.equal(model(*inputs, torch.zeros_like(noise)), plain.clamp(0, 1))
        mosaic, white_balance, _, exposure, profile = inputs
        strengths = model.strengths(mosaic, white_balance, exposure, profile)
    assert LEAST < float(strengths.min()) < float(strengths.max()) < MOST


def test_the_shipped_head_tells_texture_from_even_areas() -> None:
    """By half at least, on the simulated captures of a sheet that is even on one side."""
    from camera_sim.sensor.sensor import BASE_ISO, Sensor
    from tests.camera_sim.scenes import CAMERA, GAINS

    scene = np.full((128, 256, 3), 0.2, np.float32)
    rng = np.random.default_rng(0)
    scene[:, 128:] *= rng.uniform(0.3, 1.7, (128, 128, 1)).astype(np.float32)
    image = Sensor(CAMERA, noise=BASE_ISO).capture(scene, GAINS, rng)
    model = network_of_weights(find_pipeline("qnet"), SHIPPED)
    profile = image.noise_profile()
    with torch.no_grad():
        strengths = model.strengths(
            torch.from_numpy(image.packed().transpose(2, 0, 1).copy())[None],
            torch.from_numpy(image.packed_gains)[None],
            torch.ones(1, 1),
            torch.tensor([[profile.shot, profile.read]]),
        )[0, 0]
    even, busy = strengths[5:-5, 5:27].mean(), strengths[5:-5, 37:-5].mean()
    assert float(even) < 0.9
    assert float(busy) > 2 * float(even)


@pytest.mark.slow
@pytest.mark.usefixtures("stand_in_exports")
def test_the_command_trains_and_exports_the_whole_pipeline(camsim: Camsim, tmp_path: Path) -> None:
    for seed in range(3):
        (tmp_path / "photos").mkdir(exist_ok=True)
        Image.fromarray(picture(96, 128, seed)).save(tmp_path / "photos" / f"{seed}.png")
    words = ("train", "watermark", "--pictures", tmp_path / "photos", "--steps", 2, "--batch", 2)
    ran = camsim(*words, "--patch", 64, "--out", tmp_path / "run")
    assert ran.status == 0, ran.err
    assert "strength off by" in ran.out
    entry = weights.read_manifest(tmp_path / "run" / "weights").find("qnet")
    shipped = weights.read_manifest().find("qnet")
    assert (entry.licence, entry.data) == (shipped.licence, shipped.data)
    assert (entry.recipe["steps"], entry.recipe["strength: steps"]) == (shipped.recipe["steps"], 2)
    first, second = load_file(SHIPPED), load_file(tmp_path / "run" / "weights" / "qnet.safetensors")
    assert all(torch.equal(first[k], second[k]) for k in first if "strength" not in k)
    old = without_a_head(tmp_path / "old.safetensors")
    ran = camsim(*words, "--patch", 64, "--start-from", old, "--out", tmp_path / "other")
    assert ran.status == 0, ran.err
    entry = weights.read_manifest(tmp_path / "other" / "weights").find("qnet")
    assert (entry.licence, entry.recipe["started from"]) == ("your own", "old.safetensors")
    ran = camsim(*words, "--patch", 40, "--out", tmp_path / "third")
    assert (ran.status, ran.err) == (
        2, "camsim: --patch must be a multiple of 32 and at least 64, not 40\n"
    )  # fmt: skip
