import json
import os
import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from camera_sim.pipelines import find_pipeline
from camera_sim.raw.cfa import CFA_ORDERS
from camera_sim.sensor.dng import write_dng
from camera_sim.training.nip.data import (
    Batch,
    CaptureSource,
    PatchSource,
    Sample,
    SceneSource,
    collate,
    crop_capture,
)
from camera_sim.training.nip.export import build_network
from camera_sim.training.nip.train import (
    FAST,
    PAPER,
    Recipe,
    learning_rate,
    train,
    validate,
)
from camera_sim.weights import read_manifest
from tests.camera_sim.conftest import Camsim
from tests.camera_sim.scenes import capture, picture
from verifier.errors import TrainingError as CheckpointError
from verifier.training.run import Progress

SMALL = replace(FAST, steps=6, batch=2, patch=32, validate_every=3, bfloat16=False)


def scenes() -> SceneSource:
    return SceneSource([picture(96, 128, seed) for seed in range(3)])


def network(name: str = "inet") -> torch.nn.Module:
    torch.manual_seed(0)
    return build_network(find_pipeline(name))


def held_out(source: PatchSource) -> Batch:
    return source.batch(np.random.default_rng(99), 4, 32)


def run(model: torch.nn.Module, recipe: Recipe, out: Path, source: PatchSource) -> list[Progress]:
    seen: list[Progress] = []
    train(model, source, held_out(source), recipe, out, seen.append)
    return seen


class Interrupted(PatchSource):
    """A source that is interrupted at a step."""

    def __init__(self, source: PatchSource, patches: int) -> None:
        self.source, self.left = source, patches

    def draw(self, rng: np.random.Generator, size: int) -> Sample:
        if not self.left:
            raise KeyboardInterrupt
        self.left -= 1
        return self.source.draw(rng, size)


def same(first: torch.nn.Module, second: torch.nn.Module) -> bool:
    pairs = zip(first.state_dict().items(), second.state_dict().items(), strict=True)
    return all(n == m and torch.equal(a, b) for (n, a), (m, b) in pairs)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["rnet", "dnet"])
def test_a_few_steps_help(name: str, tmp_path: Path) -> None:
    source, model = scenes(), network(name)
    batch = source.batch(np.random.default_rng(5), 4, 32)
    before = validate(model, batch)
    recipe = replace(SMALL, steps=30, batch=4, validate_every=30, learning_rate=1e-2)
    run(model, recipe, tmp_path, source)
    assert validate(model, batch) > before + 0.3


@pytest.mark.slow
@pytest.mark.parametrize("name", ["inet", "dnet"])  # DNet has batch normalisation's state too
def test_resuming_continues_exactly(name: str, tmp_path: Path) -> None:
    whole, resumed = network(name), network(name)
    run(whole, SMALL, tmp_path / "whole", scenes())
    batch = held_out(scenes())
    cut = Interrupted(scenes(), 3 * SMALL.batch)
    with pytest.raises(KeyboardInterrupt):
        train(resumed, cut, batch, SMALL, tmp_path / "cut", lambda _: None)
    assert not same(whole, resumed)
    fresh = network(name)
    seen = run(fresh, SMALL, tmp_path / "cut", scenes())
    assert seen[0].step == 4
    assert same(whole, fresh)


class Asked(Interrupted):
    """A source at which an interruption is asked for, as by Ctrl-C, and goes on."""

    def draw(self, rng: np.random.Generator, size: int) -> Sample:
        if not self.left:
            os.kill(os.getpid(), signal.SIGINT)
        self.left -= 1
        return self.source.draw(rng, size)


def test_an_interruption_keeps_the_steps_since_the_validation(tmp_path: Path) -> None:
    whole, cut, fresh = network(), network(), network()
    run(whole, SMALL, tmp_path / "whole", scenes())
    asked = Asked(scenes(), SMALL.batch)  # in step 2; validations are after 3
    with pytest.raises(KeyboardInterrupt, match="after step 2"):
        train(cut, asked, held_out(scenes()), SMALL, tmp_path / "cut", lambda _: None)
    seen = run(fresh, SMALL, tmp_path / "cut", scenes())
    assert seen[0].step == 3
    assert same(whole, fresh)


def test_a_finished_run_is_not_trained_again(tmp_path: Path) -> None:
    first, again = network(), network()
    run(first, SMALL, tmp_path, scenes())
    assert run(again, SMALL, tmp_path, scenes()) == []
    assert same(first, again)


