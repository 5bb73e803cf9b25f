"""Nothing that a report holds becomes markup, steers a terminal or runs: every text is tried."""

from collections.abc import Iterator
from html.parser import HTMLParser
from itertools import count

import pytest

from tests.verifier.report.filled import filled_report
from verifier import Report

CHOICES = range(6)  # no Literal of a report has more values
HARMLESS = "word{number}"
HOSTILE = "\"'><script>hit({number})</script>&lt;"
STEERING = "a\x1b[2J\x07\u202e{number}"


def report_of(form: str, choice: int) -> Report:
    numbers = count(100)
    return filled_report(lambda: form.format(number=next(numbers)), choice)


class Page(HTMLParser):
    """Elements with their attributes, and texts, as a browser takes them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, tuple[str, ...]]] = []
        self.values: list[tuple[str, str]] = []
        self.texts: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, tuple(name for name, _ in attrs)))
        self.values += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


@pytest.mark.parametrize("choice", CHOICES)
def test_markup_in_any_text_changes_no_element(choice: int) -> None:
    harmless = Page(report_of(HARMLESS, choice).to_html())
    hostile = Page(report_of(HOSTILE, choice).to_html())
    assert hostile.elements == harmless.elements
    assert [tag for tag, _ in hostile.elements].count("script") == 1  # the page's own
    attributes = {name for _, names in hostile.elements for name in names}
    assert not [name for name in attributes if name == "style" or name.startswith("on")]


@pytest.mark.parametrize("choice", CHOICES)
def test_no_text_of_a_report_is_taken_for_an_address_a_style_or_a_script(choice: int) -> None:
    acted_on = ("href", "src", "action", "style", "srcset", "id", "for", "class")
    for name, value in Page(report_of(HOSTILE, choice).to_html()).values:
        if name in acted_on or name.startswith("on"):
            assert "script" not in value, (name, value)


@pytest.mark.parametrize("choice", CHOICES)
def test_what_an_editor_reads_is_the_text_itself(choice: int) -> None:
    """Entities are shown as they are written: `&lt;` of a file name stays four characters."""
    report = report_of(HOSTILE, choice)
    texts = Page(report.to_html()).texts
    for text in (report.input.name, report.verdict.summary, *_reasons(report)):
        assert any(text in shown for shown in texts), text


def _reasons(report: Report) -> Iterator[str]:
    for result in report.detectors:
        yield from result.reasons
    if report.watermark.state != "not looked for":
        yield from report.watermark.words


@pytest.mark.parametrize("choice", CHOICES)
def test_no_text_steers_what_shows_it(choice: int) -> None:
    report = report_of(STEERING, choice)
    for shown in (report.to_text(), report.to_html()):
        assert not {"\x1b", "\x07", "\u202e"} & set(shown)
