"""Credentials for tests: a certificate chain, and files signed with it through c2pa."""

import datetime
import json
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Literal

import c2pa
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.x509.name import _ASN1Type
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

DEVELOPMENT: dict[str, Any] = {
    "pipeline": "rnet-fan",
    "pair": "rnet-fan-1",
    "weights_sha256": "0" * 64,
    "engine": "onnxruntime",
    "precision": "float32",
    "bundle_sha256": None,
    "raw_sha256": "1" * 64,
    "boot_log_sha256": None,
}
DEVELOPMENT_LABEL = "org.camsim.development"
OLD_DEVELOPMENT_LABEL = "camsim.development"
NEWSCODES = "http://cv.iptc.org/newscodes/digitalsourcetype/"
CAPTURE = "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture"
_SETTINGS: dict[str, Any] = {
    "verify": {"verify_trust": False, "verify_after_sign": False, "remote_manifest_fetch": False},
    "builder": {"thumbnail": {"enabled": False}},
}


@dataclass(frozen=True)
class Chain:
    """A root in PEM with its key, and a signer's certificates, serial number and key."""

    root: str
    root_key: ec.EllipticCurvePrivateKey
    certificates: bytes
    authority: str
    serial: int
    key: bytes

    def revocation_list(self, *serials: int, age: int = 0) -> str:
        """Sign a list of withdrawn certificates, issued so many days ago, good for ten."""
        day = datetime.timedelta(days=1)
        issued = datetime.datetime.now(datetime.UTC) - age * day
        builder = x509.CertificateRevocationListBuilder(
            issuer_name=_name(self.authority), last_update=issued, next_update=issued + 10 * day
        )
        for serial in serials:
            entry = x509.RevokedCertificateBuilder(serial, issued).build()
            builder = builder.add_revoked_certificate(entry)
        signed_list = builder.sign(self.root_key, hashes.SHA256())
        return signed_list.public_bytes(serialization.Encoding.PEM).decode()


def make_chain(signer: str = "Test Camera", authority: str = "Test Root") -> Chain:
    root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root = _certificate(authority, authority, root_key, root_key, authority=True)
    leaf = _certificate(signer, authority, key, root_key, authority=False)
    encoding = serialization.Encoding.PEM
    return Chain(
        root.public_bytes(encoding).decode(),
        root_key,
        leaf.public_bytes(encoding) + root.public_bytes(encoding),
        authority,
        leaf.serial_number,
        key.private_bytes(
            encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ),
    )


def make_chain_below(
    chain: Chain, authority: str = "Factory", encoding: _ASN1Type = _ASN1Type.UTF8String
) -> tuple[Chain, int]:
    """Return a signer of an authority below a root, and that authority's serial number."""
    key, signer = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    named = _name(authority, encoding)
    between = _certificate(named, chain.authority, key, chain.root_key, authority=True)
    leaf = _certificate("Factory Camera", named, signer, key, authority=False)
    pem = serialization.Encoding.PEM
    private = signer.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    certificates = leaf.public_bytes(pem) + between.public_bytes(pem)
    below = Chain(chain.root, key, certificates, authority, leaf.serial_number, private)
    return below, between.serial_number


def _name(common: str, encoding: _ASN1Type = _ASN1Type.UTF8String) -> x509.Name:
    parts = {NameOID.ORGANIZATION_NAME: "camsim tests", NameOID.COMMON_NAME: common}
    return x509.Name([x509.NameAttribute(oid, text, encoding) for oid, text in parts.items()])


def _certificate(
    subject: str | x509.Name,
    issuer: str | x509.Name,
    key: ec.EllipticCurvePrivateKey,
    issuer_key: ec.EllipticCurvePrivateKey,
    *,
    authority: bool,
    ended: bool = False,
) -> x509.Certificate:
    now = datetime.datetime.now(datetime.UTC)
    day = datetime.timedelta(days=1)
    usage = x509.KeyUsage(
        digital_signature=not authority, content_commitment=False, key_encipherment=False,
        data_encipherment=False, key_agreement=False, key_cert_sign=authority, crl_sign=authority,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(subject) if isinstance(subject, str) else subject)
        .issuer_name(_name(issuer) if isinstance(issuer, str) else issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - 20 * day if ended else now - day)
        .not_valid_after(now - 10 * day if ended else now + 300 * day)
        .add_extension(x509.BasicConstraints(authority, None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()),
            critical=False,
        )
    )
    if not authority or issuer != subject:
        purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])
        builder = builder.add_extension(purpose, critical=False)
    return builder.sign(issuer_key, hashes.SHA256())


def signed(
    data: bytes,
    chain: Chain,
    development: dict[str, Any] | None = DEVELOPMENT,
    source_type: str = CAPTURE,
    actions: tuple[str, ...] = (),
) -> bytes:
    """Sign a JPEG file, with our assertion unless it is None."""
    created = {"action": "c2pa.created", "digitalSourceType": source_type}
    more = [{"action": action} for action in actions]
    assertions = [] if development is None else [{"label": DEVELOPMENT_LABEL, "data": development}]
    return signed_with(data, chain, [created, *more], assertions=assertions)


