"""Status codes sorted into answers; which of them break integrity, and which break nothing."""

from typing import Any

import pytest

from tests.verifier.reading.credentials.stores import LABEL, store
from tests.verifier.toy import native
from verifier.judging.stability import untested
from verifier.judging.verdict import conclude
from verifier.reading.channel import read_channel
from verifier.reading.credentials import credential_of
from verifier.report.record import Verdict

TRUSTED = "signingCredential.trusted"


def verdict(found: dict[str, Any]) -> Verdict:
    credential = credential_of(found, anchors_given=True)
    return conclude(credential, read_channel(None, native(64, 64)), (), untested())


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        ({"failure": ("signingCredential.ocsp.revoked",)}, ("intact", "not checked", "revoked")),
        ({"success": ("signingCredential.ocsp.notRevoked", TRUSTED)},
         ("intact", "trusted", "not revoked")),
        ({"informational": ("signingCredential.ocsp.skipped",)},
         ("intact", "not checked", "not checked")),
        ({"failure": ("signingCredential.expired",)}, ("intact", "expired", "not checked")),
        ({"failure": ("claimSignature.mismatch",)}, ("broken", "not checked", "not checked")),
        ({"failure": ("timeStamp.mismatch",)}, ("intact", "not checked", "not checked")),
        ({"failure": ("assertion.missing",), "success": (TRUSTED,)},
         ("broken", "trusted", "not checked")),
    ],
)  # fmt: skip
def test_status_codes_are_sorted(
    codes: dict[str, tuple[str, ...]], expected: tuple[str, ...]
) -> None:
    credential = credential_of(store(**codes), anchors_given=False)
    states = credential.integrity.state, credential.trust.state, credential.revocation.state
    assert states == expected


@pytest.mark.parametrize(
    "code",
    [
        "assertion.dataHash.mismatch", "assertion.bmffHash.mismatch",
        "assertion.boxesHash.mismatch", "assertion.collectionHash.mismatch",
        "assertion.multiAssetHash.mismatch", "assertion.hashedURI.mismatch",
        "claimSignature.mismatch",
    ],
)  # fmt: skip
def test_a_hash_or_a_signature_that_fails_breaks_integrity(code: str) -> None:
    found = credential_of(store(failure=(code,), success=(TRUSTED,)), anchors_given=True)
    assert found.integrity.state == "broken"
    assert code in found.integrity.words


@pytest.mark.parametrize(
    "code",
    [
        "assertion.action.malformed", "assertion.action.ingredientMismatch",
        "assertion.cbor.invalid", "assertion.json.invalid", "assertion.required.missing",
        "manifest.multipleParents", "ingredient.unknownProvenance", "com.example.newCode",
    ],
)  # fmt: skip
def test_another_failure_is_told_as_what_it_is_and_breaks_nothing(code: str) -> None:
    found = credential_of(store(failure=(code,), success=(TRUSTED,)), anchors_given=True)
    assert (found.integrity.state, found.trust.state) == ("intact", "trusted")
    assert [code in fault for fault in found.faults] == [True]
    assert any(code in reason for reason in verdict(store(failure=(code,))).reasons)


def test_a_capture_whose_credential_is_malformed_is_not_cleared() -> None:
    capture = {"action": "c2pa.created", "digitalSourceType": "digitalCapture"}
    actions = ({"label": "c2pa.actions.v2", "data": {"actions": [capture]}},)
    well = store(success=(TRUSTED,), assertions=actions)
    assert verdict(well).label == "consistent"
    malformed = store(
        success=(TRUSTED,), failure=("assertion.action.malformed",), assertions=actions
    )
    assert verdict(malformed).label == "inconclusive"


@pytest.mark.parametrize(
    ("codes", "words"),
    [
        ({"failure": ("assertion.undeclared",)}, "doesn't cover"),
        ({"failure": ("claim.hardBindings.missing",)}, "no hash of the picture"),
        ({"failure": ("general.error",)}, "couldn't be checked"),
        ({"informational": ("assertion.dataHash.additionalExclusionsPresent",)}, "leaves out"),
        ({"held": False}, "no check of its signature"),
        ({"held": False, "success": ("claimSignature.validated",)}, "picture's hash"),
    ],
)
def test_what_was_not_covered_or_not_checked_is_unclear(codes: dict[str, Any], words: str) -> None:
    """Nobody is accused of it, and nothing is cleared by it."""
    codes = {**codes, "success": (TRUSTED, *codes.get("success", ()))}
    integrity = credential_of(store(**codes), anchors_given=True).integrity
    assert integrity.state == "unclear"
    assert words in integrity.words
    assert verdict(store(**codes)).label == "inconclusive"


@pytest.mark.parametrize(
    "failure",
    ["signingCredential.invalid", "signingCredential.untrusted", "signingCredential.unheardOf"],
)
def test_a_failure_of_the_certificate_outweighs_a_success(failure: str) -> None:
    """c2pa reports both of a leaf that is an authority."""
    trust = credential_of(store(success=(TRUSTED,), failure=(failure,)), anchors_given=True).trust
    assert trust.state == "untrusted"


def test_codes_of_another_manifest_do_not_answer_for_the_active_one() -> None:
    found = store()
    elsewhere = "self#jumbf=/c2pa/urn:c2pa:2/c2pa.signature"
    outcomes = found["validation_results"]["activeManifest"]
    outcomes["success"].append({"code": TRUSTED, "url": elsewhere})
    outcomes["failure"].append({"code": "claimSignature.mismatch", "url": elsewhere})
    credential = credential_of(found, anchors_given=True)
    assert (credential.integrity.state, credential.trust.state) == ("intact", "untrusted")
    outcomes["success"].append({"code": TRUSTED, "url": elsewhere.replace(":2/", ":1/")})
    assert credential_of(found, anchors_given=True).trust.state == "trusted"


