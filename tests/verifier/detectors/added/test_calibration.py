"""Calibrating an added detector: what is fitted, what is held out, and what is refused."""

import numpy as np
import pytest
from scipy.stats import beta

from verifier.detectors.added.calibration import AddedCalibration, Scored, _halves, calibrated
from verifier.errors import ScoresError
from verifier.judging.calibration import upper_bound

CHANNELS = ("none", "whatsapp")


def scores(
    photographs: int, generated: int, apart: float = 3.0, shift: float = -5.0
) -> list[Scored]:
    rng = np.random.default_rng(0)
    return [
        Scored(str(number), is_generated, channel, float(shift + apart * is_generated + noise))
        for is_generated, count in ((False, photographs), (True, generated))
        for number in range(count)
        for channel, noise in zip(CHANNELS, rng.normal(0, 0.5, 2), strict=True)
    ]


@pytest.fixture(scope="module")
def found() -> AddedCalibration:
    return calibrated(scores(100, 80), "made")


def test_a_network_whose_scores_are_all_low_is_calibrated(found: AddedCalibration) -> None:
    """Its own zero means nothing: all of these log odds are below it."""
    any_channel = found.channels["any"]
    assert any_channel.probability(-5) < 0.1
    assert any_channel.probability(-2) > 0.9
    assert any_channel.threshold.pictures == 50
    assert any_channel.threshold.false_alarm_rate <= 0.04
    assert any_channel.generated == 40
    assert any_channel.found >= 36
    assert any_channel.answers


def test_each_platform_has_its_own(found: AddedCalibration) -> None:
    assert sorted(found.channels) == ["any", "whatsapp"]
    assert found.of_channel("whatsapp")[0] == "whatsapp"
    assert found.of_channel("telegram")[0] == "any"
    assert found.of_channel(None)[0] == "any"
    assert (found.photographs, found.generated) == (100, 80)


def test_a_photograph_is_wrong_if_any_version_of_it_is() -> None:
    rows = scores(80, 80)
    spoiled = [
        Scored(one.picture, generated=False, channel=one.channel, score=9.0)
        if not one.generated and one.channel == "whatsapp" and int(one.picture) % 4 == 0
        else one
        for one in rows
    ]
    alone = calibrated([one for one in spoiled if one.channel == "none"], "").channels["any"]
    assert alone.threshold.false_alarm_rate <= 0.05
    assert alone.found >= 36
    assert calibrated(spoiled, "").channels["any"].found == 0  # the threshold lies above them all


def test_a_detector_that_knows_nothing_is_not_answered_by() -> None:
    rng = np.random.default_rng(1)
    rows = [Scored(str(n), n % 2 == 0, "none", float(rng.normal())) for n in range(400)]
    one = calibrated(rows, "").channels["any"]
    assert one.found <= 12
    turned = [Scored(r.picture, r.generated, "none", -4.0 * r.generated) for r in rows]
    assert calibrated(turned, "").channels["any"].slope == 0  # by its card it points the other way


def test_one_that_is_wrong_on_held_out_photographs_gives_no_answer() -> None:
    rows = scores(80, 80)
    _, held_out = _halves(rows)
    bad = {one.picture for one in held_out if not one.generated}
    some = set(sorted(bad)[: len(bad) // 5])
    spoiled = [
        Scored(one.picture, generated=False, channel=one.channel, score=9.0)
        if not one.generated and one.picture in some
        else one
        for one in rows
    ]
    one = calibrated(spoiled, "").channels["any"]
    assert one.threshold.false_alarm_rate == pytest.approx(0.2)
    assert not one.answers


@pytest.mark.parametrize(("photographs", "generated"), [(39, 100), (100, 39), (0, 0)])
def test_too_few_pictures_are_refused(photographs: int, generated: int) -> None:
    said = f"there are {photographs} photographs and {generated} generated pictures; 40 of each"
    with pytest.raises(ScoresError, match=said):
        calibrated(scores(photographs, generated), "")


def test_the_same_pictures_are_held_out_each_time() -> None:
    rows = scores(60, 60)
    assert calibrated(rows, "") == calibrated(list(reversed(rows)), "")


def test_the_bound_is_clopper_and_pearsons() -> None:
    for trials in (1, 20, 59, 523):
        for events in {0, 1, trials // 3, trials - 1} - {trials}:
            expected = beta.ppf(0.95, events + 1, trials - events)
            assert upper_bound(events, trials) == pytest.approx(expected, rel=1e-9)
    assert upper_bound(5, 5) == 1
