"""What to do next, by what was found: sentences for an editor, the most useful first."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from verifier.judging.facts import declared_generated, establishing, not_as_signed
from verifier.judging.recovered import by_people, surely_changed, vouched
from verifier.report.quoting import named, word
from verifier.report.record import (
    ComparisonFacts,
    Credential,
    RecoveredFacts,
    VerdictLabel,
    WatermarkFacts,
)

CHECK_CAPTION: Final = (
    "Check what the caption says of time, place and people: a true picture of another day passes "
    "every check."
)
ORIGINAL: Final = (
    "Ask the source for the file as the camera wrote it, sent as a document: messengers take a "
    "credential out of photos."
)
EARLIER: Final = "Look for earlier copies of the picture, larger and less compressed."
CALL: Final = "Call the source: who took it, where, when, and what was in the frames beside it."
SIGNED_FILE: Final = (
    "Ask for the file as it was signed, sent as a document. A program that saves it anew breaks a "
    "signature, without any wish to deceive."
)
NOT_AS_PHOTOGRAPH: Final = (
    "Don't publish it as a photograph before you know from its maker what was generated."
)
STATISTICS_ALONE: Final = (
    "Look at the parts that are drawn, if any: a sticker or a caption may lie there. Ask the "
    "source how the picture was edited. Statistics can be wrong: accuse nobody by them alone."
)
BOTH_SIGNERS: Final = "Show both credentials to those who signed, and ask which is right."


@dataclass(frozen=True)
class Ground:
    """What next steps follow from.

    Attributes
    ----------
    contradicting
        Whether the file's credential and the recovered one can't both be right.
    """

    label: VerdictLabel
    credential: Credential
    recovered: RecoveredFacts
    comparison: ComparisonFacts
    watermark: WatermarkFacts | None = None
    contradicting: bool = False


def next_steps(ground: Ground) -> tuple[str, ...]:
    """Say what an editor should do next; never empty."""
    match ground.label:
        case "consistent":
            return CHECK_CAPTION, CALL
        case "evidence against":
            return tuple(_accused(ground))
        case _:
            return tuple(dict.fromkeys(_open(ground)))


def _accused(ground: Ground) -> Iterator[str]:
    credential = ground.credential
    if vouched(ground.recovered) is not None and surely_changed(ground.comparison):
        yield "Look at the outlined parts beside the signed picture."
        yield _photo(ground.recovered.payload)
        yield "Ask the source who changed it, and why."
    elif establishing(credential) is not None or _generated(ground.recovered):
        yield NOT_AS_PHOTOGRAPH
        yield "Ask the source where the picture is from, and who made it."
    elif not_as_signed(credential):
        yield SIGNED_FILE
    else:
        yield STATISTICS_ALONE
        yield ORIGINAL
    yield EARLIER


def _generated(recovered: RecoveredFacts) -> bool:
    credential = vouched(recovered)
    return credential is not None and establishing(credential) is not None


def _open(ground: Ground) -> Iterator[str]:
    credential = ground.credential
    if ground.contradicting:
        yield BOTH_SIGNERS
    if declared_generated(credential):
        yield "Ask who declares it generated, and of which part."
    yield from _of_its_photo(ground)
    if _of_a_stranger(credential):
        signer = named(credential.signer or "the signer")
        yield (
            f"Find out who {signer} is. If you trust them, add the authority of their certificate "
            "to your trust anchors and ask again."
        )
    yield ORIGINAL
    yield EARLIER
    yield CALL


def _of_a_stranger(credential: Credential) -> bool:
    """Whether trusting its authority would help: a certificate that ran out stays so."""
    states = credential.integrity.state, credential.trust.state
    unknown = states in (("intact", "untrusted"), ("intact", "not checked"))
    return unknown and credential.revocation.state != "revoked"


def _of_its_photo(ground: Ground) -> Iterator[str]:
    """Say what follows from a watermark that was read."""
    recovered, comparison, watermark = ground.recovered, ground.comparison, ground.watermark
    if vouched(recovered) is not None:
        if comparison.result == "another picture":
            yield "Ask how the watermark of another photo came into it: somebody copied it."
        elif comparison.result == "changed in parts":
            yield "Look at the outlined parts beside the signed picture: they may be no change."
        elif by_people(comparison):
            yield "Look beside the signed picture whether the changes alter what it shows."
        yield _photo(recovered.payload)
    elif watermark is not None and watermark.payload is not None:
        yield _photo(watermark.payload)


def _photo(payload: str | None) -> str:
    return f"Ask whoever owns the camera for their file of photo {word(payload or '')}."
