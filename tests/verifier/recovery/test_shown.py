"""Received and signed picture beside each other, in a real browser: the report, and the service."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.verifier.recovery.camera import (
    Pixels,
    captured,
    published,
    received,
    signed_photo,
    spliced,
)
from tests.verifier.service.browser import chromium
from tests.verifier.service.server import Server, served
from tests.verifier.service.test_page import (
    DESK,
    ON_DROP,
    PHONE,
    assert_readable,
    foreign,
    give,
    keep_screenshot,
    verdict,
)
from tests.verifier.signing import Chain
from tests.verifier.watermark.made import GROUP, photo
from verifier import Report, Verifier
from watermark.key_files import write_key_file

pytestmark = pytest.mark.slow

MARKED = {"levels": 2.5, "seed": 5}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, chain: Chain) -> Path:
    folder = tmp_path_factory.mktemp("agency")
    write_key_file(folder / "key.json", GROUP)
    (folder / "root.pem").write_text(chain.root, encoding="utf-8")
    published(folder / "manifests", signed_photo(chain))
    return folder


@pytest.fixture(scope="module")
def server(toy_folder: Path, folder: Path) -> Iterator[Server]:
    options = (
        "--weights", toy_folder, "--resend", "instagram", "--rate", 0,
        "--watermark-key", folder / "key.json", "--trust-anchors", folder / "root.pem",
        "--recover-from", folder / "manifests",
    )  # fmt: skip
    with served(*options) as started:
        yield started


AT_A_DESK = pytest.mark.parametrize("page", [DESK], ids=["desk"], indirect=True)


@pytest.fixture(params=[DESK, PHONE], ids=["desk", "phone"])
def page(request: pytest.FixtureRequest, browser: Browser, server: Server) -> Iterator[Page]:
    context = browser.new_context(viewport=request.param, reduced_motion="reduce")
    opened = context.new_page()
    wrong: list[str] = []
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.on("request", lambda r: wrong.append(r.url) if foreign(r.url, server) else None)
    opened.goto(server.url)
    yield opened
    assert wrong == []
    context.close()


def sides(element: Any) -> tuple[float, float, float, float]:
    return tuple(element.bounding_box()[name] for name in ("x", "y", "width", "height"))


def assert_outlined(page: Page) -> None:
    """The part that was put in lies at (500, 300) to (740, 480) of (1200, 900)."""
    photo = page.locator(".photo", has=page.locator(".region"))
    left, top, width, height = sides(photo)
    x, y, across, down = sides(page.locator(".region").first)
    middle = (x + across / 2 - left) / width, (y + down / 2 - top) / height
    assert middle == pytest.approx((620 / 1200, 390 / 900), abs=0.06)


def cut() -> Pixels:
    """Return what is left of a photo of (900, 1200) that lost 100 rows and 200 columns."""
    return np.ascontiguousarray(captured()[100:, 200:])


def assert_framed(page: Page) -> None:
    whole = page.locator(".photo", has=page.get_by_alt_text("The whole signed picture"))
    left, top, width, height = sides(whole)
    x, y, across, down = sides(whole.locator(".region"))
    found = (x - left) / width, (y - top) / height, across / width, down / height
    assert found == pytest.approx((200 / 1200, 100 / 900, 1000 / 1200, 800 / 900), abs=0.03)


def clip(page: Page) -> str:
    shown = page.locator(".photo", has=page.locator(".region")).locator("img.map")
    return str(shown.evaluate("(image) => image.style.clipPath"))


def test_the_service_shows_what_differs(page: Page) -> None:
    give(page, ON_DROP, "shared.jpg", received(spliced(captured())))
    verdict(page, "Evidence against")
    expect(page.get_by_role("heading", name="Does it show what was signed?")).to_be_visible()
    expect(page.get_by_role("heading", name="The signed photo")).to_be_visible()
    assert_outlined(page)
    slider = page.get_by_label("Received or signed picture")
    slider.focus()
    slider.fill("25")
    assert clip(page) == "inset(0px 0px 0px 25%)"
    page.keyboard.press("ArrowRight")
    assert clip(page) == "inset(0px 0px 0px 26%)"
    keep_screenshot(page, "differs")
    assert_readable(page)


@AT_A_DESK
def test_the_service_shows_an_untouched_copy(page: Page) -> None:
    give(page, ON_DROP, "shared.jpg", received(captured()))
    verdict(page, "Consistent")
    expect(page.locator(".summary")).to_contain_text("taken and signed by Test Camera")
    assert page.locator(".region").count() == 0
    keep_screenshot(page, "same")
    assert_readable(page)


def test_the_service_shows_what_was_cut_away(page: Page) -> None:
    give(page, ON_DROP, "shared.jpg", received(cut()))
    verdict(page, "Inconclusive")
    expect(page.locator(".summary")).to_contain_text("Somebody did more to it than platforms do")
    assert_framed(page)
    keep_screenshot(page, "cut")
    assert_readable(page)


def test_the_service_shows_a_copied_watermark(page: Page) -> None:
    give(page, ON_DROP, "shared.jpg", received(photo((900, 1200), **MARKED)))
    verdict(page, "Inconclusive")
    expect(page.locator(".summary")).to_contain_text("carries the watermark of another photo")
    expect(page.locator(".pair img")).to_have_count(2)
    keep_screenshot(page, "copied")
    assert_readable(page)


@pytest.fixture(scope="module")
def reports(toy_folder: Path, folder: Path) -> dict[str, Report]:
    given = {
        "resend_through": (), "watermark_keys": [folder / "key.json"],
        "trust_anchors": folder / "root.pem", "repositories": [folder / "manifests"],
    }  # fmt: skip
    with Verifier.from_weights(toy_folder, **given) as verifier:
        return {
            "differs": verifier.analyze(received(spliced(captured()))),
            "cut": verifier.analyze(received(cut())),
            "copied": verifier.analyze(received(photo((900, 1200), **MARKED))),
        }


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_the_report_shows_it_offline(
    browser: Browser, reports: dict[str, Report], size: dict[str, int], tmp_path: Path
) -> None:
    context = browser.new_context(viewport=size, offline=True)
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda message: wrong.append(message.text))
    for name, report in reports.items():
        (tmp_path / f"{name}.html").write_text(report.to_html(), encoding="utf-8")
        page.goto((tmp_path / f"{name}.html").as_uri())
        keep_screenshot(page, f"report-{name}")
        assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
        assert page.evaluate("[...document.images].every((image) => image.naturalWidth > 0)")
    page.goto((tmp_path / "cut.html").as_uri())
    assert_framed(page)
    page.goto((tmp_path / "differs.html").as_uri())
    assert_outlined(page)
    slider = page.get_by_label("Received or signed picture")
    slider.focus()
    slider.fill("25")
    assert clip(page) == "inset(0px 0px 0px 25%)"
    page.keyboard.press("ArrowRight")
    assert clip(page) == "inset(0px 0px 0px 26%)"
    assert wrong == []
    context.close()
