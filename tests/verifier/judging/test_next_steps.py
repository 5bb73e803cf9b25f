"""What an editor is told to do next: one table, printed, and read aloud."""

from typing import Final

import pytest

from tests.verifier.judging.test_recovered import (
    ANOTHER,
    EDITED,
    GENERATED,
    PAYLOAD,
    SAME,
    compared,
    recovered,
    trusted,
)
from verifier.judging import next_steps as steps
from verifier.judging.next_steps import Ground, next_steps
from verifier.reading.credentials import no_credential
from verifier.report.record import ComparisonFacts, Credential, RecoveredFacts, VerdictLabel
from verifier.report.record import WatermarkFacts as Watermark

NONE, NOT_LOOKED_FOR, NOT_COMPARED = no_credential(), RecoveredFacts(), ComparisonFacts()
ASK_ITS_OWNER = f"Ask whoever owns the camera for their file of photo {PAYLOAD}."
READ = Watermark(state="read", payload=PAYLOAD)


def ground(
    label: VerdictLabel,
    credential: Credential = NONE,
    found: RecoveredFacts = NOT_LOOKED_FOR,
    comparison: ComparisonFacts = NOT_COMPARED,
    watermark: Watermark | None = None,
    *,
    contradicting: bool = False,
) -> Ground:
    return Ground(label, credential, found, comparison, watermark, contradicting)


# What was found, and the step that must come first.
FIRST: Final = {
    "consistent": (ground("consistent", trusted()), steps.CHECK_CAPTION),
    "nothing known": (ground("inconclusive"), steps.ORIGINAL),
    "a watermark, no repository": (ground("inconclusive", watermark=READ), ASK_ITS_OWNER),
    "changed in parts": (
        ground("evidence against", NONE, recovered(trusted()), EDITED, READ),
        "Look at the outlined parts beside the signed picture.",
    ),
    "perhaps changed in parts": (
        ground(
            "inconclusive",
            NONE,
            recovered(trusted()),
            compared("changed in parts", regions=1, confidence=0.5),
            READ,
        ),
        "Look at the outlined parts beside the signed picture: they may be no change.",
    ),
    "a copied watermark": (
        ground("inconclusive", NONE, recovered(trusted()), ANOTHER, READ),
        "Ask how the watermark of another photo came into it: somebody copied it.",
    ),
    "another tone": (
        ground("inconclusive", NONE, recovered(trusted()), compared("same", "tone"), READ),
        "Look beside the signed picture whether the changes alter what it shows.",
    ),
    "signed as opened": (
        ground("inconclusive", NONE, recovered(trusted()), SAME, READ),
        ASK_ITS_OWNER,
    ),
    "declared generated": (
        ground("evidence against", trusted(statements=GENERATED)),
        steps.NOT_AS_PHOTOGRAPH,
    ),
    "recovered, and declared generated": (
        ground("evidence against", NONE, recovered(trusted(statements=GENERATED)), SAME, READ),
        steps.NOT_AS_PHOTOGRAPH,
    ),
    "not as it was signed": (
        ground("evidence against", trusted(integrity="broken", broken_part="picture")),
        steps.SIGNED_FILE,
    ),
    "statistics alone": (ground("evidence against"), steps.STATISTICS_ALONE),
    "a stranger's signature": (
        ground("inconclusive", trusted(trust="untrusted")),
        "Find out who Alice is. If you trust them, add the authority of their certificate to "
        "your trust anchors and ask again.",
    ),
    "two signers contradict": (
        ground("inconclusive", trusted(), recovered(trusted()), ANOTHER, contradicting=True),
        steps.BOTH_SIGNERS,
    ),
}


@pytest.mark.parametrize("found", FIRST)
def test_the_most_useful_step_comes_first(found: str) -> None:
    asked, first = FIRST[found]
    told = next_steps(asked)
    print(f"{found}:", *told, sep="\n  ")
    assert told[0] == first
    assert len(set(told)) == len(told)
    assert all(len(sentence.split()) <= 45 for sentence in told)


# The camera's own file would answer no more where another step asks for better.
ASKED_BETTER: Final = {
    "changed in parts": ASK_ITS_OWNER,
    "declared generated": "Ask the source where the picture is from, and who made it.",
    "recovered, and declared generated": "Ask the source where the picture is from, and who made "
    "it.",
    "not as it was signed": steps.SIGNED_FILE,
}


@pytest.mark.parametrize(
    "found", [n for n, (asked, _) in FIRST.items() if asked.label != "consistent"]
)
def test_who_is_left_in_doubt_is_told_to_ask_for_the_original(found: str) -> None:
    told = next_steps(FIRST[found][0])
    assert ASKED_BETTER.get(found, steps.ORIGINAL) in told
    assert (steps.ORIGINAL in told) != (found in ASKED_BETTER)
    assert steps.EARLIER in told


@pytest.mark.parametrize(
    "update", [{"trust": "expired"}, {"revocation": "revoked"}], ids=["ran out", "withdrawn"]
)
def test_no_authority_is_to_be_trusted_for_a_certificate_that_counts_no_more(
    update: dict[str, str],
) -> None:
    told = " ".join(next_steps(ground("inconclusive", trusted(**update))))
    assert "trust anchors" not in told
    assert steps.ORIGINAL in told


def test_nobody_is_accused_of_anything_by_statistics() -> None:
    told = " ".join(next_steps(FIRST["statistics alone"][0]))
    assert "accuse nobody" in told
