"""Power cuts: every state that a disk can be found in while something is written.

While a `PowerCuts` watches, each call that changes the disk is preceded by a copy of the folder as
it is: what a kill, or a power cut, at that moment leaves. Writes are cut in two, and a second copy
has what was not yet flushed lost. A state that was found before isn't kept again.
"""

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
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


Held = tuple[int, bytes]
"""A file's or a folder's mode, and what it holds."""


class PowerCuts:
    """Collects copies of a folder.

    Parameters
    ----------
    folder
        What is watched.
    copies
        Where the copies go, outside of it.

    Attributes
    ----------
    states
        Every state that the folder was found in, once, in this order, and how it was left.
    cuts
        At how many moments it was looked at.
    """

    def __init__(self, folder: Path, copies: Path) -> None:
        self.folder, self._copies = folder, copies
        self.states: list[Path] = []
        self.cuts = 0
        self._seen: set[tuple[tuple[Path, Held], ...]] = set()
        self._unflushed: dict[int, Path] = {}

    @contextmanager
    def watching(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        """Watch every call of `STEPS` in the `with`."""
        with monkeypatch.context() as patch:
            for name in STEPS:
                patch.setattr(os, name, self._watched(name, getattr(os, name)))
            yield
        self._seen.clear()  # the last is kept, whatever it is like
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
            held = {path: _held(path) for path in sorted(self.folder.rglob("*"))}
            self._keep(held, ())
            if self._unflushed:
                self._keep(held, self._unflushed.values())
        finally:
            self._copying = False

    def _keep(self, held: Mapping[Path, Held], lost: Iterable[Path]) -> None:
        """Keep a state as which the folder wasn't found before."""
        self.cuts += 1
        there = [path for path in lost if path in held]
        state = tuple((dict(held) | {path: (held[path][0], b"") for path in there}).items())
        if state in self._seen:
            return
        self._seen.add(state)
        copy = self._copies / f"{len(self.states):03d}"
        shutil.copytree(self.folder, copy)
        for path in there:
            (copy / path.relative_to(self.folder)).write_bytes(b"")
        self.states.append(copy)


def _held(path: Path) -> Held:
    return (path.stat().st_mode, path.read_bytes() if path.is_file() else b"")
