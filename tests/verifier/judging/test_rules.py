"""The rules as tables: who may answer, what was done to a photo, and the verdict over all."""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, Final

import numpy as np
import pytest

from tests.verifier.judging.test_verdict import CLEARED, EDITED, SIGNED, resent, result, verdict
from tests.verifier.toy import CALIBRATION, GRAIN, threshold, toy_weights
from verifier.detectors.edit_answer import SOFTENED, answer_of
from verifier.detectors.edits import TASK
from verifier.features.patches import Patches
from verifier.judging.decision import Answer, allowed
from verifier.judging.stability import untested
from verifier.reading.credentials import no_credential
from verifier.report.record import Credential, DetectorResult, Integrity, Stability, Statement
from verifier.weights import Calibration, Domain, ModelEntry, read_manifest

# Whether a model may answer. Each row: what is different from a picture that it may answer about.

ABSTAINED, OUTSIDE, MAY = "abstained", "abstained, outside", "may answer"
ALLOWED: Final[tuple[tuple[str, Mapping[str, Any], str], ...]] = (
    ("nothing", {}, MAY),
    ("too small", {"size": (199, 900)}, OUTSIDE),
    ("as large as need be", {"size": (200, 900)}, MAY),
    ("too few parts", {"parts": 1}, OUTSIDE),
    ("as many parts as need be", {"parts": 2}, MAY),
    ("compressed too much", {"quality": 29}, OUTSIDE),
    ("compressed as much as may be", {"quality": 30}, MAY),
    ("not calibrated", {"calibration": None}, ABSTAINED),
    ("not calibrated, and small", {"calibration": None, "parts": 1}, OUTSIDE),
)


@pytest.fixture(scope="module")
def entry(tmp_path_factory: pytest.TempPathFactory) -> ModelEntry:
    toy = read_manifest(toy_weights(tmp_path_factory.mktemp("rules"))).find(GRAIN)
    domain = Domain(min_side=200, min_patches=2, least_quality=30)
    return toy.model_copy(update={"domain": domain})


def asked(entry: ModelEntry, different: Mapping[str, Any]) -> Calibration | Answer:
    case = {"size": (900, 900), "parts": 20, "quality": 90, "calibration": CALIBRATION} | different
    jpeg = SimpleNamespace(quality=case["quality"])
    reading: Any = SimpleNamespace(
        pixels=np.zeros((*case["size"], 3), np.uint8),
        facts=SimpleNamespace(channel=SimpleNamespace(jpeg=jpeg)),
    )
    patches = Patches(128, tuple((128 * n, 0) for n in range(case["parts"])), case["parts"], 20)
    return allowed(entry, case["calibration"], reading, patches, outside=False)


@pytest.mark.parametrize(
    ("different", "expected"), [row[1:] for row in ALLOWED], ids=[row[0] for row in ALLOWED]
)
def test_whether_a_model_may_answer(
    entry: ModelEntry, different: Mapping[str, Any], expected: str
) -> None:
    found = asked(entry, different)
    if expected == MAY:
        assert found == CALIBRATION
        return
    assert isinstance(found, Answer)
    assert found.reasons
    assert (found.finding, found.answer, found.confidence) == ("inconclusive", None, None)
    assert {None: ABSTAINED, False: OUTSIDE}[found.in_domain] == expected


def test_each_ground_for_an_abstention_has_words_of_its_own(entry: ModelEntry) -> None:
    alone = [asked(entry, row[1]) for row in ALLOWED if len(row[1]) == 1 and row[2] != MAY]
    reasons = [answer.reasons for answer in alone if isinstance(answer, Answer)]
    assert len(set(reasons)) == len(reasons) == 4


def test_all_that_is_outside_is_said(entry: ModelEntry) -> None:
    found = asked(entry, {"size": (9, 9), "parts": 1, "quality": 5})
    assert isinstance(found, Answer)
    assert len(found.reasons) == 3


