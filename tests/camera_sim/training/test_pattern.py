import json
import os
import re
import signal
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from camera_sim.commands.simulate import find_camera
from camera_sim.errors import TrainingError
from camera_sim.networks.nip import PerCameraNIP
from camera_sim.networks.rnet import (
    WATERMARK_PATTERN,
    WatermarkedRNet,
    WatermarkPattern,
    pattern_levels,
)
from camera_sim.pipelines import find_pipeline
from camera_sim.training.nip.data import Batch, PatchSource, Sample
from camera_sim.training.nip.export import build_network
from camera_sim.training.pair.data import joint_sources
from camera_sim.training.pair.pattern_search import (
    PAPER_ALONE,
    jod_lost,
    load_pattern,
    measure,
    psnr,
    save_pattern,
    search,
    within,
)
from camera_sim.training.pair.pattern_warm_up import learn_pattern
from camera_sim.training.pair.recipe import FAST_JOINT
from camera_sim.training.pair.sending import Pair
from camera_sim.weights import FOLDER
from tests.camera_sim.conftest import Camsim
from tests.camera_sim.scenes import picture
from tests.camera_sim.tiny_pair import narrow
from verifier.errors import TrainingError as CheckpointError
from verifier.training.checkpoint import save_weights

STAND_INS = pytest.mark.usefixtures("stand_in_exports")
EMBEDS = replace(FAST_JOINT, pattern_warm_up=40, bfloat16=False)


@pytest.fixture(autouse=True)
def _narrow_fans(monkeypatch: pytest.MonkeyPatch) -> None:
    narrow(monkeypatch)


def test_the_pattern_is_embedded_as_it_was_searched() -> None:
    nip = WatermarkedRNet()
    nip.watermark.add_pattern()
    shuffled = torch.nn.functional.pixel_shuffle(nip.watermark.pattern.detach()[None], 4)
    embedded = torch.nn.functional.pixel_shuffle(shuffled, 2)[0, 0].numpy() * 255
    assert embedded == pytest.approx(pattern_levels(WATERMARK_PATTERN), abs=1e-4)
    assert 10 * np.log10(255**2 / np.square(embedded).mean()) == pytest.approx(
        psnr(WATERMARK_PATTERN), abs=0.01
    )
    assert embedded == pytest.approx(
        np.block([[q[::-1, ::-1] for q in np.hsplit(half, 2)] for half in np.vsplit(embedded, 2)])
    )


def noisy_pictures(count: int) -> list[NDArray[np.float32]]:
    rng = np.random.default_rng(0)
    noisy = [picture(256, 256, seed) + rng.normal(0, 2, (256, 256, 3)) for seed in range(count)]
    return [levels.astype(np.float32) for levels in noisy]


@pytest.mark.slow
def test_histories_are_told_by_the_pattern() -> None:
    pictures = noisy_pictures(16)
    with_it, without = measure(WATERMARK_PATTERN, pictures), measure(({},) * 4, pictures)
    assert with_it.loss < without.loss - 0.1
    assert sum(with_it.accuracies) > sum(without.accuracies)


@pytest.mark.slow
def test_the_search_lowers_the_loss_within_its_bounds() -> None:
    start: WatermarkPattern = ({(4, 0): 40.0}, {(0, 4): 30.0}, {}, {})
    found = search(
        start, noisy_pictures(4), np.random.default_rng(1), least_psnr=44, most_visible=0.1
    )
    tried = list(islice(found, 8))
    losses = [best.loss for best, _ in tried]
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] < losses[0]
    for best, _ in tried:
        assert psnr(best.pattern) > 43.9
        assert jod_lost(best.pattern) < 0.101


def test_what_eyes_see_worse_may_be_stronger() -> None:
    coarse, fine = ({(4, 0): 100.0}, {}, {}, {}), ({(12, 0): 100.0}, {}, {}, {})
    weak, strong = (within(pattern, 30, 0.1) for pattern in (coarse, fine))
    assert strong[0][12, 0] > 2 * weak[0][4, 0]


def test_a_pattern_is_read_as_it_was_written(tmp_path: Path) -> None:
    save_pattern(tmp_path / "pattern.json", WATERMARK_PATTERN)
    assert load_pattern(tmp_path / "pattern.json") == WATERMARK_PATTERN


@pytest.mark.parametrize(
    "written",
    [
        "no JSON",
        "[[], [], [], []]",
        "[[[4, 0, 5]], [], []]",
        "[[[3, 0, 5]], [], [], []]",
        "[[[4.5, 0, 5]], [], [], []]",
        "[[[4, 0]], [], [], []]",
        "[[[4, 0, NaN]], [], [], []]",
    ],
)
def test_what_is_no_pattern_is_refused(tmp_path: Path, written: str) -> None:
    (tmp_path / "pattern.json").write_text(written)
    with pytest.raises(TrainingError, match="pattern"):
        load_pattern(tmp_path / "pattern.json")


