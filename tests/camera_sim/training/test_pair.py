import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from camera_sim.errors import TrainingError
from camera_sim.evaluation.pair_tables import channel_row, pooling_table
from camera_sim.evaluation.visibility import FULL_HD, jod_on
from camera_sim.training.nip.data import SceneSource, tells_something
from camera_sim.training.pair.captures import Scores, picture_accuracy, through_platform
from camera_sim.training.pair.recipe import (
    FAST_JOINT,
    RENAMED,
    cost_of_fidelity,
    weight_of_fidelity,
)
from camera_sim.training.pair.sending import share_of
from camera_sim.training.pair.train import choose_point, read_points
from camera_sim.training.pair.validation import Point, as_camera_file, edited, transmitted
from camera_sim.training.pair.workflow import (
    HISTORIES,
    NO_CHANNEL,
    PAPER_CHANNEL,
    PLATFORMS,
    Channel,
    Workflow,
    draw_channel,
)
from camera_sim.weights import FOLDER
from tests.camera_sim.conftest import Camsim
from tests.camera_sim.scenes import picture
from tests.camera_sim.tiny_pair import NAME, SMALL, narrow, run
from verifier.errors import TrainingError as CheckpointError
from verifier.training.checkpoint import load_fan
from verifier.training.manipulation.fan import FAN

SAME = ("native", "jpeg", "resample")


@pytest.fixture(autouse=True)
def _narrow_fans(monkeypatch: pytest.MonkeyPatch) -> None:
    narrow(monkeypatch)


@pytest.mark.parametrize("channel", [NO_CHANNEL, PAPER_CHANNEL, Channel(200, 72, "lanczos")])
def test_the_workflow_is_what_the_real_codec_does(channel: Channel) -> None:
    developed = picture(channel.side, channel.side, 3)
    tensor = torch.from_numpy(developed.copy()).permute(2, 0, 1)[None].float() / 255
    downloaded = Workflow()(tensor, channel, (0, 0))
    for index, history in enumerate(HISTORIES):
        exact = transmitted(edited(developed, history), channel).astype(int)
        levels = (downloaded[index] * 255).round().permute(1, 2, 0).numpy().astype(int)
        # The others differ from their exact twins where a half is rounded.
        assert np.abs(levels - exact).mean() < (0.01 if history in SAME else 0.3), history


@pytest.mark.slow
def test_a_joint_run_moves_both_and_resumes_where_it_stopped(tmp_path: Path) -> None:
    whole, seen = run(tmp_path / "whole", SMALL)
    assert [state.step for state in seen] == [1, 2, 3, 4]
    assert seen[-1].point is not None
    assert not torch.equal(whole.nip.green.weight, whole.plain.green.weight)
    with pytest.raises(InterruptedError):
        interrupted(tmp_path / "parts", after=3)
    again, later = run(tmp_path / "parts", SMALL)
    assert [state.step for state in later] == [3, 4]
    for name, value in whole.state_dict().items():
        assert torch.allclose(value, again.state_dict()[name], atol=1e-6), name


def interrupted(out: Path, after: int) -> None:
    class Stop(SceneSource):
        left = after

        def batch(self, *args: object) -> object:
            self.left -= 1
            if self.left < 0:
                raise InterruptedError
            return super().batch(*args)

    run(out, SMALL, Stop)


def test_mode_f_leaves_the_camera_alone(tmp_path: Path) -> None:
    pair, seen = run(tmp_path, replace(SMALL, mode="F", steps=2))
    for name, value in pair.nip.state_dict().items():
        assert torch.equal(value, pair.plain.state_dict()[name]), name
    assert seen[-1].point is not None
    assert seen[-1].point.psnr > 100


