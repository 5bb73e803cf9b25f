"""X.509 certificates of a simulated camera vendor: what each says, and how a chain is checked.

Devices' certificates follow C2PA's certificate profile (specification 2.2, section 14.5.1):
version 3, not a CA, critical key usage of digital signature alone, authority key identifier, an
extended key usage from the trust list's configuration. Firmware's say their role by a certificate
policy.
"""

import warnings
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from camera_sim.errors import IdentityError
from camera_sim.signing.keys import ALGORITHMS, PublicKey, SoftwareKey, algorithm_of, key_id

Role = Literal["device", "developer", "release"]
ROLES: tuple[Role, ...] = ("device", "developer", "release")
FIRMWARE_ROLES: tuple[Role, ...] = ("developer", "release")

# C2PA 2.2, section 14.5.1.1: c2pa-kp-claimSigning. Today's readers still look for e-mail protection
# (their built-in configuration; c2pa-rs 0.91 finds a certificate without it invalid).
CLAIM_SIGNING = x509.ObjectIdentifier("1.3.6.1.4.1.62558.2.1")
DEVICE_USAGES = (ExtendedKeyUsageOID.EMAIL_PROTECTION, CLAIM_SIGNING)
# Policies that name a firmware role: UUID-based arcs (ITU-T X.667), so that no registry is needed.
ROLE_POLICIES = {
    "developer": x509.ObjectIdentifier("2.25.117930842207653829047386213402385416913"),
    "release": x509.ObjectIdentifier("2.25.213084610592840716620943115378006491257"),
}
LIFETIME = {"root": 20 * 365, "ca": 10 * 365, "device": 2 * 365, "photo": 90, "firmware": 3 * 365}
"""Days."""
MALFORMED = (ValueError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion,
             x509.DuplicateExtension)  # fmt: skip
"""What cryptography raises of a certificate that is none."""
CLOCK_SKEW = timedelta(minutes=5)


def root_certificate(name: str, key: SoftwareKey) -> x509.Certificate:
    """Return a vendor's self-signed root."""
    subject = _subject(name, "root")
    builder = _builder(subject, subject, key.public, key.public, LIFETIME["root"])
    return _signed(_as_ca(builder, 1), key)


def ca_certificate(
    name: str, purpose: str, public: PublicKey, root: x509.Certificate, root_key: SoftwareKey
) -> x509.Certificate:
    """Return an issuing CA under the root."""
    subject = _subject(name, purpose)
    builder = _builder(subject, root.subject, public, root_key.public, LIFETIME["ca"])
    return _signed(_as_ca(builder, 0), root_key)


def leaf_certificate(
    role: Role,
    subject: x509.Name,
    public: PublicKey,
    issuer: x509.Certificate,
    issuer_key: SoftwareKey,
    days: int,
) -> x509.Certificate:
    """Return a certificate of a device, or of a firmware role."""
    builder = _builder(subject, issuer.subject, public, issuer_key.public, days)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), True)
    builder = builder.add_extension(_key_usage(ca=False), critical=True)
    if role == "device":
        return _signed(
            builder.add_extension(x509.ExtendedKeyUsage(DEVICE_USAGES), False), issuer_key
        )
    policy = x509.PolicyInformation(ROLE_POLICIES[role], None)
    builder = builder.add_extension(
        x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), critical=False
    )
    return _signed(builder.add_extension(x509.CertificatePolicies([policy]), True), issuer_key)


def subject_name(organisation: str, common_name: str) -> x509.Name:
    """Return a subject: organisation, as C2PA readers show it, and common name.

    Raises
    ------
    IdentityError
        If X.509 cannot hold one of them.
    """
    try:
        return x509.Name(
            [
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
                x509.NameAttribute(NameOID.COMMON_NAME, common_name),
            ]
        )
    except ValueError as error:
        raise IdentityError(
            f"a certificate cannot be made out to {organisation!r}, {common_name!r}: {error}"
        ) from error


def _subject(organisation: str, purpose: str) -> x509.Name:
    return subject_name(organisation, f"{organisation} {purpose}")


def _builder(
    subject: x509.Name, issuer: x509.Name, public: PublicKey, issuer_public: PublicKey, days: int
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCK_SKEW)
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_public), critical=False
        )
    )


def _as_ca(builder: x509.CertificateBuilder, path_length: int) -> x509.CertificateBuilder:
    constraints = x509.BasicConstraints(ca=True, path_length=path_length)
    return builder.add_extension(constraints, True).add_extension(_key_usage(ca=True), True)


def _key_usage(*, ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not ca,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=ca,
        crl_sign=ca,
        encipher_only=False,
        decipher_only=False,
    )


def _signed(builder: x509.CertificateBuilder, key: SoftwareKey) -> x509.Certificate:
    return builder.sign(key.private, hash_for(key.public))


def hash_for(key: PublicKey) -> hashes.SHA256 | None:
    """Return the hash that cryptography wants named beside a key; Ed25519 has its own."""
    return None if algorithm_of(key) == "ed25519" else hashes.SHA256()


def to_pem(certificates: Sequence[x509.Certificate]) -> bytes:
    """Return a chain as PEM, in the given order."""
    return b"".join(c.public_bytes(serialization.Encoding.PEM) for c in certificates)


