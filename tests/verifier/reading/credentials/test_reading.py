from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from cryptography.x509.name import _ASN1Type
from PIL import Image

from tests.firmware_export.timestamp_authority import timestamp_authority
from tests.verifier.conftest import jpeg
from tests.verifier.signing import (
    CAPTURE,
    DEVELOPMENT,
    DEVELOPMENT_LABEL,
    NEWSCODES,
    OLD_DEVELOPMENT_LABEL,
    Chain,
    make_chain,
    make_chain_below,
    signed,
    signed_with,
    signed_with_author,
)
from tests.verifier.toy import native
from verifier import SettingsError, Verifier
from verifier.judging.stability import untested
from verifier.judging.verdict import conclude
from verifier.reading.channel import read_channel
from verifier.reading.credentials import read_credential

CREATED = {"action": "c2pa.created", "digitalSourceType": NEWSCODES + "digitalCapture"}
GENERATED = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"


@pytest.fixture(scope="module")
def photo() -> bytes:
    return jpeg(native(128, 160))


@pytest.fixture(scope="module")
def signed_photo(photo: bytes, chain: Chain) -> bytes:
    return signed(photo, chain)


def test_no_credential_is_evidence_of_nothing(photo: bytes) -> None:
    credential = read_credential(photo, "image/jpeg")
    states = (credential.integrity.state, credential.trust.state, credential.revocation.state)
    assert states == ("no credential",) * 3
    assert "evidence of nothing" in credential.integrity.words
    assert not credential.present


def test_a_credential_that_lies_elsewhere_is_told_without_its_address(chain: Chain) -> None:
    file = BytesIO()
    place = 'xmlns:dcterms="http://purl.org/dc/terms/" dcterms:provenance="http://x.org/genuine"'
    rdf = 'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
    description = f'<rdf:RDF {rdf}><rdf:Description rdf:about="" {place}/></rdf:RDF>'
    xmp = f'<x:xmpmeta xmlns:x="adobe:ns:meta/">{description}</x:xmpmeta>'
    Image.fromarray(native(96, 128)).save(file, "JPEG", xmp=xmp.encode())
    integrity = read_credential(file.getvalue(), "image/jpeg", chain.root).integrity
    assert integrity.state == "unreadable"
    assert "lies elsewhere" in integrity.words
    assert "genuine" not in integrity.words


def test_integrity_trust_and_revocation_are_told_apart(signed_photo: bytes, chain: Chain) -> None:
    credential = read_credential(signed_photo, "image/jpeg", chain.root)
    assert credential.integrity.state == "intact"
    assert credential.trust.state == "trusted"
    assert credential.revocation.state == "not checked"
    assert (credential.signer, credential.issuer) == ("Test Camera", "camsim tests")
    assert credential.source_type == "digitalCapture"


def test_our_assertion_is_recognised(signed_photo: bytes) -> None:
    development = read_credential(signed_photo, "image/jpeg").development
    assert development is not None
    assert development.model_dump() == DEVELOPMENT | {"engine_sha256": None}


def test_our_assertion_is_recognised_by_its_label_of_before(photo: bytes, chain: Chain) -> None:
    old = {"label": OLD_DEVELOPMENT_LABEL, "data": DEVELOPMENT}
    new = {"label": DEVELOPMENT_LABEL, "data": DEVELOPMENT | {"pipeline": "qnet"}}
    created = {"action": "c2pa.created", "digitalSourceType": CAPTURE}
    for assertions, pipeline in (((old,), "rnet-fan"), ((old, new), "qnet")):
        data = signed_with(photo, chain, [created], assertions=assertions)
        development = read_credential(data, "image/jpeg").development
        assert development is not None
        assert development.pipeline == pipeline


@pytest.mark.parametrize(
    "wrong", [{"pipeline": 1}, DEVELOPMENT | {"more": 1}, DEVELOPMENT | {"pair": "x" * 999}]
)
def test_an_assertion_of_another_form_is_not_ours(
    wrong: dict[str, Any], photo: bytes, chain: Chain
) -> None:
    credential = read_credential(signed(photo, chain, wrong), "image/jpeg")
    assert credential.integrity.state == "intact"
    assert credential.development is None


def test_without_anchors_trust_is_not_checked(signed_photo: bytes) -> None:
    credential = read_credential(signed_photo, "image/jpeg")
    assert (credential.integrity.state, credential.trust.state) == ("intact", "not checked")


def test_a_signer_of_another_authority_is_untrusted(signed_photo: bytes) -> None:
    credential = read_credential(signed_photo, "image/jpeg", make_chain().root)
    assert (credential.integrity.state, credential.trust.state) == ("intact", "untrusted")


