"""The page, in a real browser: what an editor does with it, at a desk and on a phone."""

import base64
import json
import os
from collections.abc import Iterator
from itertools import count, pairwise
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from channel.manipulations import GAUSSIAN
from tests.verifier.conftest import jpeg
from tests.verifier.report.filled import filled_report
from tests.verifier.service.browser import PATIENCE, chromium
from tests.verifier.service.server import Server, served
from tests.verifier.signing import Chain, signed
from tests.verifier.toy import native
from verifier import Verifier
from verifier.service.records import InWords

pytestmark = pytest.mark.slow

WIDTHS = (320, 375, 768, 1280, 1920)
DESK, PHONE = {"width": 1280, "height": 900}, {"width": 375, "height": 740}
DROP = """([name, content]) => {
  const bytes = Uint8Array.from(atob(content), (c) => c.charCodeAt(0));
  const data = new DataTransfer();
  data.items.add(new File([bytes], name));
  const init = {bubbles: true, cancelable: true};
  document.getElementById("zone").dispatchEvent(KIND);
}"""
ON_DROP = DROP.replace("KIND", 'new DragEvent("drop", {...init, dataTransfer: data})')
ON_PASTE = DROP.replace("KIND", 'new ClipboardEvent("paste", {...init, clipboardData: data})')
LOOK = """(e) => {
  const {color, fill, fontSize, fontWeight, padding, backgroundColor} = getComputedStyle(e);
  return [color, fill, fontSize, fontWeight, padding, backgroundColor];
}"""
# WCAG 2.2, 1.4.3: text against the nearest background that is painted.
LOW_CONTRAST = """() => {
  const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
  const linear = (v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  const ground = (e) => {
    const colour = e ? rgb(getComputedStyle(e).backgroundColor) : [255, 255, 255];
    return colour.length === 4 && colour[3] === 0 ? ground(e.parentElement) : colour;
  };
  const texts = [...document.querySelectorAll("main *")].filter((e) => e.offsetParent
    && [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim()));
  return texts.map((e) => {
    const [one, other] = [light(rgb(getComputedStyle(e).color)), light(ground(e))];
    return [(Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05), e.textContent];
  }).filter(([ratio]) => ratio < 4.5);
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def server(toy_folder: Path) -> Iterator[Server]:
    with served("--weights", toy_folder, "--resend", "instagram", "--rate", 0) as started:
        yield started


# What the screen's size changes nothing of: style alone differs.
AT_A_DESK = pytest.mark.parametrize("size", [DESK], ids=["desk"], indirect=True)


@pytest.fixture(params=[DESK, PHONE], ids=["desk", "phone"])
def size(request: pytest.FixtureRequest) -> dict[str, int]:
    return dict(request.param)


@pytest.fixture
def page(browser: Browser, server: Server, size: dict[str, int]) -> Iterator[Page]:
    """The page, open; nothing that it loads or says may be wrong."""
    context = browser.new_context(viewport=size, reduced_motion="reduce")
    context.set_default_timeout(PATIENCE)
    opened = context.new_page()
    wrong: list[str] = []
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.on("console", lambda said: wrong.append(said.text) if _is_complaint(said) else None)
    opened.on("request", lambda r: wrong.append(r.url) if foreign(r.url, server) else None)
    opened.goto(server.url)
    expect(opened.get_by_text("100 MB")).to_be_visible()
    yield opened
    assert wrong == []
    context.close()


def _is_complaint(said: ConsoleMessage) -> bool:
    """Whether the browser complains; that an answer was an error the page itself says."""
    return said.type in ("error", "warning") and "Failed to load resource" not in said.text


def foreign(url: str, server: Server) -> bool:
    return not url.startswith((server.url, "data:", f"blob:{server.url}"))


def give(page: Page, how: str, name: str, content: bytes) -> None:
    page.evaluate(how, [name, base64.b64encode(content).decode()])


def keep_screenshot(page: Page, name: str) -> None:
    """Write a screenshot for people, where CAMSIM_SCREENSHOTS names a folder."""
    folder = os.environ.get("CAMSIM_SCREENSHOTS")
    if folder:
        width = page.viewport_size["width"] if page.viewport_size else 0
        page.screenshot(path=f"{folder}/{name}-{width}.png", full_page=True)


def verdict(page: Page, text: str) -> None:
    expect(page.locator(".verdict .label").last).to_have_text(text)


def assert_readable(page: Page) -> None:
    assert page.evaluate(LOW_CONTRAST) == []
    usual = page.viewport_size
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, f"the page scrolls sideways at {width}"
    if usual:
        page.set_viewport_size(usual)


def test_a_dropped_picture_gets_a_verdict(page: Page, photo: bytes) -> None:
    keep_screenshot(page, "start")
    assert_readable(page)
    give(page, ON_DROP, "holiday.jpg", photo)
    verdict(page, "Consistent")
    expect(page.locator(".file")).to_have_text("holiday.jpg")
    expect(page.get_by_role("heading", name="What can't be known")).to_be_visible()
    expect(page.get_by_text("The file has no content credential")).to_be_visible()
    expect(
        page.get_by_role("row", name="Through which platform did the picture come?")
    ).to_be_visible()
    assert page.evaluate("document.activeElement.textContent").startswith("From a known camera")
    keep_screenshot(page, "verdict")
    assert_readable(page)


@AT_A_DESK
def test_a_pasted_picture_too(page: Page) -> None:
    give(page, ON_PASTE, "smooth.jpg", jpeg(GAUSSIAN(native())))
    verdict(page, "Evidence against")
    keep_screenshot(page, "against")


def test_the_parts_finish_one_after_another(page: Page, photo: bytes, verifier: Verifier) -> None:
    names = list(verifier.parts)

    def part(name: str, done: int) -> dict[str, Any]:
        place = names.index(name)
        state = "done" if place < done else "running" if place == done else "waiting"
        words = verifier.parts[name]
        return {
            "name": name,
            "words": words,
            "state": state,
            "seconds": 0.5 if place < done else None,
        }

    done = 2  # as long as it is looked at

    def answer(route: Any) -> None:
        if done > 2:
            route.continue_()
            return
        parts = [part(name, done) for name in names]
        route.fulfill(
            json={"id": route.request.url.rpartition("/")[2], "state": "running", "parts": parts}
        )

    page.route("**/v1/analyses/*", answer)
    give(page, ON_DROP, "holiday.jpg", photo)
    expect(page.get_by_role("status")).to_have_text(f"2 of {len(names)} parts done")
    expect(page.locator("li.done")).to_have_count(2)
    expect(page.locator("li.running")).to_contain_text("at work")
    expect(page.locator("li.running")).to_contain_text(verifier.parts[names[2]])
    keep_screenshot(page, "progress")
    assert_readable(page)
    done = len(names)
    verdict(page, "Consistent")


def test_the_slider_lays_the_patch_map_over_the_picture(page: Page, photo: bytes) -> None:
    give(page, ON_DROP, "holiday.jpg", photo)
    verdict(page, "Consistent")
    layer, slider = page.locator("img.map"), page.get_by_label("Patch map: Is its grain")
    for value, opacity in (("0", "0"), ("100", "1"), ("30", "0.3")):
        slider.fill(value)
        expect(layer).to_have_css("opacity", opacity)
    sizes = page.evaluate("[...document.querySelectorAll('.photo img')].map((i) => i.naturalWidth)")
    assert sizes == [512, 512]


def test_the_page_shows_what_the_reports_own_page_does(
    page: Page, photo: bytes, tmp_path: Path
) -> None:
    """One template makes both: the same elements, words and look, but for the page's buttons."""
    give(page, ON_DROP, "holiday.jpg", photo)
    verdict(page, "Consistent")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download the report").click()
    download.value.save_as(tmp_path / "report.html")
    file = page.context.new_page()
    file.goto((tmp_path / "report.html").as_uri())
    page.evaluate("document.querySelector('.buttons').remove()")
    told, alone = (one.locator("article").inner_text() for one in (page, file))
    assert told == alone
    for place in (".verdict", ".answer", ".short td", ".bars meter", ".scale rect >> nth=0"):
        one, other = (shown.locator(place).first.evaluate(LOOK) for shown in (page, file))
        assert one == other, place
    file.close()


