"""Revocation lists: X.509 CRLs (RFC 5280, section 5), one for each of a vendor's issuing CAs.

A list that is missing, or older than one seen before, is no proof that nothing was revoked: both
are refused.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from camera_sim.certificates import common_name, hash_for, public_key_of
from camera_sim.errors import IdentityError
from camera_sim.keys import SoftwareKey

UPDATE_EVERY = timedelta(days=365)
"""Until when a list says that it is current: a camera may be offline for long."""
REASONS: tuple[str, ...] = ("key_compromise", "superseded", "cessation_of_operation")
END = b"-----END X509 CRL-----\n"


@dataclass(frozen=True)
class Revoked:
    """A revoked certificate: serial number, moment and reason."""

    serial: int
    when: datetime
    reason: str


def revocation_list(
    issuer: x509.Certificate, key: SoftwareKey, number: int, revoked: Sequence[Revoked]
) -> bytes:
    """Return a CRL in PEM."""
    now = datetime.now(UTC)
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.subject)
        .last_update(now)
        .next_update(now + UPDATE_EVERY)
        .add_extension(x509.CRLNumber(number), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public), critical=False
        )
    )
    for entry in revoked:
        builder = builder.add_revoked_certificate(_entry(entry))
    return builder.sign(key.private, hash_for(key.public)).public_bytes(serialization.Encoding.PEM)


def _entry(revoked: Revoked) -> x509.RevokedCertificate:
    return (
        x509.RevokedCertificateBuilder()
        .serial_number(revoked.serial)
        .revocation_date(revoked.when)
        .add_extension(x509.CRLReason(x509.ReasonFlags[revoked.reason]), critical=False)
        .build()
    )


class RevocationLists:
    """A vendor's lists, in one PEM file.

    Parameters
    ----------
    content
        The file.
    name
        What to call it in messages.

    Raises
    ------
    IdentityError
        If it holds anything but CRLs with a number.
    """

    def __init__(self, content: bytes, name: object) -> None:
        self.content, self._name = content, name
        try:
            parts = [part + END for part in content.split(END)[:-1]]
            self._lists = [x509.load_pem_x509_crl(part) for part in parts]
            self.numbers = {crl.issuer.rfc4514_string(): number_of(crl) for crl in self._lists}
        except (ValueError, x509.ExtensionNotFound) as error:
            raise IdentityError(f"{name} is no file of revocation lists") from error
        if not self._lists or b"".join(parts) != content:
            raise IdentityError(f"{name} is no file of revocation lists")

    def check(
        self,
        certificate: x509.Certificate,
        issuer: x509.Certificate,
        floors: Mapping[str, int] | None = None,
    ) -> None:
        """Refuse a certificate that its issuer revoked.

        Parameters
        ----------
        floors
            The lowest number that a list may have, by issuer: those seen before.

        Raises
        ------
        IdentityError
            If it is revoked, or no sound and recent list says that it is not.
        """
        crl = self._of(issuer)
        floor = (floors or {}).get(issuer.subject.rfc4514_string(), 0)
        if number_of(crl) < floor:
            raise IdentityError(
                f"the revocation list of {common_name(issuer)} in {self._name} is number "
                f"{number_of(crl)}, older than number {floor}, which was seen before"
            )
        entry = crl.get_revoked_certificate_by_serial_number(certificate.serial_number)
        if entry is not None:
            raise IdentityError(
                f"the certificate of {common_name(certificate)} was revoked on "
                f"{entry.revocation_date_utc:%F} ({_reason(entry)})"
            )

    def verify(self, authorities: Sequence[x509.Certificate]) -> None:
        """Check that each of these authorities signed its list, and that there is no other.

        Raises
        ------
        IdentityError
            If a list is missing, forged, or of someone else.
        """
        for authority in authorities:
            self._of(authority)
        if {a.subject for a in authorities} != {crl.issuer for crl in self._lists}:
            raise IdentityError(f"{self._name} holds a list of another vendor")

    def _of(self, issuer: x509.Certificate) -> x509.CertificateRevocationList:
        for crl in self._lists:
            if crl.issuer == issuer.subject:
                if crl.is_signature_valid(public_key_of(issuer)):
                    return crl
                raise IdentityError(
                    f"the revocation list of {common_name(issuer)} in {self._name} is forged"
                )
        raise IdentityError(f"{self._name} has no revocation list of {common_name(issuer)}")


def number_of(crl: x509.CertificateRevocationList) -> int:
    """Return a list's number, which grows with each issue (RFC 5280, section 5.2.3)."""
    return crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number


def _reason(entry: x509.RevokedCertificate) -> str:
    try:
        flag = entry.extensions.get_extension_for_class(x509.CRLReason).value.reason
    except x509.ExtensionNotFound:
        return "no reason stated"
    return flag.name.replace("_", " ")
