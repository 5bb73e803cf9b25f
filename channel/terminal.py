"""The one way to a terminal: what files and their names bring along never steers it.

`guarded` stands before standard output and error while a command runs, whatever writes to them:
print, argparse, warnings. It lets line ends and tabs pass and writes out all else that isn't seen,
see `channel.printable`. rich, whose colours are such characters, writes behind it, by `console`,
`Progress` and `track` of this module, which clean texts before they are coloured. Nothing else in
camsim makes a console of rich's, or a bar.

What is one line, such as a message or a name, goes through `printable` before, so that a line end
in a name can't forge a line of output: see `complain`.
"""

import argparse
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final, NoReturn, TextIO, TypeVar, cast

import rich.console
import rich.progress
from rich.segment import Segment

from channel.printable import printable

T = TypeVar("T")
_KEPT: Final = "\n\t"


class _Guard:
    """Writes to a stream what is printable of a text; else it is that stream."""

    def __init__(self, stream: TextIO) -> None:
        self.unguarded = stream

    def write(self, text: str, /) -> int:
        self.unguarded.write(printable(text, _KEPT))
        return len(text)

    def writelines(self, lines: Iterable[str], /) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.unguarded, name)


@contextmanager
def guarded() -> Iterator[None]:
    """Stand before standard output and error; what their encoding lacks is written out, too."""
    before = sys.stdout, sys.stderr
    encoded = [_lenient(stream) for stream in before]
    sys.stdout, sys.stderr = map(_guard, before)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before
        for stream, errors in zip(before, encoded, strict=True):
            if errors is not None and not stream.closed:
                cast(Any, stream).reconfigure(errors=errors)


def say(line: object) -> None:
    """Write a line to standard output: what is in it stays on it."""
    print(printable(str(line)), flush=True)


def complain(message: object) -> None:
    """Write a message, which is one line, to standard error, with the program's name before it."""
    print(f"camsim: {printable(str(message))}", file=sys.stderr, flush=True)


class ArgumentParser(argparse.ArgumentParser):
    """A parser whose errors are one line, whatever arguments they quote."""

    def error(self, message: str) -> NoReturn:
        """Print the message and exit with status 2."""
        super().error(printable(message))


class Console(rich.console.Console):
    """A console of rich's whose texts are printable."""

    def render(
        self,
        renderable: rich.console.RenderableType,
        options: rich.console.ConsoleOptions | None = None,
    ) -> Iterable[Segment]:
        """Clean the texts of a renderable; what rich adds to them stays."""
        for segment in super().render(renderable, options):
            is_text = segment.text and not segment.control
            yield segment._replace(text=printable(segment.text, _KEPT)) if is_text else segment


def console(*, stderr: bool = False, **options: Any) -> Console:
    """Make a console on standard output or error; no text of it is taken for rich's markup."""
    stream = sys.stderr if stderr else sys.stdout
    plain = {"markup": False, "highlight": False, "emoji": False}
    return Console(file=_unguarded(stream), **(plain | options))


class Progress(rich.progress.Progress):
    """A bar on standard error, unless that is no terminal.

    What is printed meanwhile goes above it, cleaned; standard output that is no terminal is left
    alone, so that results can be piped.
    """

    def __init__(
        self,
        *columns: str | rich.progress.ProgressColumn,
        transient: bool = True,
        disable: bool = False,
    ) -> None:
        on_error = console(stderr=True)
        super().__init__(
            *(columns or _columns()),
            console=on_error,
            transient=transient,
            disable=disable or not on_error.is_terminal,
            redirect_stdout=sys.stdout.isatty(),
        )

    def start(self) -> None:
        """Start, and stand before what rich puts before the streams."""
        self._streams = sys.stdout, sys.stderr
        super().start()
        sys.stdout, sys.stderr = _guard(sys.stdout), _guard(sys.stderr)

    def stop(self) -> None:
        """Stop, and leave the streams as they were."""
        super().stop()
        sys.stdout, sys.stderr = self._streams


def track(items: Iterable[T], words: str, total: float | None = None) -> Iterator[T]:
    """Yield the items with a bar that shows how far it is."""
    with Progress() as bar:
        yield from bar.track(items, total, description=words)


def description() -> rich.progress.TextColumn:
    """Make a column with a task's description, in which no markup is looked for."""
    return rich.progress.TextColumn("{task.description}", markup=False)


def _columns() -> tuple[rich.progress.ProgressColumn, ...]:
    """Make the columns that rich shows unless told otherwise."""
    return (
        description(),
        rich.progress.BarColumn(),
        rich.progress.TaskProgressColumn(),
        rich.progress.TimeRemainingColumn(),
    )


def _guard(stream: TextIO) -> TextIO:
    return stream if isinstance(stream, _Guard) else cast(TextIO, _Guard(stream))


def _unguarded(stream: TextIO) -> TextIO:
    return stream.unguarded if isinstance(stream, _Guard) else stream


def _lenient(stream: TextIO) -> str | None:
    """Have a stream write out what its encoding lacks; returns what it did before, if it can."""
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is None:
        return None
    before = str(stream.errors)
    reconfigure(errors="backslashreplace")
    return before
