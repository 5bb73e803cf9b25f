"""Rules of the verdict that need no picture: what detectors may say, alone and together."""

import pytest

from tests.verifier.toy import native
from verifier.channel_reading import read_channel
from verifier.credentials import no_credential
from verifier.report import (
    Credential,
    DetectorResult,
    Finding,
    Integrity,
    Resent,
    Revocation,
    Stability,
    Trust,
    Verdict,
)
from verifier.stability import untested
from verifier.verdict import conclude

WORDS = {"natural": "a photograph", "generated": "a generated picture"}
SIGNED = Credential(
    integrity=Integrity(state="intact", words="intact"),
    trust=Trust(state="trusted", words="trusted"),
    revocation=Revocation(state="not listed", words="not listed"),
)


def result(
    name: str, finding: Finding, answer: str | None, generated: float | None = None
) -> DetectorResult:
    probabilities = {} if generated is None else {"natural": 1 - generated, "generated": generated}
    return DetectorResult(
        name=name, question="?", status="ran", finding=finding, answer=answer, confidence=0.999,
        probabilities=probabilities,
        label_words=WORDS if name in ("origin", "synthetic") else {"native": "as it was"},
    )  # fmt: skip


def resent(network: str, *findings: tuple[str, Finding], flipped: str = "") -> Resent:
    return Resent(
        network=network,
        findings=dict(findings),
        flipped=(flipped,) if flipped else (),
        silent=tuple(name for name, finding in findings if finding in ("none", "inconclusive")),
    )


def verdict(
    *detectors: DetectorResult,
    stability: Stability | None = None,
    credential: Credential | None = None,
) -> Verdict:
    return conclude(
        credential or no_credential(),
        read_channel(None, native(64, 64)),
        detectors,
        stability or untested(),
    )


CLEARED = result("manipulation", "consistent", "native")
EDITED = result("manipulation", "evidence against", "gaussian")
LASTS = Stability(
    holds=True,
    words="",
    resent=(
        resent("whatsapp", ("manipulation", "consistent")),
        resent("twitter", ("manipulation", "consistent")),
    ),
)


# What detectors of kinds may do


@pytest.mark.parametrize("name", ["synthetic", "origin"])
@pytest.mark.parametrize(
    ("finding", "answer", "generated"),
    [
        ("informs", "generated", 0.99),
        ("informs", "generated", None),
        ("evidence against", "generated", 0.99),
        ("inconclusive", None, 0.54),  # undecided, and still likelier than a photograph
    ],
)
def test_what_may_be_generated_is_not_cleared(
    name: str, finding: Finding, answer: str | None, generated: float | None
) -> None:
    found = verdict(CLEARED, result(name, finding, answer, generated), stability=LASTS)
    assert (found.label, found.level) == ("inconclusive", "none")
    assert "contradict each other" in found.statistics
    assert "may be a generated picture" in found.summary


@pytest.mark.parametrize(
    "other",
    [
        result("synthetic", "informs", "natural"),
        result("synthetic", "inconclusive", None, 0.46),
        result("network", "informs", "whatsapp"),
    ],
)
def test_what_does_not_contradict_leaves_it_cleared(other: DetectorResult) -> None:
    assert verdict(CLEARED, other).label == "consistent"


@pytest.mark.parametrize("name", ["synthetic", "origin"])
def test_no_verdict_rests_on_a_detector_of_kinds(name: str) -> None:
    lasts = Stability(
        holds=True, words="", resent=(resent("whatsapp", (name, "evidence against")),)
    )
    against = result(name, "evidence against", "generated", 0.999)
    found = verdict(against, stability=lasts)
    assert (found.label, found.level) == ("inconclusive", "none")
    assert "Ask for the original file" in found.summary
    photograph = result(name, "consistent", "natural", 0.001)
    assert verdict(photograph, stability=lasts).label == "inconclusive"


# How strong statistics are


def test_statistics_alone_are_never_strong_and_say_nothing_of_a_lens() -> None:
    found = verdict(CLEARED, stability=LASTS)
    assert (found.label, found.level) == ("consistent", "moderate")
    assert "shown to the camera" in found.summary
    assert any("lens saw the scene" in words for words in found.unknown)


def test_with_a_signature_that_holds_they_may_be_strong() -> None:
    found = verdict(CLEARED, stability=LASTS, credential=SIGNED)
    assert (found.label, found.level) == ("consistent", "strong")


# What speaks against a picture has to last


@pytest.mark.parametrize(
    ("findings", "label"),
    [
        ((), "inconclusive"),  # never sent
        (("none", "none", "none"), "inconclusive"),
        (("inconclusive", "none", "inconclusive"), "inconclusive"),
        (("none", "evidence against", "none"), "evidence against"),
        (("evidence against",) * 3, "evidence against"),
    ],
)
def test_an_accusation_must_survive_one_more_platform(
    findings: tuple[Finding, ...], label: str
) -> None:
    networks = ("whatsapp", "twitter", "instagram")
    sent = tuple(
        resent(network, ("manipulation", finding))
        for network, finding in zip(networks, findings, strict=False)
    )
    found = verdict(EDITED, stability=Stability(holds=True, words="", resent=sent))
    assert found.label == label
    if label == "inconclusive":
        assert "not followed" in found.statistics


def test_what_turns_over_is_void_however_often_it_was_confirmed() -> None:
    sent = (
        resent("whatsapp", ("manipulation", "evidence against")),
        resent("twitter", ("manipulation", "consistent"), flipped="manipulation"),
    )
    found = verdict(EDITED, stability=Stability(holds=False, words="", resent=sent))
    assert (found.label, found.level) == ("inconclusive", "none")
