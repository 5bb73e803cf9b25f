"""Whether a manifest's signer is one whom the reader trusts (C2PA 2.2, 14.4 and 15.7)."""

from typing import Final

from verifier.reading.credentials.status_codes import StatusCodes
from verifier.report.quoting import quoted
from verifier.report.record import Trust

_CREDENTIAL: Final = "signingCredential."
_TRUSTED: Final = "signingCredential.trusted"
_UNFIT: Final = "signingCredential.invalid"
_UNTRUSTED: Final = "signingCredential.untrusted"
_EXPIRED: Final = frozenset({"signingCredential.expired", "claimSignature.outsideValidity"})
_SIGNED, _NOT_THEIRS = "claimSignature.validated", "claimSignature.mismatch"
# Another answer's: see revocation.
_REVOKED: Final = ("signingCredential.ocsp.", "signingCredential.revoked")


def trust_of(codes: StatusCodes, signer: str | None, *, anchors_given: bool) -> Trust:
    """Answer from the codes of one manifest: any failure of the certificate outweighs a success.

    Of the certificate one code alone is good news, wherever the others are listed.
    """
    name = quoted(signer, "the signer")
    failures = {
        code
        for code in codes.failure | codes.informational | codes.success - {_TRUSTED}
        if code.startswith(_CREDENTIAL) and not code.startswith(_REVOKED)
    }
    if codes.failure & _EXPIRED:
        return Trust(
            state="expired",
            words=f"The certificate of {name} wasn't valid when it signed, as far as is known.",
        )
    if failures - {_UNTRUSTED}:
        return Trust(state="untrusted", words=_unfit(name, failures - {_UNTRUSTED}))
    if _TRUSTED in codes.success and not failures and not is_signed(codes):
        return Trust(
            state="trusted",
            words=f"The certificate of {name} leads to an authority on your list. But the "
            "signature isn't shown to be its owner's, so who signed isn't known.",
        )
    if _TRUSTED in codes.success and not failures:
        return Trust(
            state="trusted",
            words=f"The certificate of {name} leads to an authority on your list.",
        )
    if not anchors_given:
        return Trust(
            state="not checked",
            words=f"No list of whom to trust was given, so whether {name} is who it says was not "
            "checked. Anyone can make a certificate with any name.",
        )
    return Trust(
        state="untrusted",
        words=f"The certificate of {name} leads to no authority on your list. Anyone can make one "
        "with that name.",
    )


def is_signed(codes: StatusCodes) -> bool:
    """Whether the owner of the certificate signed: certificates are public, signatures aren't."""
    return _SIGNED in codes.success and _NOT_THEIRS not in codes.failure


def _unfit(name: str, failures: set[str]) -> str:
    why = "may not sign pictures" if _UNFIT in failures else "isn't accepted"
    named = ", ".join(sorted(failures))
    return f"The certificate of {name} {why} ({named}), whoever issued it."
