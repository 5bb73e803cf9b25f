"""A manifest store apart from its photo: the answers of the file, but for the hash of the file."""

import base64
import struct
from collections.abc import Iterator, Sequence
from io import BytesIO
from typing import Any

import c2pa
import numpy as np
import pytest
from PIL import Image

from tests.verifier import signing
from tests.verifier.reading.credentials import compressed_bomb
from tests.verifier.reading.credentials.defects import Defect, defects
from tests.verifier.reading.credentials.test_coverage import (
    CREATED,
    TYPES,
    coded,
    with_addition,
)
from tests.verifier.signing import Chain, flipped, make_chain_below, signature_at, signed_with
from tests.verifier.toy import native
from verifier import Limits, PhotoError
from verifier.judging.facts import holds, side_of
from verifier.reading.credentials.integrity import integrity_apart
from verifier.reading.credentials.recovered import RecoveredManifest, read_recovered
from verifier.reading.credentials.soft_bindings import SoftBinding
from verifier.reading.credentials.status_codes import StatusCodes
from verifier.reading.credentials.store_bytes import manifest_store_of
from verifier.reading.process import DecoderProcesses
from verifier.report.record import Credential
from verifier.settings import Settings
from watermark.reference import ReferencePicture

PHOTO = native(768, 1024)
REFERENCE = ReferencePicture.of_photo(PHOTO)
PAYLOAD = "0123456789abcdef"
BINDING = {
    "label": "c2pa.soft-binding",
    "data": {"alg": "org.camsim.watermark.1", "blocks": [{"scope": {}, "value": PAYLOAD}]},
}


def reference(**changes: object) -> dict[str, Any]:
    return {"label": "org.camsim.reference", "data": {**REFERENCE.stated(), **changes}}


def store_of(photo: bytes, mime_type: str = "image/jpeg") -> bytes:
    store = manifest_store_of(photo, mime_type)
    assert store is not None
    return store


def stored(*assertions: dict[str, Any], chain: Chain, mime_type: str = "image/png") -> bytes:
    photo = signed_with(
        coded(mime_type), chain, [CREATED], assertions=assertions, mime_type=mime_type
    )
    return store_of(photo, mime_type)


@pytest.fixture(scope="module")
def store(chain: Chain) -> bytes:
    return stored(BINDING, reference(), chain=chain)


@pytest.fixture(scope="module")
def reader(chain: Chain) -> Iterator[DecoderProcesses]:
    processes = DecoderProcesses(Settings(chain.root, limits=Limits(manifest_bytes=300_000)))
    yield processes
    processes.close()


@pytest.mark.parametrize("mime_type", TYPES)
def test_all_but_the_hash_of_the_file_is_checked(mime_type: str, chain: Chain) -> None:
    found = read_recovered(
        stored(BINDING, reference(), chain=chain, mime_type=mime_type), chain.root
    )
    credential = found.credential
    assert (credential.integrity.state, credential.trust.state) == ("intact", "trusted")
    assert "isn't expected to match" in credential.integrity.words
    assert any(code.endswith("Hash.mismatch") for code in credential.codes)
    assert (credential.signer, credential.source_type) == ("Test Camera", "digitalCapture")
    assert holds(credential)
    assert side_of(credential) == "for"


def test_bindings_and_reference_are_those_that_were_signed(store: bytes) -> None:
    found = read_recovered(store)
    assert found.bindings == (SoftBinding("org.camsim.watermark.1", bytes.fromhex(PAYLOAD)),)
    assert found.photo_size == (1024, 768)
    assert found.reference is not None
    np.testing.assert_array_equal(found.reference, REFERENCE.pixels())


# As a file's


@pytest.fixture(scope="module")
def made() -> Sequence[Defect]:
    return list(defects())


def answers(credential: Credential) -> list[object]:
    """Every answer but the words of integrity, of it and of its ingredients."""
    parts = ("trust", "revocation", "time", "identity", "faults", "signer", "signed_at", "actions")
    stated = [statement.words for statement in credential.statements if statement.by != "nobody"]
    ingredients = [
        (one.integrity, one.trust, one.revocation) for one in credential.ingredient_answers
    ]
    return [*(getattr(credential, part) for part in parts), ingredients, len(stated)]


