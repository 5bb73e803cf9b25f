"""The one way to a terminal: what files and their names bring along never steers it.

`guarded` stands before standard output and error while a command runs, whatever writes to them:
print, warnings. It lets line ends and tabs pass and writes out all else that isn't seen,
see `channel.printable`. rich, whose colours are such characters, writes behind it, by `console`,
`Progress` and `track` of this module, which clean texts before they are coloured. Nothing else in
camsim makes a console of rich's, or a bar.

What is one line, such as a message or a name, goes through `printable` before, so that a line end
in a name can't forge a line of output: see `complain`.
"""

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from operator import length_hint
from typing import Any, Final, TextIO, TypeVar, cast

import rich.console
import rich.progress
from rich.segment import Segment

from channel.printable import printable

T = TypeVar("T")
_KEPT: Final = "\n\t"
_FIRST_LINE: Final = 3.0
_NEXT_LINES: Final = 60.0
"""Seconds to the first line about work, and between others, where there is no bar."""
_FIRST_STEPS: Final = 5.0
"""Seconds of a training after which it is said how long all of it takes."""
_SHORT: Final = 30.0
"""Seconds that need no announcement."""


class _Shown:
    """What the terminal was last told: when, by the monotonic clock, and how many bars tell more.

    One a process, as its standard output is.
    """

    written = 0.0
    bars = 0


_shown: Final = _Shown()


def last_written() -> float:
    """Return when something was last written through a guard, by the monotonic clock; 0: never."""
    return _shown.written


def bars_shown() -> bool:
    """Whether a bar, or what stands for one, tells how far work is."""
    return _shown.bars > 0


class _Guard:
    """Writes to a stream what is printable of a text; else it is that stream."""

    def __init__(self, stream: TextIO) -> None:
        self.unguarded = stream

    def write(self, text: str, /) -> int:
        _shown.written = time.monotonic()
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


class Console(rich.console.Console):
    """A console of rich's whose texts are printable."""

    def on_broken_pipe(self) -> None:
        """Leave it to the program that nobody reads any more; rich would exit by itself."""
        raise BrokenPipeError

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
    """A bar on standard error; where that is no terminal a line now and then.

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
        self.is_shown = on_error.is_terminal
        self._has_lines = not (disable or self.is_shown)
        self._tells = not disable
        self._next_line = time.monotonic() + _FIRST_LINE
        self._paces: dict[rich.progress.TaskID, _Pace] = {}

    def update(self, task_id: rich.progress.TaskID, *words: Any, **named: Any) -> None:
        """Show how far a task is."""
        super().update(task_id, *words, **named)
        self._say_now_and_then(task_id)

    def advance(self, task_id: rich.progress.TaskID, advance: float = 1) -> None:
        """Show that a task is further."""
        super().advance(task_id, advance)
        self._say_now_and_then(task_id)

    def _say_now_and_then(self, task_id: rich.progress.TaskID) -> None:
        task = self._tasks[task_id]
        pace = self._paces.setdefault(task_id, _Pace(task.completed))
        if not self._has_lines or time.monotonic() < self._next_line:
            return
        if task.total is not None and task.completed >= task.total:
            return
        self._next_line = time.monotonic() + _NEXT_LINES
        if task.total is None:
            complain(f"{task.description}: {task.completed:.0f} done")
            return
        left = pace.seconds(task.completed, task.total - task.completed)
        words = f", about {duration(left)} left" if left is not None else ""
        complain(f"{task.description}: {task.completed:.0f} of {task.total:.0f}{words}")

    def start(self) -> None:
        """Start, and stand before what rich puts before the streams."""
        self._streams = sys.stdout, sys.stderr
        super().start()
        _shown.bars += self._tells
        sys.stdout, sys.stderr = _guard(sys.stdout), _guard(sys.stderr)

    def stop(self) -> None:
        """Stop, and leave the streams as they were."""
        super().stop()
        _shown.bars -= self._tells
        sys.stdout, sys.stderr = self._streams


def track(items: Iterable[T], words: str, total: float | None = None) -> Iterator[T]:
    """Yield the items with a bar that shows how far it is."""
    with Progress() as bar:
        # Not `bar.track`: where it is no terminal, rich's own would count nothing until the end.
        task = bar.add_task(words, total=length_hint(items) or None if total is None else total)
        for item in items:
            yield item
            bar.advance(task)


@contextmanager
def training_bar(steps: int) -> Iterator[Callable[[int, str, str | None], None]]:
    """Show how far a training is, and after the first steps how long it will take.

    Yields
    ------
    What takes the steps done, words for the bar, and a line to keep, or None.
    """
    with Progress() as bar:
        task, is_said = bar.add_task("training", total=steps), False
        pace: _Pace | None = None

        def report(done: int, words: str, line: str | None = None) -> None:
            nonlocal pace, is_said
            pace = pace or _Pace(done)
            bar.update(task, completed=done, description=words)
            if line:
                bar.console.print(line, soft_wrap=True) if bar.is_shown else say(line)
            if not is_said and pace.age > _FIRST_STEPS and done > pace.first:
                is_said, left = True, pace.seconds(done, steps - done) or 0
                if left > _SHORT:
                    complain(f"the {steps - done} steps that are left take about {duration(left)}")

        yield report


class _Pace:
    """How fast work goes, by what was done since it was first looked at."""

    def __init__(self, done: float) -> None:
        self.first, self._since = done, time.monotonic()

    @property
    def age(self) -> float:
        return time.monotonic() - self._since

    def seconds(self, done: float, left: float) -> float | None:
        """Return what the rest takes; None where nothing was done since."""
        return self.age * left / (done - self.first) if done > self.first else None


def duration(seconds: float) -> str:
    """Say roughly how long.

    >>> duration(7811)
    '2 h 10 min'
    """
    minutes = round(seconds / 60)
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"


def description() -> rich.progress.TextColumn:
    """Make a column with a task's description, in which no markup is looked for."""
    return rich.progress.TextColumn("{task.description}", markup=False)


def _columns() -> tuple[rich.progress.ProgressColumn, ...]:
    """Make the columns that rich shows by default."""
    return (
        description(),
        rich.progress.BarColumn(),
        rich.progress.MofNCompleteColumn(),
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
