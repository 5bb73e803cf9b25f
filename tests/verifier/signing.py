"""Credentials for tests: a certificate chain, and files signed with it through c2pa."""

import datetime
import json
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import c2pa
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
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
CAPTURE = "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture"


@dataclass(frozen=True)
class Chain:
    """A root in PEM with its key, and a signer's certificates, serial number and key."""

    root: str
    root_key: ec.EllipticCurvePrivateKey
    certificates: bytes
    serial: int
    key: bytes

    def revocation_list(self, *serials: int, age: int = 0) -> str:
        """Sign a list of withdrawn certificates, issued so many days ago, good for ten."""
        day = datetime.timedelta(days=1)
        issued = datetime.datetime.now(datetime.UTC) - age * day
        builder = x509.CertificateRevocationListBuilder(
            issuer_name=_name("Test Root"), last_update=issued, next_update=issued + 10 * day
        )
        for serial in serials:
            entry = x509.RevokedCertificateBuilder(serial, issued).build()
            builder = builder.add_revoked_certificate(entry)
        signed_list = builder.sign(self.root_key, hashes.SHA256())
        return signed_list.public_bytes(serialization.Encoding.PEM).decode()


def make_chain() -> Chain:
    root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root = _certificate("Test Root", "Test Root", root_key, root_key, authority=True)
    leaf = _certificate("Test Camera", "Test Root", key, root_key, authority=False)
    encoding = serialization.Encoding.PEM
    return Chain(
        root.public_bytes(encoding).decode(),
        root_key,
        leaf.public_bytes(encoding) + root.public_bytes(encoding),
        leaf.serial_number,
        key.private_bytes(
            encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ),
    )


def _name(common: str) -> x509.Name:
    organisation = x509.NameAttribute(NameOID.ORGANIZATION_NAME, "camsim tests")
    return x509.Name([organisation, x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _certificate(
    subject: str,
    issuer: str,
    key: ec.EllipticCurvePrivateKey,
    issuer_key: ec.EllipticCurvePrivateKey,
    *,
    authority: bool,
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
        .subject_name(_name(subject))
        .issuer_name(_name(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - day)
        .not_valid_after(now + 300 * day)
        .add_extension(x509.BasicConstraints(authority, None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()),
            critical=False,
        )
    )
    if not authority:
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
    assertions = [{"label": "c2pa.actions.v2", "data": {"actions": [created, *more]}}]
    if development is not None:
        assertions.append({"label": "camsim.development", "data": development})
    manifest = {
        "claim_generator_info": [{"name": "camsim", "version": "0.1"}],
        "format": "image/jpeg",
        "assertions": assertions,
    }
    info = c2pa.C2paSignerInfo(
        alg=b"es256", sign_cert=chain.certificates, private_key=chain.key, ta_url=None
    )
    out = BytesIO()
    settings = {"verify": {"verify_trust": False, "remote_manifest_fetch": False}}
    with (
        c2pa.Context.from_dict(settings) as context,
        c2pa.Signer.from_info(info) as signer,
        c2pa.Builder(json.dumps(manifest), context) as builder,
    ):
        builder.sign(signer, "image/jpeg", BytesIO(data), out)
    return out.getvalue()
