"""What was found, in one sentence: the first that an editor reads.

It goes by the verdict, and says no more than it does. Where a verdict is open it still names what
was found (signer, camera, platform) and then what stays open; see `headline`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from verifier.judging.facts import (
    Side,
    declared_generated,
    establishing,
    holds,
    not_as_signed,
)
from verifier.judging.recovered import By, by_people, listed, shows_it, surely_changed, vouched
from verifier.report.quoting import named, quoted
from verifier.report.record import (
    ChannelReading,
    ComparisonFacts,
    Credential,
    DetectorResult,
    RecoveredFacts,
    VerdictLabel,
    WatermarkFacts,
)

NOTHING_KNOWN: Final = "No signer, camera or platform of this picture is known"
_SHOWS_MORE: Final = "a viewer may show something else than was checked"


@dataclass(frozen=True)
class Found:
    """What a headline is made of.

    Attributes
    ----------
    label
        Of the verdict.
    by
        Which credential decided it.
    statistics
        For or against what the detectors are evidence, before anything held them back.
    deciding
        The detector whose result that is.
    doubted
        What a picture may be instead of a photograph; "" where no detector finds that likelier.
    shows_more
        Whether a viewer may show something else than the pixels that were looked at.
    """

    label: VerdictLabel
    by: By
    statistics: Side
    deciding: DetectorResult | None
    doubted: str
    credential: Credential
    channel: ChannelReading
    detectors: Sequence[DetectorResult]
    watermark: WatermarkFacts
    recovered: RecoveredFacts
    comparison: ComparisonFacts
    shows_more: bool = False


def headline(found: Found) -> str:
    """Say in one sentence, without its full stop, what was found."""
    match found.label:
        case "evidence against":
            return _against(found)
        case "consistent":
            return _consistent(found)
        case _:
            return next(_open(found))


def _against(found: Found) -> str:
    own, theirs = found.credential, vouched(found.recovered)
    declared = establishing(own) or (establishing(theirs) if theirs else None)
    if not_as_signed(own) and found.by == "the file":
        return f"Not the file that {_signer(own)} signed"
    if found.by == "the recovered one" and theirs and surely_changed(found.comparison):
        count = len(found.comparison.regions)
        parts = "One part differs" if count == 1 else f"{count} parts differ"
        return f"{parts} from the photo that {_signer(theirs)} signed"
    if declared is not None:
        signer = _signer(own if establishing(own) else theirs or own)
        return f"Declared {declared.made} by {signer}, whom you trust"
    words = found.deciding.answer_words if found.deciding else None
    return f"{_from_camera(found)}; probably edited since{f': {words}' if words else ''}"


def _consistent(found: Found) -> str:
    if found.by == "the file":
        return f"As {_signer(found.credential)} took and signed it"
    theirs = vouched(found.recovered)
    if found.by == "the recovered one" and theirs is not None:
        came = f", {_sent(found.channel)}" if _sent(found.channel) else ""
        return f"The photo that {_signer(theirs)} took and signed{came}; nothing differs"
    return f"{_from_camera(found)}; no edit was found"


def _open(found: Found) -> Iterator[str]:
    """Yield what may be said of an open verdict, what matters most first; the first is taken."""
    own, theirs = found.credential, vouched(found.recovered)
    if found.by == "they contradict each other":
        yield _contradicting(found)
    if theirs is not None and found.by != "the file":
        yield _of_its_photo(found, theirs)
    if holds(own):
        yield _of_its_signer(found)
    declared = declared_generated(own)
    if declared:
        speaker = "a signer you don't know" if declared[0].by == "unknown signer" else "an entry"
        trust = "" if declared[0].by == "unknown signer" else " that anybody can write"
        yield f"Declared {declared[0].made} by {speaker}{trust}"
    if found.statistics == "for" and found.shows_more:
        yield f"{_from_camera(found)}; no edit was found, but {_SHOWS_MORE}"
    yield _of_a_stranger(found)


def _of_its_photo(found: Found, credential: Credential) -> str:
    """Say how a picture lies to the photo that someone trusted signed."""
    signer, comparison = _signer(credential), found.comparison
    if comparison.result == "another picture":
        return f"Carries the watermark of a photo that {signer} signed, and shows another picture"
    if not shows_it(comparison):
        return f"Its watermark leads to a photo that {signer} signed; the two were not compared"
    return f"The photo that {signer} signed{next(_but(found, credential))}"


def _but(found: Found, credential: Credential) -> Iterator[str]:
    """Yield what holds a picture back that shows a signed photo; the first is taken."""
    people = by_people(found.comparison)
    if found.comparison.result == "changed in parts":
        yield "; parts of it may differ"
    if declared_generated(credential):
        yield ", which is declared generated"
    if people:
        yield f", but {listed(people)}"
    if found.shows_more:
        yield f", but {_SHOWS_MORE}"
    if found.statistics == "against":
        yield ", but it looks edited"
    yield f"; nothing differs, but {_no_capture(credential)}"


def _of_its_signer(found: Found) -> str:
    signer = _signer(found.credential)
    if found.statistics == "against":
        return f"As {signer} signed it, but it looks edited"
    if declared_generated(found.credential):
        return f"As {signer} signed it; something of it is declared generated"
    return f"As {signer} signed it, but {_no_capture(found.credential)}"


def _no_capture(credential: Credential) -> str:
    """Say why what someone trusted signed is no evidence for the picture."""
    if "c2pa.opened" in credential.actions:
        return "no camera's sensor vouches for it"
    return f"{_signer(credential)} doesn't state that it is an unedited capture"


def _of_a_stranger(found: Found) -> str:
    """Name what is known of a picture for which nobody trusted vouches, and what stays open."""
    known = [*_signed_by(found.credential), *_camera(found)]
    sent = _sent(found.channel)
    if sent:
        known.append(sent)
    if not known:
        return f"No more than a hint: it may be {found.doubted}" if found.doubted else NOTHING_KNOWN
    first, *rest = known
    return "; ".join((f"{first[0].upper()}{', '.join((first[1:], *rest))}", _left_open(found)))


def _signed_by(credential: Credential) -> Iterator[str]:
    if not credential.present:
        return
    if credential.integrity.state == "intact":
        states = {"expired": "whose certificate had expired", "not checked": "not checked"}
        known = states.get(credential.trust.state, "whom you don't know")
        if credential.revocation.state == "revoked":
            known = "whose certificate was withdrawn"
        yield f"signed by {quoted(credential.signer, 'a signer without a name')}, {known}"
    elif credential.integrity.state == "broken":
        yield "its signature doesn't hold, which is no evidence against the picture"
    else:
        yield "its signature could not be checked"


def _camera(found: Found) -> Iterator[str]:
    theirs = found.recovered.credential
    if found.recovered.state == "found" and theirs is not None:
        signer = quoted(theirs.signer, "a signer without a name")
        yield f"its watermark leads to a photo of {signer}, whom you don't know"
    elif found.recovered.state == "refused":
        yield "its watermark leads to a credential that doesn't count"
    elif found.watermark.state == "read":
        yield "from a known camera"


def _left_open(found: Found) -> str:
    if found.doubted:
        return f"a detector finds {found.doubted} likelier than a photograph"
    if any(_is_unsure(one) for one in found.detectors):
        return "whether it was edited isn't clear"
    if any(found_no_edit(one) for one in found.detectors):
        return "no edit was found, which is no evidence"
    if any(is_softened(one) for one in found.detectors):
        return "fine detail was softened, as smoothing or an export does"
    if any(_is_unconfirmed(one) for one in found.detectors):
        return "a sign of edits isn't confirmed"
    return "edits can't be judged"


def found_no_edit(result: DetectorResult) -> bool:
    """Whether a detector of edits found none, and what it looked at could have been copied.

    Its first label is that of unedited pictures.
    """
    unedited = next(iter(result.label_words), None)
    return _informs(result) and result.answer is not None and result.answer == unedited


def is_softened(result: DetectorResult) -> bool:
    """Whether less fine detail is left than the camera's, by an edit or by an export."""
    return _informs(result) and not found_no_edit(result)


