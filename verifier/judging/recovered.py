"""What a recovered credential, and the comparison with what it signed, are evidence for or against.

The watermark only leads there: whoever copies one copies no photo. So a conclusion needs three
things together. The credential that was found is one that holds, of someone trusted. It states the
very watermark that was read. And the picture shows what was signed with it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from verifier.judging.facts import Side, declared_generated, establishing, holds, side_of
from verifier.report.quoting import named
from verifier.report.record import ChannelReading, ComparisonFacts, Credential, RecoveredFacts

PLATFORMS_DO: Final = ("scaled", "turned")
"""Changes of a whole picture that platforms and viewers make, beside compressing it."""

SURE: Final = 0.99
"""How surely a part must differ to accuse a picture; less surely it is shown, and nothing follows.

Platforms make patterns of their own where they shrink fine lines, which can look like a change.
"""

NO_CAPTURE_RECORD: Final = (
    "The verdict stays open, since the photo was developed from a file without a record of its "
    "capture: no camera's sensor vouches for it."
)

_SHOWS_IT: Final = ("same", "changed in parts")

By = Literal["nothing", "the file", "the recovered one", "they contradict each other"]


@dataclass(frozen=True)
class Weighed:
    """What the file's own credential and the recovered one come to, together.

    Attributes
    ----------
    side
        For or against what they are evidence.
    by
        Which of them decides.
    """

    side: Side
    by: By


def weighed(
    credential: Credential, recovered: RecoveredFacts, comparison: ComparisonFacts
) -> Weighed:
    """Weigh both credentials; where two that hold contradict each other, neither decides."""
    own, found = side_of(credential), recovered_side(recovered, comparison)
    if own == "against" and _explained(credential, recovered, comparison):
        own = "none"
    if holds(credential) and recovered.embedded == "same":
        return Weighed(own, "nothing" if own == "none" else "the file")  # its hash says more
    if _contradict(own, found, credential, recovered, comparison):
        return Weighed("none", "they contradict each other")
    if own != "none":
        return Weighed(own, "the file")
    return Weighed(found, "nothing" if found == "none" else "the recovered one")


def recovered_side(recovered: RecoveredFacts, comparison: ComparisonFacts) -> Side:
    """Return for or against what the recovered credential is evidence, by itself.

    Against: the picture shows the photo that someone trusted signed, and parts of it differ; or
    someone trusted declares that photo generated. For: it shows a capture without edits, whole and
    as it was, but for what platforms do.
    """
    credential = vouched(recovered)
    if credential is None or not shows_it(comparison):
        return "none"
    if establishing(credential) is not None or surely_changed(comparison):
        return "against"
    unchanged = comparison.result == "same" and not by_people(comparison)
    return "for" if unchanged and side_of(credential) == "for" else "none"


def surely_changed(comparison: ComparisonFacts) -> bool:
    """Whether a part differs so surely that it counts."""
    sure = any(region.confidence >= SURE for region in comparison.regions)
    return comparison.result == "changed in parts" and sure


def shows_it(comparison: ComparisonFacts) -> bool:
    """Whether a picture is the signed photo, changed or not."""
    return comparison.result in _SHOWS_IT


def vouched(recovered: RecoveredFacts) -> Credential | None:
    """Return the recovered credential where it holds and is of someone trusted."""
    credential = recovered.credential
    if recovered.state != "found" or credential is None or not holds(credential):
        return None
    return credential


def by_people(comparison: ComparisonFacts) -> list[str]:
    """Return phrases of changes of the whole picture that no platform makes by itself."""
    return [one.words for one in comparison.changes if one.kind not in PLATFORMS_DO]


def holds_back(recovered: RecoveredFacts, comparison: ComparisonFacts) -> bool:
    """Whether what was recovered keeps a picture from being consistent, though nothing accuses it.

    It is another picture than its watermark's, somebody changed it as a whole, parts of it may
    differ, or the one who signed it declares it generated.
    """
    if recovered.state == "found" and recovered.credential is not None:
        if declared_generated(recovered.credential):
            return True
        if vouched(recovered) is not None:
            differs = comparison.result in ("another picture", "changed in parts")
            return differs or bool(by_people(comparison))
    return False


def _explained(
    credential: Credential, recovered: RecoveredFacts, comparison: ComparisonFacts
) -> bool:
    """Whether a hash that fails is no more than a platform's new file of the very photo.

    The credential was copied along; the same one was recovered, and the picture shows what it
    signed.
    """
    copied = credential.integrity.broken_part == "picture" and recovered.embedded == "same"
    return (
        copied
        and establishing(credential) is None
        and vouched(recovered) is not None
        and comparison.result == "same"
    )


def _contradict(
    own: Side,
    found: Side,
    credential: Credential,
    recovered: RecoveredFacts,
    comparison: ComparisonFacts,
) -> bool:
    """Whether two credentials that hold say what can't both be."""
    if own == "against":
        return found == "for"
    if own == "for":
        two = found == "for" and recovered.embedded == "of another signer"
        perhaps = comparison.result == "changed in parts"  # and not surely, or found is against
        doubted = holds_back(recovered, comparison) and not perhaps
        return two or found == "against" or doubted
    # Someone trusted vouches for the file, as something else than an unedited capture.
    return holds(credential) and found != "none"


