"""What lies in files, read anew when they change: an operator's edit counts without a restart."""

import logging
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Generic, TypeVar

from verifier.errors import VerifierError
from watermark.errors import WatermarkError

_log = logging.getLogger(__name__)
T = TypeVar("T")
_State = tuple[tuple[str, int, int, int], ...] | None


class Reloaded(Generic[T]):
    """Something read from files; the first reading raises, a later one that fails is a warning.

    Where the files can't be read, what was read before still counts: a withdrawn key stays so.

    Parameters
    ----------
    load
        Reads it.
    paths
        Names the files.
    """

    def __init__(self, load: Callable[[], T], paths: Callable[[], Sequence[Path]]) -> None:
        self._load, self._paths = load, paths
        self._lock = threading.Lock()
        self._state = self._look()
        self._content = load()

    def current(self) -> T:
        """Return it as the files say now."""
        with self._lock:
            state = self._look()
            if state != self._state:
                self._state = state  # a fault is said once
                try:
                    self._content = self._load()
                except VerifierError as error:
                    _log.warning("%s; what was read before still counts", error)
            return self._content

    def _look(self) -> _State:
        try:
            found = [(str(path), path.stat()) for path in self._paths()]
        except (OSError, ValueError, WatermarkError):
            return None
        return tuple((name, s.st_mtime_ns, s.st_size, s.st_ino) for name, s in found)
