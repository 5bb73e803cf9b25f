"""What a recovered credential decides: every rule as a table, beside the file's own credential."""

from collections.abc import Mapping
from typing import Any, Final

import pytest

from tests.verifier.judging.test_rules import (
    CAPTURE,
    CREDENTIALS,
    SIGNS,
    STATISTICS,
    credential,
    statement,
)
from tests.verifier.judging.test_verdict import verdict
from verifier.judging.recovered import weighed
from verifier.report.record import (
    ChangedRegion,
    ComparisonFacts,
    Credential,
    GlobalChange,
    RecoveredFacts,
    Verdict,
)

PAYLOAD = "0123456789abcdef"


def recovered(found: Credential, state: str = "found", embedded: str = "none") -> RecoveredFacts:
    content: dict[str, Any] = {"state": state, "embedded": embedded, "payload": PAYLOAD}
    return RecoveredFacts.model_validate(content | {"credential": found})


def compared(
    result: str, *kinds: str, regions: int = 0, confidence: float = 0.99
) -> ComparisonFacts:
    changes = tuple(GlobalChange(kind=kind, words=f"made {kind}") for kind in kinds)
    region = ChangedRegion(left=0, top=0, right=9, bottom=9, confidence=confidence)
    whole = ComparisonFacts(changes=changes, regions=(region,) * regions, smallest=0.01)
    return ComparisonFacts.model_validate(whole.model_dump() | {"result": result})


def trusted(**update: Any) -> Credential:
    return credential(**{"signer": "Alice"} | CAPTURE | update)


SAME: Final = compared("same", "scaled")
EDITED: Final = compared("changed in parts", "scaled", regions=2)
ANOTHER: Final = compared("another picture")
NOT_COMPARABLE: Final = compared("not comparable")
GENERATED: Final = (statement("trusted signer"),)

# Without a credential in the file. Columns: what the detectors found, as in `test_rules`.
NOTHING = "?  =m =m =w =w ?  ?  ?  !m !m !m ?  ? "
CLEAR = "=e =e =e =e =e =e =e =e ?  ?  ?  =e =e"
FORGED = "!e !e !e !e !e !e !e !e !e !e !e !e !e"
BARRED = "?  ?  ?  ?  ?  ?  ?  ?  !m !m !m ?  ? "
FOUND: Final[Mapping[str, tuple[RecoveredFacts, ComparisonFacts, str]]] = {
    "not looked for": (RecoveredFacts(), ComparisonFacts(), NOTHING),
    "not found": (RecoveredFacts(state="not found"), ComparisonFacts(), NOTHING),
    "same": (recovered(trusted()), compared("same"), CLEAR),
    "scaled": (recovered(trusted()), SAME, CLEAR),
    "scaled and turned": (recovered(trusted()), compared("same", "scaled", "turned"), CLEAR),
    "revocation open": (recovered(trusted(revocation="not checked")), SAME, CLEAR),
    "cropped": (recovered(trusted()), compared("same", "scaled", "cropped"), BARRED),
    "mirrored": (recovered(trusted()), compared("same", "mirrored"), BARRED),
    "straightened": (recovered(trusted()), compared("same", "straightened"), BARRED),
    "framed": (recovered(trusted()), compared("same", "frame"), BARRED),
    "another tone": (recovered(trusted()), compared("same", "tone"), BARRED),
    "black and white": (recovered(trusted()), compared("same", "black and white"), BARRED),
    "a filter": (recovered(trusted()), compared("same", "filter"), BARRED),
    "changed in parts": (recovered(trusted()), EDITED, FORGED),
    "changed in parts, cropped": (
        recovered(trusted()),
        compared("changed in parts", "cropped", regions=1),
        FORGED,
    ),
    "perhaps changed in parts": (
        recovered(trusted()),
        compared("changed in parts", regions=3, confidence=0.98),
        BARRED,
    ),
    "changed in parts, no capture": (recovered(trusted(source_type=None)), EDITED, FORGED),
    "another picture": (recovered(trusted()), ANOTHER, BARRED),
    "not comparable": (recovered(trusted()), NOT_COMPARABLE, NOTHING),
    "without a reference": (recovered(trusted()), ComparisonFacts(), NOTHING),
    "no capture": (recovered(trusted(source_type=None)), SAME, NOTHING),
    "opened": (recovered(trusted(actions=("c2pa.opened",), ingredients=1)), SAME, NOTHING),
    "edited before it was signed": (recovered(trusted(actions=("c2pa.cropped",))), SAME, NOTHING),
    "with a fault": (recovered(trusted(faults=("odd",))), SAME, NOTHING),
    "declared generated": (recovered(trusted(statements=GENERATED)), SAME, FORGED),
    "declared generated, another picture": (
        recovered(trusted(statements=GENERATED)),
        ANOTHER,
        BARRED,
    ),
    "a stranger": (recovered(trusted(trust="untrusted")), SAME, NOTHING),
    "a stranger, changed": (recovered(trusted(trust="untrusted")), EDITED, NOTHING),
    "a stranger, another picture": (recovered(trusted(trust="untrusted")), ANOTHER, NOTHING),
    "a stranger, generated": (
        recovered(trusted(trust="untrusted", statements=(statement("unknown signer"),))),
        SAME,
        BARRED,
    ),
    "not checked": (recovered(trusted(trust="not checked")), SAME, NOTHING),
    "not checked, changed": (recovered(trusted(trust="not checked")), EDITED, NOTHING),
    "expired": (recovered(trusted(trust="expired"), "refused"), EDITED, NOTHING),
    "withdrawn": (recovered(trusted(revocation="revoked"), "refused"), EDITED, NOTHING),
    "withdrawn, taken as found": (recovered(trusted(revocation="revoked")), EDITED, NOTHING),
    "broken": (recovered(credential("broken", "credential", **CAPTURE)), EDITED, NOTHING),
    "refused": (recovered(trusted(), "refused"), SAME, NOTHING),
    "refused, changed": (recovered(trusted(), "refused"), EDITED, NOTHING),
}