def _informs(result: DetectorResult) -> bool:
    return (result.name, result.finding) == ("manipulation", "informs")


def _is_unconfirmed(result: DetectorResult) -> bool:
    """Whether edits were found, which the stability test held back: else the headline is theirs."""
    return (result.name, result.finding) == ("manipulation", "evidence against")


def _is_unsure(result: DetectorResult) -> bool:
    states = result.name, result.status, result.finding
    return states == ("manipulation", "ran", "inconclusive")


def _from_camera(found: Found) -> str:
    sent = _sent(found.channel)
    return f"From a known camera{f', {sent}' if sent else ''}"


def _sent(channel: ChannelReading) -> str:
    """Say which platform the file came from, or that it is coded as one codes, and programs do."""
    if channel.platform:
        meta = "Facebook, Instagram or Messenger"
        return f"sent through {meta if channel.platform == 'Meta' else channel.platform}"
    names = list(dict.fromkeys(match.platform for match in channel.platforms))
    return f"saved as {names[0]} does" if len(names) == 1 else ""


def _signer(credential: Credential) -> str:
    return named(credential.signer or "the signer")


def _contradicting(found: Found) -> str:
    one, other = _signer(found.credential), _signer(found.recovered.credential or found.credential)
    whose = f": {one}'s and {other}'s" if one != other else ""
    return f"Two credentials that hold contradict each other{whose}"
