"""Whether a manifest's certificate was withdrawn (C2PA 2.2, 15.9): by a proof, or by your lists."""

from collections.abc import Mapping
from typing import Any, Final

from verifier.credentials.json_values import items, mapping, text
from verifier.credentials.status_codes import StatusCodes
from verifier.report import Revocation
from verifier.revocation import Certificate, RevocationLists, name_of

_REVOKED: Final = frozenset({"signingCredential.ocsp.revoked", "signingCredential.revoked"})
_NOT_REVOKED: Final = "signingCredential.ocsp.notRevoked"


def revocation_of(
    codes: StatusCodes, certificate: Certificate | None, lists: RevocationLists | None
) -> Revocation:
    """Answer from the codes of one manifest, its certificate and the lists that were given."""
    when = lists.revoked.get(certificate) if lists and certificate else None
    if when is not None:
        return Revocation(
            state="revoked",
            words=f"The signer's certificate was withdrawn on {when:%F}, says your list: its "
            "signatures prove nothing any more.",
        )
    if (codes.failure | codes.informational) & _REVOKED:
        return Revocation(
            state="revoked",
            words="The signer's certificate was withdrawn: its signatures prove nothing any more.",
        )
    if _NOT_REVOKED in codes.success:
        return Revocation(
            state="not revoked",
            words="The file brings a proof from the authority that the certificate wasn't "
            "withdrawn when it signed.",
        )
    return _by_lists(certificate, lists)


def _by_lists(certificate: Certificate | None, lists: RevocationLists | None) -> Revocation:
    if lists is None:
        return Revocation(
            state="not checked",
            words="Whether the certificate was withdrawn is not known: the file brings no proof, "
            "and this check is offline.",
        )
    if certificate is None or certificate.issuer not in lists.issuers:
        return Revocation(
            state="not checked",
            words="Whether the certificate was withdrawn is not known: none of your revocation "
            "lists is of the authority that issued it.",
        )
    old = " They should have been replaced by now." if lists.outdated else ""
    return Revocation(
        state="not listed",
        words=f"Your revocation lists, the oldest of {lists.issued:%F}, don't name the signer's "
        f"certificate.{old}",
    )


def certificates_of(crjson: object) -> dict[str, Certificate]:
    """Return each manifest's certificate, by label, from what c2pa's reader gives as crJSON."""
    found = {}
    for manifest in map(mapping, items(mapping(crjson).get("manifests"))):
        info = mapping(mapping(manifest.get("signature")).get("certificateInfo"))
        serial = _number(info.get("serialNumber"))
        issuer = name_of(_texts(mapping(info.get("issuer"))))
        if serial is not None and issuer:
            found[str(manifest.get("label"))] = Certificate(issuer, serial)
    return found


def _texts(parts: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(short, value) for short, found in parts.items() if (value := text(found))]


def _number(value: object) -> int | None:
    try:
        return int(str(value)[:64], 16)
    except ValueError:
        return None
