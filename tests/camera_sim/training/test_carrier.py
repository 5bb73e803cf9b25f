import json
import re
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
from camera_sim.networks.rnet import CARRIER, Carrier, TracingRNet, carrier_pattern
from camera_sim.pipelines import find_pipeline
from camera_sim.training.nip.data import PatchSource
from camera_sim.training.nip.export import build_network
from camera_sim.training.pair.carrier_first import learn_carrier
from camera_sim.training.pair.carrier_search import (
    PAPER_ALONE,
    jod_lost,
    load_carrier,
    measure,
    psnr,
    save_carrier,
    search,
    within,
)
from camera_sim.training.pair.data import joint_sources
from camera_sim.training.pair.recipe import FAST_JOINT
from camera_sim.training.pair.sending import Pair
from camera_sim.weights import FOLDER
from tests.camera_sim.conftest import Camsim
from tests.camera_sim.scenes import picture
from tests.camera_sim.tiny_pair import narrow
from verifier.errors import TrainingError as CheckpointError
from verifier.training.checkpoint import save_weights

STAND_INS = pytest.mark.usefixtures("stand_in_exports")
LAYS = replace(FAST_JOINT, carrier_first=60, bfloat16=False)


@pytest.fixture(autouse=True)
def _narrow_analysers(monkeypatch: pytest.MonkeyPatch) -> None:
    narrow(monkeypatch)


def test_the_carrier_is_laid_as_it_was_searched() -> None:
    nip = TracingRNet()
    nip.trace.lay_carrier()
    shuffled = torch.nn.functional.pixel_shuffle(nip.trace.pattern.detach()[None], 4)
    laid = torch.nn.functional.pixel_shuffle(shuffled, 2)[0, 0].numpy() * 255
    assert laid == pytest.approx(carrier_pattern(CARRIER), abs=1e-4)
    assert 10 * np.log10(255**2 / np.square(laid).mean()) == pytest.approx(psnr(CARRIER), abs=0.01)
    assert laid == pytest.approx(
        np.block([[q[::-1, ::-1] for q in np.hsplit(half, 2)] for half in np.vsplit(laid, 2)])
    )


def noisy_pictures(count: int) -> list[NDArray[np.float32]]:
    rng = np.random.default_rng(0)
    noisy = [picture(256, 256, seed) + rng.normal(0, 2, (256, 256, 3)) for seed in range(count)]
    return [levels.astype(np.float32) for levels in noisy]


@pytest.mark.slow
def test_histories_are_told_by_the_carrier() -> None:
    pictures = noisy_pictures(16)
    with_it, without = measure(CARRIER, pictures), measure(({},) * 4, pictures)
    assert with_it.loss < without.loss - 0.1
    assert sum(with_it.accuracies) > sum(without.accuracies)


@pytest.mark.slow
def test_the_search_lowers_the_loss_within_its_bounds() -> None:
    start: Carrier = ({(4, 0): 40.0}, {(0, 4): 30.0}, {}, {})
    found = search(
        start, noisy_pictures(8), np.random.default_rng(1), least_psnr=44, most_visible=0.1
    )
    tried = list(islice(found, 12))
    losses = [best.loss for best, _ in tried]
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] < losses[0]
    for best, _ in tried:
        assert psnr(best.carrier) > 43.9
        assert jod_lost(best.carrier) < 0.101


def test_what_eyes_see_worse_may_be_stronger() -> None:
    coarse, fine = ({(4, 0): 100.0}, {}, {}, {}), ({(12, 0): 100.0}, {}, {}, {})
    weak, strong = (within(carrier, 30, 0.1) for carrier in (coarse, fine))
    assert strong[0][12, 0] > 2 * weak[0][4, 0]


def test_a_carrier_is_read_as_it_was_written(tmp_path: Path) -> None:
    save_carrier(tmp_path / "carrier.json", CARRIER)
    assert load_carrier(tmp_path / "carrier.json") == CARRIER


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
def test_what_is_no_carrier_is_refused(tmp_path: Path, written: str) -> None:
    (tmp_path / "carrier.json").write_text(written)
    with pytest.raises(TrainingError, match="carrier"):
        load_carrier(tmp_path / "carrier.json")


def test_one_channel_alone_is_measured() -> None:
    pictures = noisy_pictures(8)
    both, paper = measure(CARRIER, pictures), measure(CARRIER, pictures, PAPER_ALONE)
    assert paper.accuracies == both.accuracies[:1]
    assert paper.loss != both.loss


