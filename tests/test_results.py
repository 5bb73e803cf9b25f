"""Pages of results say what they show, by which command, and where the channel's come from."""

import re
from pathlib import Path

import pytest

from channel.evaluation.page import PAGES, page
from tests.conftest import REPOSITORY

RESULTS = sorted((REPOSITORY / "docs" / "results").glob("*.md"))
COMMAND = re.compile(r"`{1,3}[a-z]*\s*(?:camsim|python|pytest|pip) ", re.MULTILINE)
MOST_WORDS = 130  # between tables, commands and headings
NUMBERS = {
    "channel-jpeg.md": {"count": 24, "smooth": 8},
    "channel-differentiable.md": {"channels": 1},
}


@pytest.mark.parametrize("path", RESULTS, ids=lambda path: path.stem)
def test_a_page_has_a_title_a_command_and_a_table(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert re.match(r"# \S", text)
    assert COMMAND.search(text)
    assert "\n|" in text


@pytest.mark.parametrize("path", RESULTS, ids=lambda path: path.stem)
def test_a_table_has_a_paragraph_and_no_story(path: Path) -> None:
    """Trials stand with the decisions."""
    text = re.sub(r"```.*?```", "\n#\n", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    prose = [part for part in re.split(r"\n(?=[#|])|(?<=\|)\n(?!\|)", text) if part[:1] != "|"]
    assert [part for part in prose if len(part.split()) > MOST_WORDS] == []


@pytest.mark.parametrize("name", PAGES)
def test_the_channels_pages_are_as_its_command_writes_them(name: str) -> None:
    text = (REPOSITORY / "docs" / "results" / name).read_text(encoding="utf-8")
    assert text == page(name, text[text.index("\n| ") + 1 :], **NUMBERS.get(name, {}))


def test_the_list_names_every_page() -> None:
    text = (REPOSITORY / "docs" / "results" / "README.md").read_text(encoding="utf-8")
    assert [path.name for path in RESULTS[1:] if f"({path.name})" not in text] == []
