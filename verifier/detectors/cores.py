"""The cores that an analysis may use.

What can be done beside something else runs in threads: the networks and numpy leave Python's lock
while they compute. One core does everything in turn, so that many analyses can share a machine.
Analyses that run at the same time in a process share its cores: where each is left one, it works
in turn, too. More threads than cores would only drive each other's data out of the caches.
"""

import os
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from typing import Final, ParamSpec, TypeVar

from verifier.detectors.allocation import share_heaps

P = ParamSpec("P")
Item = TypeVar("Item")
Found = TypeVar("Found")

# Of what runs beside each other, most waits for networks; more than a few analyses never do.
_MOST_BESIDE: Final = 64


class Analyses:
    """Counts the analyses that are running in this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.running = 0

    def __enter__(self) -> None:
        with self._lock:
            self.running += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self.running -= 1


ANALYSES: Final = Analyses()
"""Those of this process, whichever verifier they belong to."""


class Cores:
    """Runs functions on some cores; safe to use from several threads.

    Parameters
    ----------
    count
        0: all cores that this process may use.
    """

    def __init__(self, count: int = 0) -> None:
        self.count = count or _available()
        self._lock = threading.Lock()
        self._pools: tuple[ThreadPoolExecutor, ThreadPoolExecutor] | None = None

    @property
    def several(self) -> bool:
        """Whether an analysis has more than one core for itself, as many as run now."""
        return self.count // max(1, ANALYSES.running) > 1

    def each(self, function: Callable[[Item], Found], items: Iterable[Item]) -> list[Found]:
        """Apply a function to items, as many at a time as there are cores; results in order."""
        found: list[Found] = []
        left = iter(items)
        for item in left:
            if self.several:
                return found + list(self._opened()[0].map(function, chain([item], left)))
            found.append(function(item))
        return found

    def beside(
        self, function: Callable[P, Found], *args: P.args, **kwargs: P.kwargs
    ) -> Callable[[], Found]:
        """Start a function beside what follows; what is returned waits for its result.

        On one core it runs when its result is asked for.
        """
        if not self.several:
            return lambda: function(*args, **kwargs)
        return self._opened()[1].submit(function, *args, **kwargs).result

    def _opened(self) -> tuple[ThreadPoolExecutor, ThreadPoolExecutor]:
        with self._lock:
            if self._pools is None:
                share_heaps()
                self._pools = ThreadPoolExecutor(self.count), ThreadPoolExecutor(_MOST_BESIDE)
            return self._pools


def _available() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not Linux
        return os.cpu_count() or 1
