"""Fetches that run at a time, in threads of their own: a slow site delays none but its own."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, ParamSpec, TypeVar

from verifier.service.problems import BusyError

_MOST: Final = 16  # at a time
_SOON: Final = 5.0  # seconds, told in Retry-After

P = ParamSpec("P")
T = TypeVar("T")


class Fetches:
    """A bounded number of threads, and nobody who waits for one.

    Parameters
    ----------
    most
        At a time.
    what
        Too many are at a time, in words for who has to ask again.
    """

    def __init__(self, most: int = _MOST, what: str = "URLs are being fetched") -> None:
        self._what = what
        self._free = threading.BoundedSemaphore(most)
        self._pool = ThreadPoolExecutor(most, thread_name_prefix="fetch")

    async def run(self, fetch: Callable[P, T], *args: P.args, **options: P.kwargs) -> T:
        """Fetch in a thread; raises `BusyError` if all are at work."""
        if not self._free.acquire(blocking=False):
            raise BusyError(f"too many {self._what}; ask again in a moment", _SOON)
        try:
            future = self._pool.submit(fetch, *args, **options)
        except BaseException:
            self._free.release()
            raise
        # The thread's end counts, not the request's: a site holds it until its time is over.
        future.add_done_callback(lambda _: self._free.release())
        return await asyncio.wrap_future(future)

    def close(self) -> None:
        """Wait for none."""
        self._pool.shutdown(wait=False, cancel_futures=True)
