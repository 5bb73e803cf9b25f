"""How many bytes of photos are in memory: bounded over all requests together, and shared.

Where memory is short, an upload that stalls gives way to one that comes, and a client that holds
more gives way to one that holds less.
"""

import threading
import time
from collections.abc import Callable
from typing import Final, Self

from verifier.service.problems import BusyError

_SOON: Final = 5.0  # seconds after which photos that are held now are probably done
STEP: Final = 16_000  # bytes that count as progress: fewer, drop by drop, are none
STALLED: Final = 1.0  # seconds without progress, after which an upload gives way


class Held:
    """The bound. Safe to use from several threads.

    Parameters
    ----------
    most
        Bytes.
    clock
        Seconds that never go back.
    """

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self.clock = clock
        self._leases: set[Lease] = set()
        self._lock = threading.RLock()

    @property
    def bytes(self) -> int:
        """Held now."""
        with self._lock:
            return sum(lease.bytes for lease in self._leases)

    def lease(self, client: str = "") -> "Lease":
        """Begin to hold a photo of a client; use it in a ``with`` statement."""
        return Lease(self, client)

    def _grow(self, lease: "Lease", count: int) -> None:
        with self._lock:
            if lease.released:
                raise given_way()
            missing = self.bytes + count - self._most
            if missing > 0 and not self._make_room(lease, count, missing):
                raise BusyError("too many photos are being read; ask again in a moment", _SOON)
            self._leases.add(lease)
            lease.bytes += count

    def _make_room(self, asking: "Lease", count: int, missing: int) -> bool:
        """Evict uploads until so many bytes are free; none, if all together wouldn't do."""
        victims = self._victims(asking, count)
        if sum(lease.bytes for lease in victims) < missing:
            return False
        for lease in victims:
            if missing <= 0:
                break
            missing -= lease.bytes
            lease.evict()
        return True

    def _victims(self, asking: "Lease", count: int) -> "list[Lease]":
        """List who gives way, the one that stands still longest first."""
        shares: dict[str, int] = {}
        for lease in self._leases:
            shares[lease.client] = shares.get(lease.client, 0) + lease.bytes
        share = shares.get(asking.client, 0) + count
        now = self.clock()
        found = [
            lease
            for lease in self._leases
            if lease is not asking
            and lease.interrupt
            and (now - lease.since >= STALLED or shares[lease.client] - lease.bytes >= share)
        ]
        return sorted(found, key=lambda lease: lease.since)

    def _remove(self, lease: "Lease") -> None:
        with self._lock:
            self._leases.discard(lease)
            lease.bytes, lease.released = 0, True


class Lease:
    """What one request holds.

    Attributes
    ----------
    interrupt
        Ends the upload, called from any thread; None: it has all arrived, and stays.
    since
        When it last made progress, by the clock of `Held`.
    """

    def __init__(self, held: Held, client: str) -> None:
        self._held = held
        self.client = client
        self.bytes = 0
        self.since = held.clock()
        self.evicted = self.released = False
        self.interrupt: Callable[[], object] | None = None
        self._marked = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def grow(self, count: int) -> None:
        """Hold so many bytes more; raises `BusyError` if that is too much for all together."""
        self._held._grow(self, count)
        if self.bytes - self._marked >= STEP:
            self.touch()

    def touch(self) -> None:
        """Count as making progress: it waits for us, not for its client."""
        self._marked, self.since = self.bytes, self._held.clock()

    def evict(self) -> None:
        """Give way to others."""
        interrupt, self.interrupt, self.evicted = self.interrupt, None, True
        self.release()
        if interrupt:
            interrupt()

    def release(self) -> None:
        """Hold nothing any more, and never again; it may be called twice."""
        self._held._remove(self)


def given_way() -> BusyError:
    """Say that an upload was ended for others."""
    return BusyError("the upload was too slow while others waited; send it again", _SOON)
