"""Rules of the verdict that need no picture: detectors that contradict each other."""

import pytest

from tests.verifier.toy import native
from verifier.channel_reading import read_channel
from verifier.credentials import no_credential
from verifier.report import DetectorResult, Finding, Verdict
from verifier.stability import untested
from verifier.verdict import conclude

WORDS = {"natural": "a photograph", "generated": "a generated picture"}


def result(name: str, finding: Finding, answer: str) -> DetectorResult:
    return DetectorResult(
        name=name, question="?", status="ran", finding=finding, answer=answer,
        confidence=0.99, label_words=WORDS if name == "synthetic" else {"native": "as it was"},
    )  # fmt: skip


def verdict(*detectors: DetectorResult) -> Verdict:
    return conclude(no_credential(), read_channel(None, native(64, 64)), detectors, untested())


CLEARED = result("manipulation", "consistent", "native")


def test_what_is_taken_for_generated_is_not_cleared() -> None:
    found = verdict(CLEARED, result("synthetic", "informs", "generated"))
    assert (found.label, found.level) == ("inconclusive", "none")
    assert "contradict each other" in found.statistics


@pytest.mark.parametrize(
    "other",
    [
        result("synthetic", "informs", "natural"),
        result("network", "informs", "whatsapp"),
    ],
)
def test_what_does_not_contradict_leaves_it_cleared(other: DetectorResult) -> None:
    assert verdict(CLEARED, other).label == "consistent"


def test_evidence_against_is_followed_all_the_same() -> None:
    against = result("synthetic", "evidence against", "generated")
    assert verdict(CLEARED, against).label == "evidence against"
