"""The steps of a training: what was learnt is kept by time, and when it is interrupted."""

import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final, TypeVar

from channel.terminal import complain

T = TypeVar("T")
SAVE_SECONDS: Final = 180.0


def saved(
    steps: Iterable[T], save: Callable[[int], None], start: int = 0, what: str = "step"
) -> Iterator[T]:
    """Yield the steps; save every few minutes, and before an interruption ends the training.

    Parameters
    ----------
    save
        Takes how many steps are done. The loop saves when it validates, too.
    start
        Steps that were done before.
    what
        What a step is called.

    Raises
    ------
    KeyboardInterrupt
        After the step in which it was asked for, once it is saved; a second time at once.
    """
    with _interruptions(what) as asked:
        last = time.monotonic()
        for done, step in enumerate(steps, start + 1):
            yield step
            if asked or time.monotonic() - last >= SAVE_SECONDS:
                save(done)
                last = time.monotonic()
            if asked:
                raise KeyboardInterrupt(f"interrupted after {what} {done}; run it again to go on")


@contextmanager
def _interruptions(what: str) -> Iterator[list[int]]:
    """Gather the first interruption in place of raising it."""
    asked: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield asked
        return

    def ask(number: int, frame: FrameType | None) -> None:
        del frame
        if asked:
            raise KeyboardInterrupt
        asked.append(number)
        complain(f"stopping after this {what}, which is saved; interrupt again to stop at once")

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield asked
    finally:
        signal.signal(signal.SIGINT, before)
