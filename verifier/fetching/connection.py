"""A connection to an address that was checked, which ends at a deadline whatever the other does."""

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Protocol


class Interruptible(Protocol):
    """What can be told to end, from any thread, while a connection is open."""

    interrupt: Callable[[], object] | None


def connected(
    host: str, port: int, address: str, deadline: float, *, tls: bool
) -> http.client.HTTPConnection:
    """Connect to an address; the host's name is what its certificate must be of.

    The handshake is the caller's, inside of `cut_off`.

    Parameters
    ----------
    deadline
        By `time.monotonic`.

    Raises
    ------
    OSError
        If nobody answers there in time.
    """
    plain = socket.create_connection((address, port), timeout=seconds_left(deadline))
    if not tls:
        connection = http.client.HTTPConnection(host, port)
        connection.sock = plain
        return connection
    connection = http.client.HTTPSConnection(host, port)
    connection.sock = ssl.create_default_context().wrap_socket(
        plain, server_hostname=host, do_handshake_on_connect=False
    )
    return connection


@contextmanager
def cut_off(
    connection: http.client.HTTPConnection, deadline: float, held: Interruptible | None = None
) -> Iterator[None]:
    """Close a connection in the end, and shut it down at the deadline: drops don't keep it up.

    It is shut down before if ``held`` is interrupted.
    """
    sock = connection.sock

    def shut_down() -> None:
        with suppress(OSError):
            socket.socket.shutdown(sock, socket.SHUT_RDWR)  # of TLS, too, without its goodbye

    timer = threading.Timer(seconds_left(deadline), shut_down)
    timer.daemon = True
    timer.start()
    try:
        if held:
            held.interrupt = shut_down
        yield
    finally:
        if held:
            held.interrupt = None
        timer.cancel()
        connection.close()


def seconds_left(deadline: float) -> float:
    """Return the time that is left; raises `TimeoutError` where none is."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("it took too long")
    return left
