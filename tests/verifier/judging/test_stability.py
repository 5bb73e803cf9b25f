"""The stability test: what lasts, what turns over, and what can't be tried."""

import threading
from collections.abc import Sequence
from typing import Any

import pytest

from tests.verifier.judging.test_verdict import result
from verifier.detectors.cores import Cores
from verifier.errors import (
    PhotoError,
    PhotoTimeoutError,
    PhotoTooLargeError,
    PhotoUnreadableError,
    WorkerError,
)
from verifier.judging.stability import stability, survives
from verifier.report.record import DetectorResult, Finding, Stability
from verifier.report.wording import detector_headline, stability_headline

EDITED = result("manipulation", "evidence against", "gaussian")
CLEARED = result("manipulation", "consistent", "native")


def sent_through(
    answers: dict[str, "Finding | Exception"], before: DetectorResult = EDITED
) -> Stability:
    """Run the test with an answer, or a failure, for each platform."""

    def resend(platform: str) -> Any:
        answer = answers[platform]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def ask(finding: Any) -> Sequence[DetectorResult]:
        return [before.model_copy(update={"finding": finding})]

    return stability([before], tuple(answers), resend, ask)


@pytest.mark.parametrize(
    "error",
    [
        PhotoUnreadableError("the decoder process died on this photo"),
        PhotoTooLargeError("it needs more memory than the limits allow"),
        PhotoTimeoutError("reading the photo took more than 30 s"),
        PhotoError("something else"),
    ],
)
def test_a_failure_is_a_failure_and_no_silence(error: PhotoError) -> None:
    found = sent_through({"whatsapp": "evidence against", "twitter": error})
    first, second = found.resent
    assert (first.error, second.error) == (None, str(error))
    assert (second.silent, second.flipped, second.findings) == ((), (), {})
    assert found.holds is None
    assert str(error) in found.words
    assert "gets no result" not in found.words
    assert "not known" in found.words


def test_where_every_sending_fails_nothing_was_tested() -> None:
    found = sent_through({"whatsapp": PhotoError("one"), "twitter": PhotoError("two")})
    assert found.holds is None
    assert not survives(EDITED, found)
    assert stability_headline(found) == "Not known: the test failed"


def test_a_failure_beside_an_answer_that_turned_over_leaves_it_void() -> None:
    found = sent_through({"whatsapp": "consistent", "twitter": PhotoError("one")})
    assert found.holds is False
    assert not survives(EDITED, found)


def test_a_reading_process_that_can_not_be_started_ends_the_analysis() -> None:
    with pytest.raises(WorkerError):
        sent_through({"whatsapp": WorkerError("no process")})


def test_what_clears_a_picture_may_fall_silent_but_not_turn_over() -> None:
    assert survives(CLEARED, sent_through({"whatsapp": "inconclusive"}, CLEARED))
    assert not survives(CLEARED, sent_through({"whatsapp": "evidence against"}, CLEARED))


def test_what_accuses_must_be_given_again() -> None:
    alone = sent_through({"whatsapp": "inconclusive"})
    assert detector_headline(EDITED, alone).startswith("Not confirmed")
    confirmed = sent_through({"whatsapp": "evidence against"})
    assert detector_headline(EDITED, confirmed).startswith("Probably edited: ")
    assert not survives(EDITED, sent_through({"whatsapp": "inconclusive"}))
    assert survives(EDITED, sent_through({"whatsapp": "none", "twitter": "evidence against"}))


def test_an_accusation_that_becomes_a_hint_is_gone_and_not_turned_over() -> None:
    found = sent_through({"whatsapp": "informs"})
    assert found.resent[0].silent == ("manipulation",)
    assert found.holds is True
    assert not survives(EDITED, found)


def test_an_answer_that_no_platform_leaves_is_not_called_lasting() -> None:
    gone = sent_through({"whatsapp": "none", "twitter": "inconclusive"}, CLEARED)
    assert stability_headline(gone).startswith("No: there is no result")
    some = sent_through({"whatsapp": "none", "twitter": "consistent"}, CLEARED)
    assert stability_headline(some) == "Yes, though not after every platform"


def test_platforms_are_asked_about_beside_each_other_and_reported_in_order() -> None:
    platforms = ("whatsapp", "twitter", "instagram")
    meeting = threading.Barrier(len(platforms), timeout=60)  # in turn, nobody would come to it

    def ask(platform: Any) -> Sequence[DetectorResult]:
        meeting.wait()
        finding = "inconclusive" if platform == "twitter" else "consistent"
        return [CLEARED.model_copy(update={"finding": finding})]

    def resend(platform: str) -> Any:
        return platform

    found = stability([CLEARED], platforms, resend, ask, Cores(2).beside)
    assert tuple(one.platform for one in found.resent) == platforms
    assert [one.silent for one in found.resent] == [(), ("manipulation",), ()]


def test_a_failure_beside_is_raised() -> None:
    def ask(_: Any) -> Sequence[DetectorResult]:
        raise WorkerError("no process")

    def resend(platform: str) -> Any:
        return platform

    with pytest.raises(WorkerError):
        stability([CLEARED], ("whatsapp", "twitter"), resend, ask, Cores(2).beside)