@AT_A_DESK
def test_the_report_is_downloaded(page: Page, photo: bytes) -> None:
    give(page, ON_DROP, "holiday.jpg", photo)
    verdict(page, "Consistent")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download the report").click()
    assert download.value.suggested_filename == "holiday.report.html"
    assert download.value.path().read_text().startswith("<!doctype html>")
    with page.expect_download() as download:
        page.get_by_role("button", name="JSON").click()
    assert json.loads(download.value.path().read_text())["verdict"]["label"] == "consistent"


def test_garbage_is_told_as_what_it_is(page: Page, photo: bytes) -> None:
    give(page, ON_DROP, "notes.txt", b"hello")
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("The file is in no format that is read")
    keep_screenshot(page, "garbage")
    assert_readable(page)
    give(page, ON_DROP, "holiday.jpg", photo)
    verdict(page, "Consistent")
    expect(alert).to_be_empty()


@AT_A_DESK
def test_names_are_text(page: Page, photo: bytes) -> None:
    name = "<img src=x onerror=alert(1)>.jpg"
    give(page, ON_DROP, name, photo)
    verdict(page, "Consistent")
    expect(page.locator(".file")).to_have_text(name)


@AT_A_DESK
def test_no_text_of_a_report_becomes_markup(page: Page, photo: bytes) -> None:
    """Every text of a report tries to be an element with a script; each stays what it is."""
    texts = (f"\"'><img src=x onerror=alert({number})>&lt;" for number in count())
    report = filled_report(lambda: next(texts), choice=1)  # the first choice has no credential

    def answer(route: Any) -> None:
        content = route.fetch().json()
        if content["report"]:
            content["report"] = report.model_dump(mode="json")
            content["in_words"] = InWords.of(report).model_dump()
        route.fulfill(json=content)

    page.route("**/v1/analyses/*", answer)
    html = report.to_html()
    page.route("**/report?format=html", lambda route: route.fulfill(body=html))
    give(page, ON_DROP, "holiday.jpg", photo)
    expect(page.locator(".file")).to_have_text(report.input.name or "")
    expect(page.locator(".summary")).to_have_text(report.verdict.summary)
    marked = page.locator("section", has=page.get_by_role("heading", name="Watermark"))
    expect(marked).to_contain_text(report.watermark.words[0])
    assert page.locator("[src=x], [onerror]").count() == 0
    assert page.locator("article script, article style").count() == 0


