"""How an upload arrives: in time, never standing still, and giving way where memory is short."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Final

from verifier.service.held import STALLED, Lease, given_way
from verifier.service.problems import BusyError, SlowUploadError

_LOOKS: Final = 10  # for memory, while those who stall are told from those who don't


@dataclass(frozen=True)
class UploadLimits:
    """Bounds: bytes of a file; seconds for all of it to arrive, and without any progress."""

    file_bytes: int
    seconds: float
    stall_seconds: float = 10.0


class Arriving:
    """An upload on its way.

    Parameters
    ----------
    lease
        Grows by what came.
    timeout
        What ends it.
    """

    def __init__(self, limits: UploadLimits, lease: Lease, timeout: asyncio.Timeout) -> None:
        self._limits = limits
        self._lease = lease
        self._timeout = timeout
        self._loop = asyncio.get_running_loop()
        self._end = self._loop.time() + limits.seconds
        self._reschedule()

    async def came(self, count: int) -> None:
        """Hold what came; raises `BusyError` if there is no memory for it after a moment."""
        before = self._lease.since
        await self._hold(count)
        if self._lease.since != before:
            self._reschedule()

    async def _hold(self, count: int) -> None:
        for _ in range(_LOOKS):
            try:
                return self._lease.grow(count)
            except BusyError:
                if self._lease.released:
                    raise
            self._lease.touch()
            self._reschedule()
            await asyncio.sleep(1.2 * STALLED / _LOOKS)
        return self._lease.grow(count)

    def _reschedule(self) -> None:
        self._timeout.reschedule(min(self._end, self._loop.time() + self._limits.stall_seconds))

    def interrupt(self) -> None:
        """End it now; from any thread."""
        self._loop.call_soon_threadsafe(self._now)

    def _now(self) -> None:
        with suppress(RuntimeError):  # it ended meanwhile
            self._timeout.reschedule(self._loop.time())


@asynccontextmanager
async def arriving(limits: UploadLimits, lease: Lease) -> AsyncIterator[Arriving]:
    """Read an upload inside of this.

    Raises
    ------
    SlowUploadError
        If it doesn't arrive in time, or stands still.
    BusyError
        If it had to give way.
    """
    try:
        async with asyncio.timeout(None) as timeout:
            progress = Arriving(limits, lease, timeout)
            lease.interrupt = progress.interrupt
            yield progress
        if lease.released:
            raise given_way()
    except TimeoutError:
        if lease.evicted:
            raise given_way() from None
        raise SlowUploadError(
            f"the photo didn't arrive within {limits.seconds:g} s, or stood still for "
            f"{limits.stall_seconds:g} s; send it again"
        ) from None
    finally:
        lease.interrupt = None
