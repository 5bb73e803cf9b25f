"""What a detector of edits may say: sharing a picture again is no edit."""

import pytest

from tests.verifier.judging.test_verdict import LASTS, verdict
from verifier.detectors.manipulation import ManipulationDetector
from verifier.judging.decision import Answer, Grounds, decide
from verifier.report.record import DetectorResult
from verifier.weights import read_manifest

ENTRY = read_manifest().of_task(ManipulationDetector.task)[0]


def decided(**found: float) -> Answer:
    """Decide by probabilities alone, of a picture that the model may answer about."""
    names = [label.name for label in ENTRY.labels]
    probabilities = dict.fromkeys(names, 0.0) | found
    calibration = ENTRY.calibration_for(None)
    assert calibration is not None
    return decide(ENTRY, Grounds(calibration, probabilities))


def result(answer: Answer) -> DetectorResult:
    return DetectorResult(
        name="manipulation", question="?", status=answer.status, finding=answer.finding,
        answer=answer.answer.name if answer.answer else None, confidence=answer.confidence,
    )  # fmt: skip


def test_what_was_saved_once_more_is_told_and_not_accused() -> None:
    answer = decided(jpeg=0.97, gaussian=0.03)
    assert (answer.status, answer.finding) == ("ran", "informs")
    assert answer.answer is not None
    assert answer.answer.name == "jpeg"
    assert "no evidence against the picture" in answer.reasons[0]
    assert verdict(result(answer), stability=LASTS).label == "inconclusive"


@pytest.mark.parametrize("edit", ["sharpen", "gaussian", "resample"])
def test_what_no_upload_does_is_evidence(edit: str) -> None:
    answer = decided(**{edit: 0.97, "jpeg": 0.03})
    assert (answer.finding, answer.answer and answer.answer.name) == ("evidence against", edit)


def test_a_shipped_model_knows_what_sharing_does() -> None:
    assert "jpeg" in {label.name for label in ENTRY.labels}
