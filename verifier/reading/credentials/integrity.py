"""Whether a manifest and its picture are as they were signed (C2PA 2.2, 15.7 to 15.12)."""

from collections.abc import Mapping
from typing import Final

from verifier.reading.credentials.coverage import ADDED_TO_WEBP
from verifier.reading.credentials.status_codes import StatusCodes
from verifier.report.record import Integrity

# Failures (C2PA 2.2, table "failure codes") of a hash or of the signature, and a signed part that
# is gone; no others break integrity.
_SIGNATURE: Final = frozenset({"claimSignature.mismatch"})
_PICTURE: Final = frozenset(
    {
        "assertion.dataHash.mismatch", "assertion.bmffHash.mismatch",
        "assertion.boxesHash.mismatch", "assertion.collectionHash.mismatch",
        "assertion.collectionHash.incorrectFileCount", "assertion.multiAssetHash.mismatch",
        # c2pa-rs: a hash that fails while it is read is reported by the name of the success.
        "assertion.dataHash.match",
    }
)  # fmt: skip
_CREDENTIAL: Final = frozenset(
    {
        "assertion.hashedURI.mismatch", "assertion.missing", "ingredient.hashedURI.mismatch",
        "ingredient.manifest.mismatch", "ingredient.claimSignature.mismatch",
    }
)  # fmt: skip
BREAKING: Final = _SIGNATURE | _PICTURE | _CREDENTIAL

_HASHED: Final = "assertion.dataHash.match"

# What must have been found, for a manifest to count as intact.
_SIGNED: Final = "claimSignature.validated"
_BOUND: Final = frozenset(
    {
        "assertion.dataHash.match", "assertion.bmffHash.match", "assertion.boxesHash.match",
        "assertion.collectionHash.match", "assertion.multiAssetHash.match",
    }
)  # fmt: skip
# What keeps it from counting as intact: something that no hash covers, or that was not checked.
_UNCOVERED: Final = {
    "assertion.undeclared": "it holds a part that the signature doesn't cover",
    "assertion.outsideManifest": "it names a part of another credential as its own",
    "assertion.inaccessible": "a part of it lies elsewhere",
    "assertion.multipleHardBindings": "it names several hashes of the picture",
    "assertion.cloud-data.hardBinding": "the hash of the picture lies elsewhere",
    "assertion.hardBinding.redacted": "the hash of the picture was taken out",
    "assertion.dataHash.redacted": "the hash of the picture was taken out",
    "assertion.dataHash.malformed": "the hash of the picture can't be read",
    "assertion.bmffHash.malformed": "the hash of the picture can't be read",
    "assertion.boxesHash.malformed": "the hash of the picture can't be read",
    "assertion.boxesHash.unknownBox": "the file has parts that the hash doesn't name",
    "assertion.collectionHash.malformed": "the hash of the picture can't be read",
    "claim.multiple": "it makes several claims",
    "claim.hardBindings.missing": "it holds no hash of the picture",
    "claim.missing": "its claim is missing",
    "claim.malformed": "its claim can't be read",
    "claim.cbor.invalid": "its claim can't be read",
    "claimSignature.missing": "its signature is missing",
    "algorithm.unsupported": "it uses an algorithm that isn't known here",
    "manifest.compressed.invalid": "it can't be unpacked",
    "manifest.update.invalid": "it adds to another credential what it may not add",
    "general.error": "it couldn't be checked to the end",
}
# What the hash leaves out may be the credential alone, as in TIFF and AVIF: `uncovered` looks.
_LEAVES_OUT: Final = dict.fromkeys(
    (
        "assertion.dataHash.additionalExclusionsPresent",
        "assertion.bmffHash.additionalExclusionsPresent",
        "assertion.boxesHash.additionalExclusionsPresent",
    ),
    "the hash leaves out parts of the picture",
)

_RESAVED: Final = (
    "Saving the file anew or moving a credential to another file does this too, without any wish "
    "to deceive."
)


# What is reported of the hash of the picture where no picture is at hand, and holds of none.
_OF_NO_PICTURE: Final = ("assertion.boxesHash.unknownBox", *_LEAVES_OUT)