@pytest.mark.parametrize("failure", ["assertion.dataHash.mismatch", "assertion.hashedURI.mismatch"])
def test_a_signature_that_was_not_checked_is_nobody_s(failure: str) -> None:
    """A certificate of someone trusted may stand beside any claim, and not have signed it."""
    found = store(success=(TRUSTED,), failure=(failure,), held=False)
    integrity = credential_of(found, anchors_given=True).integrity
    assert (integrity.state, integrity.broken_part) == ("broken", "signature")
    assert verdict(found).label == "inconclusive"
    checked = store(success=(TRUSTED,), failure=(failure,))
    assert verdict(checked).label == "evidence against"


@pytest.mark.parametrize("value", [None, True, 3, 1e308, "x", [], [[]]])
def test_a_store_of_any_type_raises_nothing(value: Any) -> None:
    assert credential_of(value, anchors_given=True).integrity.state == "unreadable"


def test_halves_of_characters_are_shown_as_such() -> None:
    found = store(failure=("x\ud800",))
    found["manifests"][LABEL]["signature_info"]["common_name"] = "Cam\udfffera"
    credential = credential_of(found, anchors_given=True)
    assert credential.signer == r"Cam\udfffera"
    assert credential.model_dump_json()


@pytest.mark.parametrize("state", ["Trusted", "Unheard of", None, 3])
def test_a_summary_of_the_reader_answers_nothing(state: object) -> None:
    found = store(failure=("assertion.dataHash.mismatch",)) | {"validation_state": state}
    credential = credential_of(found, anchors_given=True)
    assert (credential.integrity.state, credential.trust.state) == ("broken", "untrusted")


@pytest.mark.parametrize(
    ("code", "state"),
    [("assertion.dataHash.mismatch", "broken"), ("signingCredential.expired", "unclear")],
)
def test_an_old_list_of_failures_is_read(code: str, state: str) -> None:
    old = store()
    del old["validation_results"]
    old["validation_status"] = [
        {"code": code, "url": f"self#jumbf=/c2pa/{LABEL}/c2pa.signature"},
        {"code": "signingCredential.expired", "url": "self#jumbf=/c2pa/other/c2pa.signature"},
    ]
    credential = credential_of(old, anchors_given=True)
    assert credential.integrity.state == state
    assert credential.trust.state == ("untrusted" if state == "broken" else "expired")


@pytest.mark.parametrize("strange", [{}, {"manifests": []}, {"active_manifest": 3},
    {"active_manifest": "a", "manifests": {"a": 1}, "validation_results": []},
    {"active_manifest": "a", "manifests": {"a": {"ingredients": [3, {"label": []}]}},
     "validation_results": {"activeManifest": {"failure": [[]], "success": 7},
                            "ingredientDeltas": [3, {"validationDeltas": {"failure": "x"}}]}},
])  # fmt: skip
def test_strange_stores_are_not_intact_and_raise_nothing(strange: dict[str, Any]) -> None:
    state = credential_of(strange, anchors_given=True).integrity.state
    assert state in ("unreadable", "unclear")


IDENTITY = ({"label": "cawg.identity", "data": {"signature_info": {"common_name": "A. Author"}}},)


@pytest.mark.parametrize(
    "code",
    [
        "cawg.x509.credential.untrusted", "cawg.x509.signature.mismatch",
        "cawg.identity.pad.invalid", "cawg.identity.assertion.mismatch",
        "cawg.identity.sig_type.unknown", "cawg.ica.did_unavailable", "cawg.ica.untrusted_issuer",
        "cawg.identity.hard_binding_missing", "cawg.unheard.of",
    ],
)  # fmt: skip
def test_an_author_who_cannot_be_confirmed_is_an_answer_of_its_own(code: str) -> None:
    found = store(success=(TRUSTED,), failure=(code,), assertions=IDENTITY)
    credential = credential_of(found, anchors_given=True)
    assert (credential.integrity.state, credential.trust.state) == ("intact", "trusted")
    assert credential.identity.state == "not confirmed"
    assert "A. Author" in credential.identity.words
    assert credential.faults == ()
    assert verdict(found).label != "evidence against"


def test_an_author_is_confirmed_by_a_certificate_alone() -> None:
    confirmed = ("cawg.x509.signature.validated", "cawg.x509.credential.trusted")
    known = credential_of(store(success=confirmed, assertions=IDENTITY), anchors_given=True)
    assert known.identity.state == "confirmed"
    word = store(success=("cawg.ica.credential_valid",), assertions=IDENTITY)
    assert credential_of(word, anchors_given=True).identity.state == "not confirmed"
    assert credential_of(store(), anchors_given=True).identity.state == "none stated"


@pytest.mark.parametrize(
    ("codes", "state"),
    [
        ({"success": ("timeStamp.validated", "timeStamp.trusted")}, "time-stamped"),
        ({"success": ("timeStamp.validated",)}, "unproven"),
        ({"success": ("timeStamp.validated",), "informational": ("timeStamp.untrusted",)},
         "unproven"),
        ({"success": ("timeStamp.validated", "timeStamp.trusted"),
          "informational": ("timeStamp.mismatch",)}, "unproven"),
        ({}, "no time stamp"),
    ],
)  # fmt: skip
def test_the_time_is_an_answer_of_its_own(codes: dict[str, Any], state: str) -> None:
    credential = credential_of(store(**codes), anchors_given=True)
    assert (credential.time.state, credential.integrity.state) == (state, "intact")