def test_changed_pixels_break_integrity_and_not_trust(signed_photo: bytes, chain: Chain) -> None:
    changed = bytearray(signed_photo)
    changed[-200] ^= 1
    credential = read_credential(bytes(changed), "image/jpeg", chain.root)
    assert (credential.integrity.state, credential.trust.state) == ("broken", "trusted")
    assert "the picture isn't the one that was signed" in credential.integrity.words


def test_a_changed_assertion_breaks_integrity(signed_photo: bytes, chain: Chain) -> None:
    changed = signed_photo.replace(b"rnet-fan-1", b"rnet-fan-9")
    assert changed != signed_photo
    credential = read_credential(changed, "image/jpeg", chain.root)
    assert credential.integrity.state == "broken"
    assert "the credential itself was changed" in credential.integrity.words


def test_a_credential_of_another_picture_is_broken(signed_photo: bytes, chain: Chain) -> None:
    other = signed(jpeg(native(128, 160, seed=1)), chain)
    scan = b"\xff\xda"  # start of the last scan: the thumbnail in the credential has one, too
    transplanted = signed_photo[: signed_photo.rindex(scan)] + other[other.rindex(scan) :]
    assert read_credential(transplanted, "image/jpeg").integrity.state == "broken"


def test_a_withdrawn_certificate_is_revoked_and_establishes_nothing(
    signed_photo: bytes, chain: Chain, tmp_path: Path
) -> None:
    lists = tmp_path / "lists.pem"
    lists.write_text(chain.revocation_list(1, 2) + chain.revocation_list(chain.serial))
    with Verifier.facts_only(trust_anchors=chain.root, revocation_lists=lists) as verifier:
        report = verifier.analyze(signed_photo)
    credential = report.credential
    assert (credential.integrity.state, credential.trust.state) == ("intact", "trusted")
    assert credential.revocation.state == "revoked"
    assert report.verdict.label == "inconclusive"
    words = [statement.words for statement in credential.statements]
    assert words
    assert all(", whose certificate was withdrawn, declares" in said for said in words)


@pytest.mark.parametrize("listed", [False, True], ids=["not listed", "withdrawn"])
def test_an_authority_that_was_withdrawn_vouches_for_nobody(
    listed: bool, photo: bytes, chain: Chain
) -> None:
    below, authority = make_chain_below(chain)
    data = signed(photo, below)
    lists = chain.revocation_list(*([authority] if listed else [])) + below.revocation_list()
    revocation = read_credential(data, "image/jpeg", chain.root, lists).revocation
    assert revocation.state == ("revoked" if listed else "not listed")
    assert ("an authority above the signer's" in revocation.words) == listed
    other = chain.revocation_list(below.serial) + below.revocation_list(authority)
    assert read_credential(data, "image/jpeg", chain.root, other).revocation.state == "not listed"


@pytest.mark.parametrize("encoding", ["BMPString", "PrintableString", "T61String"])
def test_a_list_counts_however_the_authority_s_name_is_encoded(
    encoding: str, photo: bytes, chain: Chain
) -> None:
    below, _ = make_chain_below(chain, "Factory", _ASN1Type[encoding])
    data, lists = signed(photo, below), below.revocation_list(below.serial)
    assert read_credential(data, "image/jpeg", chain.root, lists).revocation.state == "revoked"


def test_a_certificate_that_is_on_no_list(signed_photo: bytes, chain: Chain) -> None:
    lists = chain.revocation_list(chain.serial + 1)
    current = read_credential(signed_photo, "image/jpeg", chain.root, lists).revocation
    assert current.state == "not listed"
    assert "should have been replaced" not in current.words
    old = chain.revocation_list(age=30)
    words = read_credential(signed_photo, "image/jpeg", chain.root, old).revocation.words
    assert "should have been replaced" in words


@pytest.mark.parametrize(
    "lists", ["", "-----BEGIN X509 CRL-----\nnonsense\n-----END X509 CRL-----\n", "/no/file.pem"]
)
def test_revocation_lists_that_cannot_be_read(lists: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"revocation list|can't be read"):
        Verifier.default(revocation_lists=lists or tmp_path)


def test_an_author_unknown_is_told_and_the_file_is_as_it_was_signed(
    photo: bytes, chain: Chain
) -> None:
    author = make_chain("A. Author", "Authors")
    data = signed_with_author(photo, chain, author)
    credential = read_credential(data, "image/jpeg", chain.root)
    assert "cawg.x509.credential.untrusted" in credential.codes
    assert (credential.integrity.state, credential.trust.state) == ("intact", "trusted")
    assert credential.identity.state == "not confirmed"
    assert "“A. Author”" in credential.identity.words
    with Verifier.facts_only(trust_anchors=chain.root) as verifier:
        report = verifier.analyze(data)
    assert report.verdict.label == "consistent"
    assert "identity was not confirmed" in report.to_text()
    assert "not confirmed" in report.to_html()


