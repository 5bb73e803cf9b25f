"""Revocation lists (X.509 CRLs, RFC 5280, section 5) that a newsroom keeps: revocation offline."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from verifier.errors import SettingsError

if TYPE_CHECKING:
    from cryptography import x509

_END: Final = "-----END X509 CRL-----"

# An authority's name (RFC 5280, 4.1.2.4) by RFC 4514's short names of what c2pa reports of it.
Name = frozenset[tuple[str, str]]
_PARTS: Final = ("C", "ST", "L", "O", "OU", "CN")


@dataclass(frozen=True)
class Certificate:
    """What a revocation list knows a certificate by: who issued it, and its number there."""

    issuer: Name
    serial: int


@dataclass(frozen=True)
class RevocationLists:
    """Certificates that were withdrawn, and when the oldest of the lists was issued.

    ``issuers`` are the authorities whose lists are there; ``outdated`` is whether one of them
    should have been replaced by now.
    """

    revoked: Mapping[Certificate, datetime]
    issuers: frozenset[Name]
    issued: datetime
    outdated: bool


def read_revocation_lists(pem: str) -> RevocationLists:
    """Read one or several lists in PEM, one after another in a text.

    Where they are from is for whoever keeps them to see to, as with trust anchors: the certificate
    of the authority that signed them isn't at hand.

    Raises
    ------
    SettingsError
        If there is none, or one that can't be read.
    """
    from cryptography import x509

    parts = [part + _END for part in pem.split(_END)[:-1]]
    try:
        lists = [x509.load_pem_x509_crl(part.encode()) for part in parts]
        revoked = dict(entry for crl in lists for entry in _entries(crl))
        issuers = frozenset(name_of(_parts(crl.issuer)) for crl in lists)
    except ValueError as error:
        raise SettingsError(
            f"the revocation lists can't be read ({error}); give them in PEM, "
            "-----BEGIN X509 CRL----- and so on"
        ) from error
    if not lists:
        raise SettingsError("there is no revocation list in the file; leave it out to check none")
    now = datetime.now(UTC)
    until = [crl.next_update_utc for crl in lists]
    return RevocationLists(
        revoked=revoked,
        issuers=issuers | {certificate.issuer for certificate in revoked},
        issued=min(crl.last_update_utc for crl in lists),
        outdated=any(moment is not None and moment < now for moment in until),
    )


def name_of(parts: Iterable[tuple[str, str]]) -> Name:
    """Return an authority's name as lists and certificates are compared by it.

    Of a part that occurs several times, the last counts; case and spaces don't (RFC 5280, 7.1).
    """
    last = {short: " ".join(value.split()).casefold() for short, value in parts}
    return frozenset((short, last[short]) for short in _PARTS if last.get(short))


def certificate_of(certificate: "x509.Certificate") -> Certificate:
    """Return what a revocation list knows a certificate by."""
    return Certificate(name_of(_parts(certificate.issuer)), certificate.serial_number)


def _parts(name: "x509.Name") -> Iterator[tuple[str, str]]:
    return ((part.rfc4514_attribute_name, str(part.value)) for part in name)


def _entries(
    crl: "x509.CertificateRevocationList",
) -> Iterator[tuple[Certificate, datetime]]:
    from cryptography import x509

    issuer = name_of(_parts(crl.issuer))
    for entry in crl:
        # RFC 5280, 5.3.3: in an indirect list the name holds for the entries that follow, too.
        try:
            given = entry.extensions.get_extension_for_class(x509.CertificateIssuer).value
            issuer = name_of(_parts(given.get_values_for_type(x509.DirectoryName)[0]))
        except (x509.ExtensionNotFound, IndexError):
            pass
        if not _is_taken_back(entry):
            yield Certificate(issuer, entry.serial_number), entry.revocation_date_utc


def _is_taken_back(entry: "x509.RevokedCertificate") -> bool:
    """Whether a delta list takes a certificate off the list again (RFC 5280, 5.3.1)."""
    from cryptography import x509

    try:
        reason = entry.extensions.get_extension_for_class(x509.CRLReason).value.reason
    except x509.ExtensionNotFound:
        return False
    return reason is x509.ReasonFlags.remove_from_crl