def signed_with(
    data: bytes,
    chain: Chain,
    actions: Sequence[dict[str, Any]],
    ingredients: Sequence[tuple[str, bytes]] = (),
    assertions: Sequence[dict[str, Any]] = (),
    templates: Sequence[dict[str, Any]] = (),
    mime_type: str = "image/jpeg",
    intent: c2pa.C2paBuilderIntent | None = None,
    claim_version: int = 2,
    time_stamps: str | None = None,
) -> bytes:
    """Sign a file with actions, JPEG ingredients (relationship, file) and further assertions."""
    stated: dict[str, Any] = {"actions": list(actions)}
    if templates:
        stated["templates"] = list(templates)
    info = c2pa.C2paSignerInfo(
        alg=b"es256",
        sign_cert=chain.certificates,
        private_key=chain.key,
        ta_url=time_stamps.encode() if time_stamps else None,
    )
    with c2pa.Signer.from_info(info) as signer:
        return _built(
            data, signer, stated, ingredients, assertions, mime_type, intent, claim_version
        )


def _built(
    data: bytes,
    signer: c2pa.Signer,
    stated: dict[str, Any],
    ingredients: Sequence[tuple[str, bytes]],
    assertions: Sequence[dict[str, Any]],
    mime_type: str = "image/jpeg",
    intent: c2pa.C2paBuilderIntent | None = None,
    claim_version: int = 2,
) -> bytes:
    manifest: dict[str, Any] = {
        "claim_version": claim_version,
        "claim_generator_info": [{"name": "camsim", "version": "0.1"}],
        "format": mime_type,
        "assertions": [{"label": "c2pa.actions.v2", "data": stated}, *assertions],
    }
    out = BytesIO()
    with (
        c2pa.Context.from_dict(_SETTINGS) as context,
        c2pa.Builder(json.dumps(manifest), context) as builder,
    ):
        if intent is not None:
            builder.set_intent(intent)
        for number, (relationship, content) in enumerate(ingredients):
            name = f"i{number}"
            told = {"title": name, "relationship": relationship, "label": name, "instance_id": name}
            builder.add_ingredient(json.dumps(told), "image/jpeg", BytesIO(content))
        builder.sign(signer, mime_type, BytesIO(data), out)
    return out.getvalue()


def signed_with_author(data: bytes, chain: Chain, author: Chain) -> bytes:
    """Sign a JPEG file with an identity assertion (CAWG) of an author who has a certificate."""
    signs, names = (
        {"alg": "es256", "sign_cert": who.certificates.decode(), "private_key": who.key.decode()}
        for who in (chain, author)
    )
    what = {"referenced_assertions": ["c2pa.actions.v2"], "roles": ["cawg.creator"]}
    settings = {
        "version": 1,
        **_SETTINGS,
        "signer": {"local": signs},
        "cawg_x509_signer": {"local": names | what},
    }
    created = {"action": "c2pa.created", "digitalSourceType": CAPTURE}
    actions = {"label": "c2pa.actions.v2", "data": {"actions": [created]}}
    manifest = {"claim_generator_info": [{"name": "camsim"}], "assertions": [actions]}
    out = BytesIO()
    with c2pa.Context.from_dict(settings) as context:
        context._has_signer = True  # the settings bring one, which the binding doesn't look for
        with c2pa.Builder(json.dumps(manifest), context) as builder:
            builder.sign("image/jpeg", BytesIO(data), out)
    return out.getvalue()


def signed_by_unfit(
    data: bytes, chain: Chain, actions: Sequence[dict[str, Any]], defect: Literal["ended", "ca"]
) -> bytes:
    """Sign with a certificate that no Builder accepts: one that ended, or an authority's.

    The Builder sees a certificate that is fine and as long; what is signed, and the file, get the
    other one in its place.
    """
    key = serialization.load_pem_private_key(chain.key, None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    fine, unfit = _as_long(chain, key, defect)

    def sign(content: bytes) -> bytes:
        assert content.count(fine) == 1
        signature = key.sign(content.replace(fine, unfit), ec.ECDSA(hashes.SHA256()))
        return b"".join(part.to_bytes(32, "big") for part in decode_dss_signature(signature))

    pem = x509.load_der_x509_certificate(fine).public_bytes(serialization.Encoding.PEM).decode()
    signer = c2pa.Signer.from_callback(sign, c2pa.C2paSigningAlg.ES256, pem + chain.root, None)
    with signer:
        signed_file = _built(data, signer, {"actions": list(actions)}, (), ())
    assert signed_file.count(fine) == 1
    return signed_file.replace(fine, unfit)


def _as_long(
    chain: Chain, key: ec.EllipticCurvePrivateKey, defect: Literal["ended", "ca"]
) -> tuple[bytes, bytes]:
    """Make a certificate that is fine and one that isn't, of one length in DER."""
    ended, authority = defect == "ended", defect == "ca"

    def made(subject: str, **how: bool) -> bytes:
        certificate = _certificate(subject, chain.authority, key, chain.root_key, **how)
        return certificate.public_bytes(serialization.Encoding.DER)

    unfit = made("Unfit", authority=authority, ended=ended)
    while True:  # an ECDSA signature is of 70 to 72 bytes
        for padding in range(12):
            fine = made("Unfit" + "." * padding, authority=False)
            if len(fine) == len(unfit):
                return fine, unfit


def flipped(data: bytes, at: int) -> bytes:
    """Return a file with one bit of one byte turned."""
    changed = bytearray(data)
    changed[at] ^= 1
    return bytes(changed)


def signature_at(data: bytes) -> int:
    """Return where the last ES256 signature of a file begins: 64 bytes after this head in CBOR."""
    return data.rindex(b"\xf6\x58\x40") + 3