def signs(
    known: Credential | None, found: RecoveredFacts, comparison: ComparisonFacts
) -> list[str]:
    drawn = [
        verdict(
            *detectors,
            stability=stability,
            credential=known,
            recovered=found,
            comparison=comparison,
        )
        for detectors, stability in STATISTICS.values()
    ]
    assert all(one.summary for one in drawn)
    assert all((one.label == "inconclusive") == (one.level == "none") for one in drawn)
    return [SIGNS[one.label] + one.level[0].replace("n", "") for one in drawn]


@pytest.mark.parametrize("case", FOUND)
def test_what_the_verdict_of_a_stripped_copy_is(case: str) -> None:
    found, comparison, expected = FOUND[case]
    assert signs(None, found, comparison) == expected.split()


# Beside a credential in the file: what both come to, before any statistics.

SIDES: Final = {
    "for, the file": "=f",
    "for, the recovered one": "=r",
    "against, the file": "!f",
    "against, the recovered one": "!r",
    "none, nothing": "?",
    "none, they contradict each other": "x",
}
OTHER: Final = "of another signer"
# Columns: nothing; the same photo of the same manifest, of another, of another signer; cropped;
# changed in parts; another picture; a stranger's, changed.
BESIDE: Final[Mapping[str, str]] = {
    "none": "?  =r =r =r ?  !r ?  ? ",
    "a stranger's capture": "?  =r =r =r ?  !r ?  ? ",
    "a stranger's, broken": "?  =r =r =r ?  !r ?  ? ",
    "signature broken": "?  =r =r =r ?  !r ?  ? ",
    "withdrawn": "?  =r =r =r ?  !r ?  ? ",
    "unreadable": "?  =r =r =r ?  !r ?  ? ",
    "trusted capture": "=f =f =f x  x  x  x  =f",
    "trusted, of no source": "?  ?  x  x  ?  x  ?  ? ",
    "trusted, edited": "?  ?  x  x  ?  x  ?  ? ",
    "trusted, of ingredients": "?  ?  x  x  ?  x  ?  ? ",
    "picture broken": "!f =r x  x  !f !f !f !f",
    "credential broken": "!f x  x  x  !f !f !f !f",
    "trusted: generated": "!f !f x  x  !f !f !f !f",
    "a stranger: generated": "?  =r =r =r ?  !r ?  ? ",
    "unsigned: generated": "?  =r =r =r ?  !r ?  ? ",
}


@pytest.mark.parametrize("own", BESIDE)
def test_what_two_credentials_come_to(own: str) -> None:
    cropped = compared("same", "cropped")
    beside = [
        (RecoveredFacts(), ComparisonFacts()),
        (recovered(trusted(), embedded="same"), SAME),
        (recovered(trusted(), embedded="another"), SAME),
        (recovered(trusted(), embedded=OTHER), SAME),
        (recovered(trusted(), embedded=OTHER), cropped),
        (recovered(trusted(), embedded=OTHER), EDITED),
        (recovered(trusted(), embedded=OTHER), ANOTHER),
        (recovered(trusted(trust="untrusted"), embedded=OTHER), EDITED),
    ]
    both = [weighed(CREDENTIALS[own], *found) for found in beside]
    assert [SIDES[f"{one.side}, {one.by}"] for one in both] == BESIDE[own].split()


@pytest.mark.parametrize("comparison", [EDITED, ANOTHER, compared("same", "cropped")])
def test_a_hash_that_holds_says_more_than_a_comparison(comparison: ComparisonFacts) -> None:
    own = CREDENTIALS["trusted capture"]
    drawn = verdict(
        credential=own, recovered=recovered(own, embedded="same"), comparison=comparison
    )
    assert (drawn.label, drawn.level) == ("consistent", "established")


def test_parts_that_may_differ_contradict_no_signature() -> None:
    unsure = compared("changed in parts", regions=2, confidence=0.9)
    found = recovered(trusted(), embedded="another")
    drawn = verdict(credential=CREDENTIALS["trusted capture"], recovered=found, comparison=unsure)
    assert (drawn.label, drawn.level) == ("consistent", "established")