# Sentences


def summary_of_recovered(
    recovered: RecoveredFacts,
    comparison: ComparisonFacts,
    channel: ChannelReading,
    *,
    looks_edited: bool = False,
) -> list[str]:
    """Say what was recovered, and how the picture differs from it; nothing where none vouches."""
    credential = vouched(recovered)
    if credential is None:
        return []
    signed = f"photo {recovered.payload}, {_taken(credential)}"
    if comparison.result == "another picture":
        return [
            "This picture carries the watermark of another photo.",
            f"The watermark is that of {signed}, and this picture does not show it.",
            "A watermark can be copied: who made this picture is not known.",
        ]
    if not shows_it(comparison):
        return [
            f"The watermark leads to {signed}.",
            "Whether this picture shows it unchanged could not be compared.",
        ]
    declared = establishing(credential)
    generated = [declared.words] if declared is not None else []
    return [
        *generated,
        f"This is {signed}.",
        *how_it_came(comparison, channel),
        *_rest(credential, comparison, looks_edited=looks_edited),
    ]


def contradiction(credential: Credential, recovered: RecoveredFacts) -> list[str]:
    """Say that the file's own credential and the recovered one can't both be right."""
    found = recovered.credential
    own = named(credential.signer or "the signer")
    other = named(found.signer or "the signer") if found else "another signer"
    return [
        f"The file's own credential, of {own}, and the one to which its watermark leads, of "
        f"{other}, contradict each other.",
        "One of the two is wrong; have it looked at.",
    ]


def how_it_came(comparison: ComparisonFacts, channel: ChannelReading) -> list[str]:
    """Say what was done to the whole picture, in one sentence; nothing where nothing was."""
    done = [change.words for change in comparison.changes]
    if channel.jpeg is not None:
        done.append(f"compressed{_by_platform(channel)}")
    return [f"It was {listed(done)}."] if done else []


def unseen_by(comparison: ComparisonFacts) -> str:
    """Say what a comparison with a small reference picture can't see."""
    smallest = comparison.smallest
    if smallest is None or smallest >= 1:
        return "Whether parts of it were changed: too little could be compared to see any."
    return (
        f"Whether less than about {100 * smallest:.1g}% of it was changed, or anything faintly, or "
        "fine detail: the signed reference picture is too small to show it."
    )


def listed(words: Sequence[str]) -> str:
    """Join phrases: "a, b and c"."""
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last


def _taken(credential: Credential) -> str:
    signer = named(credential.signer or "the signer")
    on = f" on {credential.signed_at[:10]}" if credential.signed_at else ""
    act = "taken and signed" if side_of(credential) == "for" else "signed"
    return f"{act}{on} by {signer}, whom you trust"


def _parts(comparison: ComparisonFacts) -> list[str]:
    if not surely_changed(comparison):
        return [
            "Parts of it may differ from what was signed, but not surely enough to count.",
            "Look at them beside the signed picture: shrunk patterns of fine lines look so, too.",
        ]
    count = len(comparison.regions)
    parts = "One part differs" if count == 1 else f"{count} parts differ"
    return [f"{parts} from what was signed."]


def _by_platform(channel: ChannelReading) -> str:
    if channel.platform:
        return f" by {channel.platform}"
    names = list(dict.fromkeys(match.platform for match in channel.platforms))
    return f" as {names[0]} does" if len(names) == 1 else ""


def _rest(credential: Credential, comparison: ComparisonFacts, *, looks_edited: bool) -> list[str]:
    """Say what the comparison found beside changes of the whole, and what that leaves open."""
    if comparison.result == "changed in parts":
        return _parts(comparison)
    words = ["Nothing else was found to differ from what was signed."]
    people = by_people(comparison)
    if people:
        words.append(
            "Somebody did more to it than platforms do: look whether that changes what it shows."
        )
    elif "c2pa.opened" in credential.actions:
        words.append(NO_CAPTURE_RECORD)
    elif side_of(credential) != "for":
        words.append("The signer doesn't state that it is an unedited capture.")
    elif looks_edited:
        words.append(
            "But the picture itself looks edited to a detector. One of the two is wrong; have it "
            "looked at."
        )
    return words
