"""Files with one defect each, after the public fixtures of c2pa-rs (sdk/tests/fixtures).

Their letters: C a credential, A a picture that was opened, E an error of what follows, I put in, X
changed between. ``python -m tests.verifier.reading.credentials.defects`` prints the table in
docs/results/credentials.md.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from typing import Any

import c2pa

from tests.verifier.conftest import jpeg
from tests.verifier.signing import (
    NEWSCODES,
    Chain,
    flipped,
    make_chain,
    signature_at,
    signed_by_unfit,
    signed_with,
)
from tests.verifier.toy import native
from verifier.judging.stability import untested
from verifier.judging.verdict import conclude
from verifier.reading.channel import read_channel
from verifier.reading.credentials import read_credential
from verifier.report.record import Credential

CREATED = {"action": "c2pa.created", "digitalSourceType": NEWSCODES + "digitalCapture"}
GENERATED = {"action": "c2pa.created", "digitalSourceType": NEWSCODES + "trainedAlgorithmicMedia"}
OPENED = {"action": "c2pa.opened", "parameters": {"ingredientIds": ["i0"]}}
PLACED = {"action": "c2pa.placed", "parameters": {"ingredientIds": ["i0"]}}
HEAD = ["file", "defect", "c2pa's reader: state, failures", "integrity", "trust", "revocation",
    "ingredients", "verdict"]  # fmt: skip


@dataclass(frozen=True)
class Defect:
    """A file, what is wrong with it, and whether the reader's lists name its signer."""

    name: str
    words: str
    data: bytes
    chain: Chain
    withdrawn: bool = False

    @cached_property
    def theirs(self) -> dict[str, Any]:
        """What c2pa's own reader says; nothing if it refuses the file."""
        settings = {
            "verify": {"verify_trust": True, "remote_manifest_fetch": False},
            "trust": {"trust_anchors": self.chain.root},
        }
        try:
            with (
                c2pa.Context.from_dict(settings) as context,
                c2pa.Reader("image/jpeg", BytesIO(self.data), context=context) as reader,
            ):
                return json.loads(reader.json())
        except c2pa.C2paError as error:
            return {"validation_state": f"refused: {str(error).split(':')[0]}"}

    @cached_property
    def ours(self) -> Credential:
        """What our verifier says."""
        serials = (self.chain.serial,) if self.withdrawn else ()
        lists = self.chain.revocation_list(*serials)
        return read_credential(self.data, "image/jpeg", self.chain.root, lists)

    def codes(self, outcome: str) -> list[str]:
        """Codes of the active manifest, as c2pa's reader has them."""
        active = self.theirs.get("validation_results", {}).get("activeManifest", {})
        return [status["code"] for status in active.get(outcome, [])]

    def of_ingredients(self) -> list[str]:
        """Failures of ingredients, as c2pa's reader has them."""
        deltas = self.theirs.get("validation_results", {}).get("ingredientDeltas", [])
        return [s["code"] for delta in deltas for s in delta["validationDeltas"]["failure"]]


