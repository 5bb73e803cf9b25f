"""From evidence to a conclusion. Facts and statistics are weighed by rules, never added up.

The rules, in order; "facts" are those of credentials, the file's own and the one to which its
watermark led, "statistics" the detectors':

1. Two credentials that hold, both of signers who are trusted, contradict each other: inconclusive.
   So does the file's own that vouches for a capture, and a watermark that leads to another picture.
2. Facts against (the file isn't as a trusted signer signed it; parts of it surely differ from the
   photo that a trusted signer signed and the watermark led to; or a trusted signer declares the
   picture generated): evidence against, established. A stranger's credential decides nothing.
   A hash that fails is none where the same credential was recovered, and nothing else changed.
3. Facts for, statistics against: inconclusive. Facts are for a picture where the file is as a
   trusted signer signed it, not withdrawn, stating a capture without edits; or where the watermark
   led to such a credential, and the picture shows what it signed, changed by no more than platforms
   do: scaled, turned, compressed.
4. Facts for: consistent, established. That anybody declares it generated, signed or not, keeps a
   picture from being consistent.
5. Statistics against, and given again after at least one more platform: evidence against.
6. Statistics for, no platform turns them over, and no detector finds anything else than a
   photograph likelier: consistent. None of the shipped detectors says so, since what they measure
   can be copied; one of your own may. Not so where a trusted signer's photo was recovered, and the
   picture isn't that one (a copied watermark), was changed as a whole (cut, mirrored, framed,
   another tone), or parts of it may differ: that is named, and inconclusive. Nor where a viewer may
   show something else than what was analysed: other frames or pages, or what is transparent.
7. Anything else: inconclusive.

Statistics see that a camera's pipeline made the pixels, not that its lens saw the scene. A picture
that was shown to the camera, or put in place of its sensor's data, looks the same. So their level
is "moderate" at most where no signature holds. The detectors of kinds (photograph, rendered,
generated) decide nothing, since they are wrong too often (docs/results/origin.md):
they only hold back.
"""

from collections.abc import Sequence
from typing import Final

from verifier.judging.decision import IN_PARTS
from verifier.judging.facts import (
    Side,
    declared_first,
    declared_generated,
    holds,
    reasons_of,
    side_of,
    summary_of,
)
from verifier.judging.headline import Found, headline
from verifier.judging.next_steps import Ground, next_steps
from verifier.judging.recovered import (
    Weighed,
    contradiction,
    holds_back,
    shows_it,
    summary_of_recovered,
    surely_changed,
    unseen_by,
    vouched,
    weighed,
)
from verifier.judging.stability import given_again, survives
from verifier.report.quoting import named
from verifier.report.record import (
    ChannelReading,
    ComparisonFacts,
    Credential,
    DetectorResult,
    Finding,
    Level,
    RecoveredFacts,
    Stability,
    Verdict,
    VerdictLabel,
    WatermarkFacts,
)

# A probability from which the statistics are called strong, if they hold after every further
# platform, or moderate, if they were given again after at least one and none turned them over.
STRONG: Final = 0.99
MODERATE: Final = 0.9

# Detectors that say what a picture is instead of a photograph, not what was done to it.
KINDS: Final = ("origin", "generated")
# A photograph is doubted from where another kind is the likelier one.
DOUBTED: Final = 0.5

NO_LENS: Final = (
    "Whether a lens saw the scene is not known: a picture shown to the camera looks the same."
)

UNSEEN: Final = (
    "Changes of brightness or colour, and parts taken from pictures of the same camera, are not "
    "seen."
)

_SHOWS_MORE: Final = (
    "A viewer may show something else than what was analysed: other frames or pages, or what is "
    "transparent over another colour than white."
)

_SIDES: Final[dict[Finding, Side]] = {"evidence against": "against", "consistent": "for"}


def conclude(
    credential: Credential,
    channel: ChannelReading,
    detectors: Sequence[DetectorResult],
    stability: Stability,
    watermark: WatermarkFacts | None = None,
    recovered: RecoveredFacts | None = None,
    comparison: ComparisonFacts | None = None,
    *,
    shows_more: bool = False,
) -> Verdict:
    """Draw the conclusion from all parts of a report.

    A watermark by itself changes no label and no level: its payload leads to a photo, and proves
    nothing. ``shows_more`` says that a viewer may show something else than the pixels that were
    looked at: then only a hash of the whole file makes it consistent.
    """
    recovered = recovered or RecoveredFacts()
    comparison = comparison or ComparisonFacts()
    facts = weighed(credential, recovered, comparison)
    statistics, deciding = _statistics(detectors, stability)
    label, level = _label(facts, statistics, deciding, credential, stability)
    summed = statistics
    doubted = facts.by != "the file" and (shows_more or holds_back(recovered, comparison))
    if label == "consistent" and (doubted or declared_generated(credential)):
        label, level, summed = "inconclusive", "none", "none"
    looks_edited = statistics == "against"
    found = summary_of_recovered(recovered, comparison, channel, looks_edited=looks_edited)
    by_itself = _summary(facts.side, summed, level, credential, detectors, deciding)
    match facts.by:
        case "they contradict each other":
            summary = [*contradiction(credential, recovered), *found]
        case "the recovered one":
            summary = found
        case "the file":
            summary = [by_itself]
        case "nothing":
            summary = found if found and summed == "none" else [*found, by_itself]
    contradicting = facts.by == "they contradict each other"
    ground = Ground(label, credential, recovered, comparison, watermark, contradicting)
    found_in_short = Found(
        label,
        facts.by,
        statistics,
        deciding,
        _named_kinds(detectors) or _doubted_kinds(detectors),
        credential,
        channel,
        detectors,
        watermark or WatermarkFacts(),
        recovered,
        comparison,
        shows_more,
    )
    return Verdict(
        label=label,
        level=level,
        headline=headline(found_in_short),
        summary=" ".join((*declared_first(credential), *summary)),
        integrity=credential.integrity.words,
        statistics=_statistics_words(statistics, detectors, stability),
        reasons=(
            *_reasons(credential, channel, detectors, stability),
            *_found(recovered, comparison),
            *([_SHOWS_MORE] if shows_more else []),
        ),
        unknown=tuple(_unknown(credential, detectors, facts.side, recovered, comparison)),
        next_steps=next_steps(ground),
    )


