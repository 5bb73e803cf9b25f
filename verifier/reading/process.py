"""Reading processes, kept and replaced: a file that kills one takes nothing else with it."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Callable
from typing import Any, Final, TypeVar

import numpy as np
from pydantic import ValidationError

import verifier.errors
from channel.printable import all_whole
from fleet import framing, isolation
from verifier.errors import (
    PhotoError,
    PhotoTimeoutError,
    PhotoTooLargeError,
    PhotoUnreadableError,
    WorkerError,
)
from verifier.reading.credentials.recovered import RecoveredManifest, unreadable_store
from verifier.reading.credentials.recovered_message import recovered_of
from verifier.reading.reading import Facts, Pixels, Reading
from verifier.settings import Settings

# Seconds that Python may take to start on a busy machine, beside the photo's own time.
_START: Final = 60.0
_PROGRAM: Final = "from verifier.reading.worker import main; main()"
_NEVER_ASKED: Final = (
    "reading processes die before they have the photo; something else on this machine ends them"
)
_Read = TypeVar("_Read")


class _DeathError(Exception):
    """A reading process died.

    Attributes
    ----------
    meaning
        What that is called if it happens again.
    had_request
        Whether it had the request by then, and may have died of it.
    """

    def __init__(self, meaning: PhotoError | WorkerError, *, had_request: bool = True) -> None:
        super().__init__(str(meaning))
        self.meaning = meaning
        self.had_request = had_request


class DecoderProcesses:
    """A pool of reading processes, started when needed; safe to use from several threads.

    Parameters
    ----------
    settings
        Bounds on a photo and on the number of processes, and whom to trust in credentials.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._idle: list[_Process] = []
        self._lock = threading.Lock()
        self._free = threading.BoundedSemaphore(settings.limits.workers)
        self._owner = os.getpid()
        self._finalizer = weakref.finalize(self, _end_all, self._idle, self._owner)

    def read(self, data: bytes, *, cues: bool = True) -> Reading:
        """Read a file: decode it, read its credential and its channel's traces.

        ``cues`` as in `read_channel`.

        Raises
        ------
        PhotoError
            For whatever is wrong with the photo; that two decoder processes died of it included.
        WorkerError
            If no reading process can be started.
        """
        return self._ask({} if cues else {"cues": False}, data, _reading)

    def resend(self, photo: "bytes | Pixels", platform: str) -> Reading:
        """Send a photo through a platform of `channel.PLATFORMS`, and read what it serves."""
        if isinstance(photo, bytes):
            return self._ask({"platform": platform}, photo, _reading)
        content = np.ascontiguousarray(photo)
        return self._ask({"platform": platform, "shape": content.shape}, content.data, _reading)

    def read_manifest(self, store: bytes) -> RecoveredManifest:
        """Read a manifest store apart from its photo, as `read_recovered`.

        One that is larger than `Limits.manifest_bytes` is unreadable, and isn't looked at.

        Raises
        ------
        PhotoError
            If two processes died of it, or it took more time or memory than the limits allow.
        WorkerError
            If no reading process can be started.
        """
        most = self._settings.limits.manifest_bytes
        if len(store) > most:
            return unreadable_store(f"it has {len(store):,} bytes, and the limit is {most:,}")
        return self._ask({"manifest": True}, store, recovered_of)

    def close(self) -> None:
        """End the processes; a later photo starts new ones."""
        with self._lock:
            _end_all(self._idle, os.getpid())

    def _ask(
        self, head: dict[str, Any], body: Any, taken: Callable[[framing.Message], _Read]
    ) -> _Read:
        """Ask once, and once more where the process died: perhaps of something else.

        One that died before it had the request died of something else; another is asked.
        ``taken`` takes the answer apart, and raises ``ValueError`` of nonsense.
        """
        deaths, innocent = 0, self._settings.limits.workers  # as many may have died waiting
        with self._free:
            while True:
                try:
                    return self._ask_one(head, body, taken)
                except _DeathError as death:
                    if not death.had_request:
                        if not innocent:
                            raise WorkerError(_NEVER_ASKED) from death
                        innocent -= 1
                        continue
                    deaths += 1
                    if deaths == 2:
                        raise death.meaning from death

    def _ask_one(
        self, head: dict[str, Any], body: Any, taken: Callable[[framing.Message], _Read]
    ) -> _Read:
        process = self._borrow()
        try:
            reading = _checked(process.ask(head, body), taken)
        except PhotoError:
            self._give_back(process)
            raise
        except BaseException:
            process.end()
            raise
        self._give_back(process)
        return reading

    def _borrow(self) -> "_Process":
        with self._lock:
            if os.getpid() != self._owner:  # after a fork the processes are our parent's
                self._idle.clear()
                self._owner = os.getpid()
            while self._idle:
                process = self._idle.pop()
                if process.alive:
                    return process
                process.end()  # it died while it waited, of no photo
        return _Process(self._settings)

    def _give_back(self, process: "_Process") -> None:
        if process.alive:
            with self._lock:
                self._idle.append(process)


