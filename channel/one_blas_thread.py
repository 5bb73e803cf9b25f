"""Products of matrices run in the thread that asks for them.

The library behind numpy starts threads of its own on all cores and lets them spin. Where an
analysis or a development shares out the cores itself, they only take time from each other.
"""

import threading
from typing import Any, Final

from threadpoolctl import ThreadpoolController


class OneBlasThread:
    """Keeps products of matrices to one thread, in all of this process, while anybody is inside.

    The number of threads is the process's, and several may be at work in it: the first that
    enters sets it, and the last that leaves puts it back.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._controller: ThreadpoolController | None = None
        self._limits: Any = None

    def __enter__(self) -> None:
        with self._lock:
            if self._controller is None:
                self._controller = ThreadpoolController()
            if not self._inside:
                self._limits = self._controller.limit(limits=1, user_api="blas")
            self._inside += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            if not self._inside:
                self._limits.restore_original_limits()


ONE_BLAS_THREAD: Final = OneBlasThread()
"""The one of this process."""