def test_a_checkpoint_of_another_recipe_is_refused(tmp_path: Path) -> None:
    run(network(), SMALL, tmp_path, scenes())
    before = (tmp_path / "checkpoint.safetensors").read_bytes()
    with pytest.raises(CheckpointError, match="written with another batch, learning_rate"):
        run(network(), replace(SMALL, batch=3, learning_rate=1e-5), tmp_path, scenes())
    assert (tmp_path / "checkpoint.safetensors").read_bytes() == before


@pytest.mark.parametrize("name", ["rnet", "dnet"])
def test_a_checkpoint_of_another_network_is_refused(name: str, tmp_path: Path) -> None:
    run(network("inet"), SMALL, tmp_path, scenes())
    with pytest.raises(CheckpointError, match="is of another network"):
        run(network(name), SMALL, tmp_path, scenes())


def test_a_damaged_checkpoint_is_refused(tmp_path: Path) -> None:
    (tmp_path / "checkpoint.safetensors").write_bytes(b"not safetensors")
    with pytest.raises(CheckpointError, match="is not a checkpoint"):
        run(network(), SMALL, tmp_path, scenes())


def test_history_has_a_line_a_validation(tmp_path: Path) -> None:
    run(network(), SMALL, tmp_path, scenes())
    lines = [json.loads(line) for line in (tmp_path / "history.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [3, 6]
    assert all(set(line) == {"step", "loss", "psnr"} for line in lines)
    assert not list(tmp_path.glob("*.part"))


def test_the_papers_schedule_is_the_papers() -> None:
    # Korus & Memon 2019, section 4.1.
    assert (PAPER.batch, PAPER.patch, PAPER.stop_change) == (20, 128, 1e-4)
    assert (PAPER.learning_rate, PAPER.loss, PAPER.schedule) == (1e-4, "mse", "constant")


def test_training_stops_when_validation_stands_still(tmp_path: Path) -> None:
    still = replace(SMALL, steps=60, validate_every=2, learning_rate=1e-12, stop_change=1e-4)
    assert run(network(), still, tmp_path / "still", scenes())[-1].step == 4
    moving = replace(still, steps=12, learning_rate=5e-3, stop_change=1e-9)
    assert run(network(), moving, tmp_path / "moving", scenes())[-1].step == 12


def test_learning_rate_warms_up_and_falls_to_a_hundredth() -> None:
    rates = [learning_rate(FAST, step) for step in range(0, FAST.steps + 1, 50)]
    assert rates[0] <= FAST.learning_rate / 100
    assert max(rates) == pytest.approx(FAST.learning_rate, rel=1e-2)
    assert rates[-1] == pytest.approx(FAST.learning_rate / 100, rel=1e-2)
    top = rates.index(max(rates))
    assert rates[:top] == sorted(rates[:top])
    assert rates[top:] == sorted(rates[top:], reverse=True)


@pytest.mark.parametrize("order", CFA_ORDERS)
def test_captures_of_every_order_give_rggb_patches(order: str) -> None:
    source = CaptureSource([capture(64, 80, order)])
    image, _, target = source.draw(np.random.default_rng(0), 32)
    assert image.pattern.order == "RGGB"
    assert image.size == target.shape[:2] == (32, 32)
    # The mosaic, developed without any demosaicing, must be the target's own mosaic.
    balanced = image.packed()[..., 0] * image.packed_gains[0]
    assert np.corrcoef(balanced.ravel(), target[::2, ::2, 0].ravel())[0, 1] > 0.7


def test_scene_targets_are_what_the_sensor_saw() -> None:
    source = SceneSource([picture(96, 128)], noise_free=1.0, blurred=0.0, darkest=1.0)
    model = network("rnet").eval()
    assert validate(model, source.batch(np.random.default_rng(0), 8, 64)) > 27


def test_batches_have_the_contracts_shapes() -> None:
    batch = collate([scenes().draw(np.random.default_rng(i), 32) for i in range(3)])
    assert [tuple(x.shape) for x in (*batch.inputs, batch.target)] == [
        (3, 4, 16, 16), (3, 4), (3, 3, 3), (3, 1), (3, 2), (3, 3, 32, 32)
    ]  # fmt: skip
    assert all(x.dtype == torch.float32 for x in (*batch.inputs, batch.target))
    assert float(batch.mosaic.max()) <= 1
    assert 0 <= float(batch.target.min()) <= float(batch.target.max()) <= 1


def test_the_same_seed_draws_the_same_patches() -> None:
    first, second = (scenes().batch(np.random.default_rng(4), 2, 32) for _ in range(2))
    assert torch.equal(first.mosaic, second.mosaic)
    other = scenes().batch(np.random.default_rng(5), 2, 32)
    assert not torch.equal(first.mosaic, other.mosaic)


def test_crops_keep_the_samples() -> None:
    image = capture(32, 48, "GBRG")
    window = np.s_[4:20, 8:40]
    np.testing.assert_array_equal(crop_capture(image, window).packed(), image.packed(window))


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for seed in range(3):
        Image.fromarray(picture(96, 128, seed)).save(folder / f"{seed}.png")
    return folder


SHORT = ("--steps", 4, "--batch", 2, "--patch", 32)


def develop_with(camsim: Camsim, run: Path, pipeline: str, tmp_path: Path) -> None:
    write_dng(tmp_path / "new.dng", capture(64, 80, "BGGR"))
    ran = camsim(
        "develop", tmp_path / "new.dng",
        "--weights", run / "weights", "--out", tmp_path / "new.png",
    )  # fmt: skip
    assert ran.status == 0, ran.err
    assert f"  {pipeline}  " in ran.out
    with Image.open(tmp_path / "new.png") as developed:
        assert developed.size == (80, 64)
        assert np.asarray(developed).std() > 10


@pytest.mark.slow
@pytest.mark.parametrize("schedule", ["fast", "paper"])
def test_training_on_pictures_from_end_to_end(
    schedule: str, camsim: Camsim, photos: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    words = ("--pictures", photos, "--out", run, "--pipeline", "inet", "--schedule", schedule)
    ran = camsim("train", "nip", *words, *SHORT)
    assert ran.status == 0, ran.err
    assert "held-out patches" in ran.out
    with Image.open(run / "curve.png") as curve:
        assert curve.width > 300
    entry = read_manifest(run / "weights").find("inet")
    assert entry.recipe["steps"] == 4
    assert entry.trained_for == "Nikon D5200"
    develop_with(camsim, run, "inet", tmp_path)


@pytest.mark.slow
@pytest.mark.usefixtures("stand_in_exports")
@pytest.mark.parametrize("weights", ["first", "first/weights/inet.safetensors"])
def test_a_run_goes_on_from_the_weights_of_another(
    weights: str, camsim: Camsim, photos: Path, tmp_path: Path
) -> None:
    words = ("train", "nip", "--pictures", photos, "--pipeline", "inet")
    assert camsim(*words, "--out", tmp_path / "first", *SHORT).status == 0
    more = (*words, "--start-from", tmp_path / weights, "--learning-rate", 1e-9, *SHORT)
    assert camsim(*more, "--out", tmp_path / "second").status == 0
    first, second = (
        load_file(tmp_path / run / "checkpoint.safetensors") for run in ("first", "second")
    )
    name = "model.network.demosaic.weight"
    torch.testing.assert_close(first[name], second[name], atol=1e-6, rtol=0)
    assert (
        read_manifest(tmp_path / "second" / "weights").find("inet").recipe["started from"]
        == Path(weights).name
    )
    missing = camsim(*words, "--start-from", tmp_path / "none", "--out", tmp_path / "third", *SHORT)
    assert missing.status == 2
    assert "is not a checkpoint" in missing.err


@pytest.mark.slow
def test_training_on_raw_files_from_end_to_end(
    camsim: Camsim, photos: Path, tmp_path: Path
) -> None:
    for photo in sorted(photos.glob("*.png")):
        out = tmp_path / "raw" / f"{photo.stem}.dng"
        assert camsim("simulate", photo, "-o", out, "--cfa", "GRBG").status == 0
    (tmp_path / "raw" / "notes.txt").write_text("passed over")
    run = tmp_path / "run"
    words = ("--raw", tmp_path / "raw", "--out", run, "--pipeline", "rnet")
    ran = camsim("train", "nip", *words, *SHORT)
    assert ran.status == 0, ran.err
    develop_with(camsim, run, "rnet", tmp_path)


def test_one_camera_pipelines_refuse_two_cameras(
    camsim: Camsim, photos: Path, tmp_path: Path
) -> None:
    for index, camera in enumerate(("Nikon D810", "Canon EOS 5D")):
        out = tmp_path / "raw" / f"{index}.dng"
        camsim("simulate", photos / "0.png", "-o", out, "--camera", camera)
    words = ("--raw", tmp_path / "raw", "--out", tmp_path / "run", "--pipeline", "inet")
    ran = camsim("train", "nip", *words, *SHORT)
    assert ran.status == 2
    assert "inet learns one camera" in ran.err
    assert not (tmp_path / "run").exists()
