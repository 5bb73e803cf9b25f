"""Defects after c2pa-rs's public fixtures: ours says what c2pa's reader says, answer by answer."""

from collections.abc import Sequence

import pytest

from tests.conftest import REPOSITORY
from tests.verifier.reading.credentials.defects import HEAD, Defect, defects, row

BREAKING = (
    "assertion.dataHash.mismatch",
    "assertion.hashedURI.mismatch",
    "claimSignature.mismatch",
)


@pytest.fixture(scope="module")
def made() -> Sequence[Defect]:
    return list(defects())


def test_integrity_is_what_the_reader_says_of_the_active_manifest(made: Sequence[Defect]) -> None:
    for defect in made:
        if defect.theirs["validation_state"].startswith("refused"):
            assert (defect.name, defect.ours.integrity.state) == (defect.name, "unreadable")
            continue
        fails = any(code in BREAKING for code in defect.codes("failure"))
        found = defect.ours.integrity.state
        assert (defect.name, found) == (defect.name, "broken" if fails else "intact")


def test_trust_is_what_the_reader_says_of_the_active_signer(made: Sequence[Defect]) -> None:
    for defect in made:
        failures = [c for c in defect.codes("failure") if c.startswith("signingCredential.")]
        trusted = "signingCredential.trusted" in defect.codes("success") and not failures
        assert (defect.name, defect.ours.trust.state == "trusted") == (defect.name, trusted)
        expired = "signingCredential.expired" in failures
        assert (defect.name, defect.ours.trust.state == "expired") == (defect.name, expired)


def test_the_reader_s_state_follows_from_the_answers(made: Sequence[Defect]) -> None:
    """Trusted: intact, trusted and nothing else wrong, with the file or with its ingredients."""
    for defect in made:
        ours, state = defect.ours, defect.theirs["validation_state"]
        good = (ours.integrity.state, ours.trust.state) == ("intact", "trusted")
        well = good and not ours.faults
        if state == "Trusted":
            assert (defect.name, well) == (defect.name, True)
        elif well:  # what it holds against an ingredient
            assert (defect.name, bool(defect.of_ingredients())) == (defect.name, True)


def test_only_a_list_of_the_authority_withdraws(made: Sequence[Defect]) -> None:
    for defect in made:
        revoked = defect.ours.revocation.state == "revoked"
        assert (defect.name, revoked) == (defect.name, defect.withdrawn)


def test_nobody_is_accused_but_by_someone_trusted(made: Sequence[Defect]) -> None:
    accused = {d.name for d in made if row(d)[-1].startswith("evidence against")}
    assert accused == {"E-dat-C", "C-moved", "E-uri-C", "C-generated"}
    assert {d.name for d in made if row(d)[-1].startswith("consistent")} == {"C"}


def test_a_stranger_s_wrong_form_is_no_change_and_the_parent_s_word_is_told(
    made: Sequence[Defect],
) -> None:
    """As a generator's service writes them: hash and signature hold, a form and trust don't."""
    defect = next(defect for defect in made if defect.name == "E-act-generated")
    assert "assertion.action.malformed" in defect.codes("failure")
    assert (defect.ours.integrity.state, defect.ours.trust.state) == ("intact", "untrusted")
    declared = [s for s in defect.ours.statements if s.made == "generated"]
    assert [(s.of, s.by) for s in declared] == [("parent", "unknown signer")]


def test_the_table_in_the_documentation_is_of_these_files(made: Sequence[Defect]) -> None:
    document = (REPOSITORY / "docs/results/credentials.md").read_text()
    lines = [line for line in document.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    rewrite = "write it anew: python -m tests.verifier.reading.credentials.defects"
    assert [cells[0], *cells[2:]] == [HEAD, *map(row, made)], rewrite