def defects() -> Iterator[Defect]:
    """Make all files."""
    chain, stranger = make_chain(), make_chain("Stranger", "Their Root")
    one, two = jpeg(native(96, 128)), jpeg(native(96, 128, seed=1))
    c = signed_with(one, chain, [CREATED])
    theirs = signed_with(one, stranger, [CREATED])
    aca = signed_with(one, chain, [OPENED], [("parentOf", c)])
    scan = b"\xff\xda"
    moved = c[: c.rindex(scan)] + two[two.rindex(scan) :]

    def made(name: str, words: str, data: bytes | Callable[[], bytes]) -> Defect:
        return Defect(name, words, data if isinstance(data, bytes) else data(), chain)

    yield made("C", "none: a capture", c)
    yield made(
        "CA",
        "none: opened, without a credential",
        lambda: signed_with(one, chain, [OPENED], [("parentOf", two)]),
    )
    yield made("CACA", "none: opened, with a credential", aca)
    yield made("C-unknown", "the signer is a stranger", theirs)
    yield made(
        "CI-trusted",
        "a stranger, a trusted photo put in",
        lambda: signed_with(two, stranger, [CREATED], [("componentOf", c)]),
    )
    yield made(
        "CI-unknown",
        "trusted, a stranger's photo put in",
        lambda: signed_with(two, chain, [CREATED, PLACED], [("componentOf", theirs)]),
    )
    yield made("E-dat-C", "the picture was changed", flipped(c, -200))
    yield made("C-moved", "the credential is of another picture", moved)
    yield made("E-dat-C-unknown", "a stranger's, the picture was changed", flipped(theirs, -200))
    yield made(
        "E-uri-C", "an assertion was changed", c.replace(b"digitalCapture", b"digitalCopture")
    )
    yield made("E-sig-C", "the signature was changed", flipped(c, signature_at(c) + 5))
    yield made("E-clm-C", "the claim was changed", flipped(c, c.index(b"camsim")))
    yield made(
        "E-missing-C",
        "an assertion was renamed, so it is missing",
        c.replace(b"c2pa.actions.v2\0", b"c2pb.actions.v2\0"),
    )
    yield made(
        "XCA",
        "the picture was changed before it was opened",
        lambda: signed_with(one, chain, [OPENED], [("parentOf", flipped(c, -200))]),
    )
    yield made(
        "CIE-sig-CA",
        "an ingredient's signature doesn't hold",
        lambda: signed_with(one, chain, [OPENED], [("parentOf", flipped(c, signature_at(c) + 5))]),
    )
    yield made(
        "CACAE-uri-CA",
        "an ingredient's assertion was changed afterwards",
        aca.replace(b"digitalCapture", b"digitalCopture"),
    )
    yield made(
        "E-act-C",
        "the first action is an edit",
        lambda: signed_with(one, chain, [{"action": "c2pa.edited"}]),
    )
    yield made(
        "E-act-generated",
        "a stranger's form of action is wrong, its parent generated",
        lambda: signed_with(
            one,
            stranger,
            [{"action": "c2pa.edited"}],
            [("parentOf", signed_with(one, stranger, [GENERATED]))],
        ),
    )
    yield made(
        "E-ingredient-C",
        "opened, and it isn't said what",
        lambda: signed_with(one, chain, [{"action": "c2pa.opened"}]),
    )
    yield made(
        "C-expired",
        "the certificate ended before it signed",
        lambda: signed_by_unfit(one, chain, [CREATED], "ended"),
    )
    yield made(
        "C-authority",
        "the certificate is an authority's",
        lambda: signed_by_unfit(one, chain, [CREATED], "ca"),
    )
    yield Defect("C-withdrawn", "the certificate is on your list", c, chain, withdrawn=True)
    yield made(
        "C-generated", "none: declared generated", lambda: signed_with(one, chain, [GENERATED])
    )


def row(defect: Defect) -> list[str]:
    """Return a line of the table."""
    ours = defect.ours
    failures = [*defect.codes("failure"), *(f"{code} (ingredient)" for code in
        defect.of_ingredients())]  # fmt: skip
    state = defect.theirs["validation_state"]
    verdict = conclude(ours, read_channel(None, native(64, 64)), (), untested())
    parts = [
        ", ".join(dict.fromkeys((i.integrity.state, i.trust.state)))
        for i in ours.ingredient_answers
    ]
    return [
        f"`{defect.name}`",
        defect.words,
        f"{state}: {', '.join(failures)}" if failures else state,
        ours.integrity.state,
        ours.trust.state,
        ours.revocation.state,
        "; ".join(parts) or "–",
        verdict.label if verdict.level == "none" else f"{verdict.label}, {verdict.level}",
    ]


def table() -> str:
    """Return the table in Markdown."""
    rows = [HEAD, ["---"] * len(HEAD), *map(row, defects())]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in rows)


if __name__ == "__main__":
    print(table(), end="")
