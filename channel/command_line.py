"""What all commands share: errors in one line, pages of help, whether a traceback is asked for."""

import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from cyclopts.exceptions import (
    CycloptsError,
    MissingArgumentError,
    UnknownCommandError,
    ValidationError,
)
from cyclopts.help import DefaultFormatter, InlineText
from rich.console import Console, ConsoleOptions
from rich.text import Text

from channel.terminal import complain

TRACEBACK: Final = "--traceback"
_INSTALLED: Final = Path(__file__).parents[1]
_is_traced: ContextVar[bool] = ContextVar("traced", default=False)


@contextmanager
def traced(words: Sequence[str]) -> Iterator[list[str]]:
    """Take ``--traceback``, before a ``--``, out of the words; `show_traceback` obeys meanwhile."""
    end = words.index("--") if "--" in words else len(words)
    left = [word for word in words[:end] if word != TRACEBACK]
    token = _is_traced.set(len(left) < end)
    try:
        yield [*left, *words[end:]]
    finally:
        _is_traced.reset(token)


def show_traceback(error: BaseException) -> None:
    """Print where an error arose, if that was asked for."""
    if _is_traced.get():
        traceback.print_exception(error)


def complain_of(file: object, error: object) -> None:
    """Say what is wrong with a file, naming it once."""
    words = str(error)
    complain(words if str(file) in words else f"{file}: {words}")


def shown(default: Any) -> str | None:
    """Say what an option is unless it is given; None of what is no, none or empty."""
    values = default if isinstance(default, tuple) else (default,)
    return " ".join(filter(None, map(_shown, values))) or None


def _shown(value: Any) -> str:
    if value is None or value is False:
        return ""
    is_ours = isinstance(value, Path) and value.is_relative_to(_INSTALLED)
    return f"camsim's {value.name}" if is_ours else str(value)


class HelpPage(DefaultFormatter):
    """A page of help whose paragraphs are as wide as the terminal, not as the source's lines."""

    def render_description(
        self, console: Console, options: ConsoleOptions, description: object
    ) -> None:
        """Print what a command does."""
        if isinstance(description, InlineText):
            text = str(description.primary_renderable)
            paragraphs = (" ".join(part.split()) for part in text.split("\n\n"))
            description = Text("\n\n".join(paragraphs) + "\n")
        super().render_description(console, options, description)


def words_of(error: CycloptsError) -> str:
    """Return what is wrong with the words of a command, in one line."""
    command = " ".join(["camsim", *(error.command_chain or ())])
    if isinstance(error, UnknownCommandError):  # its own words would import every command
        word = (error.unused_tokens or [""])[0]
        near = get_close_matches(word, error.app or (), n=1)
        meant = f"; did you mean {near[0]}?" if near else ";"
        return f"there is no command {word!r}{meant} {command} --help lists them"
    words = _words_of(error).replace(". Did you mean", "; did you mean")
    if isinstance(error, ValidationError):
        return words
    return f"{words}{'' if words.endswith('?') else ';'} {command} --help lists the options"


def _words_of(error: CycloptsError) -> str:
    argument = error.argument
    if isinstance(error, ValidationError) and argument and argument.tokens:
        token = argument.tokens[0]
        source = "" if token.source == "cli" else f" by {token.source}"
        return f"{token.keyword or argument.name}{source} {error.exception_message}"
    if isinstance(error, MissingArgumentError) and argument and not argument.tokens:
        if argument.field_info.is_positional:
            return f"{argument.name.removeprefix('--').upper()} is missing"
        return f"{error.keyword or argument.name} is missing"
    words = " ".join(str(error).split())
    return words[:1].lower() + words[1:].rstrip(".")