def test_platforms_themselves_are_among_the_wide_channels() -> None:
    rng = np.random.default_rng(0)
    drawn = [draw_channel("wide", 1, rng) for _ in range(400)]
    assert {channel.platform for channel in drawn} == {None, *PLATFORMS}
    upload = picture(128, 128, 3)
    tensor = torch.from_numpy(upload.copy()).permute(2, 0, 1)[None].float() / 255
    downloaded = Workflow().send(tensor.requires_grad_(), Channel(128, None, platform="whatsapp"))
    assert (downloaded[0] * 255).permute(1, 2, 0).detach().numpy() == pytest.approx(
        through_platform("whatsapp")(upload), abs=0.01
    )
    downloaded.sum().backward()
    assert tensor.grad is not None
    assert torch.equal(tensor.grad, torch.ones_like(tensor))


def test_a_run_that_was_stopped_under_old_names_goes_on(tmp_path: Path) -> None:
    recipe, checkpoint = replace(SMALL, steps=2, fan_warm_up=0), tmp_path / "checkpoint.safetensors"
    pair, _ = run(tmp_path, recipe)
    with safe_open(checkpoint, "pt") as file:
        metadata = file.metadata()
    older = {today: old for old, today in RENAMED.items()}
    written = json.loads(metadata["recipe"])
    assert older.keys() <= written.keys()
    metadata["recipe"] = json.dumps({older.get(k, k): v for k, v in written.items()})
    save_file(load_file(checkpoint), checkpoint, metadata)
    points = read_points(tmp_path)
    history = tmp_path / "history.jsonl"
    history.write_text(history.read_text().replace("unknown_camera", "foreign"))
    assert points == read_points(tmp_path)
    again, seen = run(tmp_path, recipe)
    assert seen == []
    assert torch.equal(again.nip.green.weight, pair.nip.green.weight)


@pytest.mark.slow
def test_another_recipe_does_not_go_on(tmp_path: Path) -> None:
    run(tmp_path, replace(SMALL, steps=2))
    with pytest.raises(CheckpointError, match="fidelity"):
        run(tmp_path, replace(SMALL, steps=2, fidelity=5))


@pytest.mark.slow
def test_a_pair_is_exported_as_two_halves_of_one_name(tiny_pair: Path) -> None:
    camera, verifier = tiny_pair / "camera", tiny_pair / "verifier"
    halves = [
        json.loads((camera / "manifest.json").read_text())["networks"][0],
        json.loads((verifier / "manifest.json").read_text())["models"][0],
    ]
    assert [half["pair"] for half in halves] == [NAME, NAME]
    assert [label["name"] for label in halves[1]["labels"]] == [*HISTORIES, "unknown-camera"]


def test_fidelity_weighs_more_and_more() -> None:
    weights = [weight_of_fidelity(FAST_JOINT, step) for step in (0, FAST_JOINT.steps - 1)]
    assert weights == pytest.approx([FAST_JOINT.fidelity, FAST_JOINT.final_fidelity])


def test_fidelity_costs_nothing_down_to_its_bound() -> None:
    recipe = replace(FAST_JOINT, fidelity=100, final_fidelity=100, bound=40)

    def slope(error: float) -> float:
        squared = torch.tensor(error, requires_grad=True)
        cost_of_fidelity(recipe, 0, squared).backward()
        assert squared.grad is not None
        return float(squared.grad)

    assert slope(0.9e-4) == slope(1e-4) == 0  # 40 dB and better
    assert slope(2e-4) == pytest.approx(50)
    assert slope(1e-2) == pytest.approx(99)


def test_the_curriculum_goes_from_easy_to_what_is_asked_for() -> None:
    rng = np.random.default_rng(0)
    easy = [draw_channel("wide", 0, rng) for _ in range(50)]
    hard = [draw_channel("wide", 1, rng) for _ in range(200)]
    assert {(channel.side, channel.quality) for channel in easy} == {(128, 95)}
    assert PAPER_CHANNEL in hard
    assert min(channel.quality or 0 for channel in hard) < 40
    assert max(channel.side for channel in hard) > 320
    assert draw_channel("none", 1, rng) == NO_CHANNEL


