"""``camsim train origin`` by default: patches described once, weighed, sets left out in turn."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from camera_sim.errors import TrainingError
from camera_sim.training.origin_data import Source
from camera_sim.training.origin_layer import (
    Gathered,
    LayerRecipe,
    gather,
    learn,
    left_out,
    log_probabilities,
)
from tests.camera_sim.conftest import Camsim
from verifier.detectors.origin import scored
from verifier.evaluation.origin_bench import read_origin_records
from verifier.features.forensic_statistics import COUNT
from verifier.model import Model
from verifier.training.equalise import Ranges
from verifier.weights import read_manifest

KINDS = ("npi", "cgg", "dgi")
RECIPE = LayerRecipe(patches=2, draws=2)


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
    return gather(sources, RECIPE, Ranges(), tmp_path_factory.mktemp("run"))


def test_every_class_is_learnt_and_sets_left_out_are_named_by_others(gathered: Gathered) -> None:
    fitted = learn(gathered, 3, 0.02)
    named = log_probabilities(fitted, gathered).argmax(2)
    assert (named == gathered.kinds[:, None]).all()
    found = dict(left_out(gathered, KINDS, 0.02))
    assert sorted(found) == sorted(set(gathered.sets))
    assert {r.set for r in found["dgi/b"]} == {"dgi/b"}
    assert all(r.mean_log[2] == max(r.mean_log) for r in found["dgi/b"])


def test_the_layer_that_is_asked_about_a_set_never_saw_it(gathered: Gathered) -> None:
    """Pictures of one class under another's name are learnt only by layers that saw them so."""
    wrong = [replace(s, kind=2, set="dgi/odd") if s.set == "npi/b" else s for s in gathered.sources]
    mixed = Gathered(tuple(wrong), gathered.features)
    seen = log_probabilities(learn(mixed, 3, 0.02), mixed)[mixed.sets == "dgi/odd"]
    assert (seen.argmax(2) == 2).all()
    records = dict(left_out(mixed, KINDS, 0.02))["dgi/odd"]
    assert all(np.argmax(r.mean_log) == 0 for r in records)


def test_a_class_of_one_set_is_not_left_out(gathered: Gathered) -> None:
    single = gathered.of(gathered.sets != "cgg/b")
    assert "cgg/a" not in dict(left_out(single, KINDS, 0.02))


def test_gathering_goes_on_where_it_stopped(tmp_path: Path) -> None:
    sources = [source(0, "a", n) for n in range(2)]
    first = gather(sources, RECIPE, Ranges(), tmp_path)
    [kept] = tmp_path.glob("*.npz")
    with np.load(kept) as file:
        told = {name: file[name] for name in file.files}
    np.savez(kept, **(told | {"statistics": np.zeros_like(first.statistics)}))
    assert not gather(sources, RECIPE, Ranges(), tmp_path).statistics.any()
    with pytest.raises(TrainingError, match="other pictures or otherwise"):
        gather(sources, replace(RECIPE, draws=3), Ranges(), tmp_path)
    kept.write_bytes(b"broken")
    with pytest.raises(TrainingError, match="remove it"):
        gather(sources, RECIPE, Ranges(), tmp_path)


def test_a_user_trains_on_a_folder_and_calibrates_on_sets_left_out(
    camsim: Camsim, tmp_path: Path
) -> None:
    folder = tmp_path / "pictures"
    for kind, name in enumerate(KINDS):
        for number in range(14):
            path = folder / name / "ab"[number % 2] / f"{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(picture(kind, number)).save(path)
    run = tmp_path / "run"
    ran = camsim(
        "train", "origin", "--pictures", folder, "--out", run, "--patches", 2, "--draws", 2,
        "--name", "mine",
    )  # fmt: skip
    assert ran.status == 0, ran.err
    assert (run / "curve.png").exists()
    assert "without npi/a" in ran.err
    [entry] = read_manifest(run / "weights").models
    assert (entry.task, entry.input.kind) == ("origin", "forensic statistics")
    assert entry.parameters == 3 * (COUNT + 1)
    scores = scored(Model(entry, run / "weights"), picture(1, 99), 2)
    assert scores is not None
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
