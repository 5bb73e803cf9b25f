"""Whether an authority says when a manifest was signed (C2PA 2.2, 10.3.2.5 and 15.8)."""

from typing import Final

from verifier.reading.credentials.status_codes import StatusCodes
from verifier.report.record import SigningTime

_VALID: Final = "timeStamp.validated"
_TRUSTED: Final = "timeStamp.trusted"
_UNTRUSTED: Final = "timeStamp.untrusted"
_WRONG: Final = ("timeStamp.mismatch", "timeStamp.malformed", "timeStamp.outsideValidity")


def time_of(codes: StatusCodes, signed_at: str | None) -> SigningTime:
    """Answer from the codes of one manifest; ``signed_at`` as its time stamp has it."""
    reported = codes.failure | codes.informational
    wrong = sorted(reported.intersection(_WRONG))
    if wrong:
        return SigningTime(
            state="unproven",
            words=f"The time stamp doesn't hold ({', '.join(wrong)}): when it was signed isn't "
            "proven.",
        )
    if codes.success.issuperset({_VALID, _TRUSTED}) and _UNTRUSTED not in reported:
        return SigningTime(
            state="time-stamped",
            words=f"An authority on your list confirms that it was signed by {signed_at}."
            if signed_at
            else "An authority on your list confirms the time of signing.",
        )
    if _VALID in codes.success or _UNTRUSTED in reported:
        when = f", {signed_at}," if signed_at else ""
        return SigningTime(
            state="unproven",
            words=f"A time stamp says when it was signed{when} but its authority isn't on your "
            "list.",
        )
    return SigningTime()
