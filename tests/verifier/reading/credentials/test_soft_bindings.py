"""Soft bindings of a manifest, as bytes: ours of text, others' of base64, the standard's own."""

import base64
from typing import Any

import pytest

from tests.verifier.reading.credentials.resigned import with_other_bytes
from tests.verifier.reading.credentials.test_coverage import CREATED, coded
from tests.verifier.signing import Chain, signed_with
from verifier.reading.credentials.recovered import read_recovered
from verifier.reading.credentials.signed_assertions import signed_assertions
from verifier.reading.credentials.soft_bindings import SoftBinding, soft_bindings_of, value_of
from verifier.reading.credentials.store_bytes import manifest_store_of

OURS = "org.camsim.watermark.1"
PAYLOAD = "0123456789abcdef"
VALUE = bytes.fromhex(PAYLOAD)


def binding(value: object, alg: object = OURS) -> dict[str, Any]:
    blocks = [{"scope": {}, "value": value}]
    return {"label": "c2pa.soft-binding", "data": {"alg": alg, "blocks": blocks}}


def stored(*assertions: dict[str, Any], chain: Chain) -> bytes:
    photo = signed_with(
        coded("image/png"), chain, [CREATED], assertions=assertions, mime_type="image/png"
    )
    store = manifest_store_of(photo, "image/png")
    assert store is not None
    return store


@pytest.mark.parametrize(
    ("value", "alg", "expected"),
    [
        (PAYLOAD, OURS, VALUE),
        (PAYLOAD.upper(), OURS, VALUE),
        (base64.b64encode(VALUE).decode(), OURS, VALUE),
        (PAYLOAD[:-1], OURS, None),
        (PAYLOAD + "00", OURS, None),
        (base64.b64encode(VALUE + b"1").decode(), OURS, None),
        ("AAEC", "com.example.other", b"\0\1\2"),
        ("no base64", "com.example.other", None),
        ("", "com.example.other", None),
        ("A" * 5000, "com.example.other", None),
        (7, "com.example.other", None),
        (None, OURS, None),
        (["AAEC"], "com.example.other", None),
    ],
)
def test_a_value_is_bytes_or_left_out(value: object, alg: str, expected: bytes | None) -> None:
    assert value_of(alg, value) == expected


def test_every_binding_of_the_active_manifest_is_given(chain: Chain) -> None:
    store = stored(
        binding(PAYLOAD), binding("AAEC", "com.example.other"), binding(PAYLOAD), chain=chain
    )
    assert read_recovered(store).bindings == (
        SoftBinding(OURS, VALUE),
        SoftBinding("com.example.other", b"\0\1\2"),
    )


def test_a_string_of_bytes_as_the_standard_has_it(chain: Chain) -> None:
    text, data = b"\x70" + PAYLOAD.encode(), b"\x50" + PAYLOAD.encode()  # CBOR's two kinds
    created = {"label": "c2pa.actions.v2", "data": {"actions": [CREATED]}}
    other = binding(PAYLOAD, "com.example.other")
    photo = with_other_bytes(
        coded("image/png"), chain, [created, other], b"c2pa.soft-binding", {text: data}
    )
    store = manifest_store_of(photo, "image/png")
    assert store is not None
    found = read_recovered(store, chain.root)
    assert (found.credential.integrity.state, found.credential.trust.state) == ("intact", "trusted")
    assert found.bindings == (SoftBinding("com.example.other", PAYLOAD.encode()),)


def test_those_of_an_ingredient_are_not_its_own(chain: Chain) -> None:
    inner = signed_with(coded("image/jpeg"), chain, [CREATED], assertions=[binding(PAYLOAD)])
    opened = {"action": "c2pa.opened", "parameters": {"ingredientIds": ["i0"]}}
    outer = signed_with(coded("image/jpeg"), chain, [opened], [("parentOf", inner)])
    for photo, expected in ((inner, (SoftBinding(OURS, VALUE),)), (outer, ())):
        store = manifest_store_of(photo, "image/jpeg")
        assert store is not None
        assert read_recovered(store).bindings == expected


def test_what_the_claim_does_not_name_is_nobodys() -> None:
    def detailed(*urls: object) -> dict[str, Any]:
        named = [{"url": url} for url in urls]
        contents = {"c2pa.soft-binding": binding(PAYLOAD)["data"]}
        manifest = {"claim": {"gathered_assertions": named}, "assertion_store": contents}
        return {"active_manifest": "a", "manifests": {"a": manifest}}

    for url in (
        "self#jumbf=c2pa.assertions/c2pa.soft-binding",
        "self#jumbf=/c2pa/a/c2pa.assertions/c2pa.soft-binding",
    ):
        assert soft_bindings_of(detailed(url, url)) == (SoftBinding(OURS, VALUE),)
    for url in ("self#jumbf=/c2pa/b/c2pa.assertions/c2pa.soft-binding", "c2pa.soft-binding", 7):
        assert soft_bindings_of(detailed(url)) == ()
    assert soft_bindings_of(detailed()) == ()


@pytest.mark.parametrize(
    "odd", [None, [], 3, {"manifests": []}, {"active_manifest": [], "manifests": {"[]": 1}}]
)
def test_anything_at_all_is_survived(odd: object) -> None:
    assert soft_bindings_of(odd) == ()
    assert signed_assertions(odd, "x") == []


def test_there_is_an_end_to_bindings(chain: Chain) -> None:
    many = [{"scope": {}, "value": f"{n:016x}"} for n in range(100)]
    label = {"label": "c2pa.soft-binding", "data": {"alg": OURS, "blocks": many}}
    assert len(read_recovered(stored(label, chain=chain)).bindings) == 32
