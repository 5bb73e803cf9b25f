"""The rules as tables: of one detector of edits, and of the verdict over all that is known."""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, Final

import numpy as np
import pytest

from tests.verifier.judging.test_verdict import CLEARED, EDITED, SIGNED, resent, result, verdict
from tests.verifier.toy import CALIBRATION, PAIR, toy_weights
from verifier.features.patches import Patches
from verifier.features.watermark_gaps import NO_GAPS, WatermarkGaps
from verifier.features.watermark_sync import Sync
from verifier.judging.decision import Answer, Grounds, allowed, decide, without_gaps
from verifier.judging.stability import untested
from verifier.reading.credentials import no_credential
from verifier.report.record import Credential, DetectorResult, Integrity, Stability, Statement
from verifier.weights import Domain, Label, ModelEntry, read_manifest

# One detector of edits. Each row: what is different from a picture that is as the camera left it,
# and what is answered. Rows are in the order in which the rules are asked.

SHARED = Label(name="jpeg", role="edit", words="compressed once more")
WHOLE = {"strength": 1e3, "match": 1e3}
FOUND: Final = SimpleNamespace(sync=Sync(**WHOLE), holds=True)
ABSENT: Final = SimpleNamespace(sync=Sync(), holds=False)
NOT_PROVEN: Final = SimpleNamespace(sync=Sync(**WHOLE), holds=False)
SCALED: Final = SimpleNamespace(sync=Sync(scale=(0.7, 0.7), **WHOLE), holds=True)
HARDLY: Final = SimpleNamespace(sync=Sync(match=1e3), holds=True)
NATIVE, SMOOTHED, AGAIN = {"native": 0.95}, {"gaussian": 0.95}, {"jpeg": 0.95}
ELSEWHERE, OPEN = {"unknown-camera": 0.95}, {"native": 0.5, "gaussian": 0.5}
# Two edits count as one; what is at a threshold is over it.
TWO_EDITS, LESS_THAN_SURE = {"gaussian": 0.625, "sharpen": 0.375}, {"gaussian": 0.89, "native": 0.1}
AT_UNKNOWN, UNDER_UNKNOWN = (
    {"unknown-camera": 0.5, "native": 0.5},
    {"unknown-camera": 0.04, "native": 0.96},
)
NO_THRESHOLDS = CALIBRATION.model_copy(
    update={"edited": None, "native": None, "out_of_domain": None}
)

ABSTAINED, OUTSIDE, KNOWN = "abstained", "abstained, outside", "abstained, of this camera"
DECISIONS: Final[tuple[tuple[str, Mapping[str, Any], str], ...]] = (
    ("too small", {"size": (199, 900)}, OUTSIDE),
    ("as large as need be", {"size": (200, 900)}, "consistent: native"),
    ("too few parts", {"parts": 1}, OUTSIDE),
    ("as many parts as need be", {"parts": 2}, "consistent: native"),
    ("compressed too much", {"quality": 29}, OUTSIDE),
    ("compressed as much as may be", {"quality": 30}, "consistent: native"),
    ("small, and looks edited", {"size": (199, 900), "found": SMOOTHED}, OUTSIDE),
    ("not calibrated", {"calibration": None}, ABSTAINED),
    ("not calibrated, and small", {"calibration": None, "parts": 1}, OUTSIDE),
    ("of another camera", {"found": ELSEWHERE}, OUTSIDE),
    ("at the threshold of other cameras", {"found": AT_UNKNOWN}, OUTSIDE),
    ("under it", {"found": UNDER_UNKNOWN}, "consistent: native"),
    ("of another camera, no threshold", {"found": ELSEWHERE, "calibration": NO_THRESHOLDS}, "open"),
    ("no mark of the camera", {"proof": ABSENT}, ABSTAINED),
    ("none, and looks edited", {"proof": ABSENT, "found": SMOOTHED}, ABSTAINED),
    ("none, and of another camera", {"proof": ABSENT, "found": ELSEWHERE}, OUTSIDE),
    ("a mark that isn't proven", {"proof": NOT_PROVEN}, ABSTAINED),
    ("not proven, and looks edited", {"proof": NOT_PROVEN, "found": SMOOTHED}, ABSTAINED),
    ("at another size", {"proof": SCALED}, KNOWN),
    ("at another size, and looks edited", {"proof": SCALED, "found": SMOOTHED}, KNOWN),
    ("the mark not looked for", {"proof": None, "found": SMOOTHED}, "evidence against: gaussian"),
    ("smoothed", {"found": SMOOTHED}, "evidence against: gaussian"),
    ("by one of two edits", {"found": TWO_EDITS}, "evidence against: gaussian"),
    ("edited, hardly a mark", {"found": SMOOTHED, "proof": HARDLY}, "evidence against: gaussian"),
    ("saved once more", {"found": AGAIN}, "informs: jpeg"),
    ("not sure enough", {"found": LESS_THAN_SURE}, "open"),
    ("edited, no threshold", {"found": SMOOTHED, "calibration": NO_THRESHOLDS}, "open"),
    ("as the camera left it", {}, "consistent: native"),
    ("looks so, but hardly a mark", {"proof": HARDLY}, ABSTAINED),
    ("looks so, the mark not looked for", {"proof": None}, "consistent: native"),
    ("looks so, no threshold", {"calibration": NO_THRESHOLDS}, "open"),
    ("neither", {"found": OPEN}, "open"),
)  # fmt: skip


