"""Revocation lists: X.509 CRLs (RFC 5280, section 5), one for each of a vendor's issuing CAs.

A list that is missing, or older than one seen before, is no proof that nothing was revoked: both
are refused.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from camera_sim.device.one_time_memory import MOST
from camera_sim.errors import IdentityError
from camera_sim.signing.certificates import common_name, hash_for, public_key_of
from camera_sim.signing.keys import SoftwareKey

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

    Attributes
    ----------
    numbers
        What each list says of itself, by issuer. Nobody vouches for it before `verify`, which is
        where to take a number from that is kept.

    Raises
    ------
    IdentityError
        If it holds anything but CRLs, one an issuer, each with a number that can be burnt.
    """

    def __init__(self, content: bytes, name: object) -> None:
        self.content, self._name = content, name
        try:
            parts = [part + END for part in content.split(END)[:-1]]
            self._lists = [x509.load_pem_x509_crl(part) for part in parts]
            issued = [(crl.issuer.rfc4514_string(), number_of(crl)) for crl in self._lists]
            again = b"".join(crl.public_bytes(serialization.Encoding.PEM) for crl in self._lists)
            critical = any(
                extension.critical for crl in self._lists for extension in crl.extensions
            )
        except (ValueError, x509.ExtensionNotFound, x509.DuplicateExtension) as error:
            raise IdentityError(f"{name} is no file of revocation lists") from error
        if not self._lists or again != content:
            raise IdentityError(
                f"{name} is no file of revocation lists, or holds something beside them"
            )
        if critical:  # RFC 5280, section 5.2: such as of a list that is no whole one
            raise IdentityError(f"{name} holds a revocation list that says more than is understood")
        self.numbers = dict(issued)
        if len(self.numbers) != len(issued):
            raise IdentityError(f"{name} holds two revocation lists of one issuer")
        if not all(0 <= number <= MOST for _, number in issued):
            raise IdentityError(f"{name} holds a list whose number is not within 0 to {MOST}")

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

    def verify(self, authorities: Sequence[x509.Certificate]) -> dict[str, int]:
        """Check that each of these authorities signed its list, and that there is no other.

        Returns
        -------
        The numbers by issuer, each now known to be the authority's own.

        Raises
        ------
        IdentityError
            If a list is missing, forged, or of someone else.
        """
        signed = [self._of(authority) for authority in authorities]
        if {id(crl) for crl in signed} != {id(crl) for crl in self._lists}:
            raise IdentityError(f"{self._name} holds a list of another vendor")
        return {crl.issuer.rfc4514_string(): number_of(crl) for crl in signed}

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
