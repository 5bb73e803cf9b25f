"""``camsim train platform``: what it is made of, that it resumes, and what it exports."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from tests.camera_sim.conftest import Camsim
from tests.channel.conftest import photo
from verifier.detectors.model import Model
from verifier.errors import TrainingError
from verifier.evaluation.platform.classes import CLASSES
from verifier.features.dct_histogram import PATCH_BINS
from verifier.training.platform.data import (
    CacheRecipe,
    Histograms,
    cached_histograms,
    textured_places,
)
from verifier.training.platform.export import export
from verifier.training.platform.train import PlatformRecipe, build, split, train_platform

RECIPE = PlatformRecipe(steps=3, batch=4, validate_every=2, bfloat16=False)


@pytest.fixture
def pictures(tmp_path: Path) -> list[Path]:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(2):
        Image.fromarray(photo(90, 120, number)).save(folder / f"{number}.png")
    return sorted(folder.iterdir())


def made(seed: int = 0) -> Histograms:
    """Patches of eight sources, in which a class is one level of the first coefficient."""
    rng = np.random.default_rng(seed)
    labels = np.tile(np.arange(len(CLASSES)), 8)
    counts = rng.integers(0, 3, (len(labels), PATCH_BINS), np.uint8)
    counts[np.arange(len(labels)), 5 * labels] = 60
    return Histograms(counts, labels, np.repeat(np.arange(8), len(CLASSES)))


def test_histograms_are_made_once(pictures: list[Path], tmp_path: Path) -> None:
    recipe, seen = CacheRecipe(uploads=1, patches=2), []
    classes = (CLASSES[3], CLASSES[7])
    data = cached_histograms(pictures, recipe, tmp_path, lambda *s: seen.append(s), classes)
    assert seen == [(1, 2), (2, 2)]
    assert set(data.labels) <= {0, 1}
    assert set(data.sources) == {0, 1}
    assert data.counts.dtype == np.uint8
    written = {p: p.stat().st_mtime_ns for p in (tmp_path / "features").iterdir()}
    again = cached_histograms(pictures, recipe, tmp_path, lambda *_: None, classes)
    assert np.array_equal(again.counts, data.counts)
    assert {p: p.stat().st_mtime_ns for p in (tmp_path / "features").iterdir()} == written
    with pytest.raises(TrainingError, match="choose another --out"):
        cached_histograms(pictures, CacheRecipe(uploads=2), tmp_path, lambda *_: None, classes)


def test_flat_patches_are_left_out() -> None:
    pixels = photo(192, 192)
    pixels[:64] = 100
    places = textured_places(pixels, np.random.default_rng(0), 99)
    assert sorted(places) == [(x, y) for x in (0, 64, 128) for y in (64, 128)]
    assert len(textured_places(pixels, np.random.default_rng(0), 4)) == 4


def test_whole_sources_are_held_out() -> None:
    training, held_out = split(made(), seed=0)
    assert not set(training.sources) & set(held_out.sources)
    assert len(training.labels) + len(held_out.labels) == len(made().labels)
    with pytest.raises(TrainingError, match="give more"):
        split(made().where(made().sources == 0), seed=0)


@pytest.mark.slow
def test_a_run_goes_on_where_it_stopped_and_exports_what_it_learnt(tmp_path: Path) -> None:
    training, held_out = split(made(), seed=0)

    def run(out: Path, stop_at: int | None = None) -> dict[str, object]:
        out.mkdir(exist_ok=True)
        torch.manual_seed(0)
        model = build()

        def report(state: object) -> None:
            if stop_at == state.step:
                raise KeyboardInterrupt

        train_platform(model, training, held_out, RECIPE, out, report)
        return model.state_dict()

    whole = run(tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "parts", stop_at=2)
    resumed = run(tmp_path / "parts")
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)
    with pytest.raises(TrainingError, match="another seed"):
        train_platform(
            build(), training, held_out, PlatformRecipe(3, 4, 1.0, 2, False, 1),
            tmp_path / "parts", lambda _: None,
        )  # fmt: skip
    model = build()
    model.load_state_dict(whole)
    entry = export(model, "a", CacheRecipe(), RECIPE, "made", 0.5, tmp_path / "weights")
    assert (entry.task, entry.input.kind, len(entry.labels)) == ("platform", "DCT histograms", 9)
    assert (tmp_path / "weights" / entry.file).stat().st_size < 7e6
    counts = made().counts[:3].astype(np.float32)
    with torch.no_grad():
        expected = model.eval()(torch.from_numpy(counts)).numpy()
    found = Model(entry, tmp_path / "weights").logits([counts])
    np.testing.assert_allclose(found, expected, atol=1e-3)


def test_a_class_without_patches_is_refused(tmp_path: Path) -> None:
    data = made()
    with pytest.raises(TrainingError, match="class 2 has no patches"):
        train_platform(
            build(), data.where(data.labels != 2), data, RECIPE, tmp_path, lambda _: None
        )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--steps", 0), "--steps must be at least 1"),
        (("--uploads", 0), "--uploads must be at least 1"),
        (("--seed", -1), "--seed cannot be negative"),
        (("--workers", 0), "--workers must be at least 1"),
    ],
)
def test_bad_options_are_refused_in_a_sentence(
    words: tuple[object, ...], message: str, camsim: Camsim, pictures: list[Path], tmp_path: Path
) -> None:
    folder = pictures[0].parent
    ran = camsim("train", "platform", "--pictures", folder, "--out", tmp_path / "run", *words)
    assert ran.status == 2
    assert message in ran.err
    assert len(ran.err.splitlines()) == 1
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_no_pictures_are_refused(camsim: Camsim, tmp_path: Path) -> None:
    ran = camsim("train", "platform", "--pictures", tmp_path, "--out", tmp_path / "run")
    assert ran.status == 2
    assert "holds no picture" in ran.err
    assert ran.out == ""
