"""Whether a manifest's certificate was withdrawn (C2PA 2.2, 15.9): by a proof, or by your lists."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from verifier.reading.credentials.json_values import items, mapping, text
from verifier.reading.credentials.revocation import Certificate, RevocationLists, name_of
from verifier.reading.credentials.status_codes import StatusCodes
from verifier.report.record import Revocation

_REVOKED: Final = frozenset({"signingCredential.ocsp.revoked", "signingCredential.revoked"})
_NOT_REVOKED: Final = "signingCredential.ocsp.notRevoked"


def revocation_of(
    codes: StatusCodes, certificates: Sequence[Certificate], lists: RevocationLists | None
) -> Revocation:
    """Answer from the codes of one manifest, its certificates and the lists that were given.

    ``certificates``: the signer's, if it is known, and those of the authorities above.
    """
    certificate = certificates[0] if certificates else None
    when = lists.revoked.get(certificate) if lists and certificate else None
    if when is not None:
        return Revocation(
            state="revoked",
            words=f"The signer's certificate was withdrawn on {when:%F}, says your list: its "
            "signatures prove nothing any more.",
        )
    above = [lists.revoked[one] for one in certificates[1:] if lists and one in lists.revoked]
    if above:
        return Revocation(
            state="revoked",
            words="The certificate of an authority above the signer's was withdrawn on "
            f"{above[0]:%F}, says your list: what it vouched for proves nothing any more.",
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
    issuer = certificate.issuer if certificate else None
    if not issuer or issuer not in lists.issuers:  # a name may have no part that is compared
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


def certificates_of(crjson: object) -> dict[str, Certificate | None]:
    """Return each signer's certificate, by its manifest's label, from what c2pa gives as crJSON.

    None where c2pa doesn't report it.
    """
    found: dict[str, Certificate | None] = {}
    for manifest in map(mapping, items(mapping(crjson).get("manifests"))):
        info = mapping(mapping(manifest.get("signature")).get("certificateInfo"))
        serial = _number(info.get("serialNumber"))
        issuer = name_of(_texts(mapping(info.get("issuer"))))
        known = Certificate(issuer, serial) if serial is not None and issuer else None
        found[str(manifest.get("label"))] = known
    return found


def _texts(parts: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(short, value) for short, found in parts.items() if (value := text(found))]


def _number(value: object) -> int | None:
    try:
        return int(str(value)[:64], 16)
    except ValueError:
        return None