class Lays(nn.Module):
    """Grey, and what it learns to lay over each 32×32 pixels."""

    multiple_of = 16
    receptive_field = 0
    bytes_per_pixel = 1000

    def __init__(self) -> None:
        super().__init__()
        self.laid = nn.Parameter(torch.zeros(32, 32))

    def forward(self, mosaic: Tensor) -> Tensor:
        height, width = (2 * side // 32 for side in mosaic.shape[-2:])
        return 0.5 + self.laid.repeat(height, width).expand(len(mosaic), 3, -1, -1)


@pytest.fixture
def one_camera(tmp_path: Path) -> PatchSource:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(2):
        Image.fromarray(picture(448, 448, number)).save(folder / f"{number}.png")
    unet, camera = find_pipeline("unet"), find_camera("Nikon D5200")
    return joint_sources([folder], None, unet, camera).training


def laying() -> Pair:
    return Pair(PerCameraNIP(Lays(), torch.eye(3)), 5)


@pytest.mark.slow
def test_a_pipeline_without_a_layer_learns_to_lay_a_carrier(
    one_camera: PatchSource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("camera_sim.training.pair.carrier_first.RATE", 2e-2)
    monkeypatch.setattr("camera_sim.training.pair.carrier_first.KEPT_EVERY", 10)
    pair, strong = laying(), replace(LAYS, carrier=2.0)
    learn_carrier(pair, one_camera, strong, CARRIER, tmp_path)
    network = pair.nip.network
    assert isinstance(network, Lays)
    laid = network.laid.detach().numpy() * 255
    assert np.corrcoef(laid.ravel(), carrier_pattern(CARRIER).ravel())[0, 1] > 0.95
    again = laying()
    learn_carrier(again, one_camera, strong, CARRIER, tmp_path)
    assert torch.equal(again.nip.network.laid, network.laid)
    with pytest.raises(CheckpointError, match="another strength"):
        learn_carrier(laying(), one_camera, LAYS, CARRIER, tmp_path)


def test_a_pipeline_that_lays_nothing_is_refused(
    one_camera: PatchSource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("camera_sim.training.pair.carrier_first.RATE", 1e-9)
    with pytest.raises(TrainingError, match="100% of it is missing"):
        learn_carrier(laying(), one_camera, replace(LAYS, carrier_first=2), CARRIER, tmp_path)


def test_a_pattern_too_faint_for_8_bits_is_refused() -> None:
    with pytest.raises(TrainingError, match="fewer dB"):
        next(search(CARRIER, [], np.random.default_rng(0), least_psnr=80))


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
def test_a_searched_carrier_is_what_a_pair_starts_with(
    camsim: Camsim, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("camera_sim.commands.train_carrier.PATCHES", 8)
    monkeypatch.setattr("camera_sim.commands.train_joint.HELD_OUT_PATCHES", 2)
    pictures, kept = tmp_path / "pictures", tmp_path / "carrier.json"
    pictures.mkdir()
    for number in range(2):
        Image.fromarray(picture(448, 448, number)).save(pictures / f"{number}.png")
    search = ("train", "carrier", "--pictures", pictures, "--channel", "paper", "--psnr", 40)
    ran = camsim(*search, "--trials", 1, "--out", kept)
    assert ran.status == 0, ran.err
    again = camsim(*search, "--trials", 1, "--start-from", kept)
    assert again.out.split("(")[0] == ran.out.split("(")[0]
    assert "is there already" in camsim(*search, "--out", kept).err
    assert "is no folder" in camsim(*search, "--out", tmp_path / "none" / "a.json").err
    assert camsim(*search, "--start-from", tmp_path / "none.json").status == 2
    joint = ("train", "joint", "--pictures", pictures, "--carrier-from", kept, "--threads", 1)
    joint += ("--start-from", FOLDER / "rnet.safetensors", "--out", tmp_path / "run")
    joint += ("--steps", 1, "--scenes", 1, "--foreign", 0, "--fan-first", 1, "--blocks-first", 0)
    ran = camsim(*joint)
    assert ran.status == 0, ran.err
    point = json.loads((tmp_path / "run" / "history.jsonl").read_text())
    assert point["psnr"] == pytest.approx(psnr(load_carrier(kept)), abs=1)


@pytest.mark.slow
@STAND_INS
def test_a_unet_is_taught_before_it_is_trained_jointly(
    camsim: Camsim, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("camera_sim.training.pair.carrier_first.SIDE", 64)
    monkeypatch.setattr("camera_sim.commands.train_joint.HELD_OUT_PATCHES", 1)
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for number in range(2):
        Image.fromarray(picture(448, 448, number)).save(pictures / f"{number}.png")
    matrix = torch.tensor(find_camera("Nikon D810").camera_to_srgb)
    unet, out = build_network(find_pipeline("unet"), matrix), tmp_path / "run"
    save_weights(tmp_path / "unet.safetensors", unet)
    joint = ("train", "joint", "--pictures", pictures, "--pipeline", "unet", "--threads", 1)
    joint += ("--start-from", tmp_path / "unet.safetensors", "--carrier-first", 2, "--out", out)
    joint += ("--steps", 1, "--scenes", 1, "--foreign", 0, "--fan-first", 0, "--blocks-first", 0)
    joint += ("--channel", "paper")
    assert "trained for another camera" in camsim(*joint).err
    monkeypatch.setattr("camera_sim.training.pair.carrier_first.MOST_MISSING", 1000)
    ran = camsim(*joint, "--camera", "Nikon D810")
    assert ran.status == 0, ran.err
    assert "carrier 2/2" in ran.err
    assert (out / "taught.safetensors").exists()
    manifest = json.loads((out / "camera" / "manifest.json").read_text())
    assert manifest["networks"][0]["size"]["traces"] is True


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--carrier-first", 5), "has a layer"),
        (("--carrier-first", 5, "--mode", "F"), r"of --mode F\+N"),
        (("--pipeline", "unet", "--carrier-first", 5, "--carrier", 0), "above 0"),
        (("--pipeline", "unet", "--carrier-from", "carrier.json"), "has no layer"),
        (("--camera", "Nikon D810"), "per-camera pipelines"),
        (("--pipeline", "unet", "--camera", "Box"), "there is no camera 'Box'"),
    ],
)
def test_options_of_a_carrier_that_would_do_nothing_are_refused(
    camsim: Camsim, tmp_path: Path, options: tuple[object, ...], said: str
) -> None:
    words = ("--pictures", tmp_path, "--start-from", FOLDER / "rnet.safetensors", "--out", "run")
    ran = camsim("train", "joint", *words, *options)
    assert ran.status == 2
    assert re.search(said, ran.err), ran.err
