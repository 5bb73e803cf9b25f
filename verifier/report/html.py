"""The report as one page that an editor can attach to a mail: no request leaves it."""

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.resources import files

from channel.printable import as_html
from verifier.report.patch_overlay import SCALE
from verifier.report.preview import Preview
from verifier.report.quoting import quoted
from verifier.report.record import (
    Credential,
    DetectorResult,
    Fact,
    PatchMap,
    ReportRecord,
    WatermarkFacts,
)
from verifier.report.signed_photo import compared, signed_photo
from verifier.report.upright import patch_layer, picture
from verifier.report.wording import (
    MEANINGS,
    TITLES,
    answer_headline,
    headline_of,
    in_short,
    ingredient_lines,
    input_line,
    level_words,
    percent,
    status_words,
)

_GOOD = ("intact", "trusted", "not revoked", "not listed", "time-stamped", "confirmed")
_MOST = 40  # lines about statements and ingredients
_BAD = ("broken", "revoked", "expired", "untrusted")
_CLASSES = {"consistent": "for", "evidence against": "against", "inconclusive": "open"}


def html_report(report: ReportRecord) -> str:
    """Write a report as a self-contained page; with the picture if its preview is there."""
    verdict = report.verdict
    style = files("verifier.report").joinpath("report.css").read_text(encoding="utf-8")
    name = as_html(report.input.name or "photo")
    parts = [
        f'<header class="{_CLASSES[verdict.label]}"><p class="file">{name}</p>'
        f"{_label(report)}<h1>{as_html(headline_of(report))}</h1>"
        f'<p class="summary">{as_html(verdict.summary)}</p>'
        f"<p>{as_html(MEANINGS[verdict.label])}</p>"
        f"{_how_sure(report)}</header>",
        compared(report),
        _section("What to do next", _bullets(verdict.next_steps)) if verdict.next_steps else "",
        _in_short(report),
        _picture(report),
        _grounds(report),
        *(_detector(result, report) for result in report.detectors),
        _section("Distribution history", _channel(report)),
        _watermark(report.watermark),
        signed_photo(report),
        _section("If it is shared again", f"<p>{as_html(report.stability.words)}</p>"),
        _section("What can’t be known", _bullets(verdict.unknown)),
        _technical(report),
    ]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'\">"
        f"<title>{name}: {TITLES[verdict.label]}</title><style>{style}</style></head>\n<body>\n"
        + "\n".join(part for part in parts if part)
        + "\n</body></html>\n"
    )


def _label(report: ReportRecord) -> str:
    """Name the verdict above the headline; in a report without one, the headline names it."""
    verdict = report.verdict
    return f'<p class="label">{TITLES[verdict.label]}</p>' if verdict.headline else ""


def _how_sure(report: ReportRecord) -> str:
    if report.verdict.level == "none":
        return ""
    return f"<p><b>How sure:</b> {as_html(level_words(report))}.</p>"


def _in_short(report: ReportRecord) -> str:
    cells = "".join(
        f"<tr><th>{as_html(q)}</th><td>{as_html(a)}</td></tr>" for q, a in in_short(report)
    )
    return f'<table class="short">{cells}</table>'


def _picture(report: ReportRecord) -> str:
    photo = picture(report)
    if photo is None or report.preview is None:
        return ""
    maps = [(result.name, result.patch_map) for result in report.detectors if result.patch_map]
    layers = [
        _Layer(number, as_html(name), _data("image/png", drawn), patch_map)
        for number, (name, patch_map) in enumerate(maps)
        if (drawn := patch_layer(report, name)) is not None
    ]
    if report.signed_picture is not None and not layers:
        return ""  # it is shown beside what was signed
    return _with_layers(_data("image/jpeg", photo), layers, report.preview)


@dataclass(frozen=True)
class _Layer:
    """A detector's patch map, drawn.

    Attributes
    ----------
    number
        Of its element in the page: a name is shown, and never part of a script.
    """

    number: int
    name: str
    image: str
    patch_map: PatchMap


