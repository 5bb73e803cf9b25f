"""The report as a terminal shows it."""

import textwrap
from collections.abc import Iterable, Iterator

from channel.printable import printable
from verifier.report import labels
from verifier.report.record import DetectorResult, ReportRecord
from verifier.report.wording import (
    answer_headline,
    comparison_headline,
    credential_details,
    input_line,
    is_used,
    level_words,
    percent,
    pipeline_headline,
    platform_headline,
    recovered_headline,
    region_lines,
    worth_line,
)

_WIDTH = 92


def text_report(report: ReportRecord) -> str:
    """Write a report as plain text, at most 92 columns wide."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: ReportRecord) -> Iterator[str]:
    facts, verdict = report.input, report.verdict
    name = printable(facts.name or labels.PICTURE_WITHOUT_A_NAME)
    yield f"{name}: {labels.TITLES[verdict.label].upper()}"
    if verdict.headline:
        yield from _wrapped(f"{verdict.headline}.", "  ")
    yield from _wrapped(verdict.summary, "  ")
    if verdict.level != "none":
        yield from _wrapped(f"{labels.HOW_SURE} {level_words(report)}.", "  ")
    yield from _wrapped(f"{labels.PIPELINE} {pipeline_headline(report)}.", "  ")
    yield from _wrapped(f"{labels.PLATFORM} {platform_headline(report)}.", "  ")
    if verdict.next_steps:
        yield from _section(labels.NEXT_STEPS, [f"- {step}" for step in verdict.next_steps])
    line = input_line(facts.width, facts.height, facts.format, facts.bytes)
    yield from _section(labels.FILE, [line])
    yield from _wrapped(f"SHA-256 {facts.sha256}", "  ")
    yield from (line for note in facts.notes for line in _wrapped(note, "  "))
    credential = report.credential
    words = [credential.integrity.words]
    if credential.present:
        words += [credential.trust.words, credential.revocation.words]
    words += credential_details(credential)
    yield from _section(labels.CREDENTIAL, words)
    yield from _section(labels.HISTORY, _channel(report))
    for result in report.detectors:
        yield from _section(result.question, _detector(result, report))
    if report.watermark.sentences:
        yield from _section(labels.WATERMARK, report.watermark.sentences)
    if report.recovered.state != "not looked for":
        yield from _section(labels.SIGNED_PHOTO, _recovered(report))
        yield from _section(labels.COMPARED, _compared(report))
    yield from _section(labels.SHARED_AGAIN, [report.stability.words])
    yield from _section(labels.UNKNOWN, [f"- {item}" for item in verdict.unknown])
    models = list(_models(report))
    if models:
        yield from _section(labels.EXPERTS, models)


def _channel(report: ReportRecord) -> list[str]:
    channel = report.channel
    words = list(channel.words)
    if channel.jpeg:
        jpeg = channel.jpeg
        near = "" if jpeg.exact else "about "
        scan = f"progressive in {jpeg.scans} scans" if jpeg.progressive else "baseline"
        words.append(f"JPEG quality {near}{jpeg.quality}, {jpeg.subsampling}, {scan}.")
    return [*words, channel.double_compression.words, channel.scale.words]


def _recovered(report: ReportRecord) -> list[str]:
    recovered, credential = report.recovered, report.recovered.credential
    words = [f"{recovered_headline(recovered)}.", *recovered.words]
    if credential is not None:
        words += [credential.integrity.words, credential.revocation.words]
        words += credential_details(credential)
    return [*words, *recovered.others, *recovered.problems]


def _compared(report: ReportRecord) -> list[str]:
    comparison = report.comparison
    headline = f"{comparison_headline(comparison)}."
    return [headline, *comparison.words, *region_lines(comparison)]


def _detector(result: DetectorResult, report: ReportRecord) -> list[str]:
    words = [f"{answer_headline(result, report)}.", *result.reasons]
    if result.probabilities and is_used(result, report.stability):
        shares = ", ".join(
            f"{result.label_words.get(k, k)} {percent(v)}" for k, v in result.probabilities.items()
        )
        words.append(f"Probabilities: {shares}.")
    return [*words, worth_line(result, report.stability)]


def _models(report: ReportRecord) -> Iterator[str]:
    for result in report.detectors:
        if result.model:
            yield (
                f"{result.name}: model {result.model.name} {result.model.version} "
                f"({result.model.sha256[:12]}…), {result.patches} parts of the picture."
            )


def _section(title: str, words: Iterable[str]) -> Iterator[str]:
    yield ""
    yield printable(title)
    for text in words:
        yield from _wrapped(text, "  ")


def _wrapped(text: str, indent: str) -> list[str]:
    return textwrap.wrap(
        printable(text), _WIDTH, initial_indent=indent, subsequent_indent=indent + "  "
    )
