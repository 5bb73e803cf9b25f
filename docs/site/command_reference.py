"""The page of commands, made of each command's own help when the site is built."""

from typing import Any

from cyclopts.docs.markdown import generate_markdown_docs

from camera_sim.cli import app_for
from camera_sim.commands.examples import EXAMPLES
from camera_sim.commands.table import COMMANDS

_PAGE = "reference/commands.md"


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Add every command to the page that is for them."""
    if page.file.src_uri != _PAGE:
        return markdown
    return "\n\n".join((markdown, *map(_section, sorted(COMMANDS))))


def _section(command: str) -> str:
    words = command.split()
    text = generate_markdown_docs(
        app_for(words), commands_filter=[".".join(words)], generate_toc=False, no_root_title=True
    )
    heading = f" camsim {command}\n"  # a command of a group comes with its group's words before it
    example = f"\n\n```sh\n{EXAMPLES[command]}\n```" if command in EXAMPLES else ""
    return f"##{heading}{text.rpartition(heading)[2].rstrip()}{example}"