def _with_layers(image: str, layers: Sequence[_Layer], preview: Preview) -> str:
    """Lay the maps over the photo, each with its own strength; the first is shown."""
    strengths = [80 if number == 0 else 0 for number in range(len(layers))]
    drawn = "".join(
        f'<img id="map-{layer.number}" class="map" style="opacity:{strength / 100}" '
        f'src="{layer.image}" alt="The patch map of the detector {layer.name}">'
        for layer, strength in zip(layers, strengths, strict=True)
    )
    controls = "".join(map(_controls, layers, strengths))
    captions = "".join(_caption(layer, preview) for layer in layers)
    return (
        f'<figure><div class="photo"><img src="{image}" alt="The picture">{drawn}</div>'
        f"{controls}{captions}</figure>"
    )


def _controls(layer: _Layer, strength: int) -> str:
    swatches = "".join(f'<i style="background:rgb{colour}"></i>' for colour in SCALE)
    low, high = as_html(layer.patch_map.low), as_html(layer.patch_map.high)
    return (
        f'<div class="controls"><label for="strength-{layer.number}">'
        f"Patch map, {layer.name}</label>"
        f'<input id="strength-{layer.number}" type="range" min="0" max="100" value="{strength}" '
        f"oninput=\"document.getElementById('map-{layer.number}').style.opacity=this.value/100\">"
        f'<span class="scale">{low} {swatches} {high}</span></div>'
    )


def _caption(layer: _Layer, preview: Preview) -> str:
    patch_map = layer.patch_map
    share = len(patch_map.places) * patch_map.side**2 / (preview.width * preview.height)
    looked = (
        f"Map, {layer.name}: {len(patch_map.places)} parts were looked at, "
        f"{min(1.0, share):.0%} of the picture."
    )
    return (
        f"<figcaption>{looked} {as_html(patch_map.words)} Parts without a square are too "
        "uniform or overexposed, or were left out to save time.</figcaption>"
    )


def _grounds(report: ReportRecord) -> str:
    verdict, credential = report.verdict, report.credential
    return (
        '<div class="grounds">'
        "<section><h2>Facts: the content credential</h2>"
        f"{_facts_table(credential)}</section>"
        "<section><h2>Statistics: what the detectors found</h2>"
        f"<p>{as_html(verdict.statistics)}</p>"
        '<p class="aside">Facts are checked, statistics are estimated. This report never mixes '
        "them into one number.</p></section></div>"
    )


def _facts_table(credential: Credential) -> str:
    if not credential.present:
        return f"<p>{as_html(credential.integrity.words)}</p>{_details(credential)}"
    rows = [
        ("Unchanged since signing?", credential.integrity),
        ("Is the signer trusted?", credential.trust),
        ("Certificate withdrawn?", credential.revocation),
        ("Signed when?", credential.time),
        ("Author confirmed?", credential.identity),
    ]
    cells = "".join(
        f'<tr><th>{question}</th><td><b class="{_mood(fact, credential)}">{as_html(fact.state)}</b>'
        f"<br>{as_html(fact.words)}</td></tr>"
        for question, fact in rows
    )
    return f"<table>{cells}</table>{_statements(credential)}{_details(credential)}"


def _details(credential: Credential) -> str:
    """Faults, what is stated of how the picture was made, and what its ingredients are worth."""
    words = [*credential.faults, *(statement.words for statement in credential.statements)]
    words += ingredient_lines(credential)
    return _bullets(words[:_MOST]) if words else ""


def _mood(fact: Fact, credential: Credential) -> str:
    """Return the class that colours an answer: nothing is good of someone who didn't sign."""
    unsigned = credential.integrity.broken_part == "signature"
    if fact.state in _GOOD:
        return "unsure" if unsigned else "good"
    return "bad" if fact.state in _BAD else "unsure"


