import json
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import cast

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from camera_sim import weights as camera_weights
from camera_sim.commands import train_pooling
from camera_sim.errors import TrainingError
from camera_sim.evaluation.pair_figures import draw_scales
from camera_sim.evaluation.pair_tables import (
    UnknownCameraPicture,
    camera_table,
    unknown_camera_table,
)
from camera_sim.networks.rnet import WATERMARK_PATTERN, pattern_levels
from camera_sim.training.pair.captures import (
    DevelopedCapture,
    Pair,
    Read,
    Scores,
    open_pair,
    picture_accuracy,
)
from camera_sim.training.pair.pooling import held_out, learn, measured_pattern, validation_table
from camera_sim.training.pair.pooling_data import KINDS, Kept
from tests.camera_sim.conftest import Camsim
from tests.camera_sim.scenes import picture
from tests.camera_sim.tiny_pair import NAME
from tests.verifier.toy import CALIBRATION
from verifier import Verifier
from verifier.features.watermark_proof import AGREEING, STRONG, WatermarkProof
from verifier.features.watermark_sync import FOUND, Sync
from verifier.weights import ANY_CHANNEL, add_to_manifest, read_manifest

PAIR = "rnet-fan-3"


def noisy(folder: Path, count: int = 2, side: int = 480) -> Path:
    """Write pictures with grain, so that no part of them is too flat to be looked at."""
    folder.mkdir()
    for seed in range(count):
        grain = np.random.default_rng(seed).normal(0, 12, (side, side, 3))
        levels = np.clip(picture(side, side, seed) + grain, 0, 255).astype(np.uint8)
        Image.fromarray(levels).save(folder / f"{seed}.png")
    return folder


@pytest.fixture(scope="module")
def pair() -> Pair:
    return open_pair(PAIR)


class Here:
    """Does tasks in this process: another takes seconds to start, and the first run has some."""

    def __init__(self, count: int) -> None:
        assert count == 1

    def map(
        self, function: Callable[[object], object], tasks: Iterable[object]
    ) -> Iterator[object]:
        return ((task, function(task)) for task in tasks)


def calibrated(run: Path, folder: Path) -> Path:
    """Copy a run whose FAN is calibrated."""
    shutil.copytree(run, folder)
    entry = read_manifest(folder / "verifier").find(NAME)
    known = entry.model_copy(update={"calibrations": {ANY_CHANNEL: CALIBRATION}})
    add_to_manifest(known, folder / "verifier")
    return folder


def test_the_measured_pattern_is_the_pattern(pair: Pair, tmp_path: Path) -> None:
    files = sorted(noisy(tmp_path / "pictures").iterdir())
    measured = measured_pattern(pair, files)
    embedded = pattern_levels(WATERMARK_PATTERN)
    assert np.corrcoef(measured.ravel(), embedded.ravel())[0, 1] > 0.97
    assert measured.std() == pytest.approx(embedded.std(), rel=0.1)


def test_a_pair_without_a_watermark_is_refused(pair: Pair, tmp_path: Path) -> None:
    plain = Pair(watermarked=pair.plain, plain=pair.plain, fan=pair.fan)
    with pytest.raises(TrainingError, match="embeds no watermark"):
        measured_pattern(plain, sorted(noisy(tmp_path / "pictures").iterdir()))


def test_black_pictures_are_refused(pair: Pair, tmp_path: Path) -> None:
    path = tmp_path / "black.png"
    Image.fromarray(np.zeros((480, 480, 3), np.uint8)).save(path)
    with pytest.raises(TrainingError, match="burnt out or black"):
        measured_pattern(pair, [path])


