"""Revocation lists (X.509 CRLs, RFC 5280 section 5) that come with the user's trust anchors.

C2PA carries revocation as OCSP, for which a signer must ask a service. A vendor whose cameras are
offline publishes lists instead; they stand in the file of trust anchors, beside the authorities
that signed them.
"""

import re
from collections.abc import Iterator

from cryptography import x509
from cryptography.x509.oid import NameOID

from verifier.errors import SettingsError
from verifier.report import Revocation

LIST = re.compile(r"-----BEGIN X509 CRL-----.*?-----END X509 CRL-----\n?", re.DOTALL)


def check_lists(pem: str) -> None:
    """Check that every revocation list is signed by an authority in the same file.

    Raises
    ------
    SettingsError
        If one is damaged or forged.
    """
    for _ in _signed_lists(pem):
        pass


def _signed_lists(pem: str) -> Iterator[x509.CertificateRevocationList]:
    texts = LIST.findall(pem)
    authorities = x509.load_pem_x509_certificates(pem.encode()) if texts else []
    for text in texts:
        try:
            found = x509.load_pem_x509_crl(text.encode())
            keys = [a.public_key() for a in authorities if a.subject == found.issuer]
            good = any(found.is_signature_valid(key) for key in keys)  # type: ignore[arg-type]
        except (ValueError, TypeError) as error:
            raise SettingsError(f"a revocation list can't be read ({error})") from error
        if not good:
            raise SettingsError(
                f"the revocation list of {found.issuer.rfc4514_string()} isn't signed by an "
                "authority in the same file; put the authority's certificate beside it"
            )
        yield found


def revocation_by_list(pem: str, serial: str | None, organisation: str | None) -> Revocation | None:
    """Look a signer up in the lists.

    Parameters
    ----------
    pem
        Trust anchors, checked by `check_lists`.
    serial
        Of the signer's certificate, in decimal.
    organisation
        Of its issuer: only this one's lists can say that it is good.

    Returns
    -------
    None where no list speaks of it.
    """
    if serial is None or not serial.isdecimal():
        return None
    own = False
    for found in _signed_lists(pem):
        entry = found.get_revoked_certificate_by_serial_number(int(serial))
        if entry is not None:
            return Revocation(
                state="revoked",
                words=f"The signer's certificate was withdrawn on {entry.revocation_date_utc:%F}: "
                "its signatures prove nothing any more.",
            )
        names = found.issuer.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
        own = own or organisation in [name.value for name in names]
    if not own:
        return None
    return Revocation(
        state="not revoked",
        words="The signer's certificate isn't on the revocation lists that came with your trust "
        "anchors.",
    )