def _statistics(
    detectors: Sequence[DetectorResult], stability: Stability
) -> tuple[Side, DetectorResult | None]:
    """Take the most serious finding that may be followed; detectors of kinds decide nothing."""
    firm = [r for r in detectors if r.name not in KINDS and survives(r, stability)]
    for finding in ("evidence against", "consistent"):
        for result in firm:
            if result.finding == finding:
                if finding == "consistent" and _doubts(detectors):
                    return "none", None
                return _SIDES[finding], result
    return "none", None


def _doubts(detectors: Sequence[DetectorResult]) -> list[tuple[str, float | None]]:
    """List the kinds that detectors name instead of a photograph, or find likelier than one.

    With its probability; None where a detector names a kind without.
    """
    doubts = []
    for result in detectors:
        if result.name not in KINDS:
            continue
        photograph = next(iter(result.label_words), None)  # the first label is the photographs'
        others = {n: p for n, p in result.probabilities.items() if n != photograph}
        likeliest = max(others, key=lambda name: others[name], default=None)
        named = result.answer if result.answer not in (None, photograph) else None
        kind = named or (likeliest if sum(others.values()) >= DOUBTED else None)
        if kind is not None:
            doubts.append((result.label_words.get(kind, kind), others.get(kind)))
    return doubts


def _label(
    facts: Weighed,
    statistics: Side,
    deciding: DetectorResult | None,
    credential: Credential,
    stability: Stability,
) -> tuple[VerdictLabel, Level]:
    if facts.by == "they contradict each other":
        return "inconclusive", "none"
    if facts.side == "against":
        return "evidence against", "established"
    if facts.side == "for":
        if statistics == "against":
            return "inconclusive", "none"
        return "consistent", "established"
    if deciding is None:
        return "inconclusive", "none"
    label: VerdictLabel = "evidence against" if statistics == "against" else "consistent"
    return label, _level(deciding, stability, signed=holds(credential))


def _level(result: DetectorResult, stability: Stability, *, signed: bool) -> Level:
    """Word how strong an answer is: by its probability, how well it lasts, and who vouches."""
    probability = result.confidence or 0.0
    lasting = stability.holds is True and not any(
        result.name in resent.silent for resent in stability.resent
    )
    if probability >= STRONG and lasting and signed:
        return "strong"
    tested = stability.holds is not False and given_again(result, stability)
    return "moderate" if probability >= MODERATE and tested else "weak"


def _summary(
    facts: Side,
    statistics: Side,
    level: Level,
    credential: Credential,
    detectors: Sequence[DetectorResult],
    deciding: DetectorResult | None,
) -> str:
    if facts != "none":
        return summary_of(credential, looks_edited=statistics == "against")
    if statistics == "none" and holds(credential):
        signer = named(credential.signer or "the signer")
        return (
            f"The file is as {signer}, whom you trust, signed it, but the signer doesn't state "
            "that it is an unedited capture."
        )
    pipeline = deciding.model.pipeline if deciding and deciding.model else None
    camera = f"the camera pipeline {pipeline}" if pipeline else "a known camera"
    evidence = f"{level.capitalize()} statistical evidence:"
    return {
        "against": f"{evidence} the picture was edited after {camera} developed it.",
        "for": f"{evidence} {camera} made the pixels, and none of the edits which are tested for "
        f"was made since. {UNSEEN} {NO_LENS}",
        "none": _summary_of_nothing(detectors),
    }[statistics]


def _summary_of_nothing(detectors: Sequence[DetectorResult]) -> str:
    """Name a kind only where a detector answered, or where a doubt alone holds back the verdict."""
    named = _named_kinds(detectors)
    if named:
        said = f"The picture may be {named}: the detector that classified it so is too often wrong"
        return f"{said} to count against a picture."
    doubted = _doubted_kinds(detectors)
    if doubted:
        return (
            f"The pixels look as a camera developed them, but the picture may be {doubted}. A "
            "detector finds that likelier than a photograph, though not surely enough to answer."
        )
    return "Nothing accuses this picture, and nothing vouches for it."


