"""Power cuts: every state that a disk can be found in while something is written.

While a `PowerCuts` watches, each call that changes the disk is preceded by a copy of the folder as
it is: what a kill, or a power cut, at that moment leaves. Writes are cut in two, and a second copy
has what was not yet flushed lost.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

STEPS = (
    "open",
    "write",
    "fsync",
    "replace",
    "rename",
    "link",
    "unlink",
    "mkdir",
    "rmdir",
    "remove",
)


class PowerCuts:
    """Collects copies of a folder.

    Parameters
    ----------
    folder
        What is watched.
    copies
        Where the copies go, outside of it.
    """

    def __init__(self, folder: Path, copies: Path) -> None:
        self.folder, self._copies = folder, copies
        self.states: list[Path] = []
        self._unflushed: dict[int, Path] = {}

    @contextmanager
    def watching(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        """Watch every call of `STEPS` in the `with`."""
        with monkeypatch.context() as patch:
            for name in STEPS:
                patch.setattr(os, name, self._watched(name, getattr(os, name)))
            yield
        self._copy()

    def _watched(self, name: str, act):
        busy = False

        def step(*words, **options):
            nonlocal busy
            if busy or getattr(self, "_copying", False):
                return act(*words, **options)
            self._copy()
            if name == "write":
                descriptor, data = words
                half = max(1, len(data) // 2)
                return act(descriptor, bytes(data[:half]))
            result = act(*words, **options)
            self._remember(name, words, result)
            return result

        return step

    def _remember(self, name: str, words: tuple, result: object) -> None:
        if name == "open" and isinstance(result, int) and words[1] & (os.O_WRONLY | os.O_RDWR):
            path = Path(os.fsdecode(words[0]))
            if path.is_relative_to(self.folder) and path.is_file():
                self._unflushed[result] = path
        elif name == "fsync":
            self._unflushed.pop(words[0], None)

    def _copy(self) -> None:
        self._copying = True
        try:
            whole = self._copies / f"{len(self.states):03d}"
            shutil.copytree(self.folder, whole)
            self.states.append(whole)
            if self._unflushed:
                lost = self._copies / f"{len(self.states):03d}"
                shutil.copytree(self.folder, lost)
                for path in self._unflushed.values():
                    copy = lost / path.relative_to(self.folder)
                    if copy.exists():
                        copy.write_bytes(b"")
                self.states.append(lost)
        finally:
            self._copying = False