def _end_all(processes: "list[_Process]", owner: int) -> None:
    if os.getpid() == owner:
        for process in processes:
            process.end()
    processes.clear()


class _Process:
    """One reading process; not for two threads at a time."""

    def __init__(self, settings: Settings) -> None:
        self._limits = settings.limits
        threads = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"), "1")
        try:
            self._popen = isolation.started(_PROGRAM, threads)
        except OSError as error:
            raise WorkerError(f"the reading process can't be started: {error}") from error
        try:
            deadline = time.monotonic() + _START
            framing.send(self._input, settings.message(), deadline=deadline)
            framing.receive(self._output, 0, deadline)
        except (framing.ClosedError, framing.LateError) as error:
            self.end()
            failure = WorkerError(
                f"the reading process didn't start (status {self._popen.returncode}); see what "
                f"{sys.executable} -c 'import verifier.reading.worker' says"
            )
            raise _DeathError(failure) from error

    @property
    def alive(self) -> bool:
        return self._popen.poll() is None

    @property
    def _input(self) -> int:
        assert self._popen.stdin is not None
        return self._popen.stdin.fileno()

    @property
    def _output(self) -> int:
        assert self._popen.stdout is not None
        return self._popen.stdout.fileno()

    def ask(self, head: dict[str, Any], body: Any) -> framing.Message:
        """Have something read. Raises `PhotoTimeoutError` or `_DeathError`; see `alive`."""
        deadline = time.monotonic() + self._limits.seconds
        had_request = False
        try:
            framing.send(self._input, head, body, deadline)
            framing.receive(self._output, 0, deadline)  # it has it
            had_request = True
            return framing.receive(self._output, 6 * self._limits.pixels, deadline)
        except framing.LateError:
            self.end()
            raise PhotoTimeoutError(
                f"reading the photo took more than {self._limits.seconds:g} s; it is damaged or "
                "made to waste time (raise Limits.seconds if you trust it)"
            ) from None
        except framing.ClosedError as error:
            raise _DeathError(self._death(), had_request=had_request) from error

    def _death(self) -> PhotoError:
        """Say of what the process died."""
        self.end()
        status = self._popen.returncode
        if status == -signal.SIGKILL:
            return PhotoTooLargeError(
                "the decoder process of the photo was killed, probably for memory"
            )
        return PhotoUnreadableError(
            f"the decoder process died on this photo (status {status}); "
            "the file is damaged or hostile"
        )

    def end(self) -> None:
        """Kill the process, if it runs, and forget it."""
        if self._popen.poll() is None:
            # It gets a moment to go by itself, so that its status says what ended it.
            with contextlib.suppress(subprocess.TimeoutExpired):
                if self._popen.stdin is not None:
                    self._popen.stdin.close()
                self._popen.wait(0.2)
            if self._popen.poll() is None:
                self._popen.kill()
                self._popen.wait()
        for pipe in (self._popen.stdin, self._popen.stdout):
            if pipe is not None:
                pipe.close()


def _checked(answer: framing.Message, taken: Callable[[framing.Message], _Read]) -> _Read:
    """Check an answer: the process that gave it has seen hostile bytes."""
    name = answer.head.get("error")
    if name is not None:
        kind = getattr(verifier.errors, str(name), PhotoUnreadableError)
        kind = kind if isinstance(kind, type) and issubclass(kind, PhotoError) else PhotoError
        raise kind(str(answer.head.get("message")))
    try:
        return taken(answer)
    except (ValidationError, ValueError) as error:
        raise WorkerError(f"the reading process answered nonsense: {error}") from error


def _reading(answer: framing.Message) -> Reading:
    facts = Facts.model_validate(all_whole(answer.head.get("facts")))
    height, width = facts.input.height, facts.input.width
    pictures = np.frombuffer(answer.body, np.uint8).reshape(-1, height, width, 3)
    pixels, *others = pictures
    converted = others.pop() if len(others) == 1 else None
    if others:
        raise ValueError(f"{len(pictures)} pictures")
    return Reading(facts, pixels, converted)