def test_a_platform_keeps_the_grid_but_where_it_scales_oddly_or_somebody_cropped() -> None:
    rng = np.random.default_rng(0)
    kept, odd = Channel(256, 50), Channel(183, 50)
    offsets = [kept.draw_offset(16, rng) for _ in range(400)]
    assert 0.85 < offsets.count((0, 0)) / len(offsets) < 0.95
    assert max(max(offset) for offset in offsets) == 16
    assert len({odd.draw_offset(16, rng) for _ in range(400)}) > 200


def test_scenes_are_shared_out_among_channels() -> None:
    assert [share_of(6, part, 4) for part in range(4)] == [2, 2, 1, 1]
    assert sum(share_of(2, part, 4) for part in range(4)) == 2


def test_flat_patches_tell_nothing() -> None:
    rng = np.random.default_rng(0)
    assert not tells_something(np.full((32, 32, 3), 90, np.uint8), rng)
    assert tells_something(rng.integers(0, 256, (32, 32, 3)).astype(np.uint8), rng)


def point(step: int, accuracy: float, psnr: float) -> Point:
    right = round(10_000 * accuracy)
    return Point(step, accuracy, 1.0, psnr, [[right, 10_000 - right]])


def test_of_points_that_differ_by_noise_alone_the_last_is_shipped() -> None:
    points = [point(1, 0.7, 42), point(2, 0.905, 42), point(3, 0.902, 42), point(4, 0.88, 42)]
    assert choose_point(points, 41).step == 3


def test_the_point_to_ship_is_the_most_accurate_that_is_faithful() -> None:
    points = [point(1, 0.9, 36), point(2, 0.8, 42), point(3, 0.7, 45)]
    assert choose_point(points, 41).step == 2
    assert choose_point(points, 50).step == 3
    assert choose_point(points, 41, step=1).step == 1
    with pytest.raises(TrainingError, match="1, 2, 3"):
        choose_point(points, 41, step=7)


def test_a_fan_of_six_classes_goes_on_as_one_of_five(tmp_path: Path) -> None:
    pair, _ = run(tmp_path, replace(SMALL, steps=1))
    five = FAN(len(HISTORIES))
    load_fan(tmp_path / "checkpoint.safetensors", five)
    learnt, kept = pair.fan.state_dict(), five.state_dict()
    assert all(torch.equal(kept[name], learnt[name][: len(kept[name])]) for name in kept)
    with pytest.raises(CheckpointError, match="no FAN that fits"):
        load_fan(tmp_path / "checkpoint.safetensors", FAN(4))


@pytest.mark.slow
def test_grain_is_seen_more_than_what_the_camera_writes() -> None:
    rng = np.random.default_rng(0)
    plain, jod = picture(128, 128, 3), jod_on(FULL_HD)
    grained = np.clip(plain + rng.normal(0, 4, plain.shape), 0, 255).astype(np.uint8)
    assert jod(grained, plain) < jod(as_camera_file(plain), plain) <= 10


@pytest.mark.slow
def test_every_table_of_a_pair_is_printed(camsim: Camsim, tiny_pair: Path, tmp_path: Path) -> None:
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for number in range(2):
        Image.fromarray(picture(512, 512, 5 + number)).save(pictures / f"{number}.png")
    words = ("evaluate", "pair", pictures, "--weights", tiny_pair)
    for wrong, told in (
        (("--before", tmp_path / "none"), "none"),
        (("--through", "nowhere"), "whatsapp"),
    ):
        ran = camsim(*words, *wrong)
        assert ran.status == 2
        assert told in ran.err
    ran = camsim(*words, "--through", "none", "twitter", "--out", tmp_path)
    assert ran.status == 0, ran.err
    assert ran.out.startswith(f"{NAME}: 2 pictures of pictures\n")
    for title in ("Fidelity", "Accuracy over", "Confusion", "Decisions pooled"):
        assert f"**{title}" in ran.out, title
    assert "| twitter |" in ran.out
    assert "| whatsapp |" not in ran.out
    for name in ("confusion", "pooling"):
        assert (tmp_path / f"pair-{name}.png").exists(), name
    assert "Accuracy" not in camsim(*words, "--table", "fidelity").out


