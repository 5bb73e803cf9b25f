"""What else is wrong with a manifest: each failure as what it is; none of them breaks an answer."""

from typing import Final

from verifier.reading.credentials.identity import PREFIX as OF_THE_AUTHOR
from verifier.reading.credentials.integrity import BREAKING
from verifier.reading.credentials.status_codes import StatusCodes

# Answered elsewhere: by trust, revocation, time and identity.
_ANSWERED: Final = ("signingCredential.", "timeStamp.", "timestamp.", OF_THE_AUTHOR)
_OUTSIDE_VALIDITY: Final = "claimSignature.outsideValidity"
_WORDS: Final = {
    "assertion.action.malformed": "an action isn't written as the standard asks",
    "assertion.action.ingredientMismatch": "an action names a picture that isn't listed",
    "assertion.action.redacted": "an action was taken out",
    "assertion.action.redactionMismatch": "an action names a part as taken out that isn't",
    "assertion.action.softBindingMissing": "an action names a watermark that isn't described",
    "assertion.cbor.invalid": "a part isn't written as the standard asks",
    "assertion.json.invalid": "a part isn't written as the standard asks",
    "assertion.required.missing": "a part lacks what the standard asks for",
    "assertion.ingredient.malformed": "an ingredient isn't written as the standard asks",
    "assertion.notRedacted": "a part that is said to be taken out is still there",
    "assertion.selfRedacted": "it says that a part of itself was taken out",
    "assertion.timestamp.malformed": "a time stamp isn't written as the standard asks",
    "claim.required.missing": "its claim lacks what the standard asks for",
    "ingredient.manifest.missing": "the credential of an ingredient is missing",
    "ingredient.claimSignature.missing": "the signature of an ingredient is missing",
    "ingredient.unknownProvenance": "where an ingredient is from isn't known",
    "manifest.inaccessible": "a credential lies elsewhere",
    "manifest.multipleParents": "it names several pictures that this one was made from",
    "manifest.update.wrongParents": "it doesn't say to which credential it adds",
    "manifest.unreferenced": "the file holds a credential that nothing names",
}


def fault_codes(codes: StatusCodes) -> list[str]:
    """Return failures that no other answer reports, in order."""
    return sorted(
        code
        for code in codes.failure - BREAKING - {_OUTSIDE_VALIDITY}
        if not code.startswith(_ANSWERED)
    )


def faults_of(codes: StatusCodes) -> tuple[str, ...]:
    """Say what else is wrong with a manifest, a sentence a failure."""
    return tuple(
        f"The credential isn't well-formed: {_WORDS.get(code, 'another fault')} ({code})."
        for code in fault_codes(codes)
    )
