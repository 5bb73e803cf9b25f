"""Each manifest answers for itself: an ingredient's signer is never the file's."""

from typing import Any

import pytest

from tests.verifier.conftest import jpeg
from tests.verifier.reading.credentials.stores import LABEL, store
from tests.verifier.signing import (
    NEWSCODES,
    Chain,
    flipped,
    make_chain,
    signature_at,
    signed_by_unfit,
    signed_with,
    signed_with_author,
)
from tests.verifier.toy import native
from verifier import Verifier
from verifier.reading.credentials import credential_of, read_credential
from verifier.report.record import Verdict

CAPTURED = {"action": "c2pa.created", "digitalSourceType": NEWSCODES + "digitalCapture"}


@pytest.fixture(scope="module")
def stranger() -> Chain:
    """Somebody with the same names and other keys."""
    return make_chain()


@pytest.fixture(scope="module")
def pictures() -> list[bytes]:
    return [jpeg(native(96, 128, seed=seed)) for seed in range(3)]


def verdict(data: bytes, chain: Chain) -> Verdict:
    with Verifier.facts_only(trust_anchors=chain.root) as verifier:
        return verifier.analyze(data).verdict


@pytest.mark.slow
@pytest.mark.parametrize("relationship", ["parentOf", "componentOf", "inputTo"])
def test_an_ingredient_of_someone_trusted_makes_nobody_trusted(
    relationship: str, pictures: list[bytes], chain: Chain, stranger: Chain
) -> None:
    genuine = signed_with(pictures[0], chain, [CAPTURED])
    forged = signed_with(pictures[1], stranger, [CAPTURED], [(relationship, genuine)])
    credential = read_credential(forged, "image/jpeg", chain.root)
    assert credential.trust.state == "untrusted"
    assert [found.trust.state for found in credential.ingredient_answers] == ["trusted"]
    assert verdict(forged, chain).label == "inconclusive"


def test_an_ingredient_two_levels_down_makes_nobody_trusted(
    pictures: list[bytes], chain: Chain, stranger: Chain
) -> None:
    genuine = signed_with(pictures[0], chain, [CAPTURED])
    between = signed_with(pictures[1], stranger, [CAPTURED], [("parentOf", genuine)])
    forged = signed_with(pictures[2], stranger, [CAPTURED], [("parentOf", between)])
    credential = read_credential(forged, "image/jpeg", chain.root)
    assert credential.trust.state == "untrusted"
    answers = [(i.depth, i.trust.state) for i in credential.ingredient_answers]
    assert answers == [(1, "untrusted"), (2, "trusted")]


def test_a_stranger_s_ingredient_takes_nobody_s_trust(
    pictures: list[bytes], chain: Chain, stranger: Chain
) -> None:
    other = signed_with(pictures[0], stranger, [CAPTURED])
    edited = signed_with(pictures[1], chain, [CAPTURED], [("componentOf", other)])
    credential = read_credential(edited, "image/jpeg", chain.root)
    assert (credential.integrity.state, credential.trust.state) == ("intact", "trusted")
    assert [found.trust.state for found in credential.ingredient_answers] == ["untrusted"]


def test_an_ingredient_s_expiry_is_its_own(pictures: list[bytes], chain: Chain) -> None:
    old = signed_by_unfit(pictures[0], chain, [CAPTURED], "ended")
    edited = signed_with(pictures[1], chain, [CAPTURED], [("componentOf", old)])
    credential = read_credential(edited, "image/jpeg", chain.root)
    assert credential.trust.state == "trusted"
    assert [found.trust.state for found in credential.ingredient_answers] == ["expired"]
    alone = read_credential(old, "image/jpeg", chain.root)
    assert (alone.integrity.state, alone.trust.state) == ("intact", "expired")


def test_an_authority_does_not_sign_pictures(pictures: list[bytes], chain: Chain) -> None:
    """The certificate leads to someone trusted; it may sign certificates, and nothing else."""
    photo = signed_by_unfit(pictures[0], chain, [CAPTURED], "ca")
    credential = read_credential(photo, "image/jpeg", chain.root)
    assert "signingCredential.invalid" in credential.codes
    assert (credential.integrity.state, credential.trust.state) == ("intact", "untrusted")
    assert verdict(photo, chain).label == "inconclusive"


def test_an_ingredient_s_author_is_not_the_file_s(
    pictures: list[bytes], chain: Chain, stranger: Chain
) -> None:
    by_an_author = signed_with_author(pictures[0], chain, stranger)
    file = signed_with(pictures[1], chain, [CAPTURED], [("componentOf", by_an_author)])
    credential = read_credential(file, "image/jpeg", chain.root)
    assert credential.identity.state == "none stated"
    assert [i.identity.state for i in credential.ingredient_answers] == ["not confirmed"]


@pytest.mark.slow
@pytest.mark.parametrize("relationship", ["parentOf", "componentOf", "inputTo"])
def test_a_picture_of_others_is_no_unedited_capture(
    relationship: str, pictures: list[bytes], chain: Chain
) -> None:
    """Whatever is said of it: what went in may be anything, and here it was changed."""
    genuine = signed_with(pictures[0], chain, [CAPTURED])
    changed = flipped(genuine, len(genuine) - 50)
    file = signed_with(pictures[1], chain, [CAPTURED], [(relationship, changed)])
    found = verdict(file, chain)
    assert (found.label, found.level) == ("inconclusive", "none")
    assert "went into it: 1" in " ".join(found.reasons)


