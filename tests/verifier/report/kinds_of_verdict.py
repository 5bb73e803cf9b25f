"""A report of each kind of verdict: what editors may be shown, made of facts in the real words.

``python -m tests.verifier.report.kinds_of_verdict FOLDER`` writes a page of each.
"""

import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from channel import transmit
from tests.verifier.conftest import jpeg
from tests.verifier.judging.test_recovered import PAYLOAD, recovered, trusted
from tests.verifier.judging.test_verdict import resent
from tests.verifier.toy import Pixels, native
from verifier import Report
from verifier.detectors.edit_answer import SOFTENED
from verifier.detectors.edits import WatermarkEdits
from verifier.detectors.generated import GeneratedDetector
from verifier.detectors.origin import OriginDetector
from verifier.detectors.platform import PlatformDetector
from verifier.features.jpeg_header import jpeg_header
from verifier.judging.stability import untested
from verifier.judging.verdict import conclude
from verifier.reading.channel import read_channel
from verifier.reading.credentials import no_credential
from verifier.report.preview import preview_of
from verifier.report.record import (
    ChangedRegion,
    ComparisonFacts,
    Credential,
    DetectorResult,
    GlobalChange,
    InputFacts,
    Integrity,
    ModelFacts,
    PatchMap,
    RecoveredFacts,
    Revocation,
    Stability,
    Statement,
    Trust,
    WatermarkFacts,
)
from verifier.report.reference import SignedPicture

HEIGHT, WIDTH = 384, 512
INTACT: Final = Integrity(
    state="intact",
    words="File and credential are as they were signed: not one byte that the signature covers has "
    "changed since.",
)
RESAVED: Final = Integrity(
    state="broken",
    broken_part="picture",
    words="The credential doesn't hold for this file: the picture isn't the one that was signed.",
)
WHOM_YOU_TRUST: Final = Trust(
    state="trusted", words="The certificate of Alice leads to an authority on your list."
)
A_STRANGER: Final = Trust(
    state="untrusted",
    words="The certificate of Alice leads to no authority on your list. Anyone can make one with "
    "that name.",
)
NOT_WITHDRAWN: Final = Revocation(
    state="not listed", words="Your revocation lists don't name the signer's certificate."
)
READ: Final = WatermarkFacts(
    state="read",
    payload=PAYLOAD,
    words=(
        "A watermark was read, by the group's key 4a8ef96bad1ba2b1.",
        f"Its payload names the photo: {PAYLOAD}.",
        "The picture shows the photo at 69% of its size.",
    ),
)
NOT_FOUND: Final = WatermarkFacts(
    state="not found", words=("No watermark of a known key was found.",)
)
SCALED: Final = GlobalChange(kind="scaled", words="scaled to 69% of its size")
CUT: Final = GlobalChange(kind="cropped", words="cropped to 61% of its area")
PART: Final = ChangedRegion(left=90, top=60, right=200, bottom=140, confidence=0.9994)
PERHAPS: Final = ChangedRegion(left=300, top=200, right=380, bottom=280, confidence=0.6)
OPENED: Final = ("c2pa.opened", "org.camsim.developed")


def signed(**update: Any) -> Credential:
    words = {"integrity": INTACT, "trust": WHOM_YOU_TRUST, "revocation": NOT_WITHDRAWN}
    return trusted(signed_at="2026-11-03T10:00:00Z").model_copy(update=words | update)


def generated(by: str) -> Statement:
    who = "An entry of the file, which anybody can write," if by == "nobody" else "Alice"
    return Statement.model_validate(
        {
            "made": "generated", "of": "picture", "by": by, "where": "credential",
            "source_type": "trainedAlgorithmicMedia",
            "words": f"{who} declares that the picture was generated.",
        }
    )  # fmt: skip


def found(credential: Credential) -> RecoveredFacts:
    words = (
        "The picture's watermark led to a signed credential in the repository “desk”.",
        credential.trust.words,
    )
    return recovered(credential).model_copy(update={"words": words, "repository": "desk"})


def compared(
    result: str, *changes: GlobalChange, regions: tuple[ChangedRegion, ...] = ()
) -> ComparisonFacts:
    content = {"result": result, "smallest": 0.0005, "changes": changes, "regions": regions}
    return ComparisonFacts.model_validate(content)


# Detectors


BY_WATERMARK: Final = ModelFacts(
    name="watermark-edits-4", version="1", sha256="0" * 64, pair=None, pipeline="qnet"
)
OF_EDITS: Final = {"native": "native or re-saved", "gaussian": "smoothed"}


def edits(status: str, finding: str, *why: str, **update: Any) -> DetectorResult:
    return DetectorResult.model_validate(
        {
            "name": "manipulation", "question": WatermarkEdits.question, "status": status,
            "finding": finding, "reasons": why, "limits": WatermarkEdits.limits,
            "model": BY_WATERMARK,
        } | update
    )  # fmt: skip


