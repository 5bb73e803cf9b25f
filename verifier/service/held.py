"""How many bytes of photos are in memory: bounded over all requests together."""

import threading

from verifier.service.problems import BusyError

_SOON = 5.0  # seconds after which photos that are held now are probably done


class Held:
    """The bound. Safe to use from several threads."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._bytes = 0
        self._lock = threading.Lock()

    @property
    def bytes(self) -> int:
        """Held now."""
        return self._bytes

    def lease(self) -> "Lease":
        """Begin to hold a photo."""
        return Lease(self)

    def _add(self, count: int) -> None:
        with self._lock:
            if self._bytes + count > self._most:
                raise BusyError("too many photos are being read; ask again in a moment", _SOON)
            self._bytes += count

    def _remove(self, count: int) -> None:
        with self._lock:
            self._bytes -= count


class Lease:
    """What one request holds."""

    def __init__(self, held: Held) -> None:
        self._held = held
        self._bytes = 0

    def grow(self, count: int) -> None:
        """Hold so many bytes more; raises `BusyError` if that is too much for all together."""
        self._held._add(count)
        self._bytes += count

    def release(self) -> None:
        """Hold nothing any more."""
        count, self._bytes = self._bytes, 0
        self._held._remove(count)
