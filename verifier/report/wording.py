"""What a report says in a few words, for people who read neither JSON nor statistics."""

from typing import Final

from verifier.features.platform_marks import META
from verifier.judging.facts import declared_generated, side_of
from verifier.judging.headline import found_no_edit, is_softened
from verifier.judging.recovered import (
    by_people,
    listed,
    shows_it,
    surely_changed,
    vouched,
    weighed,
)
from verifier.judging.stability import survives
from verifier.report import labels
from verifier.report.quoting import quoted, word
from verifier.report.record import (
    ChannelReading,
    ComparisonFacts,
    Credential,
    DetectorResult,
    Ingredient,
    JpegFacts,
    RecoveredFacts,
    ReportRecord,
    Stability,
)

_SHOWN: Final = 12  # of statements, and of ingredients
_SILENT: Final = ("inconclusive", "none")  # findings that are no answer


def in_short(report: ReportRecord) -> list[tuple[str, str]]:
    """Ask what an editor asks, and answer each in a few words."""
    stability = report.stability
    return [
        *(
            (result.question, answer_headline(result, report))
            for result in report.detectors
            if result.name != "platform"  # has a row of its own, below
        ),
        ("Which camera pipeline developed it?", pipeline_headline(report)),
        ("Through which platform did the picture come?", platform_headline(report)),
        ("Is the file signed?", credential_headline(report.credential)),
        *_recovered_in_short(report),
        ("Is it declared generated?", generation_headline(report.credential)),
        ("Is the result stable when the picture is shared again?", stability_headline(stability)),
    ]


def _recovered_in_short(report: ReportRecord) -> list[tuple[str, str]]:
    if report.recovered.state == "not looked for":
        return []
    return [
        ("Does its watermark lead to a signed photo?", recovered_headline(report.recovered)),
        (labels.COMPARED, comparison_headline(report.comparison)),
    ]


def level_words(report: ReportRecord) -> str:
    """Say how sure a verdict is, and by what."""
    facts = weighed(report.credential, report.recovered, report.comparison)
    if report.verdict.level == "established" and facts.by == "the recovered one":
        return labels.ESTABLISHED_BY_COMPARING
    return labels.LEVELS[report.verdict.level]


def recovered_headline(recovered: RecoveredFacts) -> str:
    """Say in a few words to which signed photo a watermark led."""
    credential = recovered.credential
    if recovered.state == "refused":
        return "It leads to a credential that is not used"
    if recovered.state != "found" or credential is None:
        return "No, which is no evidence"
    signer = quoted(credential.signer, "a signer without a name")
    trust = {"trusted": "whom you trust", "untrusted": "whom you don't know"}
    known = trust.get(credential.trust.state, "whose trust was not checked")
    return f"Yes: photo {word(recovered.payload or '')}, signed by {signer}, {known}"


def comparison_headline(comparison: ComparisonFacts) -> str:
    """Say in a few words whether a picture shows what was signed."""
    if comparison.result == "changed in parts" and not surely_changed(comparison):
        return "Perhaps not: parts may differ, not surely enough to count"
    if comparison.result == "changed in parts":
        count = len(comparison.regions)
        return f"No: {count} parts differ" if count != 1 else "No: one part differs"
    if comparison.result == "same":
        people = by_people(comparison)
        return f"Yes, but it was {listed(people)}" if people else "Yes: nothing was found to differ"
    return {
        "another picture": "No: it is another picture, with a copied watermark",
        "not comparable": "Not known: too little could be compared",
        "not made": "Not compared",
    }[comparison.result]


def region_lines(comparison: ComparisonFacts) -> list[str]:
    """Say where each part that differs lies, and how surely it does."""
    regions = comparison.regions
    lines = [
        f"Part {number}: {one.right - one.left} by {one.bottom - one.top} pixels, {one.left} from "
        f"the left and {one.top} from the top; how surely: {percent(one.confidence)}."
        for number, one in enumerate(regions[:_SHOWN], 1)
    ]
    more = len(regions) - _SHOWN
    return [*lines, f"And {more} further parts; see the JSON."] if more > 0 else lines


def headline_of(report: ReportRecord) -> str:
    """Return the sentence that a report begins with; the verdict in a report that has none."""
    return report.verdict.headline or labels.TITLES[report.verdict.label]


