"""Whatever a store holds: it is sorted, nothing is raised, and nobody becomes trusted."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from verifier.judging.facts import side_of
from verifier.reading.credentials import credential_of

URLS = st.sampled_from(
    ["self#jumbf=/c2pa/a/c2pa.signature", "self#jumbf=/c2pa/b/c2pa.signature", "x", "", None, 3]
)
CODES = st.sampled_from(
    ["signingCredential.trusted", "signingCredential.untrusted", "claimSignature.validated",
     "assertion.dataHash.match", "claimSignature.mismatch", "assertion.action.malformed", "cawg.x",
     "", 7]
)  # fmt: skip
LEAVES = st.none() | st.integers() | st.text(max_size=8) | st.booleans()
ANY = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["action", "digitalSourceType", "data", "label", "x"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)
STATUSES = st.lists(st.fixed_dictionaries({"code": CODES, "url": URLS}) | ANY, max_size=4) | ANY
OUTCOMES = st.fixed_dictionaries(
    {}, optional={"success": STATUSES, "informational": STATUSES, "failure": STATUSES}
)
RESULTS = (
    st.fixed_dictionaries(
        {},
        optional={
            "activeManifest": OUTCOMES | ANY,
            "ingredientDeltas": st.lists(
                st.fixed_dictionaries(
                    {"validationDeltas": OUTCOMES | ANY, "ingredientAssertionURI": URLS}
                )
                | ANY,
                max_size=2,
            ),
        },
    )
    | ANY
)
INGREDIENTS = st.lists(
    st.fixed_dictionaries(
        {"active_manifest": st.sampled_from(["a", "b", "c", None])},
        optional={
            "relationship": st.sampled_from(["parentOf", "componentOf", "inputTo"]) | ANY,
            "validation_results": RESULTS,
            "validation_status": STATUSES,
            "label": ANY,
            "title": ANY,
        },
    )
    | ANY,
    max_size=3,
)
MANIFEST = (
    st.fixed_dictionaries(
        {},
        optional={
            "ingredients": INGREDIENTS | ANY,
            "assertions": st.lists(ANY, max_size=3) | ANY,
            "signature_info": ANY,
            "claim_generator_info": ANY,
        },
    )
    | ANY
)
STORES = st.fixed_dictionaries(
    {},
    optional={
        "active_manifest": st.sampled_from(["a", "b", None]),
        "manifests": st.dictionaries(st.sampled_from(["a", "b"]), MANIFEST, max_size=2) | ANY,
        "validation_results": RESULTS,
        "validation_status": STATUSES,
        "validation_state": LEAVES,
    },
)


@pytest.mark.slow
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(STORES)
def test_any_store_is_sorted_and_clears_nothing(store: dict[str, Any]) -> None:
    credential = credential_of(store, anchors_given=True)
    assert side_of(credential) in ("none", "against", "for")
    if credential.trust.state == "trusted":
        assert "signingCredential.trusted" in credential.codes
        assert "signingCredential.untrusted" not in credential.codes
    assert len(credential.ingredient_answers) <= 100


@pytest.mark.slow
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(STORES, st.booleans())
def test_apart_from_its_file_a_store_is_intact_only_by_a_signature(
    store: dict[str, Any], binding: bool
) -> None:
    credential = credential_of(store, anchors_given=True, binding=binding)
    if credential.integrity.state == "intact":
        assert binding
        assert "claimSignature.validated" in credential.codes
        assert "claimSignature.mismatch" not in credential.codes
