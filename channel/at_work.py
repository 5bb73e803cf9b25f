"""That a command is still at work, said where it prints nothing for a while and shows no bar."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from channel import terminal

FIRST: Final = 3.0
NEXT: Final = 60.0
"""Seconds of silence before the first line, and before others."""


@contextmanager
def at_work(name: str, first: float = FIRST, following: float = NEXT) -> Iterator[None]:
    """Say on standard error that a command is at work, while nothing else says anything."""
    ended = threading.Event()
    teller = threading.Thread(target=_tell, args=(name, ended, first, following), daemon=True)
    teller.start()
    try:
        yield
    finally:
        ended.set()
        teller.join()


def _tell(name: str, ended: threading.Event, first: float, following: float) -> None:
    began, silence = time.monotonic(), first
    while not ended.wait(silence):
        silent = time.monotonic() - max(began, terminal.last_written())
        if silent >= silence and not terminal.bars_shown():
            spent = terminal.duration(time.monotonic() - began)
            terminal.complain(f"{name}: at work, {spent} so far")
        silence = following