def answer_headline(result: DetectorResult, report: ReportRecord) -> str:
    """Say a detector's answer in a few words, as the other parts of its report do."""
    if result.name == "platform":
        return platform_headline(report)
    if result.name == "manipulation" and result.status != "ran":
        return _unjudged(report)
    if found_no_edit(result):
        return "No sign of edits, which is no evidence: a watermark can be copied"
    if is_softened(result):
        return f"Its fine detail was {result.answer_words}"
    return detector_headline(result, report.stability)


def _unjudged(report: ReportRecord) -> str:
    """Say what is known of edits where no detector judged them."""
    facts = weighed(report.credential, report.recovered, report.comparison)
    if facts.by == "they contradict each other":
        return labels.CONTRADICTED
    if side_of(report.credential) == "for":
        return "No, states its signer, whom you trust"
    if shows_it(report.comparison):
        return labels.JUDGED_BESIDE if vouched(report.recovered) else labels.OF_A_STRANGER
    if report.comparison.result == "another picture":
        return labels.OTHER_PHOTO
    if report.comparison.result == "not comparable":
        return labels.NOT_COMPARED
    return labels.UNJUDGED[report.watermark.state]


def answered(result: DetectorResult) -> bool:
    """Whether a detector answered."""
    return result.finding not in _SILENT


def is_used(result: DetectorResult, stability: Stability) -> bool:
    """Whether a detector's answer is used: else its probabilities would be read as one."""
    return answered(result) and survives(result, stability)


def worth_line(result: DetectorResult, stability: Stability) -> str:
    """Say whether a detector answered, for which pictures it was tested, and its limits."""
    status = f"The detector {status_words(result, stability)}."
    tested = result.status == "ran" or result.in_domain is False  # else a reason says what lacks
    domain = labels.IN_DOMAIN[result.in_domain] if tested else ""
    return " ".join(filter(None, (status, domain, result.limits)))


def status_words(result: DetectorResult, stability: Stability) -> str:
    """Say whether a detector answered, and whether its answer is used."""
    if not answered(result):
        return labels.STATUSES[result.status]
    return "answered" if survives(result, stability) else "answered, and its answer is not used"


def detector_headline(result: DetectorResult, stability: Stability) -> str:
    """Say a detector's answer in a few words."""
    if any(result.name in resent.flipped for resent in stability.resent):
        return (
            "Unstable: the result changes when the picture is shared once more, so it is not used"
        )
    if not survives(result, stability):
        why = (
            "the result was not found again after another upload"
            if stability.resent
            else "whether the result outlives another upload was not tested"
        )
        return f"Not confirmed: {why}, so it is not used"
    if result.finding == "evidence against":
        what = "Probably edited" if result.name == "manipulation" else "Probably"
        return f"{what}: {result.answer_words or result.answer}"
    if result.finding == "consistent":
        return "No sign of edits" if result.name == "manipulation" else "No sign of it"
    if result.finding == "informs":
        return result.answer_words or result.answer or "Something is known"
    return {"ran": "Not sure", "abstained": "No answer", "not run": "Not checked"}[result.status]


def pipeline_headline(report: ReportRecord) -> str:
    """Say in a few words which camera pipeline developed a picture."""
    development = report.credential.development
    if development and report.credential.integrity.state == "intact":
        return f"{word(development.pipeline)}, states the signer"
    found = vouched(report.recovered)
    if found is not None and found.development is not None and shows_it(report.comparison):
        return f"{word(found.development.pipeline)}, states the signer of its photo"
    for result in report.detectors:
        known = result.model.pipeline if result.model else None
        # In its domain: its watermark was read, whatever could be said of edits.
        answered = result.finding in ("consistent", "evidence against", "informs")
        if known and (result.in_domain is True or answered):
            return f"Probably {known}"
    unrecovered = report.recovered.state in ("not looked for", "not found")
    if report.watermark.state == "read" and unrecovered:
        return "Not known; its watermark is of cameras whose key you have"
    return "Not known"


def stability_headline(stability: Stability) -> str:
    """Say in a few words whether the answers last."""
    if stability.holds is None:
        failed = any(resent.error for resent in stability.resent)
        return "Not known: the test failed" if failed else "Not tested"
    if not stability.holds:
        return "No, so it is not used"
    silent = [bool(resent.silent) for resent in stability.resent]
    if all(silent):
        return "No: there is no result after any platform, though no opposite one"
    return "Yes, though not after every platform" if any(silent) else "Yes"


def platform_headline(report: ReportRecord) -> str:
    """Name the platform that a file was downloaded from, as its channel section does."""
    return platform_words(report.channel)


