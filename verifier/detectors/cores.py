"""The cores that an analysis may use.

What can be done beside something else runs in threads: the networks and numpy leave Python's lock
while they compute. One core does everything in turn, so that many analyses can share a machine.
"""

import os
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, ParamSpec, TypeVar

from verifier.detectors.allocation import share_heaps

P = ParamSpec("P")
Item = TypeVar("Item")
Found = TypeVar("Found")

# Of what runs beside each other, most waits for networks; more than a few analyses never do.
_MOST_BESIDE: Final = 64


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

    def each(self, function: Callable[[Item], Found], items: Iterable[Item]) -> list[Found]:
        """Apply a function to items, as many at a time as there are cores; results in order."""
        if self.count == 1:
            return [function(item) for item in items]
        return list(self._opened()[0].map(function, items))

    def beside(
        self, function: Callable[P, Found], *args: P.args, **kwargs: P.kwargs
    ) -> Callable[[], Found]:
        """Start a function beside what follows; what is returned waits for its result.

        On one core it runs when its result is asked for.
        """
        if self.count == 1:
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