@pytest.mark.slow(seconds=15)
def test_a_run_is_resumed_and_its_weights_judge(
    camsim: Camsim, tiny_pair: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(train_pooling, "DRAWS", 2)
    folder, out = noisy(tmp_path / "pictures", count=4), tmp_path / "run"
    whole = noisy(tmp_path / "whole", side=768)
    command = ["train", "pooling", "--pictures", str(folder), "--parts", "1", "--out", str(out)]
    command += ["--whole", str(whole), "--pair", NAME]
    command += ["--weights", str(calibrated(tiny_pair, tmp_path / "joint"))]
    first = camsim(*command, "--workers", "1")
    assert first.status == 0, first.err
    assert "Held-out pictures" in first.out
    assert (recipe := read_manifest(out / "verifier").find(NAME).recipe) is not None
    assert recipe["pooling: whole"] == 2
    written = {part.name: part.stat().st_mtime_ns for part in (out / "gathered").iterdir()}
    (out / "gathered" / "whole-1.safetensors").unlink()
    monkeypatch.setattr("camera_sim.training.pair.pooling.Processes", Here)
    assert camsim(*command, "--workers", "1").status == 0
    again = {
        part.name: part.stat().st_mtime_ns for part in (out / "gathered").glob("*.safetensors")
    }
    assert {name for name in again if again[name] != written[name]} == {"whole-1.safetensors"}
    entry = read_manifest(out / "verifier").find(NAME)
    assert entry.pooling is not None
    assert entry.calibrations == {}
    assert open_pair(NAME, out).fan.pooling is not None
    with Verifier.from_weights(out / "verifier", resend_through=()) as verifier:
        report = verifier.analyze(folder / "0.png")
    scores = next(one for one in report.detectors if one.name == "manipulation").scores
    assert set(scores) == {label.name for label in entry.labels}
    other = camsim(*command, "--seed", "1")
    assert other.status == 2
    assert "gathered otherwise" in other.err


@pytest.mark.slow
def test_a_picture_is_taken_whole(tmp_path: Path, pair: Pair, tiny_pair: Path) -> None:
    from camera_sim.training.pair.pooling_data import PARTS_OF_WHOLE, Gathering, PairOpener

    small, large = (sorted(noisy(tmp_path / name, side=s).iterdir()) for name, s in
                    (("small", 480), ("large", 896)))  # fmt: skip
    opener = PairOpener(NAME, tiny_pair, camera_weights.FOLDER)
    pattern = measured_pattern(pair, small)
    gathering = Gathering(opener, [small], large, pattern, draws=1, seed=0)
    kept = gathering(large[1])
    assert kept.labels[~kept.parts].tolist() == [0, 1, 2, 3, 4, 5]
    assert kept.parts.sum() == 6 * PARTS_OF_WHOLE
    assert set(kept.kinds) == {0}
    held = held_out(kept, [small, large])
    assert held.all()  # the last of its folder
    assert not held_out(gathering(large[0]), [small, large]).any()
    flat = tmp_path / "flat.png"
    Image.fromarray(np.full((480, 480, 3), 128, np.uint8)).save(flat)
    (broken := tmp_path / "broken.png").write_bytes(b"no picture")
    for nothing in (flat, broken):
        none = Gathering(opener, [small], [nothing], pattern, draws=1, seed=0)(nothing)
        assert none.statistics.shape == (0, kept.statistics.shape[1])
        assert none.patches.shape == (0, kept.patches.shape[1])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--parts", "0"], "--parts must be at least 1"),
        (["--workers", "0"], "--workers must be at least 1"),
        (["--seed", "-1"], "--seed cannot be negative"),
        ([], "holds one picture"),
    ],
)
def test_bad_options_are_told(
    camsim: Camsim, tmp_path: Path, options: list[str], words: str
) -> None:
    folder = noisy(tmp_path / "pictures", count=1)
    run = camsim("train", "pooling", "--pictures", str(folder), "-o", str(tmp_path / "o"), *options)
    assert run.status == 2
    assert words in run.err
    assert not (tmp_path / "o").exists()


