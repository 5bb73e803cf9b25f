"""The network of edits learns where each kind's slopes lie, and abstains where they are unknown."""

from pathlib import Path

import numpy as np
import pytest

from verifier.detectors.model import Model
from verifier.judging.calibration import probabilities
from verifier.training.edits.export import export_edits
from verifier.training.edits.train import (
    KINDS,
    EditRecipe,
    Sample,
    logits_of,
    out_of_fold,
    train_edits,
)
from verifier.weights import Calibration, read_manifest

SLOPES = dict(zip(KINDS, (0.0, 0.25, -0.2, -0.4, -0.1), strict=True))
RECIPE = EditRecipe(steps=150, batch=64)


def _samples(error: float, seed: int = 0) -> list[Sample]:
    rng = np.random.default_rng(seed)
    return [
        Sample(
            np.array([slope + rng.normal(0, error), error, 1.0, -0.1, 0.0], np.float32),
            kind,
            f"photo {number % 10}",
        )
        for number in range(60)
        for kind, slope in SLOPES.items()
    ]


def test_slopes_that_are_well_known_are_named() -> None:
    network = train_edits(_samples(0.02), RECIPE)
    fresh = _samples(0.02, seed=1)
    found = logits_of(network, fresh).argmax(1)
    assert np.mean(found == [sample.label for sample in fresh]) > 0.95


def test_slopes_that_are_badly_known_decide_nothing() -> None:
    network = train_edits([*_samples(0.02), *_samples(1.0, seed=2)], RECIPE)
    unsure = probabilities(logits_of(network, _samples(1.0, seed=3)), 1.0)
    assert np.median(unsure.max(1)) < 0.75


def test_a_photo_is_judged_by_networks_that_did_not_see_it() -> None:
    samples = _samples(0.02)
    logits = out_of_fold(samples, EditRecipe(steps=40, batch=64))
    assert logits.shape == (len(samples), len(KINDS))
    assert np.isfinite(logits).all()
    assert np.abs(logits).sum(1).min() > 0


@pytest.mark.slow
def test_it_is_exported_with_its_calibration(tmp_path: Path) -> None:
    network = train_edits(_samples(0.02), RECIPE)
    calibration = Calibration(
        temperature=1.0, exponent=0.0, expected_calibration_error=0.0, pictures=1, data="made"
    )
    for name in ("edits-before", "edits-a"):  # the folder has the last one alone
        export_edits(network, name, "edits", "qnet", RECIPE, calibration, {}, "CC0-1.0", tmp_path)
    assert [entry.name for entry in read_manifest(tmp_path).of_task("edits")] == ["edits-a"]
    entry = read_manifest(tmp_path).find("edits-a")
    samples = _samples(0.02, seed=4)[:5]
    rows = np.stack([sample.described for sample in samples])
    again = Model(entry, tmp_path).logits([rows])
    assert np.allclose(again, logits_of(network, samples), atol=1e-4)