# What was done to a photo. Each row: the probabilities, and what is answered. Two edits that take
# detail count as one, and an export counts with them for softened; what is at a threshold is over
# it.

EDITS: Final[ModelEntry] = read_manifest().of_task(TASK)[0]
OF_NAMES = {"sharpen": threshold(0.6), SOFTENED.name: threshold(0.9)}
NAMING = CALIBRATION.model_copy(update={"named_as": OF_NAMES})
NO_THRESHOLDS = CALIBRATION.model_copy(update={"edited": None, "native": None})
DECISIONS: Final[tuple[tuple[str, Mapping[str, float], Calibration, str], ...]] = (
    ("smoothed", {"gaussian": 0.95}, CALIBRATION, "evidence against: gaussian"),
    ("sharpened", {"sharpen": 0.95}, CALIBRATION, "evidence against: sharpen"),
    ("by one of two edits", {"gaussian": 0.625, "resample": 0.375}, CALIBRATION,
     "evidence against: gaussian"),
    ("sharpened or smoothed", {"gaussian": 0.5, "sharpen": 0.5}, CALIBRATION, "open"),
    ("by a threshold of its own", {"sharpen": 0.7}, NAMING, "evidence against: sharpen"),
    ("smoothed or exported", {"gaussian": 0.6, "exported": 0.35}, NAMING, "informs: softened"),
    ("exported", {"exported": 0.95}, NAMING, "informs: softened"),
    ("smoothed, surely", {"gaussian": 0.9, "exported": 0.1}, NAMING, "evidence against: gaussian"),
    ("exported or native", {"native": 0.6, "exported": 0.35}, NAMING, "open"),
    ("exported, no threshold", {"gaussian": 0.6, "exported": 0.35}, CALIBRATION, "open"),
    ("at the threshold", {"resample": 0.9, "native": 0.1}, CALIBRATION,
     "evidence against: resample"),
    ("not sure enough", {"gaussian": 0.89, "native": 0.11}, CALIBRATION, "open"),
    ("edited, no threshold", {"gaussian": 0.95}, NO_THRESHOLDS, "open"),
    ("as the camera left it", {"native": 0.95}, CALIBRATION, "informs: native"),
    ("looks so, no threshold", {"native": 0.95}, NO_THRESHOLDS, "open"),
    ("neither", {"native": 0.5, "gaussian": 0.5}, CALIBRATION, "open"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("found", "calibration", "expected"),
    [row[1:] for row in DECISIONS],
    ids=[row[0] for row in DECISIONS],
)
def test_what_is_answered_of_edits(
    found: Mapping[str, float], calibration: Calibration, expected: str
) -> None:
    none = dict.fromkeys([label.name for label in EDITS.labels], 0.0)
    answer = answer_of(EDITS, calibration, none | dict(found))
    assert (answer.status, answer.in_domain, bool(answer.reasons)) == ("ran", True, True)
    if answer.answer is None:
        assert (expected, answer.finding, answer.confidence) == ("open", "inconclusive", None)
        return
    assert f"{answer.finding}: {answer.answer.name}" == expected
    assert answer.threshold is not None
    assert (answer.confidence or 0) >= answer.threshold.value


def test_what_is_answered_of_edits_clears_nothing() -> None:
    """That none was found informs; sharing a photo again is no edit either, and none is accused."""
    none = dict.fromkeys([label.name for label in EDITS.labels], 0.0)
    answer = answer_of(EDITS, CALIBRATION, none | {"native": 0.999})
    assert "no evidence for this one" in answer.reasons[0]
    assert "saved again" in next(one.words for one in EDITS.labels if one.name == "native")
    said = DetectorResult(
        name="manipulation", question="?", status=answer.status, finding=answer.finding,
        answer="native", label_words={"native": "unedited"}, confidence=answer.confidence,
    )  # fmt: skip
    assert verdict(said, stability=lasting(FOR, FOR)).label == "inconclusive"


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