@pytest.fixture(scope="module")
def entry(tmp_path_factory: pytest.TempPathFactory) -> ModelEntry:
    folder = toy_weights(tmp_path_factory.mktemp("rules"))
    toy = read_manifest(folder).find(PAIR)
    domain = Domain(min_side=200, min_patches=2, least_quality=30)
    return toy.model_copy(update={"labels": (*toy.labels, SHARED), "domain": domain})


def decided(entry: ModelEntry, different: Mapping[str, Any]) -> Answer:
    case = {"size": (900, 900), "parts": 20, "quality": 90, "found": NATIVE, "proof": FOUND,
            "calibration": CALIBRATION} | different  # fmt: skip
    jpeg = SimpleNamespace(quality=case["quality"])
    reading: Any = SimpleNamespace(
        pixels=np.zeros((*case["size"], 3), np.uint8),
        facts=SimpleNamespace(channel=SimpleNamespace(jpeg=jpeg)),
    )
    patches = Patches(128, tuple((128 * n, 0) for n in range(case["parts"])), case["parts"], 20)
    found = dict.fromkeys([label.name for label in entry.labels], 0.0) | case["found"]
    may = allowed(entry, case["calibration"], reading, patches, outside=False)
    if isinstance(may, Answer):
        return may
    return decide(entry, Grounds(may, found), case["proof"])


def in_brief(answer: Answer) -> str:
    """Name an answer as the table does, and see that its parts agree."""
    assert answer.reasons
    if answer.status == "abstained":
        assert (answer.finding, answer.answer, answer.confidence) == ("inconclusive", None, None)
        return {None: ABSTAINED, False: OUTSIDE, True: KNOWN}[answer.in_domain]
    assert (answer.status, answer.in_domain) == ("ran", True)
    if answer.answer is None:
        assert (answer.finding, answer.confidence) == ("inconclusive", None)
        return "open"
    assert answer.threshold is not None
    assert answer.confidence is not None
    assert answer.confidence >= answer.threshold.value
    return f"{answer.finding}: {answer.answer.name}"


@pytest.mark.parametrize(
    ("different", "expected"), [row[1:] for row in DECISIONS], ids=[row[0] for row in DECISIONS]
)
def test_what_a_detector_of_edits_answers(
    entry: ModelEntry, different: Mapping[str, Any], expected: str
) -> None:
    assert in_brief(decided(entry, different)) == expected


def test_each_ground_for_an_abstention_has_words_of_its_own(entry: ModelEntry) -> None:
    alone = [row for row in DECISIONS if len(row[1]) == 1 and row[2] in (ABSTAINED, OUTSIDE, KNOWN)]
    reasons = {name: decided(entry, different).reasons for name, different, _ in alone}
    by_camera = ("of another camera", "at the threshold of other cameras")
    assert len({reasons.pop(name) for name in by_camera}) == 1
    assert len(set(reasons.values())) == len(reasons) == 8


def test_all_that_is_outside_is_said(entry: ModelEntry) -> None:
    assert len(decided(entry, {"size": (9, 9), "parts": 1, "quality": 5}).reasons) == 3