def platform_words(channel: ChannelReading) -> str:
    """Say in a few words which platform a file was downloaded from, or that none can be named."""
    earlier = f"; {_services(channel.earlier.platform)} before that" if channel.earlier else ""
    if channel.platform:
        return f"{_services(channel.platform)}, going by {channel.named_by}{earlier}"
    if earlier:
        return f"None can be named{earlier}"
    if channel.jpeg is None:
        return "None can be named: the file isn't JPEG"
    names = list(dict.fromkeys(match.platform for match in channel.platforms))
    if not names:
        return "None can be named: it fits no profile that we have"
    others = " and others" if names[4:] else ""
    return f"None can be named: it fits {', '.join(names[:4])}{others}, and programs write the same"


def _services(platform: str) -> str:
    return "Facebook, Instagram or Messenger" if platform == META else platform


def credential_headline(credential: Credential) -> str:
    """Say in a few words what a credential is worth."""
    if not credential.present:
        return "No, like most pictures"
    if credential.integrity.broken_part == "signature":
        return "Yes: broken; who signed it isn't known"
    revoked = "; certificate withdrawn" if credential.revocation.state == "revoked" else ""
    signer = labels.SIGNERS[credential.trust.state]
    state = labels.AS_SIGNED[credential.integrity.state]
    return f"Yes, by {signer}; {state}{revoked}"


def generation_headline(credential: Credential) -> str:
    """Say in a few words what is declared of generation, and by whom."""
    declared = declared_generated(credential)
    if not declared:
        return "Nobody declares so, which is no evidence"
    first = declared[0]
    who = {"trusted signer": "someone you trust", "unknown signer": "a signer you don't know"}
    speaker = who.get(first.by, "an unsigned entry, which anybody can write")
    part = {"component": " of a part", "input": " of what it was made with"}.get(first.of, "")
    return f"Declared {first.made}{part} by {speaker}"


def credential_details(credential: Credential) -> list[str]:
    """Say what beside integrity, trust and revocation is to be said of a credential."""
    words = [credential.time.words] if credential.present else []
    if credential.identity.state not in ("no credential", "none stated"):
        words.append(credential.identity.words)
    words += credential.faults
    words += _some([statement.words for statement in credential.statements], "statements")
    return [*words, *ingredient_lines(credential)]


def ingredient_lines(credential: Credential) -> list[str]:
    """Say what the credentials of the pictures that went into this one are worth."""
    return _some([ingredient_line(i) for i in credential.ingredient_answers], "ingredients")


def _some(lines: list[str], what: str) -> list[str]:
    more = len(lines) - _SHOWN
    return lines if more <= 0 else [*lines[:_SHOWN], f"And {more} further {what}; see the JSON."]


def ingredient_line(ingredient: Ingredient) -> str:
    """Say what the credential of a picture that went into this one is worth."""
    name = quoted(ingredient.title, "without a title")
    role = labels.ROLES.get(ingredient.relationship, "went into it")
    if ingredient.depth > 1:
        role = f"{role}, {ingredient.depth} steps back"
    if ingredient.integrity.state == "no credential":
        return f"Ingredient {name} ({role}): no credential."
    if ingredient.integrity.broken_part == "signature":
        return f"Ingredient {name} ({role}): broken, and who signed it isn't known."
    revoked = ", certificate withdrawn" if ingredient.revocation.state == "revoked" else ""
    return (
        f"Ingredient {name} ({role}): {ingredient.integrity.state}, its signer "
        f"{quoted(ingredient.signer, 'without a name')} {ingredient.trust.state}{revoked}."
    )


def percent(probability: float) -> str:
    """Write a probability; certainty is never claimed by rounding."""
    if probability > 0.999:
        return "over 99.9%"
    if probability < 0.001:
        return "under 0.1%"
    return f"{100 * probability:.1f}%"


def input_line(width: int, height: int, file_format: str, size: int) -> str:
    """Describe a file in a line."""
    amount = f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{size / 1e3:.0f} kB"
    megapixels = width * height / 1e6
    return f"{file_format}, {width} × {height} pixels ({megapixels:.1f} megapixels), {amount}"


def quality_line(jpeg: JpegFacts) -> str:
    """Say how strongly a JPEG file was compressed."""
    near = "is" if jpeg.exact else "is about"
    return f"Its JPEG quality {near} {jpeg.quality} of 100, read from the quantisation tables."


def map_line(looked_at: int, share: float) -> str:
    """Say how much of a picture a map is of."""
    return f"{looked_at} parts were looked at, {share:.0%} of the picture."
