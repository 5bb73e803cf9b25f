"""What the shipped models say of measured copies, and how well their probabilities fit."""

from collections.abc import Sequence

import pytest

from camera_sim.evaluation.watermark.edit_judging import EditJudge
from camera_sim.evaluation.watermark.edit_tables import COMPRESSED, LOST, UNJUDGED
from camera_sim.evaluation.watermark.edited import Measured
from verifier.detectors.edits import TOO_STRONGLY
from verifier.watermark.description import LEAST_LEFT

CLEAR = 1.0, 0.01, 1.0, 0.0, 0.0
"""A slope that is steeper than any edit's, and surely so."""
STRONG = *CLEAR[:3], LEAST_LEFT - 0.01, 0.0


@pytest.fixture(scope="module")
def judge() -> EditJudge:
    return EditJudge()


def _row(kind: str, numbers: Sequence[float] = CLEAR) -> Measured:
    return Measured("a.jpg", kind, 1.0, ("facebook",), tuple(numbers), tuple(numbers))


@pytest.mark.parametrize("keyed", [True, False])
def test_copies_are_called_what_they_look_like(judge: EditJudge, keyed: bool) -> None:
    rows = [_row("sharpen"), _row("sharpen", STRONG), _row("sharpen", ())]
    answers = [one.answer for one in judge(rows, keyed=keyed)]
    assert answers == ["sharpen", COMPRESSED, LOST]


def test_a_copy_that_was_measured_with_its_own_key_alone_is_judged_by_that(
    judge: EditJudge,
) -> None:
    rows = [Measured("a.jpg", "sharpen", 1.0, ("facebook",), keyed=CLEAR)]
    assert [one.answer for one in judge(rows, keyed=True)] == ["sharpen"]
    reliability = judge.reliability(rows, keyed=True)
    assert reliability is not None
    assert reliability.count == (1,)
    assert judge.reliability(rows, keyed=False) is None


@pytest.mark.parametrize("keyed", [True, False])
def test_where_a_report_abstains_a_copy_is_not_judged(judge: EditJudge, keyed: bool) -> None:
    of = "a.jpg", "sharpen", 1.0, ("facebook",)
    rows = [Measured(*of, unknown=why) for why in (TOO_STRONGLY, "It was bent.")]
    assert [one.answer for one in judge(rows, keyed=keyed)] == [COMPRESSED, UNJUDGED]


@pytest.mark.parametrize("keyed", [True, False])
def test_the_calibration_error_is_that_of_copies_that_are_judged(
    judge: EditJudge, keyed: bool
) -> None:
    left_out = [_row("sharpen", STRONG), _row("sharpen", ()), _row("median")]
    right = judge.reliability([_row("sharpen"), *left_out], keyed=keyed)
    assert right is not None
    assert right.error < 0.5
    assert right.count == (1,)
    saved_again = judge.reliability([_row("jpeg")], keyed=keyed)  # unedited, and looks edited
    assert saved_again is not None
    assert saved_again.error == pytest.approx(1 - right.error)


def test_of_no_copy_there_is_no_reliability(judge: EditJudge) -> None:
    assert judge.reliability([_row("median")], keyed=True) is None