@pytest.mark.slow
def test_a_folder_that_gives_nothing_whole_is_told(
    camsim: Camsim, tiny_pair: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(train_pooling, "DRAWS", 1)
    several, one = noisy(tmp_path / "several", count=3), noisy(tmp_path / "one", count=1)
    small, out = noisy(tmp_path / "small", side=240), tmp_path / "o"
    command = ["train", "pooling", "--pictures", str(several), "--parts", "1", "-o", str(out)]
    command += ["--pair", NAME, "--weights", str(tiny_pair)]
    single = camsim(*command, "--whole", str(one))
    assert (single.status, out.exists()) == (2, False)
    assert "one holds one picture" in single.err
    none = camsim(*command, "--whole", str(small), "--workers", "1")
    assert none.status == 2
    assert "no picture of --whole" in none.err
    assert not (out / "verifier").exists()


def made(count: int = 600) -> Kept:
    """Statistics of which six tell the class, in noise."""
    rng = np.random.default_rng(0)
    labels = np.arange(count) % 6
    statistics = rng.normal(0, 1, (count, 20))
    statistics[np.arange(count), labels] += 5
    return Kept(
        statistics.astype(np.float16),
        np.full((count, 6), -2, np.float16),
        labels,
        np.zeros(count, np.int64),
        np.arange(count) // 6 % 10,
        np.zeros(count, np.bool_),
    )


def test_what_statistics_tell_is_learnt_of_other_pictures() -> None:
    kept = made()
    files = [Path(f"{number}.png") for number in range(10)]
    held = held_out(kept, [files])
    assert set(kept.pictures[held]) == {9}
    network = learn(kept, ~held)
    table = validation_table(network, kept, held).rows
    row = dict(zip(KINDS, table, strict=True))[KINDS[0]]
    assert float(row[3].rstrip("%")) > 90  # by the network
    assert float(row[2].rstrip("%")) < 30  # by patches, which say nothing here
    assert float(row[5]) > 0.95
    with pytest.raises(TrainingError, match="more --parts"):
        learn(kept, np.zeros_like(held))
    with torch.no_grad():
        logits = network(torch.zeros(1, 20), torch.full((1, 6), -2.0))
    assert logits.shape == (1, 6)


def test_pictures_are_named_by_the_whole_not_by_patches() -> None:
    by_patches = np.log(np.array([[0.9, 0.1, 1e-9, 1e-9, 1e-9, 1e-9]] * 3))
    whole = np.log(np.array([0.1, 0.2, 0.6, 0.05, 0.03, 0.02]))
    score = Scores(by_patches, whole, truth="gaussian")
    assert picture_accuracy([score]) == (1.0, 1)
    assert score.named == 2
    empty = Read(np.zeros((0, 6)), np.full(6, np.nan))
    assert not empty.usable


def test_what_was_gathered_names_its_pictures(tmp_path: Path) -> None:
    from camera_sim.training.pair.pooling import PoolingRecipe, gather
    from camera_sim.training.pair.pooling_data import PairOpener

    note = tmp_path / "gathered.json"
    note.write_text(json.dumps({"other": 1}))
    opener = PairOpener(PAIR, None, Path())
    with pytest.raises(TrainingError, match="choose another --out"):
        list(
            gather(opener, [[Path("a.png")]], [], np.zeros((32, 32)), PoolingRecipe(), tmp_path, 1)
        )
    assert json.loads(note.read_text()) == {"other": 1}


def proof_of(own: bool) -> WatermarkProof:
    quarters = (4.0, 4.0, 4.0, 4.0)
    return WatermarkProof(
        Sync(strength=FOUND), STRONG if own else STRONG - 1, AGREEING, 1, 1, quarters
    )


class Stub:
    """Reads a bright picture as the camera's, with its watermark; a dark one as another's."""

    def read(self, picture: NDArray[np.uint8]) -> Read:
        own = picture.mean() > 100
        odds = np.array([0, -9, -9, -9, -9, -2.0 if own else 2.0])
        return Read(np.zeros((3, 6)), odds, proof_of(own))


def test_the_camera_table_tells_own_pictures_from_others() -> None:
    bright, dark = (np.full((64, 64, 3), level, np.uint8) for level in (200, 20))
    captures = [DevelopedCapture("a", bright, dark), DevelopedCapture("b", bright, bright)]
    table = camera_table(cast("Pair", Stub()), captures, {"none": lambda picture: picture})
    assert table.rows == [("none", "4", "100%", "50%", "0%", "50%", "0.750")]


def test_unknown_camera_pictures_without_a_watermark_are_named_but_not_called() -> None:
    class Sure(Stub):
        """Names all pictures native; in dark ones there is no watermark."""

        def read(self, picture: NDArray[np.uint8]) -> Read:
            proof = proof_of(bool(picture.mean() > 100))
            return Read(np.zeros((3, 6)), np.array([0, -9, -9, -9, -9, -1.0]), proof)

    own = [Scores(np.zeros((1, 6)), np.array([0, -9, -9, -9, -9, -9.0]), truth="native")]
    bright, dark = (np.full((64, 64, 3), level, np.uint8) for level in (200, 20))
    pictures = [UnknownCameraPicture("some", bright), *[UnknownCameraPicture("some", dark)] * 3]
    table = unknown_camera_table(cast("Pair", Sure()), own, pictures, lambda picture: picture)
    assert table.rows[-1] == ("all", "4", "1.000", "100.0%", "25.0%")


def test_the_scales_are_drawn(pair: Pair, tmp_path: Path) -> None:
    noise = np.random.default_rng(0).normal(128, 12, (480, 640, 3))
    embedded = np.tile(pattern_levels(WATERMARK_PATTERN), (15, 20))[..., None]
    watermarked, plain = (
        np.clip(noise + part, 0, 255).astype(np.uint8)
        for part in (embedded, np.zeros_like(embedded))
    )
    path = draw_scales(pair, DevelopedCapture("made", watermarked, plain), tmp_path / "scales.png")
    with Image.open(path) as figure:
        assert figure.size[0] > 400
