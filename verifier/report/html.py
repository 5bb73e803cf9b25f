"""The report as one page that an editor can attach to a mail: no request leaves it.

The service's page shows the same: it takes the ``article`` of this page into its own.
"""

import base64
import hashlib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from channel.printable import printable
from verifier.report import labels, wording
from verifier.report.figures import compared_pictures, map_layers, small_picture
from verifier.report.patch_overlay import SCALE
from verifier.report.quoting import quoted
from verifier.report.record import Credential, Fact, ReportRecord

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATE: Final = files("verifier.report") / "template"
_GOOD = ("intact", "trusted", "not revoked", "not listed", "time-stamped", "confirmed")
_MOST = 40  # lines about statements and ingredients
_BAD = ("broken", "revoked", "expired", "untrusted")
_TONES = {"consistent": "for", "evidence against": "against", "inconclusive": "open"}
_START: Final = "\nsliders(document);\n"


def html_report(report: ReportRecord) -> str:
    """Write a report as a self-contained page; with the picture if its preview is there."""
    layers = map_layers(report)
    beside = report.signed_picture is not None and not layers  # it is shown beside what was signed
    return _environment().get_template("report.html").render(
        report=report,
        tone=_TONES[report.verdict.label],
        picture="" if beside else small_picture(report),
        layers=layers,
        compared=compared_pictures(report),
        facts=_facts(report.credential),
        stated=_stated(report.credential),
        details=_details(report.credential),
        signed_photo=_signed_photo(report),
        history=_history(report),
        experts=_experts(report),
    )  # fmt: skip


def inline_policy() -> str:
    """Return the Content-Security-Policy of what stands in a page: its own script and style."""
    return f"script-src '{_digest(_script())}'; style-src '{_digest(_style())}'"


@cache
def _environment() -> "Environment":
    """Make what fills the template: whatever it is given is text, and written out where unseen."""
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    environment = Environment(
        loader=FunctionLoader(_part), autoescape=True, undefined=StrictUndefined, finalize=_seen,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.globals |= {
        "labels": labels, "wording": wording, "policy": inline_policy(), "scale": SCALE,
        "style": _as_it_is(_style()), "script": _as_it_is(_script()),
    }  # fmt: skip
    return environment


def _part(name: str) -> str:
    return (TEMPLATE / name).read_text(encoding="utf-8")


def _style() -> str:
    return _part("report.css")


def _script() -> str:
    return _part("sliders.js") + _START


def _as_it_is(text: str) -> Any:
    """Let a file of ours stand in a page as it is written."""
    from markupsafe import Markup

    return Markup(text)


def _seen(value: Any) -> Any:
    """Write out what isn't seen as what it is; what is HTML already stays."""
    return value if hasattr(value, "__html__") else printable(str(value))


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _facts(credential: Credential) -> list[tuple[str, Fact, str]]:
    """List each question about a credential, its answer, and the class that colours it."""
    if not credential.present:
        return []
    answers: Mapping[str, Fact] = {name: getattr(credential, name) for name in labels.QUESTIONS}
    return [
        (labels.QUESTIONS[name], fact, _mood(fact, credential)) for name, fact in answers.items()
    ]


def _mood(fact: Fact, credential: Credential) -> str:
    """Return the class that colours an answer: nothing is good of someone who didn't sign."""
    unsigned = credential.integrity.broken_part == "signature"
    if fact.state in _GOOD:
        return "unsure" if unsigned else "good"
    return "bad" if fact.state in _BAD else "unsure"


def _stated(credential: Credential) -> str:
    development = credential.development
    stated = credential.model_dump(include=set(labels.STATED_PARTS))
    if development:
        stated |= {"pipeline": development.pipeline, "pair": development.pair}
    return "; ".join(
        f"{words}: {quoted(stated[part], '?')}"
        for part, words in labels.STATED_PARTS.items()
        if stated.get(part)
    )


def _details(credential: Credential) -> list[str]:
    """Faults, what is stated of how the picture was made, and what its ingredients are worth."""
    words = [*credential.faults, *(statement.words for statement in credential.statements)]
    return [*words, *wording.ingredient_lines(credential)][:_MOST]


def _signed_photo(report: ReportRecord) -> list[str]:
    """Say to which credential the watermark led, and what that is worth."""
    recovered, credential = report.recovered, report.recovered.credential
    words = [*recovered.words]
    if credential is not None:
        words += [credential.integrity.words, credential.revocation.words]
        words += wording.credential_details(credential)
    return [*words, *recovered.others, *recovered.problems]


def _history(report: ReportRecord) -> list[str]:
    channel = report.channel
    words = [*channel.words, channel.double_compression.words, channel.scale.words]
    return [*words, *([wording.quality_line(channel.jpeg)] if channel.jpeg else [])]


def _experts(report: ReportRecord) -> dict[str, str]:
    facts = report.input
    rows = {
        "File": wording.input_line(facts.width, facts.height, facts.format, facts.bytes),
        "SHA-256": facts.sha256,
        "Notes": " ".join(facts.notes),
        "Header": ", ".join(report.channel.jpeg.marks) if report.channel.jpeg else "",
        "Credential codes": ", ".join(report.credential.codes),
        "Verifier": f"camsim {report.verifier_version}, report format {report.schema_version}",
    }
    return rows | dict(_models(report))


def _models(report: ReportRecord) -> Iterator[tuple[str, str]]:
    for result in report.detectors:
        if model := result.model:
            scores = ", ".join(f"{name} {score:.3f}" for name, score in result.scores.items())
            yield f"Model ({result.name})", f"{model.name} {model.version}, SHA-256 {model.sha256}"
            yield f"Raw scores ({result.name})", scores