def _named_kinds(detectors: Sequence[DetectorResult]) -> str:
    return _kinds([result for result in detectors if result.answer is not None])


def _doubted_kinds(detectors: Sequence[DetectorResult]) -> str:
    """Join kinds that no detector named, and that hold back what another one found."""
    cleared = any(r.name not in KINDS and r.finding == "consistent" for r in detectors)
    return _kinds(detectors) if cleared else ""


def _kinds(detectors: Sequence[DetectorResult]) -> str:
    """Join what detectors take a picture for; two detectors' words for generated are one kind."""
    words = [kind for kind, _ in _doubts(detectors)]
    once = {"generated" if "generated" in kind else kind: kind for kind in words}
    return " or ".join(once.values())


def _statistics_words(
    statistics: Side,
    detectors: Sequence[DetectorResult],
    stability: Stability,
) -> str:
    # Those that only inform, such as of the platform, have no answer about alteration.
    ran = [r.finding for r in detectors if r.status == "ran"]
    if not ran:
        return "No detector could give an answer about this picture."
    if set(ran) == {"informs"}:
        return "No detector's answer speaks for or against this picture."
    if statistics == "none":
        return _nothing_words(detectors, stability)
    side = "against" if statistics == "against" else "for"
    return f"The detectors found evidence {side} the picture being as the camera developed it."


def _nothing_words(detectors: Sequence[DetectorResult], stability: Stability) -> str:
    if stability.holds is False:
        return (
            "A detector's result is unstable: it changed when the picture was shared once more, so "
            "it is not used."
        )
    deciding = [result for result in detectors if result.name not in KINDS]
    if any(result.finding == "evidence against" for result in deciding):
        return (
            "A detector found evidence against the picture, but not again after any further "
            "platform, so it is not used."
        )
    if any(result.finding == "consistent" for result in deciding):
        return (
            "One detector takes the picture to be as a camera developed it, another to be no "
            "photograph: they contradict each other, so neither is used."
        )
    if _named_kinds(detectors):
        return "No detector's answer counts: the one that has an answer is too often wrong."
    return "The detectors ran, and none of them is sure enough for a result."


def _reasons(
    credential: Credential,
    channel: ChannelReading,
    detectors: Sequence[DetectorResult],
    stability: Stability,
) -> list[str]:
    reasons = reasons_of(credential)
    for result in detectors:
        followed = result.finding != "evidence against" or survives(result, stability)
        reasons += result.reasons if followed else map("Not used: {}".format, result.reasons)
    reasons += channel.words[:1]
    cues = (channel.double_compression, channel.scale)
    reasons += [cue.words for cue in cues if cue.found]
    if stability.holds is not None:
        reasons.append(stability.words)
    return reasons


def _found(recovered: RecoveredFacts, comparison: ComparisonFacts) -> list[str]:
    """Return what was found beside the file; that nothing was looked for is no reason."""
    if recovered.state == "not looked for":
        return []
    return [*recovered.words, *comparison.words]


def _is_of_a_capture(recovered: RecoveredFacts, comparison: ComparisonFacts) -> bool:
    """Whether it shows a photo of which a signer who is trusted states who took it, and when."""
    credential = vouched(recovered)
    return credential is not None and shows_it(comparison) and side_of(credential) == "for"


def _unknown(
    credential: Credential,
    detectors: Sequence[DetectorResult],
    facts: Side,
    recovered: RecoveredFacts,
    comparison: ComparisonFacts,
) -> list[str]:
    is_stated = "for" in (facts, side_of(credential)) or _is_of_a_capture(recovered, comparison)
    unknown = ["Whether what the picture shows is true: a staged scene leaves no trace in a file."]
    if not is_stated:
        unknown.append(
            "Who took it, when and where: only a credential that you trust can state it."
        )
    elif surely_changed(comparison):
        unknown.append("Who changed it, when and why: the signature is of the photo before that.")
    unknown.append(
        "Whether a camera's lens saw the scene: a picture shown to the camera gives the same "
        "pixels."
    )
    ran = {result.name: result for result in detectors if result.status == "ran"}
    silent = "origin" not in ran or ran["origin"].finding == "inconclusive"
    if silent and not is_stated:
        unknown.append("Whether it is a photograph at all: no detector is sure enough to answer.")
    if comparison.result in ("same", "changed in parts"):
        unknown.append(unseen_by(comparison))
    elif "manipulation" in ran and ran["manipulation"].answer == IN_PARTS:
        unknown.append(
            "Whether other parts were changed, too: small ones, and changes of brightness and "
            "colour, are not seen."
        )
    elif "manipulation" in ran:
        unknown.append(
            "Whether a small part was replaced: the detector was trained on edits of whole "
            "pictures, and not on every kind of edit."
        )
    elif facts != "for":
        unknown.append("Whether it was edited: no detector could give an answer.")
    unknown.append(
        "All platforms that it went through: each removes the traces of the one before, and some "
        "pass a file on as it is."
    )
    return unknown