def test_a_broken_hash_of_the_same_manifest_is_judged_by_the_comparison() -> None:
    """The file kept its credential through a platform that coded it anew, and was cropped then."""
    found = recovered(trusted(), embedded="same")
    drawn = verdict(
        credential=CREDENTIALS["picture broken"],
        recovered=found,
        comparison=compared("same", "cropped"),
    )
    assert drawn.label == "inconclusive"
    assert "made cropped" in drawn.summary


@pytest.mark.parametrize("declared", ["unsigned: generated", "a stranger: generated"])
def test_a_declaration_of_generation_keeps_a_recovered_photo_from_being_consistent(
    declared: str,
) -> None:
    assert "=" not in "".join(signs(CREDENTIALS[declared], recovered(trusted()), SAME))


# Words


def summed(found: RecoveredFacts, comparison: ComparisonFacts, **given: Any) -> Verdict:
    return verdict(recovered=found, comparison=comparison, **given)


def test_the_summary_names_photo_signer_changes_and_parts() -> None:
    signed_at = {"signed_at": "2026-11-29T10:00:00+00:00"}
    found = summed(recovered(trusted(**signed_at)), SAME).summary
    assert f"photo {PAYLOAD}, taken and signed on 2026-11-29 by Alice, whom you trust" in found
    assert "It was made scaled." in found
    assert "Nothing else was found to differ" in found
    assert "2 parts differ from what was signed" in summed(recovered(trusted()), EDITED).summary
    cropped = summed(recovered(trusted()), compared("same", "cropped")).summary
    assert "It was made cropped. Nothing else was found to differ" in cropped
    assert "Somebody did more to it than platforms do" in cropped


def test_parts_that_may_differ_accuse_nobody() -> None:
    unsure = compared("changed in parts", "scaled", regions=2, confidence=0.98)
    drawn = summed(recovered(trusted()), unsure)
    assert drawn.label == "inconclusive"
    assert "Parts of it may differ from what was signed" in drawn.summary
    mixed = unsure.model_copy(update={"regions": (*unsure.regions, *EDITED.regions)})
    assert summed(recovered(trusted()), mixed).label == "evidence against"


def test_a_copied_watermark_is_called_that() -> None:
    drawn = summed(recovered(trusted()), ANOTHER)
    assert drawn.summary.startswith("This picture carries the watermark of another photo.")
    assert "can be copied" in drawn.summary


def test_a_stranger_is_in_no_summary() -> None:
    for comparison in (SAME, EDITED, ANOTHER):
        drawn = summed(recovered(trusted(trust="untrusted")), comparison)
        assert PAYLOAD not in drawn.summary


def test_a_contradiction_names_both_signers() -> None:
    own = CREDENTIALS["trusted capture"].model_copy(update={"signer": "Bob"})
    found = recovered(trusted(), embedded=OTHER)
    drawn = summed(found, SAME, credential=own)
    assert drawn.label == "inconclusive"
    assert "of Bob, and the one to which its watermark leads, of Alice, contradict" in drawn.summary


def test_what_the_reference_is_too_small_for_is_always_named() -> None:
    for comparison in (SAME, EDITED):
        unknown = " ".join(summed(recovered(trusted()), comparison).unknown)
        assert "less than about 1% of it was changed" in unknown
    unknown = " ".join(summed(recovered(trusted()), NOT_COMPARABLE).unknown)
    assert "reference picture is too small" not in unknown


def test_who_took_it_is_known_where_a_trusted_capture_was_recovered() -> None:
    who, edited = "Who took it, when and where", "Who changed it"
    assert who not in " ".join(summed(recovered(trusted()), SAME).unknown)
    for found, comparison in (
        (recovered(trusted()), ANOTHER),
        (recovered(trusted(source_type=None)), SAME),
        (recovered(trusted(trust="untrusted")), SAME),
    ):
        assert who in " ".join(summed(found, comparison).unknown)
    # The headline says who took the photo that was edited; who edited it is what stays open.
    changed = " ".join(summed(recovered(trusted()), EDITED).unknown)
    assert who not in changed
    assert edited in changed


def test_a_signed_capture_is_a_photograph_but_a_screen_can_be_photographed() -> None:
    for found in (
        verdict(credential=CREDENTIALS["trusted capture"]),
        verdict(recovered=recovered(trusted()), comparison=SAME),
    ):
        assert not any(text.startswith("Whether it is a photograph") for text in found.unknown)
        assert any("lens saw the scene" in text for text in found.unknown)


def test_a_file_that_may_show_something_else_is_cleared_by_its_own_signature_alone() -> None:
    found = recovered(trusted())
    assert verdict(recovered=found, comparison=SAME).label == "consistent"
    drawn = verdict(recovered=found, comparison=SAME, shows_more=True)
    assert drawn.label == "inconclusive"
    assert "A viewer may show something else" in " ".join(drawn.reasons)
    own = CREDENTIALS["trusted capture"]
    assert verdict(credential=own, shows_more=True).label == "consistent"
    statistics, stability = STATISTICS["cleared"]
    assert verdict(*statistics, stability=stability, shows_more=True).label == "inconclusive"