SMOOTHED: Final = edits(
    "ran", "evidence against",
    "Less is left of the camera's watermark at fine detail than scaling and compressing leave. The "
    "picture was probably smoothed (probability of any of these 99.2%).",
    in_domain=True, answer="gaussian", answer_words="smoothed", confidence=0.992,
    probabilities={"native": 0.008, "gaussian": 0.992}, label_words=OF_EDITS,
)  # fmt: skip
UNSURE: Final = edits(
    "ran", "inconclusive",
    "What is left of the camera's watermark fits neither an unedited photo surely enough nor an "
    "edited one.",
    in_domain=True, probabilities={"native": 0.524, "gaussian": 0.476}, label_words=OF_EDITS,
)  # fmt: skip
NOTHING_FOUND: Final = edits(
    "ran", "informs",
    "What is left of the camera's watermark is what scaling and compressing leave.",
    in_domain=True, answer="native", answer_words="native or re-saved",
    probabilities={"native": 0.98, "gaussian": 0.02}, label_words=OF_EDITS,
)  # fmt: skip
A_LITTLE_LESS: Final = edits(
    "ran", "informs",
    "Less is left of the camera's watermark at fine detail than platforms leave of a camera's "
    "file. Smoothing takes as much, and so does an export, which makes a photo smaller and "
    "compresses it (probability of either 97.1%).",
    "Ask for the photo as the camera saved it: that file tells one from the other.",
    in_domain=True, answer="softened", answer_words=SOFTENED.words, confidence=0.971,
    probabilities={"native": 0.029, "gaussian": 0.971},
    label_words=OF_EDITS | {"softened": SOFTENED.words},
)  # fmt: skip
TOO_SMALL: Final = edits(
    "abstained", "inconclusive",
    "The photo has 2312 pixels on its longer side; edits are judged from 2,400 on.",
    in_domain=True,
)  # fmt: skip
NOT_READ: Final = edits(
    "abstained", "inconclusive",
    "No watermark of a known key was read, and edits are judged by how much is left of one.",
)  # fmt: skip
WITHOUT_KEY: Final = WatermarkEdits().without_key()
OF_ONES_OWN: Final = edits(
    "ran", "consistent", "It looks as the camera left it (probability 99.4%).",
    name="own", question="Is it as the camera left it?", limits="It knows one camera.",
    in_domain=True, answer="native", answer_words="straight from the camera", confidence=0.994,
    probabilities={"native": 0.994, "gaussian": 0.006}, label_words=OF_EDITS,
)  # fmt: skip
NOT_SURE_OF_ITS_ORIGIN: Final = DetectorResult(
    name="origin", question=OriginDetector.question, status="ran", finding="inconclusive",
    in_domain=True, limits=OriginDetector.limits,
    reasons=("It looks most like a photograph, but not clearly enough for an answer.",),
)  # fmt: skip
NO_TRACES: Final = DetectorResult(
    name="generated", question=GeneratedDetector.question, status="ran", finding="inconclusive",
    in_domain=True, limits=GeneratedDetector.limits,
    reasons=("It has too few traces of a generator for an answer.",),
)  # fmt: skip
TRACES: Final = DetectorResult(
    name="generated", question=GeneratedDetector.question, status="ran", finding="informs",
    in_domain=True, limits=GeneratedDetector.limits, answer="generated",
    answer_words="Looks like a generated picture", confidence=0.97,
    probabilities={"natural": 0.03, "generated": 0.97},
    label_words={"natural": "a photograph", "generated": "a generated picture"},
    reasons=("The picture has traces that generators leave (probability 97.0%).",),
    patch_map=PatchMap(side=128, places=((0, 0), (128, 128)), values=(0.9, 0.6), words="Squares."),
)  # fmt: skip
LASTS: Final = Stability(
    holds=True,
    words="Shared through WhatsApp, the picture gets the same result.",
    resent=(
        resent("whatsapp", ("manipulation", "evidence against"), ("own", "consistent")),
        resent("twitter", ("manipulation", "inconclusive"), ("own", "consistent")),
    ),
)


OF_META: Final = {
    "platform": "Meta",
    "named_by": "Meta's FBMD trailer",
    "words": (
        "This file was downloaded from Facebook, Instagram or Messenger: it carries Meta's FBMD "
        "trailer.",
    ),
}


@cache
def received(platform: str | None) -> tuple[bytes, Pixels]:
    picture = native(HEIGHT, WIDTH)
    return (transmit(picture, platform) if platform else jpeg(picture)), picture


