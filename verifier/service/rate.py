"""How often one client may ask: a bucket of tokens each, that fills up again steadily."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

_MOST_CLIENTS: Final = 10_000  # remembered; the one that asked longest ago is forgotten first


class RateLimit:
    """Lets each client ask so many times a minute, in a burst or spread out.

    Parameters
    ----------
    per_minute
        0: no limit.
    seconds
        Of what is called a minute here.
    clock
        Seconds that never go back.
    """

    def __init__(
        self,
        per_minute: int,
        clock: Callable[[], float] = time.monotonic,
        *,
        seconds: float = 60.0,
    ) -> None:
        self._most = float(per_minute)
        self._seconds = seconds
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def wait(self, client: str) -> float:
        """Count a request: 0 if it may go on, else the seconds after which the next one may."""
        if not self._most:
            return 0.0
        now = self._clock()
        with self._lock:
            tokens, since = self._buckets.pop(client, (self._most, now))
            tokens = min(self._most, tokens + (now - since) * self._most / self._seconds)
            allowed = tokens >= 1
            self._buckets[client] = (tokens - allowed, now)
            if len(self._buckets) > _MOST_CLIENTS:
                self._buckets.popitem(last=False)
        return 0.0 if allowed else (1 - tokens) * self._seconds / self._most
