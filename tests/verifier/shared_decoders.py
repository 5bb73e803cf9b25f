"""Reading processes that tests share: each takes half a second of a core to start."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from verifier.reading import process
from verifier.reading.process import _Process  # of which a test process starts but few
from verifier.settings import Settings

_MOST = 6
# What differs from test to test, and is nothing to a reading process: it is told its settings, and
# has no keys, detectors or repositories.
_OTHERS = ("PYTEST_CURRENT_TEST", "CAMSIM_", "COLUMNS")


class Shelf:
    """Keeps what a closed verifier leaves for the next one of the same settings and environment.

    A process that did anything but answer never comes here: a verifier ends such a one itself.
    """

    def __init__(self) -> None:
        self._kept: list[tuple[str, _Process]] = []

    def take(self, settings: Settings) -> _Process:
        wanted = _origin(settings)
        for place, (origin, kept) in enumerate(self._kept):
            if origin == wanted and kept.alive:
                return self._kept.pop(place)[1]
        started = _Process(settings)
        started.origin = wanted  # type: ignore[attr-defined]
        return started

    def put(self, processes: list[_Process], owner: int) -> None:
        if os.getpid() == owner:
            self._kept += [(one.origin, one) for one in processes]  # type: ignore[attr-defined]
            self._end(len(self._kept) - _MOST)
        processes.clear()

    def clear(self) -> None:
        self._end(len(self._kept))

    def _end(self, count: int) -> None:
        for _ in range(count):
            self._kept.pop(0)[1].end()


def _origin(settings: Settings) -> str:
    environment = {n: value for n, value in os.environ.items() if not n.startswith(_OTHERS)}
    python = [sys.executable, *sys.path]
    return json.dumps([settings.message(), environment, python], default=str, sort_keys=True)


@contextmanager
def shared_decoders() -> Iterator[None]:
    """Have verifiers of this process take their reading processes from a shelf."""
    shelf = Shelf()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(process, "_Process", shelf.take)
        patch.setattr(process, "_end_all", shelf.put)
        yield
    shelf.clear()