def test_every_defect_is_answered_as_in_its_file(made: Sequence[Defect]) -> None:
    of_the_picture = {"E-dat-C", "C-moved", "E-dat-C-unknown"}
    for defect in made:
        lists = defect.chain.revocation_list(*([defect.chain.serial] if defect.withdrawn else []))
        found = read_recovered(store_of(defect.data), defect.chain.root, lists).credential
        ours = defect.ours
        assert (defect.name, answers(found)) == (defect.name, answers(ours))
        expected = "intact" if defect.name in of_the_picture else ours.integrity.state
        assert (defect.name, found.integrity.state) == (defect.name, expected)
        assert (defect.name, found.integrity.broken_part) == (
            defect.name,
            None if defect.name in of_the_picture else ours.integrity.broken_part,
        )
    assert of_the_picture <= {defect.name for defect in made}


def test_whom_nobody_vouches_for_is_not_trusted(store: bytes) -> None:
    assert read_recovered(store).credential.trust.state == "not checked"


def test_lists_withdraw_the_signer_and_the_authority_above(chain: Chain) -> None:
    below, between = make_chain_below(chain)
    found = stored(BINDING, chain=below)
    for serials, state in (((), "not checked"), ((between,), "revoked")):
        lists = chain.revocation_list(*serials)
        credential = read_recovered(found, chain.root, lists).credential
        assert (credential.trust.state, credential.revocation.state) == ("trusted", state)
    lists = below.revocation_list(below.serial)
    assert read_recovered(found, chain.root, lists).credential.revocation.state == "revoked"


def test_what_only_adds_to_a_manifest_holds_and_has_no_bindings_of_its_own(chain: Chain) -> None:
    photo = signed_with(
        coded("image/png"), chain, [CREATED], assertions=[BINDING, reference()],
        mime_type="image/png",
    )  # fmt: skip
    found = read_recovered(
        store_of(with_addition(photo, chain, "image/png"), "image/png"), chain.root
    )
    assert (found.credential.integrity.state, found.credential.trust.state) == ("intact", "trusted")
    assert [one.integrity.state for one in found.credential.ingredient_answers] == ["intact"]
    assert (found.bindings, found.reference, found.photo_size) == ((), None, None)


