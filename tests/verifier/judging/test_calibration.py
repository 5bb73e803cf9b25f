import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from verifier import ScoresError
from verifier.judging.calibration import (
    fit_pooling,
    fit_temperature,
    mean_log_probabilities,
    pooled,
    probabilities,
    reliability,
    threshold_for,
    top_label_reliability,
    upper_bound,
)


def sampled(count: int, temperature: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Scores whose softmax at a temperature is the true distribution of the classes."""
    rng = np.random.default_rng(seed)
    scores = rng.normal(0, 3, (count, 4))
    found = probabilities(scores, temperature)
    truth = np.array([rng.choice(4, p=shares) for shares in found])
    return scores, truth


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_the_true_temperature_is_found(temperature: float) -> None:
    scores, truth = sampled(6000, temperature)
    assert fit_temperature(scores, truth) == pytest.approx(temperature, rel=0.08)


def test_temperature_scaling_lowers_the_calibration_error() -> None:
    scores, truth = sampled(4000, 4.0)
    before = top_label_reliability(probabilities(scores, 1.0), truth).error
    fitted = fit_temperature(scores[:2000], truth[:2000])
    after = top_label_reliability(probabilities(scores[2000:], fitted), truth[2000:]).error
    assert before > 0.2
    assert after < 0.04


def test_a_calibrated_model_has_the_error_that_chance_gives_it() -> None:
    errors, by_chance = [], []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        stated = rng.uniform(0.3, 1, 200)
        found = reliability(stated, rng.random(200) < stated)
        errors.append(found.error)
        by_chance.append(found.error_by_chance)
    assert np.mean(by_chance) == pytest.approx(np.mean(errors), rel=0.15)
    assert min(errors) > 0.01


def test_pooling_independent_patches_is_their_sum_and_repeated_ones_their_mean() -> None:
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 2, 1500)
    patches = rng.integers(4, 40, 1500)
    evidence = np.where(truth == 0, 0.3, -0.3)
    independent = np.array(
        [mean_log_probabilities(_logits(rng, e, n)) for e, n in zip(evidence, patches, strict=True)]
    )
    assert fit_pooling(independent, patches, truth)[0] == 1.0
    one = np.array([mean_log_probabilities(_logits(rng, e, 1)) for e in evidence])
    assert fit_pooling(one, patches, truth)[0] == 0.0
    same = np.full_like(patches, patches[0])
    assert fit_pooling(independent, same, truth)[0] == 0.0  # which nothing tells


def _logits(rng: np.random.Generator, evidence: float, count: int) -> np.ndarray:
    first = rng.normal(evidence, 1, count)
    return np.stack([first, -first], 1)


def test_pooling_weighs_the_mean() -> None:
    assert np.allclose(pooled([[-1.0, -2.0]], [9], 0.5), [[-3.0, -6.0]])


def test_reliability_of_a_known_case() -> None:
    diagram = reliability([0.9, 0.9, 0.1, 0.1], [1, 0, 0, 0], bins=10)
    assert np.allclose(diagram.confidence, (0.1, 0.9))
    assert diagram.accuracy == (0.0, 0.5)
    assert diagram.count == (2, 2)
    assert diagram.error == pytest.approx(0.25)


def test_the_edges_fall_into_bins() -> None:
    assert reliability([0.0, 1.0], [0, 1]).error == 0


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=200), st.floats(0, 0.99), st.floats(0, 0.9))
def test_thresholds_keep_their_rate(values: list[float], rate: float, least: float) -> None:
    threshold = threshold_for(values, rate, least)
    if threshold.value < 1:
        assert threshold.false_alarm_rate <= rate
    assert threshold.false_alarm_rate <= threshold.upper_bound <= 1
    assert threshold.value >= least
    alarms = np.mean(np.array(values) >= threshold.value)
    assert threshold.false_alarm_rate == pytest.approx(alarms)


def test_few_pictures_prove_no_low_rate() -> None:
    assert threshold_for([0.1] * 10, 0.01).upper_bound > 0.25
    assert threshold_for([0.1] * 1000, 0.01).upper_bound < 0.004


def test_the_bound_of_clopper_and_pearson() -> None:
    assert upper_bound(0, 299) == pytest.approx(0.01, abs=1e-4)  # the rule of three
    assert upper_bound(5, 5) == 1.0


@pytest.mark.parametrize(
    "call",
    [
        lambda: fit_temperature(np.zeros((0, 3)), []),
        lambda: fit_temperature(np.zeros((3, 3)), [0]),
        lambda: reliability([], []),
        lambda: threshold_for([], 0.1),
        lambda: threshold_for([0.1], 1.0),
    ],
)
def test_nothing_is_fitted_to_nothing(call) -> None:
    with pytest.raises(ScoresError):
        call()