def report(
    *,
    credential: Credential | None = None,
    manipulation: DetectorResult = WITHOUT_KEY,
    own: DetectorResult | None = None,
    kind: DetectorResult = NO_TRACES,
    platform: str | None = "whatsapp",
    **parts: Any,
) -> Report:
    """Make a report of its facts, by the very rules that a verifier goes by."""
    file, picture = received(platform)
    channel = read_channel(jpeg_header(file), picture)
    if parts.pop("of_meta", False):
        channel = channel.model_copy(update=OF_META)
    of_platform = DetectorResult(
        name="platform", question=PlatformDetector.question, limits=PlatformDetector.limits,
        status="ran" if channel.platform else "abstained",
        finding="informs" if channel.platform else "none", answer=channel.platform,
    )  # fmt: skip
    added = (own,) if own else ()
    detectors = (manipulation, *added, NOT_SURE_OF_ITS_ORIGIN, kind, of_platform)
    credential, held = credential or no_credential(), parts.pop("stability", untested())
    shows_more = parts.pop("shows_more", False)
    verdict = conclude(credential, channel, detectors, held, **parts, shows_more=shows_more)
    whole = Report(
        verifier_version="test", input=_input(file), credential=credential, channel=channel,
        detectors=detectors, stability=held, verdict=verdict, seconds={}, **parts,
    )  # fmt: skip
    preview = preview_of(picture)
    compares = whole.comparison.result not in ("not made", "not comparable")
    small = SignedPicture(preview.jpeg, preview.jpeg) if compares else None
    return whole.with_pictures(preview, small)


def _input(file: bytes) -> InputFacts:
    return InputFacts(
        name="photo.jpg", format="JPEG", bytes=len(file), sha256="0" * 64, width=WIDTH,
        height=HEIGHT, mode="RGB",
    )  # fmt: skip


def _led(comparison: ComparisonFacts, **update: Any) -> Mapping[str, Any]:
    return {
        "watermark": READ,
        "recovered": found(signed(**update)),
        "comparison": comparison,
        "manipulation": TOO_SMALL,
    }


KINDS: Final[Mapping[str, Mapping[str, Any]]] = {
    "signed": {"credential": signed(), "platform": None},
    "recovered": _led(compared("same", SCALED)),
    "unedited by statistics": {"own": OF_ONES_OWN, "stability": LASTS},
    "not as signed": {"credential": signed(integrity=RESAVED), "platform": None},
    "changed in parts": _led(compared("changed in parts", SCALED, regions=(PART, PERHAPS))),
    "declared generated": {
        "credential": signed(statements=(generated("trusted signer"),)), "platform": None,
    },
    "edited by statistics": {"manipulation": SMOOTHED, "watermark": READ, "stability": LASTS},
    "two signers contradict": _led(compared("another picture")) | {"credential": signed()},
    "a copied watermark": _led(compared("another picture")),
    "nothing known": {"platform": None},
    # Further ones that are inconclusive
    "no watermark read": {"manipulation": NOT_READ, "watermark": NOT_FOUND},
    "known camera, no edit found": {"manipulation": NOTHING_FOUND, "watermark": READ},
    "known camera, softened": {"manipulation": A_LITTLE_LESS, "watermark": READ},
    "not sure": {"manipulation": UNSURE, "watermark": READ},
    "watermark, no repository": {"manipulation": TOO_SMALL, "watermark": READ},
    "watermark, nobody known": _led(compared("same"), trust=A_STRANGER),
    "no record of its capture": _led(compared("same", SCALED), actions=OPENED, source_type=None),
    "cropped": _led(compared("same", SCALED, CUT)),
    "perhaps changed": _led(compared("changed in parts", regions=(PERHAPS,))),
    "not comparable": _led(compared("not comparable")),
    "a stranger's signature": {"credential": signed(trust=A_STRANGER), "platform": None},
    "signed, no capture": {"credential": signed(source_type=None), "platform": None},
    "an entry declares it generated": {
        "credential": no_credential().model_copy(update={"statements": (generated("nobody"),)}),
    },
    "may be generated": {"kind": TRACES, "platform": None},
    "known camera, may be generated": {
        "kind": TRACES, "manipulation": NOTHING_FOUND, "watermark": READ,
    },
    "several pages": {"own": OF_ONES_OWN, "stability": LASTS, "shows_more": True},
    "named platform": {"of_meta": True},
}  # fmt: skip


def of_kind(name: str) -> Report:
    """Make the report of a kind by its name."""
    return report(**KINDS[name])


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for kind in KINDS:
        page = folder / f"{kind.replace(' ', '-').replace(',', '')}.html"
        page.write_text(of_kind(kind).to_html(), encoding="utf-8")
        print(f"{kind}:\n  {of_kind(kind).verdict.headline}.\n  {of_kind(kind).verdict.summary}")