def from_pem(content: bytes, name: object) -> tuple[x509.Certificate, ...]:
    """Read a chain from PEM.

    Raises
    ------
    IdentityError
        If there is none in it; ``name`` says of which file.
    """
    try:
        return tuple(x509.load_pem_x509_certificates(content))
    except MALFORMED as error:
        raise IdentityError(f"{name} holds no certificate in PEM") from error


def from_der(content: bytes) -> x509.Certificate:
    """Read one certificate, all of it, and in one encoding alone.

    Parsers put off most of the work, and take a BIT STRING that claims unused bits where there are
    none (DER, X.690 section 11.2): the same certificate in other bytes.

    Raises
    ------
    IdentityError
        If it is none, or not in its one encoding.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # such as of a negative serial number
            certificate = x509.load_der_x509_certificate(content)
            _ = (certificate.subject, certificate.issuer, certificate.extensions)
            _ = (certificate.serial_number, certificate.public_key())
            _ = (certificate.not_valid_before_utc, certificate.not_valid_after_utc)
        unused_bits = content[-len(certificate.signature) - 1]
    except (*MALFORMED, Warning) as error:
        raise IdentityError("it is no certificate, or a damaged one") from error
    if unused_bits:
        raise IdentityError("it is a certificate in a second encoding")
    return certificate


def fingerprint(certificate: x509.Certificate) -> str:
    """Return the SHA-256 of a certificate, in hex."""
    return certificate.fingerprint(hashes.SHA256()).hex()


def common_name(certificate: x509.Certificate) -> str:
    """Return whom it is made out to."""
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(names[0].value) if names else certificate.subject.rfc4514_string()


def public_key_of(certificate: x509.Certificate) -> PublicKey:
    """Return the key that it certifies.

    Raises
    ------
    IdentityError
        If it is neither P-256 nor Ed25519.
    """
    key = certificate.public_key()
    if isinstance(key, PublicKey) and algorithm_of(key) in ALGORITHMS:
        return key
    raise IdentityError(f"the key of {common_name(certificate)} is neither P-256 nor Ed25519")


def role_of(certificate: x509.Certificate) -> Role:
    """Return what a leaf certificate may do.

    Raises
    ------
    IdentityError
        If it says none of `ROLES`.
    """
    try:
        usages = set(certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
        if CLAIM_SIGNING in usages:
            return "device"
        policies = certificate.extensions.get_extension_for_class(x509.CertificatePolicies).value
    except (x509.ExtensionNotFound, ValueError):
        policies, usages = x509.CertificatePolicies([]), set()
    named = {policy.policy_identifier for policy in policies}
    for role in FIRMWARE_ROLES:
        if ExtendedKeyUsageOID.CODE_SIGNING in usages and ROLE_POLICIES[role] in named:
            return role
    raise IdentityError(f"the certificate of {common_name(certificate)} is made out for no role")


def verify_chain(
    chain: Sequence[x509.Certificate], root: x509.Certificate, at: datetime | None
) -> None:
    """Check a chain, leaf first and without the root (RFC 5280, section 6.1, as far as used here).

    Parameters
    ----------
    at
        The moment at which each must be valid; None where there is no clock to be trusted.

    Raises
    ------
    IdentityError
        With the reason, and the certificate's name.
    """
    if not chain:
        raise IdentityError("there is no certificate")
    _check_leaf(chain[0])
    for depth, (certificate, issuer) in enumerate(_links(chain, root)):
        name = common_name(certificate)
        _check_ca(issuer, depth)
        verify_issued(certificate, issuer)
        if at and not certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc:
            raise IdentityError(
                f"the certificate of {name} is valid from {certificate.not_valid_before_utc:%F} "
                f"to {certificate.not_valid_after_utc:%F}; issue another"
            )


def verify_issued(certificate: x509.Certificate, issuer: x509.Certificate) -> None:
    """Check that one certificate was issued, and signed, by another.

    Raises
    ------
    IdentityError
        If it was not.
    """
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature) as error:
        raise IdentityError(
            f"the certificate of {common_name(certificate)} was not issued by the "
            f"{common_name(issuer)} with the fingerprint {fingerprint(issuer)[:12]}…"
        ) from error


def _links(
    chain: Sequence[x509.Certificate], root: x509.Certificate
) -> Iterator[tuple[x509.Certificate, x509.Certificate]]:
    return zip(chain, (*chain[1:], root), strict=True)


def _check_leaf(leaf: x509.Certificate) -> None:
    constraints, usage = _basics(leaf)
    if constraints.ca or not usage.digital_signature:
        raise IdentityError(f"the certificate of {common_name(leaf)} is not one to sign with")


def _check_ca(issuer: x509.Certificate, depth: int) -> None:
    constraints, usage = _basics(issuer)
    allowed = constraints.path_length is None or constraints.path_length >= depth
    if not (constraints.ca and usage.key_cert_sign and allowed):
        raise IdentityError(f"{common_name(issuer)} may not issue certificates here")


def _basics(certificate: x509.Certificate) -> tuple[x509.BasicConstraints, x509.KeyUsage]:
    try:
        extensions = certificate.extensions
        return (
            extensions.get_extension_for_class(x509.BasicConstraints).value,
            extensions.get_extension_for_class(x509.KeyUsage).value,
        )
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError) as error:
        raise IdentityError(
            f"the certificate of {common_name(certificate)} does not say what it is for"
        ) from error


def same_key(certificate: x509.Certificate, public: PublicKey) -> bool:
    """Whether a certificate is of this key."""
    return key_id(public_key_of(certificate)) == key_id(public)
