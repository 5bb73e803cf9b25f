"""RAW files decoded in a process of their own, kept and replaced.

LibRaw reads formats of thirty years in C++. A damaged or hostile file that crashes it, or that it
never ends with, takes that process along and nothing else. The file is reported, and others go on.
"""

import atexit
import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

import camera_sim.errors
from camera_sim.errors import RawDecoderError, RawError, RawUnreadableError, UnforeseenError
from camera_sim.raw.messages import image_of
from camera_sim.raw.raw_file import RawFile
from camera_sim.raw.raw_image import RawImage
from fleet import framing, isolation

SECONDS = 60.0
"""For one file: 100 MP of any maker are decoded in under ten."""
MEMORY_BYTES = 4 << 30
"""Address space that a file may take: LibRaw takes 2 GiB at most for its samples."""
_START: Final = 60.0  # seconds that Python may take to start on a busy machine
_PROGRAM: Final = "from camera_sim.raw.worker import main; main()"
# LibRaw leaves samples that it can't decode as they lie in memory: whatever was there, keys
# included, would become a picture. By this the C library (glibc) hands out zeros.
_ZEROED: Final = {"MALLOC_PERTURB_": "255"}
_LARGEST_ANSWER: Final = 8 << 30


class RawDecoder:
    """A decoding process, started when it is needed; safe to use from several threads.

    Parameters
    ----------
    seconds, memory_bytes
        That one file may take.
    """

    def __init__(self, seconds: float = SECONDS, memory_bytes: int = MEMORY_BYTES) -> None:
        self._seconds, self._memory_bytes = seconds, memory_bytes
        self._lock = threading.Lock()
        self._popen: subprocess.Popen[bytes] | None = None
        self._is_ready = False
        self.deaths = 0

    def read(self, file: RawFile) -> RawImage:
        """Read a RAW file, as `raw.read_raw`.

        Raises
        ------
        RawError
            For whatever is wrong with the file; that the decoder died of it included.
        RawDecoderError
            If no process can be started.
        UnforeseenError
            If the decoder raised something else: a defect of ours.
        """
        return image_of(self._ask(file, {}), file)

    def render(
        self, file: RawFile, white_balance: tuple[float, float, float], exposure: float, depth: int
    ) -> NDArray[Any]:
        """Have LibRaw render a file, as `libraw_rendering.render`; raises as `read`."""
        how = {"white_balance": white_balance, "exposure": exposure, "depth": depth}
        answer = self._ask(file, {"render": how})
        try:
            dtype = {"uint8": np.uint8, "uint16": np.uint16}[answer.head["dtype"]]
            return np.frombuffer(answer.body, dtype).reshape(answer.head["shape"])
        except (KeyError, TypeError, ValueError) as error:
            raise RawUnreadableError(f"{file.path} made its decoder answer nonsense") from error

    def start(self) -> None:
        """Start the process, without waiting for it, if it doesn't run."""
        with self._lock:
            self._start()

    def close(self) -> None:
        """End the process; a later file starts a new one."""
        with self._lock:
            self._end()

    def _ask(self, file: RawFile, head: dict[str, Any]) -> framing.Message:
        with self._lock:
            try:
                self._start()
                self._await_ready()
                answer = self._exchange(file, head)
            except BaseException:  # an interrupt included: half an answer may be on its way
                self._end()
                raise
        name = answer.head.get("error")
        if name is None:
            return answer
        words = str(answer.head.get("message"))
        if name == UnforeseenError.__name__:
            raise UnforeseenError(words)
        kind = getattr(camera_sim.errors, str(name), RawUnreadableError)
        known = isinstance(kind, type) and issubclass(kind, RawError)
        raise (kind if known else RawUnreadableError)(words)

    def _exchange(self, file: RawFile, head: dict[str, Any]) -> framing.Message:
        deadline = time.monotonic() + self._seconds
        try:
            framing.send(self._pipe("stdin"), head | {"path": str(file.path)}, file.content,
                         deadline)  # fmt: skip
            return framing.receive(self._pipe("stdout"), _LARGEST_ANSWER, deadline)
        except framing.LateError:
            raise RawUnreadableError(
                f"{file.path} took LibRaw more than {self._seconds:g} s to decode; it is damaged "
                "or made to waste time"
            ) from None
        except framing.ClosedError as error:
            raise self._death(file) from error

    def _death(self, file: RawFile) -> RawUnreadableError:
        self.deaths += 1
        status = self._end()
        if status == -signal.SIGKILL:
            return RawUnreadableError(f"{file.path}: its decoder was killed, probably for memory")
        return RawUnreadableError(
            f"{file.path} crashed LibRaw (status {status}); the file is damaged or hostile"
        )

    def _start(self) -> None:
        if self._popen is not None and self._popen.poll() is None:
            return
        self._end()
        try:
            self._popen = isolation.started(_PROGRAM, _ZEROED)
            framing.send(self._pipe("stdin"), {"memory_bytes": self._memory_bytes})
        except (OSError, framing.ClosedError) as error:
            raise RawDecoderError(f"the RAW decoder can't be started: {error}") from error

    def _await_ready(self) -> None:
        if self._is_ready:
            return
        try:
            framing.receive(self._pipe("stdout"), 0, time.monotonic() + _START)
        except (framing.ClosedError, framing.LateError) as error:
            raise RawDecoderError(
                f"the RAW decoder didn't start; see what {sys.executable} -c 'import "
                "camera_sim.raw.worker' says"
            ) from error
        self._is_ready = True

    def _pipe(self, name: str) -> int:
        pipe = getattr(self._popen, name)
        return int(pipe.fileno())

    def _end(self) -> int | None:
        """End the process, if there is one, and return its status."""
        popen, self._popen, self._is_ready = self._popen, None, False
        if popen is None:
            return None
        for pipe in (popen.stdin, popen.stdout):
            if pipe is not None:
                pipe.close()
        # It gets a moment to go by itself, so that its status says what ended it.
        with contextlib.suppress(subprocess.TimeoutExpired):
            popen.wait(0.5)
        if popen.poll() is None:
            popen.kill()
        return popen.wait()


@cache
def _decoder_of(process: int) -> RawDecoder:
    decoder = RawDecoder()

    def close() -> None:
        if os.getpid() == process:  # a fork's end must not end its parent's decoder
            decoder.close()

    atexit.register(close)
    return decoder


def raw_decoder() -> RawDecoder:
    """Return this process' decoder; after a fork the parent's is left to the parent."""
    return _decoder_of(os.getpid())