def test_a_time_stamp_counts_if_its_authority_is_trusted(
    photo: bytes, chain: Chain, tmp_path: Path
) -> None:
    with timestamp_authority(tmp_path / "authority") as url:
        data = signed_with(photo, chain, [CREATED], time_stamps=url)
    unknown = read_credential(data, "image/jpeg", chain.root)
    assert (unknown.time.state, unknown.trust.state) == ("unproven", "trusted")
    authority = (tmp_path / "authority" / "certificate.pem").read_text()
    known = read_credential(data, "image/jpeg", chain.root + authority)
    assert known.time.state == "time-stamped"
    assert known.signed_at is not None
    assert known.signed_at in known.time.words


@pytest.mark.slow
@pytest.mark.parametrize("source", ["digitalArt", "compositeCapture", "screenCapture", "unheardOf"])
def test_a_capture_that_is_said_to_be_something_else_is_not_cleared(
    source: str, photo: bytes, chain: Chain
) -> None:
    published = {"action": "c2pa.published", "digitalSourceType": NEWSCODES + source}
    with Verifier.facts_only(trust_anchors=chain.root) as verifier:
        verdict = verifier.analyze(signed_with(photo, chain, [CREATED, published])).verdict
    assert verdict.label == "inconclusive"


def test_verdict_established_by_a_trusted_signature(
    signed_photo: bytes, chain: Chain, tmp_path: Path
) -> None:
    anchors = tmp_path / "anchors.pem"
    anchors.write_text(chain.root)
    with Verifier.facts_only(trust_anchors=anchors) as verifier:
        verdict = verifier.analyze(signed_photo).verdict
    assert (verdict.label, verdict.level) == ("consistent", "established")
    assert "Test Camera" in verdict.summary


def test_an_unknown_signer_decides_nothing(signed_photo: bytes) -> None:
    with Verifier.facts_only() as verifier:
        assert verifier.analyze(signed_photo).verdict.label == "inconclusive"


def test_a_broken_credential_is_evidence_against(signed_photo: bytes, chain: Chain) -> None:
    changed = bytearray(signed_photo)
    changed[-200] ^= 1
    with Verifier.facts_only(trust_anchors=chain.root) as verifier:
        verdict = verifier.analyze(bytes(changed)).verdict
    assert (verdict.label, verdict.level) == ("evidence against", "established")


def test_a_declared_generated_picture_is_evidence_against(photo: bytes, chain: Chain) -> None:
    generated = signed(photo, chain, None, GENERATED)
    with Verifier.facts_only(trust_anchors=chain.root) as verifier:
        verdict = verifier.analyze(generated).verdict
    assert (verdict.label, verdict.level) == ("evidence against", "established")
    assert "generated" in verdict.summary


def test_a_trusted_signer_that_edited_establishes_nothing(photo: bytes, chain: Chain) -> None:
    edited = signed(photo, chain, actions=("c2pa.color_adjustments", "c2pa.cropped"))
    with Verifier.facts_only(trust_anchors=chain.root) as verifier:
        verdict = verifier.analyze(edited).verdict
    assert verdict.label == "inconclusive"
    assert "doesn't state that it is an unedited capture" in verdict.summary
    assert "c2pa.color_adjustments, c2pa.cropped" in " ".join(verdict.reasons)


def test_a_trusted_signer_that_opened_a_file_does_not_vouch_for_a_capture(
    photo: bytes, chain: Chain
) -> None:
    """What our cameras sign where no sensor vouches for the RAW file (DESIGN, decision 6)."""
    credential = read_credential(signed(photo, chain), "image/jpeg", chain.root)
    opened = credential.model_copy(
        update={"source_type": None, "actions": ("c2pa.opened", "org.camsim.developed")}
    )
    channel = read_channel(None, native(64, 64))
    verdict = conclude(opened, channel, (), untested())
    assert verdict.label == "inconclusive"
    assert "opened an existing file" in " ".join(verdict.reasons)


@pytest.mark.parametrize("anchors", ["-----BEGIN CERTIFICATE-----\nnonsense", "/no/such/file.pem"])
def test_trust_anchors_that_cannot_be_read(anchors: str) -> None:
    with pytest.raises(SettingsError, match="trust anchors"):
        Verifier.default(trust_anchors=anchors)


def test_an_empty_list_of_anchors_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("")
    with pytest.raises(SettingsError):
        Verifier.default(trust_anchors=tmp_path / "empty.pem")