def test_an_ingredient_s_withdrawn_certificate_is_its_own(
    pictures: list[bytes], chain: Chain
) -> None:
    other = make_chain("Lost Camera", "Other Root")
    lists = chain.revocation_list() + other.revocation_list(other.serial)
    lost = signed_with(pictures[0], other, [CAPTURED])
    edited = signed_with(pictures[1], chain, [CAPTURED], [("componentOf", lost)])
    credential = read_credential(edited, "image/jpeg", chain.root + other.root, lists)
    assert credential.revocation.state == "not listed"
    assert [i.revocation.state for i in credential.ingredient_answers] == ["revoked"]
    anchors = chain.root + other.root
    assert read_credential(lost, "image/jpeg", anchors, lists).revocation.state == "revoked"


def test_a_list_counts_for_its_own_authority_alone(pictures: list[bytes], chain: Chain) -> None:
    """Two authorities may have given the same number."""
    photo = signed_with(pictures[0], chain, [CAPTURED])
    other = make_chain("Camera", "Other Root").revocation_list(chain.serial)
    revocation = read_credential(photo, "image/jpeg", chain.root, other).revocation
    assert revocation.state == "not checked"
    assert "none of your revocation lists" in revocation.words
    both = other + chain.revocation_list()
    found = read_credential(photo, "image/jpeg", chain.root, both).revocation.state
    assert found == "not listed"


def test_an_ingredient_that_was_changed_is_told_as_changed(
    pictures: list[bytes], chain: Chain
) -> None:
    """Its credential lies where no hash of the picture reaches; the file's own still holds."""
    parent = signed_with(pictures[0], chain, [CAPTURED])
    opened = {"action": "c2pa.opened", "parameters": {"ingredientIds": ["i0"]}}
    edited = signed_with(pictures[1], chain, [opened], [("parentOf", parent)])
    changed = edited.replace(b"digitalCapture", b"digitalCopture")
    credential = read_credential(changed, "image/jpeg", chain.root)
    assert [found.integrity.state for found in credential.ingredient_answers] == ["broken"]
    assert credential.trust.state == "trusted"


def test_a_signer_cannot_state_away_what_fails() -> None:
    """A signer may state any results of an ingredient; what contradicts them outweighs."""
    name = "self#jumbf=/c2pa/urn:c2pa:2/c2pa.signature"
    claimed = [{"code": code, "url": name} for code in ("signingCredential.trusted",
        "claimSignature.validated", "assertion.dataHash.match")]  # fmt: skip
    found: dict[str, Any] = store()
    found["manifests"]["urn:c2pa:2"] = {"signature_info": {"common_name": "Forger"}}
    found["manifests"][LABEL]["ingredients"] = [
        {"label": "c2pa.ingredient.v3", "active_manifest": "urn:c2pa:2",
         "validation_results": {"activeManifest": {"success": claimed, "failure": []}}}
    ]  # fmt: skip
    found["validation_results"]["ingredientDeltas"] = [
        {"ingredientAssertionURI": "x", "validationDeltas": {"success": [], "failure": [
            {"code": "signingCredential.untrusted", "url": name},
            {"code": "claimSignature.mismatch", "url": name}]}}
    ]  # fmt: skip
    ingredient = credential_of(found, anchors_given=True).ingredient_answers[0]
    assert (ingredient.integrity.state, ingredient.trust.state) == ("broken", "untrusted")


def test_manifests_that_name_each_other_end() -> None:
    found: dict[str, Any] = store()
    circle = [{"active_manifest": LABEL, "relationship": "parentOf", "label": "a"}] * 2
    found["manifests"][LABEL]["ingredients"] = circle
    assert len(credential_of(found, anchors_given=True).ingredient_answers) <= 1


def test_a_stranger_s_credential_that_does_not_hold_accuses_nobody(
    pictures: list[bytes], chain: Chain, stranger: Chain
) -> None:
    photo = signed_with(pictures[0], stranger, [CAPTURED])
    for changed in (flipped(photo, -200), flipped(photo, signature_at(photo))):
        found = verdict(changed, chain)
        assert (found.label, found.level) == ("inconclusive", "none")
        assert "no evidence against the picture" in found.summary


def test_a_hash_that_fails_accuses_where_someone_trusted_signed_it(
    pictures: list[bytes], chain: Chain
) -> None:
    found = verdict(flipped(signed_with(pictures[0], chain, [CAPTURED]), -200), chain)
    assert (found.label, found.level) == ("evidence against", "established")
    assert "not as Test Camera, whom you trust, signed it" in found.summary
    assert "does this too" in found.summary


def test_nothing_is_good_of_someone_who_did_not_sign(pictures: list[bytes], chain: Chain) -> None:
    photo = signed_with(pictures[0], chain, [CAPTURED])
    forged = flipped(photo, signature_at(photo) + 5)
    holds = signed_with(pictures[1], chain, [CAPTURED], [("componentOf", forged)])
    with Verifier.facts_only(trust_anchors=chain.root) as verifier:
        page = verifier.analyze(forged).to_html()
        text = verifier.analyze(holds).to_text()
    assert "Yes: broken; who signed it isn&#39;t known" in page
    assert '<b class="good">' not in page.split("Facts")[1].split("Statistics")[0]
    assert "broken, and who signed it isn't known" in " ".join(text.split())


def test_a_signature_that_fails_is_nobody_s(pictures: list[bytes], chain: Chain) -> None:
    """A certificate is public: anybody can put it beside bytes that its owner never signed."""
    photo = signed_with(pictures[0], chain, [CAPTURED])
    changed = flipped(photo, signature_at(photo) + 5)
    integrity = read_credential(changed, "image/jpeg", chain.root).integrity
    assert (integrity.state, integrity.broken_part) == ("broken", "signature")
    assert verdict(changed, chain).label == "inconclusive"
