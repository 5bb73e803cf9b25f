"""A headless Chromium, wherever there is one."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, expect, sync_playwright

# Milliseconds. What is waited for comes, on a busy machine late: this ends what never does.
PATIENCE = 180_000
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")


def _path() -> str | None:
    """Return the one that CAMSIM_CHROMIUM names, or that is installed; None: Playwright's own."""
    named = os.environ.get("CAMSIM_CHROMIUM")
    return named or next(filter(None, map(shutil.which, NAMES)), None)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start a browser, or skip the test and say what is missing."""
    path = _path()
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        if path is None and not Path(playwright.chromium.executable_path).exists():
            pytest.skip("there is no Chromium; name one in CAMSIM_CHROMIUM")
        try:
            browser = playwright.chromium.launch(
                executable_path=path, args=["--no-sandbox", "--disable-gpu"]
            )
        except Error as error:
            pytest.skip(f"Chromium doesn't start: {error.message.splitlines()[0]}")
        yield browser
        browser.close()