def test_two_pictures_are_compared(page: Page, photo: bytes, tmp_path: Path) -> None:
    (tmp_path / "smooth.jpg").write_bytes(jpeg(GAUSSIAN(native())))
    give(page, ON_DROP, "holiday.jpg", photo)
    verdict(page, "Consistent")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Compare with another picture").click()
    chooser.value.set_files(tmp_path / "smooth.jpg")
    row = page.get_by_role("row", name="Verdict")
    expect(row).to_contain_text("Evidence against")
    expect(row).to_contain_text("differs")
    expect(page.get_by_text("both pictures have the same size")).to_be_visible()
    page.get_by_label("First or second picture").fill("25")
    above = page.locator(".compare img.map")
    assert above.evaluate("(image) => image.style.clipPath") == "inset(0px 0px 0px 25%)"
    keep_screenshot(page, "compare")
    assert_readable(page)


def test_a_credential_is_told_as_facts_and_statements(page: Page, chain: Chain) -> None:
    give(page, ON_DROP, "signed.jpg", signed(jpeg(native()), chain))
    expect(page.get_by_role("row", name="Unchanged since signing?")).to_contain_text("intact")
    expect(page.get_by_role("row", name="Is the signer trusted?")).to_contain_text("not checked")
    expect(page.get_by_text("The credential states: signed by: “Test Camera”")).to_be_visible()
    keep_screenshot(page, "signed")
    assert_readable(page)


def test_the_keyboard_is_enough(page: Page, tmp_path: Path, photo: bytes) -> None:
    (tmp_path / "holiday.jpg").write_bytes(photo)
    page.on("filechooser", lambda _: None)  # from now on: telling Chromium so takes a moment
    page.keyboard.press("Tab")
    expect(page.locator("#file")).to_be_focused()
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Enter")
    chooser.value.set_files(tmp_path / "holiday.jpg")
    verdict(page, "Consistent")
    for control in ("button", "button", "button", "range"):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.type") == control
    page.keyboard.press("ArrowLeft")
    expect(page.locator("img.map")).to_have_css("opacity", "0.79")


def test_every_control_has_a_name_and_headings_follow_each_other(page: Page, photo: bytes) -> None:
    give(page, ON_DROP, "holiday.jpg", photo)
    verdict(page, "Consistent")
    unnamed = page.evaluate(
        "[...document.querySelectorAll('input, button, img, meter, progress')]"
        ".filter((e) => e.offsetParent && !e.labels?.length && !e.textContent.trim()"
        " && !e.hasAttribute('alt') && !e.ariaLabel).map((e) => e.outerHTML)"
    )
    assert unnamed == []
    levels = page.evaluate(
        "[...document.querySelectorAll('h1, h2, h3, h4')].map((h) => Number(h.tagName[1]))"
    )
    assert levels[0] == 1
    assert all(later - earlier <= 1 for earlier, later in pairwise(levels))


@AT_A_DESK
def test_what_was_found_goes_with_the_page(page: Page, photo: bytes, server: Server) -> None:
    with page.expect_response("**/v1/analyses?async=true") as answer:
        give(page, ON_DROP, "holiday.jpg", photo)
    place = f"/v1/analyses/{answer.value.json()['id']}"
    verdict(page, "Consistent")
    with server.client() as client:
        assert client.get(place).status_code == 200
        give(page, ON_DROP, "other.jpg", photo)
        expect(page.locator(".file")).to_have_text("other.jpg")
        assert client.get(place).status_code == 404