def _statements(credential: Credential) -> str:
    stated = {
        "signed by": credential.signer,
        "issued by": credential.issuer,
        "signed at": credential.signed_at,
        "written by": credential.generator,
        "source": credential.source_type,
    }
    if credential.development:
        stated["camera pipeline"] = credential.development.pipeline
        stated["pair"] = credential.development.pair
    given = [f"{name}: {as_html(quoted(value, '?'))}" for name, value in stated.items() if value]
    return f'<p class="aside">The credential states: {"; ".join(given)}.</p>' if given else ""


def _detector(result: DetectorResult, report: ReportRecord) -> str:
    answered = result.finding not in ("inconclusive", "none")
    bars = "".join(
        f"<tr><th>{as_html(result.label_words.get(name, name))}</th>"
        f'<td class="bar"><i style="width:{100 * value:.1f}%"></i></td>'
        f"<td>{percent(value)}</td></tr>"
        for name, value in sorted(result.probabilities.items(), key=lambda item: -item[1])
    )
    table = f'<table class="bars">{bars}</table>' if bars and answered else ""
    domain = {
        True: " It was tested on pictures like this one.",
        False: " It was made for other pictures than this one.",
        None: "",
    }[result.in_domain]
    status = f"The detector {status_words(result, report.stability)}.{domain} {result.limits}"
    return _section(
        as_html(result.question),
        f'<p class="answer">{as_html(answer_headline(result, report))}</p>'
        + "".join(f"<p>{as_html(reason)}</p>" for reason in result.reasons)
        + table
        + f'<p class="aside">{as_html(status)}</p>',
    )


def _channel(report: ReportRecord) -> str:
    channel = report.channel
    words = [*channel.words, channel.double_compression.words, channel.scale.words]
    jpeg = channel.jpeg
    if jpeg:
        near = "is" if jpeg.exact else "is about"
        words.append(
            f"Its JPEG quality {near} {jpeg.quality} of 100, read from the quantisation tables."
        )
    matches = "".join(
        f"<tr><td>{as_html(m.platform)}</td><td>{as_html(m.era)}</td>"
        f"<td>{as_html(', '.join(m.agrees))}</td><td>{as_html(m.confidence)}</td></tr>"
        for m in channel.platforms
    )
    table = (
        "<details><summary>Platform profiles that fit</summary><table><tr><th>Platform</th>"
        f"<th>Era</th><th>What fits</th><th>How well the profile is known</th></tr>{matches}"
        "</table></details>"
        if matches
        else ""
    )
    return "".join(f"<p>{as_html(text)}</p>" for text in words) + table


def _watermark(watermark: WatermarkFacts) -> str:
    if not watermark.sentences:
        return ""
    words = "".join(f"<p>{as_html(text)}</p>" for text in watermark.sentences)
    return _section("Watermark", words)


def _technical(report: ReportRecord) -> str:
    facts = report.input
    rows = {
        "File": input_line(facts.width, facts.height, facts.format, facts.bytes),
        "SHA-256": facts.sha256,
        "Notes": " ".join(facts.notes),
        "Header": ", ".join(report.channel.jpeg.marks) if report.channel.jpeg else "",
        "Credential codes": ", ".join(report.credential.codes),
        "Verifier": f"camsim {report.verifier_version}, report format {report.schema_version}",
    }
    for result in report.detectors:
        if result.model:
            model = result.model
            rows[f"Model ({result.name})"] = f"{model.name} {model.version}, SHA-256 {model.sha256}"
            scores = ", ".join(f"{name} {score:.3f}" for name, score in result.scores.items())
            rows[f"Raw scores ({result.name})"] = scores
    cells = "".join(
        f"<tr><th>{as_html(name)}</th><td>{as_html(value)}</td></tr>"
        for name, value in rows.items()
        if value
    )
    return f"<details><summary>For experts</summary><table>{cells}</table></details>"


def _section(title: str, content: str) -> str:
    return f"<section><h2>{title}</h2>{content}</section>"


def _bullets(items: Iterable[str]) -> str:
    return "<ul>" + "".join(f"<li>{as_html(item)}</li>" for item in items) + "</ul>"


def _data(mime_type: str, content: bytes) -> str:
    return f"data:{mime_type};base64,{base64.b64encode(content).decode()}"