def integrity_apart(codes: StatusCodes, *, readable: bool, binding: bool) -> Integrity:
    """Answer from the codes of a manifest that was recovered apart from its file.

    Its hash of the picture can't match what isn't at hand, and is expected not to. All else counts
    as in a file.

    Parameters
    ----------
    readable
        Whether the manifest is there.
    binding
        Whether it holds a hash of the picture, itself or in the manifest that it only adds to.
    """
    if broken := codes.failure & (BREAKING - _PICTURE):
        return _broken(broken, signed=_SIGNED in codes.success)
    if not readable:
        return Integrity(state="unreadable", words="The credential names no manifest to check.")
    uncovering = {code: why for code, why in _UNCOVERED.items() if code not in _OF_NO_PICTURE}
    missing = _first(codes, uncovering) or _unsigned(codes)
    if not missing and not (binding and codes.failure & _PICTURE):  # one that holds, of nothing
        missing = "it holds no hash of a picture"
    if missing:
        return unclear(missing, "the credential is as it was")
    return Integrity(
        state="intact",
        words="The credential is as it was signed. Its hash is of the file that was signed: a copy "
        "that was coded anew isn't expected to match it.",
    )


def integrity_of(codes: StatusCodes, *, readable: bool, left_out: str | None = None) -> Integrity:
    """Answer from the codes of one manifest.

    Parameters
    ----------
    readable
        Whether the manifest is there.
    left_out
        What of the file the hash leaves out beside the credential; "" for nothing, None if the
        file isn't at hand.
    """
    broken = codes.failure & BREAKING
    # The hash holds, of fewer bytes than it has to cover; or it can't hold for any picture.
    if (left_out and _HASHED in codes.success) or left_out == ADDED_TO_WEBP:
        broken -= {"assertion.dataHash.mismatch"}
    if broken:
        return _broken(broken, signed=_SIGNED in codes.success)
    if not readable:
        return Integrity(state="unreadable", words="The credential names no manifest to check.")
    missing = _not_covered(codes, _UNCOVERED if left_out == "" else _UNCOVERED | _LEAVES_OUT)
    missing = left_out or missing
    if missing:
        return unclear(missing)
    return Integrity(
        state="intact",
        words="File and credential are as they were signed: not one byte that the signature "
        "covers has changed since.",
    )


def unclear(what: str, claim: str = "file and credential are as they were") -> Integrity:
    """Answer that nothing fails, but ``what`` keeps it from counting as intact."""
    return Integrity(state="unclear", words=f"It is not known whether {claim} signed: {what}.")


def _broken(broken: frozenset[str] | set[str], *, signed: bool) -> Integrity:
    """Word what fails; unless a signature was seen to hold, nobody is known to have signed."""
    named = ", ".join(sorted(broken))
    if broken & _SIGNATURE:
        return Integrity(
            state="broken",
            broken_part="signature",
            words=f"The signature doesn't hold ({named}): the credential was changed, or never "
            "signed by whom it names. Anybody can put a name there.",
        )
    if not signed:
        return Integrity(
            state="broken",
            broken_part="signature",
            words=f"The credential doesn't hold ({named}), and no check of its signature was "
            "reported: who signed it isn't known.",
        )
    if broken & _PICTURE:
        return Integrity(
            state="broken",
            broken_part="picture",
            words="The credential doesn't hold for this file: the picture isn't the one that was "
            f"signed ({named}). {_RESAVED}",
        )
    return Integrity(
        state="broken",
        broken_part="credential",
        words="The credential doesn't hold: the credential itself was changed or is incomplete "
        f"({named}).",
    )


def _not_covered(codes: StatusCodes, uncovering: Mapping[str, str]) -> str:
    bound = codes.success & _BOUND
    missing = _first(codes, uncovering) or _unsigned(codes)
    return missing or ("" if bound else "no check of the picture's hash was reported")


def _first(codes: StatusCodes, uncovering: Mapping[str, str]) -> str:
    reported = codes.failure | codes.informational
    return next((words for code, words in uncovering.items() if code in reported), "")


def _unsigned(codes: StatusCodes) -> str:
    return "" if _SIGNED in codes.success else "no check of its signature was reported"