def test_a_run_without_a_pair_is_refused(camsim: Camsim, tmp_path: Path) -> None:
    Image.fromarray(picture(64, 64, 5)).save(tmp_path / "a.png")
    (tmp_path / "verifier").mkdir()
    (tmp_path / "verifier" / "manifest.json").write_text('{"schema_version": 1, "models": []}')
    ran = camsim("evaluate", "pair", tmp_path, "--weights", tmp_path)
    assert ran.status == 2
    assert "holds no FAN" in ran.err


@pytest.mark.slow
def test_tables_of_pictures_without_a_patch_to_score_are_refused(
    camsim: Camsim, tiny_pair: Path, tmp_path: Path
) -> None:
    for number in range(2):
        Image.new("RGB", (300, 300), (90, 120, 90)).save(tmp_path / f"{number}.png")
    ran = camsim("evaluate", "pair", tmp_path, "--weights", tiny_pair, "--table", "channels")
    assert ran.status == 2
    assert ran.err.startswith(f"camsim: no part of the pictures of {tmp_path} can be scored")


def test_a_picture_is_named_by_all_of_its_patches() -> None:
    """One that is sure outweighs two that hardly lean; an unknown camera is no history."""
    sure, leaning = [0.0, 0, 9, 0, 0, 0], [1.0, 0, 0, 0, 0, 0]
    score = Scores(np.array([sure, leaning, leaning]), "gaussian")
    unknown = Scores(np.array([[0.0, 1, 0, 0, 0, 9]]), "sharpen")
    assert picture_accuracy([score]) == picture_accuracy([unknown]) == (1.0, 1)
    assert picture_accuracy([score, unknown], least=2) == (1.0, 1)


def test_shares_of_no_patch_are_none() -> None:
    none = [Scores(np.zeros((0, 6)), history) for history in HISTORIES]
    assert channel_row("none", none)[1:] == ("no usable patch", "none", "none", "0")
    assert {row[1] for row in pooling_table(none).rows} == {"no usable patch"}


@pytest.mark.slow
@pytest.mark.usefixtures("stand_in_exports")
@pytest.mark.parametrize(
    ("pipeline", "mode", "schedule"), [("rnet", "F+N", "fast"), ("inet", "F", "paper")]
)
def test_a_point_that_is_there_is_exported_without_further_training(
    pipeline: str, mode: str, schedule: str, camsim: Camsim, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr("camera_sim.commands.train_joint.HELD_OUT_PATCHES", 2)
    folders = [tmp_path / name for name in ("first", "second")]
    for number, folder in enumerate(folders):
        folder.mkdir()
        for index in range(2):
            Image.fromarray(picture(448, 448, 2 * number + index)).save(folder / f"{index}.png")
    out, start = tmp_path / "run", FOLDER / f"{pipeline}.safetensors"
    words = ("train", "joint", "--pictures", *folders, "--pipeline", pipeline, "--mode", mode)
    words += ("--start-from", start, "--schedule", schedule, "--out", out, "--threads", 1)
    words += ("--channel", "paper", "--curriculum", 0, "--steps", 2, "--scenes", 1)
    words += ("--unknown-camera", 1, "--validate-every", 1)
    ran = camsim(*words)
    assert ran.status == 0, ran.err
    assert f"camsim develop --pipeline {pipeline} --weights {out / 'camera'}" in ran.out
    before = (out / "history.jsonl").read_text()
    again = camsim(*words, "--point", 1)
    assert again.status == 0, again.err
    assert again.out.startswith("step 1:")
    assert (out / "history.jsonl").read_text() == before
    [entry] = json.loads((out / "verifier" / "manifest.json").read_text())["models"]
    assert entry["figures"]["step"] == 1
    assert (entry["data"], entry["pipeline"]) == ("first, second", pipeline)
