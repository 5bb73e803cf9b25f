"""Revocation lists (X.509 CRLs, RFC 5280, section 5) that a newsroom keeps: revocation offline."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from verifier.errors import SettingsError

_END: Final = "-----END X509 CRL-----"


@dataclass(frozen=True)
class RevocationLists:
    """Serial numbers that were withdrawn, and when the oldest of the lists was issued.

    ``outdated`` tells whether one of them should have been replaced by now.
    """

    revoked: Mapping[int, datetime]
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
        revoked = {entry.serial_number: entry.revocation_date_utc for crl in lists for entry in crl}
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
        issued=min(crl.last_update_utc for crl in lists),
        outdated=any(moment is not None and moment < now for moment in until),
    )
