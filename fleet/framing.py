"""Messages to and from a process that reads hostile files: JSON and raw bytes, never a pickle.

A process that a hostile file took over can then lie about the picture, but not run code here.
"""

import json
import os
import select
import time
from dataclasses import dataclass
from typing import Any, Final

_LENGTHS: Final = 4 + 8
_LONGEST_HEAD: Final = 64_000_000
_CHUNK: Final = 1 << 20


class ClosedError(Exception):
    """The other side is gone."""


class LateError(Exception):
    """The deadline has passed."""


@dataclass(frozen=True)
class Message:
    """A JSON object and what belongs to it in bytes."""

    head: dict[str, Any]
    body: bytes | bytearray = b""


def send(
    descriptor: int, head: dict[str, Any], body: Any = b"", deadline: float | None = None
) -> None:
    """Write a message; ``body`` is anything with the buffer interface.

    Raises
    ------
    ClosedError
        If nobody reads any more.
    LateError
        If it isn't read by the deadline (of `time.monotonic`).
    """
    text = json.dumps(head).encode()
    content = memoryview(body).cast("B")
    lengths = len(text).to_bytes(4, "big") + len(content).to_bytes(8, "big")
    for part in (lengths, text, content):
        _write(descriptor, part, deadline)


def receive(descriptor: int, longest: int, deadline: float | None = None) -> Message:
    """Read a message whose body has at most ``longest`` bytes. Raises as `send` does."""
    lengths = _read(descriptor, _LENGTHS, deadline)
    head, body = int.from_bytes(lengths[:4], "big"), int.from_bytes(lengths[4:], "big")
    if head > _LONGEST_HEAD or body > longest:
        raise ClosedError(f"a message of {head} and {body} bytes is too long")
    try:
        content = json.loads(bytes(_read(descriptor, head, deadline)))
    except ValueError as error:
        raise ClosedError("a message that is no JSON") from error
    if not isinstance(content, dict):
        raise ClosedError("a message that is no JSON object")
    return Message(content, _read(descriptor, body, deadline))


def _write(descriptor: int, content: "bytes | memoryview", deadline: float | None) -> None:
    view = memoryview(content)
    while view:
        _wait(descriptor, deadline, writing=True)
        try:
            # A pipe that is ready takes at least PIPE_BUF bytes without blocking.
            size = _CHUNK if deadline is None else select.PIPE_BUF
            view = view[os.write(descriptor, view[:size]) :]
        except OSError as error:
            raise ClosedError(str(error)) from error


def _read(descriptor: int, size: int, deadline: float | None) -> bytearray:
    content = bytearray(size)
    view = memoryview(content)
    filled = 0
    while filled < size:
        _wait(descriptor, deadline, writing=False)
        count = os.readv(descriptor, [view[filled : filled + _CHUNK]])
        if not count:
            raise ClosedError("the other side closed")
        filled += count
    return content


def _wait(descriptor: int, deadline: float | None, *, writing: bool) -> None:
    if deadline is None:
        return
    poll = select.poll()
    poll.register(descriptor, select.POLLOUT if writing else select.POLLIN)
    left = deadline - time.monotonic()
    if left <= 0 or not poll.poll(left * 1000):
        raise LateError