def test_a_compressed_manifest_with_a_hash_of_boxes(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(signing._SETTINGS, "core", {"prefer_compress_manifests": True})
    long = {"label": "org.example.long", "data": {"text": "x" * 150_000}}
    found = stored(BINDING, long, chain=chain)
    assert len(found) < 50_000
    read = read_recovered(found, chain.root)
    assert (read.credential.integrity.state, read.credential.trust.state) == ("intact", "trusted")
    assert "assertion.boxesHash.mismatch" in read.credential.codes
    assert len(read.bindings) == 1


def test_a_hash_of_no_picture_is_none() -> None:
    """What c2pa writes before there is a picture holds, of nothing."""
    archive = BytesIO()
    c2pa.Builder({"assertions": [BINDING]}).to_archive(archive)
    credential = read_recovered(archive.getvalue()).credential
    assert "assertion.boxesHash.match" in credential.codes
    assert credential.integrity.state == "unclear"
    assert credential.integrity.words.endswith("it holds no hash of a picture.")


@pytest.mark.parametrize(
    ("codes", "binding", "state"),
    [
        (("assertion.dataHash.mismatch",), True, "intact"),
        (("assertion.bmffHash.mismatch",), True, "intact"),
        (("assertion.dataHash.match",), True, "intact"),  # as c2pa reports one that it can't read
        (("assertion.boxesHash.mismatch", "assertion.boxesHash.unknownBox"), True, "intact"),
        (("assertion.dataHash.mismatch",), False, "unclear"),
        ((), True, "unclear"),
        (("claim.hardBindings.missing",), True, "unclear"),
        (("assertion.dataHash.mismatch", "assertion.multipleHardBindings"), True, "unclear"),
        (("assertion.dataHash.mismatch", "assertion.dataHash.malformed"), True, "unclear"),
        (("assertion.dataHash.mismatch", "assertion.undeclared"), True, "unclear"),
        (("assertion.dataHash.mismatch", "assertion.missing"), True, "broken"),
        (("assertion.dataHash.mismatch", "assertion.hashedURI.mismatch"), True, "broken"),
        (("assertion.dataHash.mismatch", "claimSignature.mismatch"), True, "broken"),
        (("assertion.dataHash.mismatch", "ingredient.hashedURI.mismatch"), True, "broken"),
    ],
)
def test_only_the_hash_of_the_file_may_fail(
    codes: tuple[str, ...], binding: bool, state: str
) -> None:
    signed = StatusCodes(success={"claimSignature.validated"}, failure=set(codes))
    assert integrity_apart(signed, readable=True, binding=binding).state == state
    assert integrity_apart(signed, readable=False, binding=binding).state != "intact"
    unsigned = StatusCodes(failure=set(codes))
    assert integrity_apart(unsigned, readable=True, binding=binding).state != "intact"


# The reference


@pytest.mark.parametrize(
    "assertions",
    [
        (),
        (reference(), reference()),  # which of them?
        (reference(width=4000),),
        (reference(data="A" * 200_000),),
        (reference(data=base64.b64encode(REFERENCE.jpeg[:-9000]).decode()),),
    ],
)
def test_without_one_good_reference_there_is_none(
    assertions: tuple[dict[str, Any], ...], chain: Chain
) -> None:
    found = read_recovered(stored(BINDING, *assertions, chain=chain), chain.root)
    assert found.credential.integrity.state == "intact"
    assert len(found.bindings) == 1
    assert (found.reference, found.photo_size) == (None, None)


def test_one_that_is_exchanged_is_told(store: bytes, chain: Chain) -> None:
    other = base64.b64encode(ReferencePicture.of_photo(PHOTO[::-1]).jpeg)
    own = base64.b64encode(REFERENCE.jpeg)
    [at] = [place for place in range(len(store)) if store.startswith(own[:200], place)]
    exchanged = store[:at] + other[: len(own)].ljust(len(own), b"A") + store[at + len(own) :]
    found = read_recovered(exchanged, chain.root)
    integrity = found.credential.integrity
    assert (integrity.state, integrity.broken_part) == ("broken", "credential")
    assert (found.reference, found.photo_size) == (None, None)


def test_what_nobody_is_known_to_have_signed_is_not_shown(store: bytes, chain: Chain) -> None:
    found = read_recovered(flipped(store, signature_at(store) + 5), chain.root)
    assert found.credential.integrity.broken_part == "signature"
    assert len(found.bindings) == 1
    assert (found.reference, found.photo_size) == (None, None)


# Hostile stores


def with_another(store: bytes, label: bytes, new: bytes) -> bytes:
    """Put a copy of an assertion, under another label, behind it: no claim names that."""
    start = store.index(label + b"\0") - 33
    box = store[start : start + int.from_bytes(store[start : start + 4], "big")]
    grown = bytearray(store)
    end = start + len(box)
    grown[end:end] = box.replace(label + b"\0", new + b"\0")
    for place in _around(store, start):
        length = struct.unpack(">I", grown[place : place + 4])[0]
        grown[place : place + 4] = struct.pack(">I", length + len(box))
    return bytes(grown)


def _around(store: bytes, inner: int) -> Iterator[int]:
    """Yield where the boxes begin that lie around a place."""
    place, end = 0, len(store)
    while place < inner:
        length = int.from_bytes(store[place : place + 4], "big")
        if place + length > inner:
            yield place
            place, end = place + 8, place + length
        else:
            place += length
    assert place == inner < end


@pytest.mark.parametrize("new", [b"org.camsim.reference", b"org.camsim.referenc_"])
def test_an_assertion_that_the_signature_does_not_cover_is_not_taken(
    new: bytes, store: bytes, chain: Chain
) -> None:
    found = read_recovered(with_another(store, b"org.camsim.reference", new), chain.root)
    assert found.credential.integrity.state not in ("intact", "no credential")
    assert not holds(found.credential)


GARBAGE = {
    "nothing": b"",
    "text": b"<html>404</html>",
    "zeros": bytes(5000),
    "a picture": coded("image/jpeg"),
    "a box of itself": struct.pack(">I4s", 16, b"jumb") * 4000,
    "an endless box": struct.pack(">I4sQ", 1, b"jumb", 2**63),
}


@pytest.mark.parametrize("name", GARBAGE)
def test_garbage_is_unreadable(name: str, reader: DecoderProcesses) -> None:
    found = reader.read_manifest(GARBAGE[name])
    assert found.credential.integrity.state == "unreadable"
    assert found.credential.integrity.words.startswith("The recovered credential can't be read: ")
    assert (found.bindings, found.reference) == ((), None)


def test_a_compressed_manifest_is_not_unpacked_beyond_measure(reader: DecoderProcesses) -> None:
    small, bomb = compressed_bomb.packed(1 << 20), compressed_bomb.FILE.read_bytes()
    assert reader.read_manifest(small).credential.integrity.state == "intact"
    assert len(bomb) < 10_000
    found = reader.read_manifest(bomb).credential.integrity
    assert found.state == "unreadable"
    assert "exceeds maximum size" in found.words


def test_a_cut_or_damaged_store_is_never_intact(
    store: bytes, chain: Chain, reader: DecoderProcesses
) -> None:
    rng = np.random.default_rng(0)
    for end in rng.integers(0, len(store), 12):
        assert reader.read_manifest(store[:end]).credential.integrity.state == "unreadable"
    signed = store.index(b"org.camsim.reference"), store.index(b"c2pa.signature")
    for at in rng.integers(*signed, 12):
        changed = bytearray(store)
        changed[at] ^= 4
        state = read_recovered(bytes(changed), chain.root).credential.integrity.state
        assert (at, state in ("broken", "unreadable")) == (at, True)


def test_bytes_behind_the_store_change_nothing_or_make_it_unreadable(
    store: bytes, chain: Chain
) -> None:
    stranger = stored(reference(), chain=make_chain_below(chain)[0])
    for rest in (b"\0" * 100, stranger):
        found = read_recovered(store + rest, chain.root)
        if found.credential.integrity.state == "intact":
            assert found.credential.signer == "Test Camera"
            np.testing.assert_array_equal(found.reference, REFERENCE.pixels())


# In the decoder process


def test_the_decoder_process_says_the_same(
    store: bytes, chain: Chain, reader: DecoderProcesses
) -> None:
    same(reader.read_manifest(store), read_recovered(store, chain.root))
    bare = stored(BINDING, chain=chain)
    same(reader.read_manifest(bare), read_recovered(bare, chain.root))
    file = BytesIO()
    Image.fromarray(native(64, 64)).save(file, "PNG")
    assert reader.read(file.getvalue()).pixels.shape == (64, 64, 3)  # and goes on reading photos


def same(one: RecoveredManifest, other: RecoveredManifest) -> None:
    assert one.credential == other.credential
    assert (one.bindings, one.photo_size) == (other.bindings, other.photo_size)
    if other.reference is None:
        assert one.reference is None
    else:
        np.testing.assert_array_equal(one.reference, other.reference)


def test_a_store_beyond_the_limit_is_not_looked_at(reader: DecoderProcesses) -> None:
    found = reader.read_manifest(bytes(300_001))
    assert found.credential.integrity.words == (
        "The recovered credential can't be read: it has 300,001 bytes, and the limit is 300,000."
    )


def test_a_store_that_takes_too_long_is_an_error_of_ours(store: bytes) -> None:
    processes = DecoderProcesses(Settings(limits=Limits(seconds=0.001)))
    try:
        with pytest.raises(PhotoError):
            processes.read_manifest(store)
    finally:
        processes.close()
