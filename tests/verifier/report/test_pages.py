"""Reports of the ten kinds of verdict in a real browser: width, contrast, keyboard, names."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser, Page

from tests.verifier.report.kinds_of_verdict import KINDS, of_kind
from tests.verifier.service.browser import chromium
from tests.verifier.service.test_page import LOW_CONTRAST, keep_screenshot

pytestmark = pytest.mark.slow

WIDTHS: Final = (320, 375, 768, 1280, 1920)
TEN: Final = tuple(KINDS)[:10]
NAMELESS: Final = """() => [...document.querySelectorAll("img, input, a, button, table")].filter(
  (one) => one.matches("img") ? !one.hasAttribute("alt")
    : one.matches("input") ? !one.labels.length
    : one.matches("table") ? !one.querySelector("th") : !one.textContent.trim())
  .map((one) => one.outerHTML.slice(0, 80))"""
LEVELS: Final = (
    "() => [...document.querySelectorAll('h1, h2, h3, h4')].map((one) => +one.tagName[1])"
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(params=TEN)
def page(request: pytest.FixtureRequest, browser: Browser, tmp_path: Path) -> Iterator[Page]:
    file = tmp_path / f"{request.param}.html"
    file.write_text(of_kind(request.param).to_html(), encoding="utf-8")
    opened = browser.new_page(reduced_motion="reduce")
    wrong: list[str] = []
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.goto(file.as_uri())
    yield opened
    assert wrong == []
    opened.close()


def test_everybody_can_read_it(page: Page) -> None:
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, f"it scrolls sideways at {width}"
        if width in (375, 1280):
            keep_screenshot(page, Path(page.url).stem)
    assert page.evaluate(LOW_CONTRAST) == []
    assert page.evaluate(NAMELESS) == []
    assert page.evaluate("document.documentElement.lang") == "en"
    levels = page.evaluate(LEVELS)
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_the_keyboard_reaches_every_control(page: Page) -> None:
    controls = page.locator("input, summary, a[href], button").count()
    reached = set()
    for _ in range(controls):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.outerHTML.slice(0, 120)"))
    assert len(reached) == controls
    assert not any(one.startswith("<body") for one in reached)