@pytest.mark.slow
def test_one_channel_alone_is_measured() -> None:
    pictures = noisy_pictures(8)
    both, paper = (
        measure(WATERMARK_PATTERN, pictures),
        measure(WATERMARK_PATTERN, pictures, PAPER_ALONE),
    )
    assert paper.accuracies == both.accuracies[:1]
    assert paper.loss != both.loss


class Embeds(nn.Module):
    """Grey, and what it learns to embed in each 32×32 pixels."""

    multiple_of = 16
    receptive_field = 0
    bytes_per_pixel = 1000

    def __init__(self) -> None:
        super().__init__()
        self.embedded = nn.Parameter(torch.zeros(32, 32))

    def forward(self, mosaic: Tensor) -> Tensor:
        height, width = (2 * side // 32 for side in mosaic.shape[-2:])
        return 0.5 + self.embedded.repeat(height, width).expand(len(mosaic), 3, -1, -1)


@pytest.fixture
def one_camera(tmp_path: Path) -> PatchSource:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(2):
        Image.fromarray(picture(448, 448, number)).save(folder / f"{number}.png")
    unet, camera = find_pipeline("unet"), find_camera("Nikon D5200")
    return joint_sources([folder], None, unet, camera).training


def embedding() -> Pair:
    return Pair(PerCameraNIP(Embeds(), torch.eye(3)), 5)


@pytest.mark.slow
def test_a_pipeline_without_a_layer_learns_to_embed_a_pattern(
    one_camera: PatchSource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("camera_sim.training.pair.pattern_warm_up.RATE", 2e-2)
    monkeypatch.setattr("camera_sim.training.pair.pattern_warm_up.KEPT_EVERY", 10)
    pair, strong = embedding(), replace(EMBEDS, pattern_strength=2.0)
    learn_pattern(pair, one_camera, strong, WATERMARK_PATTERN, tmp_path)
    network = pair.nip.network
    assert isinstance(network, Embeds)
    embedded = network.embedded.detach().numpy() * 255
    assert np.corrcoef(embedded.ravel(), pattern_levels(WATERMARK_PATTERN).ravel())[0, 1] > 0.95
    again = embedding()
    learn_pattern(again, one_camera, strong, WATERMARK_PATTERN, tmp_path)
    assert torch.equal(again.nip.network.embedded, network.embedded)
    with pytest.raises(CheckpointError, match="another strength"):
        learn_pattern(embedding(), one_camera, EMBEDS, WATERMARK_PATTERN, tmp_path)


class Interrupting(PatchSource):
    """A source at whose third batch an interruption is asked for, as by Ctrl-C."""

    def __init__(self, source: PatchSource) -> None:
        self.source, self.batches = source, 0

    def batch(self, rng: np.random.Generator, count: int, size: int) -> Batch:
        self.batches += 1
        if self.batches == 3:
            os.kill(os.getpid(), signal.SIGINT)
        return self.source.batch(rng, count, size)

    def draw(self, rng: np.random.Generator, size: int) -> Sample:
        return self.source.draw(rng, size)


@pytest.mark.slow
def test_an_interrupted_warm_up_goes_on_after_its_last_step(
    one_camera: PatchSource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("camera_sim.training.pair.pattern_warm_up.MOST_MISSING", 2.0)
    recipe, whole, cut, resumed = (
        replace(EMBEDS, pattern_warm_up=5), *(embedding() for _ in range(3))
    )  # fmt: skip
    learn_pattern(whole, one_camera, recipe, WATERMARK_PATTERN, tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt, match="after step 3"):
        learn_pattern(cut, Interrupting(one_camera), recipe, WATERMARK_PATTERN, tmp_path / "cut")
    rest = Interrupting(one_camera)
    learn_pattern(resumed, rest, recipe, WATERMARK_PATTERN, tmp_path / "cut")
    assert rest.batches == 2
    assert torch.equal(resumed.nip.network.embedded, whole.nip.network.embedded)


def test_a_pipeline_that_embeds_nothing_is_refused(
    one_camera: PatchSource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("camera_sim.training.pair.pattern_warm_up.RATE", 1e-9)
    with pytest.raises(TrainingError, match="100% of it is missing"):
        learn_pattern(
            embedding(), one_camera, replace(EMBEDS, pattern_warm_up=2), WATERMARK_PATTERN, tmp_path
        )


def test_a_pattern_too_faint_for_8_bits_is_refused() -> None:
    with pytest.raises(TrainingError, match="fewer dB"):
        next(search(WATERMARK_PATTERN, [], np.random.default_rng(0), least_psnr=80))


def test_a_per_camera_pipeline_gets_captures_of_its_camera(one_camera: PatchSource) -> None:
    camera = find_camera("Nikon D5200")
    matrix = torch.tensor(camera.camera_to_srgb)
    nip = build_network(find_pipeline("inet"), matrix)
    batch = one_camera.batch(np.random.default_rng(0), 2, 64)
    with torch.no_grad():  # in training colours are left as the network gives them
        assert torch.allclose(nip.train()(*batch.inputs).clamp(0, 1), nip.eval()(*batch.inputs),
                              atol=1e-3)  # fmt: skip


def test_a_per_camera_pipeline_refuses_raw_files_of_two_cameras(
    camsim: Camsim, tmp_path: Path
) -> None:
    raw, scene = tmp_path / "raw", tmp_path / "scene.png"
    Image.fromarray(picture(448, 448, 0)).save(scene)
    for index, camera in enumerate(("Nikon D810", "Canon EOS 5D")):
        camsim("simulate", scene, "-o", raw / f"{index}.dng", "--camera", camera)
    with pytest.raises(TrainingError, match="inet learns one camera"):
        joint_sources((), raw, find_pipeline("inet"))
    assert joint_sources((), raw, find_pipeline("rnet")).matrix is not None


@pytest.mark.slow
@STAND_INS
def test_a_searched_pattern_is_what_a_pair_starts_with(
    camsim: Camsim, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("camera_sim.commands.train_pattern.PATCHES", 8)
    monkeypatch.setattr("camera_sim.commands.train_joint.HELD_OUT_PATCHES", 2)
    pictures, kept = tmp_path / "pictures", tmp_path / "pattern.json"
    pictures.mkdir()
    for number in range(2):
        Image.fromarray(picture(448, 448, number)).save(pictures / f"{number}.png")
    search = ("train", "pattern", "--pictures", pictures, "--channel", "paper", "--psnr", 40)
    ran = camsim(*search, "--trials", 1, "--out", kept)
    assert ran.status == 0, ran.err
    again = camsim(*search, "--trials", 1, "--start-from", kept)
    assert again.out.split("(")[0] == ran.out.split("(")[0]
    assert "is there already" in camsim(*search, "--out", kept).err
    assert "is no folder" in camsim(*search, "--out", tmp_path / "none" / "a.json").err
    assert camsim(*search, "--start-from", tmp_path / "none.json").status == 2
    joint = ("train", "joint", "--pictures", pictures, "--pattern-from", kept, "--threads", 1)
    joint += ("--start-from", FOLDER / "rnet.safetensors", "--out", tmp_path / "run")
    joint += (
        "--steps",
        1,
        "--scenes",
        1,
        "--unknown-camera",
        0,
        "--fan-warm-up",
        1,
        "--blocks-warm-up",
        0,
    )
    ran = camsim(*joint)
    assert ran.status == 0, ran.err
    point = json.loads((tmp_path / "run" / "history.jsonl").read_text())
    assert point["psnr"] == pytest.approx(psnr(load_pattern(kept)), abs=1)


@pytest.mark.slow
@STAND_INS
def test_a_unet_is_taught_before_it_is_trained_jointly(
    camsim: Camsim, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("camera_sim.training.pair.pattern_warm_up.SIDE", 64)
    monkeypatch.setattr("camera_sim.commands.train_joint.HELD_OUT_PATCHES", 1)
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for number in range(2):
        Image.fromarray(picture(448, 448, number)).save(pictures / f"{number}.png")
    matrix = torch.tensor(find_camera("Nikon D810").camera_to_srgb)
    unet, out = build_network(find_pipeline("unet"), matrix), tmp_path / "run"
    save_weights(tmp_path / "unet.safetensors", unet)
    joint = ("train", "joint", "--pictures", pictures, "--pipeline", "unet", "--threads", 1)
    joint += ("--start-from", tmp_path / "unet.safetensors", "--pattern-warm-up", 2, "--out", out)
    joint += (
        "--steps",
        1,
        "--scenes",
        1,
        "--unknown-camera",
        0,
        "--fan-warm-up",
        0,
        "--blocks-warm-up",
        0,
    )
    joint += ("--channel", "paper")
    assert "trained for another camera" in camsim(*joint).err
    monkeypatch.setattr("camera_sim.training.pair.pattern_warm_up.MOST_MISSING", 1000)
    ran = camsim(*joint, "--camera", "Nikon D810")
    assert ran.status == 0, ran.err
    assert "pattern 2/2" in ran.err
    assert (out / "taught.safetensors").exists()
    manifest = json.loads((out / "camera" / "manifest.json").read_text())
    assert manifest["networks"][0]["size"]["watermarked"] is True


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--pattern-warm-up", 5), "has a layer"),
        (("--pattern-warm-up", 5, "--mode", "F"), r"need --mode F\+N"),
        (("--pipeline", "unet", "--pattern-warm-up", 5, "--pattern-strength", 0), "above 0"),
        (("--pipeline", "unet", "--pattern-from", "pattern.json"), "has no layer"),
        (("--camera", "Nikon D810"), "per-camera pipelines"),
        (("--pipeline", "unet", "--camera", "Box"), "there is no camera 'Box'"),
    ],
)
def test_options_of_a_pattern_that_would_do_nothing_are_refused(
    camsim: Camsim, tmp_path: Path, options: tuple[object, ...], said: str
) -> None:
    words = ("--pictures", tmp_path, "--start-from", FOLDER / "rnet.safetensors", "--out", "run")
    ran = camsim("train", "joint", *words, *options)
    assert ran.status == 2
    assert re.search(said, ran.err), ran.err