@pytest.mark.parametrize(
    ("found", "gaps", "expected"),
    [
        (NATIVE, NO_GAPS, "consistent: native"),
        (NATIVE, WatermarkGaps(9, 0, None), "consistent: native"),
        (NATIVE, WatermarkGaps(9, 2, (0, 0, 256, 128)), KNOWN),
        (SMOOTHED, WatermarkGaps(9, 2, (0, 0, 256, 128)), "evidence against: gaussian"),
        (OPEN, WatermarkGaps(9, 2, (0, 0, 256, 128)), "open"),
    ],
)
def test_parts_without_the_mark_take_back_a_clearance_alone(
    entry: ModelEntry, found: dict[str, float], gaps: WatermarkGaps, expected: str
) -> None:
    assert in_brief(without_gaps(decided(entry, {"found": found}), gaps)) == expected


# The verdict. Rows: what a credential establishes; columns: what the detectors found.


def statement(by: str, of: str = "picture", made: str = "generated") -> Statement:
    content = {"by": by, "of": of, "made": made, "where": "", "source_type": "", "words": "so"}
    return Statement.model_validate(content)


def credential(integrity: str = "intact", part: str | None = None, **update: Any) -> Credential:
    """One that somebody trusted signed, unless told otherwise."""
    for state in ("trust", "revocation"):
        if state in update:
            update[state] = getattr(SIGNED, state).model_copy(update={"state": update[state]})
    whole = Integrity.model_validate({"state": integrity, "words": "", "broken_part": part})
    return SIGNED.model_copy(update={"integrity": whole} | update)


CAPTURE: Final = {"source_type": "digitalCapture"}
CREDENTIALS: Final[Mapping[str, Credential]] = {
    "none": no_credential(),
    "a stranger's capture": credential(trust="untrusted", **CAPTURE),
    "not checked": credential(trust="not checked", **CAPTURE),
    "expired": credential(trust="expired", **CAPTURE),
    "a stranger's, broken": credential("broken", "picture", trust="untrusted", **CAPTURE),
    "signature broken": credential("broken", "signature", **CAPTURE),
    "withdrawn": credential(revocation="revoked", **CAPTURE),
    "withdrawn, broken": credential("broken", "picture", revocation="revoked"),
    "unclear": credential("unclear", **CAPTURE),
    "unreadable": credential("unreadable", **CAPTURE),
    "trusted capture": credential(**CAPTURE),
    "trusted capture, revocation open": credential(revocation="not checked", **CAPTURE),
    "trusted, developed": credential(actions=("c2pa.created", "org.camsim.developed"), **CAPTURE),
    "trusted, developed before": credential(
        actions=("c2pa.created", "camsim.developed"), **CAPTURE
    ),
    "trusted, of no source": credential(),
    "trusted, edited": credential(actions=("c2pa.created", "c2pa.cropped"), **CAPTURE),
    "trusted, opened": credential(actions=("c2pa.opened",), **CAPTURE),
    "trusted, of ingredients": credential(ingredients=1, **CAPTURE),
    "trusted, with a fault": credential(faults=("odd",), **CAPTURE),
    "trusted, another source": credential(
        statements=(statement("nobody", made="other"),), **CAPTURE
    ),
    "picture broken": credential("broken", "picture", **CAPTURE),
    "credential broken": credential("broken", "credential", **CAPTURE),
    "trusted: generated": credential(statements=(statement("trusted signer"),)),
    "trusted: made from a generated one": credential(
        statements=(statement("trusted signer", "parent", "partly generated"),)
    ),
    "trusted: a part generated": credential(statements=(statement("trusted signer", "component"),)),
    "trusted capture, unsigned: generated": credential(
        statements=(statement("nobody"),), **CAPTURE
    ),
    "a stranger: generated": credential(
        trust="untrusted", statements=(statement("unknown signer"),)
    ),
    "unsigned: generated": no_credential().model_copy(
        update={"statements": (statement("nobody"),)}
    ),
}


def lasting(*findings: str, turned: bool = False) -> Stability:
    """The first detector's finding after each of some platforms."""
    names = ("whatsapp", "twitter", "instagram")
    sent = tuple(
        resent(name, ("manipulation", finding), flipped="manipulation" if turned else "")  # type: ignore[arg-type]
        for name, finding in zip(names, findings, strict=False)
    )
    return Stability(holds=not turned, words="", resent=sent)


def kind(generated: float, answer: str | None = None) -> DetectorResult:
    return result("origin", "informs" if answer else "inconclusive", answer, generated)


AGAINST: Final = "evidence against"
FOR: Final = "consistent"
UNSURE: Final = CLEARED.model_copy(update={"confidence": 0.5})
OTHER: Final = CLEARED.model_copy(update={"name": "another"})
SILENT: Final = DetectorResult(
    name="manipulation", question="?", status="abstained", finding="inconclusive"
)
STATISTICS: Final[Mapping[str, tuple[tuple[DetectorResult, ...], Stability]]] = {
    "nothing": ((SILENT,), untested()),
    "cleared": ((CLEARED,), lasting(FOR, FOR)),
    "cleared, silent once": ((CLEARED,), lasting(FOR, "none")),
    "cleared, untested": ((CLEARED,), untested()),
    "cleared, half sure": ((UNSURE,), lasting(FOR, FOR)),
    "cleared, doubted": ((CLEARED, kind(0.6)), lasting(FOR, FOR)),
    "a kind": ((kind(0.99, "generated"),), untested()),
    "a kind, given again": (
        (result("origin", AGAINST, "generated", 0.99),),
        Stability(holds=True, words="", resent=(resent("whatsapp", ("origin", AGAINST)),)),
    ),
    "edited": ((EDITED,), lasting(AGAINST, AGAINST)),
    "edited, silent once": ((EDITED,), lasting(AGAINST, "none")),
    "edited, another clears": ((OTHER, EDITED), lasting(AGAINST, AGAINST)),
    "edited, untested": ((EDITED,), untested()),
    "turned over": ((EDITED,), lasting(AGAINST, FOR, turned=True)),
}

# = consistent, ! evidence against, ? inconclusive; and how sure: e established, s strong,
# m moderate, w weak.
NOBODY = "?  =m =m =w =w ?  ?  ?  !m !m !m ?  ? "
BY_SIGNER = "?  =s =m =w =w ?  ?  ?  !s !m !s ?  ? "
CLEAR = "=e =e =e =e =e =e =e =e ?  ?  ?  =e =e"
FORGED = "!e !e !e !e !e !e !e !e !e !e !e !e !e"
DECLARED = "?  ?  ?  ?  ?  ?  ?  ?  !m !m !m ?  ? "
DECLARED_SIGNED = "?  ?  ?  ?  ?  ?  ?  ?  !s !m !s ?  ? "
VERDICTS: Final[Mapping[str, str]] = {
    "none": NOBODY,
    "a stranger's capture": NOBODY,
    "not checked": NOBODY,
    "expired": NOBODY,
    "a stranger's, broken": NOBODY,
    "signature broken": NOBODY,
    "withdrawn": NOBODY,
    "withdrawn, broken": NOBODY,
    "unclear": NOBODY,
    "unreadable": NOBODY,
    "trusted capture": CLEAR,
    "trusted capture, revocation open": CLEAR,
    "trusted, developed": CLEAR,
    "trusted, developed before": CLEAR,
    "trusted, of no source": BY_SIGNER,
    "trusted, edited": BY_SIGNER,
    "trusted, opened": BY_SIGNER,
    "trusted, of ingredients": BY_SIGNER,
    "trusted, with a fault": BY_SIGNER,
    "trusted, another source": BY_SIGNER,
    "picture broken": FORGED,
    "credential broken": FORGED,
    "trusted: generated": FORGED,
    "trusted: made from a generated one": FORGED,
    "trusted: a part generated": DECLARED_SIGNED,
    "trusted capture, unsigned: generated": DECLARED_SIGNED,
    "a stranger: generated": DECLARED,
    "unsigned: generated": DECLARED,
}
SIGNS = {"consistent": "=", "evidence against": "!", "inconclusive": "?"}


@pytest.mark.parametrize("known", CREDENTIALS)
def test_what_the_verdict_is(known: str) -> None:
    drawn = []
    for detectors, stability in STATISTICS.values():
        drawn.append(verdict(*detectors, stability=stability, credential=CREDENTIALS[known]))
    signs = [SIGNS[one.label] + one.level[0].replace("n", "") for one in drawn]
    assert dict(zip(STATISTICS, signs, strict=True)) == dict(
        zip(STATISTICS, VERDICTS[known].split(), strict=True)
    )
    assert all(one.summary for one in drawn)


def test_an_accusation_or_a_clearance_says_how_sure_it_is_and_nothing_else_does() -> None:
    for detectors, stability in STATISTICS.values():
        for signed in CREDENTIALS.values():
            found = verdict(*detectors, stability=stability, credential=signed)
            assert (found.label == "inconclusive") == (found.level == "none")
