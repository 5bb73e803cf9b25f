"""Connections that drip, stand still or come in crowds end, and keep nobody out."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.verifier.service.server import PATIENCE, Server, served, wait_until
from verifier.service.connections import ConnectionLimits, Crowd
from verifier.service.server import listening

pytestmark = pytest.mark.slow

HEAD = b"POST /v1/analyses HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/jpeg\r\n"
COMMON = ("--resend", "--workers", 1, "--rate", 0, "--largest", 20, "--connections-each", 8)
# Whatever ends a connection within the patience of a test is the bound that it is of.
NEVER = 3600
OPTIONS = (
    *COMMON, "--head-seconds", 2, "--send-seconds", 2, "--stall-seconds", 2,
    "--upload-seconds", NEVER,
)  # fmt: skip
UNBOUNDED = (
    *COMMON, "--head-seconds", NEVER, "--send-seconds", NEVER, "--stall-seconds", NEVER,
    "--upload-seconds", NEVER,
)  # fmt: skip


@pytest.fixture(scope="module")
def server(toy_folder: Path) -> Iterator[Server]:
    """A service whose bounds of time are short."""
    with served("--weights", toy_folder, *OPTIONS) as started:
        yield started


@pytest.fixture(scope="module")
def crowded(toy_folder: Path) -> Iterator[Server]:
    """A service in which time ends nothing, only numbers do."""
    with served("--weights", toy_folder, *UNBOUNDED) as started:
        yield started


class Client(socket.socket):
    """A client of one address of this machine."""

    def __init__(self, server: Server, address: str = "127.0.0.1") -> None:
        super().__init__(socket.AF_INET, socket.SOCK_STREAM)
        host, _, port = server.url.removeprefix("http://").partition(":")
        self.settimeout(PATIENCE)
        self.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.bind((address, 0))
        self.connect((host, int(port)))

    def rest(self) -> bytes:
        """Return what comes until the other side ends it; raises if it doesn't."""
        found = b""
        try:
            while part := self.recv(65_536):
                found += part
        except (ConnectionResetError, BrokenPipeError):
            pass
        return found

    def drip(self, drop: bytes) -> None:
        """Send drops until the other side ends it; raises if it doesn't."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            self.settimeout(0.1)
            try:
                self.sendall(drop)
                if self.recv(1000) == b"":
                    return
            except TimeoutError:
                continue
            except (ConnectionResetError, BrokenPipeError):
                return
        raise AssertionError("it takes drops for ever")


def is_well(server: Server) -> bool:
    """Whether others are answered; a machine that stands still may miss a bound of time itself."""

    def answers() -> bool:
        with suppress(httpx.TransportError), server.client() as client:
            return client.get("/healthz").status_code == 200
        return False

    wait_until(answers)
    return True


def test_a_head_that_drips_or_never_comes_is_ended(server: Server) -> None:
    with Client(server) as half, Client(server) as silent, Client(server) as dripping:
        half.sendall(b"GET /healthz HTTP/1.1\r\nHost: local")
        dripping.drip(b"G")
        assert silent.rest() == b""
        assert half.rest().startswith(b"HTTP/1.1 408 ")
    assert is_well(server)


def test_a_second_head_on_the_same_connection_is_ended_too(server: Server) -> None:
    with Client(server) as client:
        client.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\nGET /he")
        assert client.rest().startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("length", [b"Content-Length: 900000", b"Transfer-Encoding: chunked"])
def test_a_body_that_drips_is_ended(length: bytes, server: Server) -> None:
    with Client(server) as client:
        client.sendall(HEAD + length + b"\r\n\r\n")
        client.drip(b"1\r\na\r\n" if b"chunked" in length else b"a")
    with server.client() as client:
        wait_until(lambda: "camsim_held_bytes 0.0" in client.get("/metrics").text)


def test_a_body_that_nobody_wants_is_ended(server: Server) -> None:
    with Client(server) as client:
        client.sendall(HEAD.replace(b"/v1/analyses", b"/nothing") + b"Content-Length: 9999\r\n\r\n")
        client.drip(b"a")


def test_an_answer_that_is_never_read_is_ended(server: Server) -> None:
    request = b"GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with Client(server) as client:
        ended = threading.Event()

        def ask() -> None:
            try:
                while True:
                    client.sendall(request * 100)
            except (ConnectionResetError, BrokenPipeError):
                ended.set()

        threading.Thread(target=ask, daemon=True).start()
        assert ended.wait(PATIENCE), "it keeps answers for ever"
    assert is_well(server)


def test_nonsense_after_an_answer_is_no_error_of_ours(toy_folder: Path) -> None:
    with served("--weights", toy_folder, *OPTIONS) as own:
        with Client(own) as client:
            path = HEAD.replace(b"/v1/analyses", b"/nothing")
            client.sendall(path + b"Transfer-Encoding: chunked\r\n\r\n")
            assert client.recv(1000).startswith(b"HTTP/1.1 404 ")
            client.sendall(b"nonsense\r\n" * 100)
            client.rest()
        assert is_well(own)
        own.process.terminate()
        own.process.wait(PATIENCE)
        assert own.process.stderr is not None
        assert own.process.stderr.read() == ""


def test_one_clients_crowd_keeps_nobody_out(crowded: Server) -> None:
    upload = HEAD + b"Expect: 100-continue\r\nContent-Length: 5000\r\n\r\n"
    with ExitStack() as stack:
        for _ in range(8):  # as many as one may have, all in the middle of a request
            client = stack.enter_context(Client(crowded, "127.0.0.2"))
            client.sendall(upload)
            assert b" 100 " in client.recv(1000)
        with Client(crowded, "127.0.0.2") as ninth:
            ninth.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert ninth.rest().startswith(b"HTTP/1.1 503 ")
        assert is_well(crowded), "of another client"


def test_connections_that_wait_give_way(crowded: Server) -> None:
    with ExitStack() as stack:
        idle = [stack.enter_context(Client(crowded)) for _ in range(20)]
        assert is_well(crowded), "of the same client"
        assert idle[0].rest() == b""


class Waits:
    """A connection without a socket."""

    def __init__(self, resting: bool) -> None:
        self.resting, self.ended = resting, False


def crowd(**limits: int) -> Any:
    made = Crowd(ConnectionLimits(**limits))

    def end(connection: Any) -> None:
        connection.ended = True
        made.leave(connection)

    Waits.end = end  # type: ignore[attr-defined]
    return made


def test_who_has_most_gives_way_when_all_are_too_many() -> None:
    made = crowd(most=4, most_each=3)
    one, others = [Waits(True) for _ in range(3)], Waits(True)
    assert all(made.enter(connection, "a") for connection in one)
    assert made.enter(others, "b")
    assert made.enter(Waits(False), "c")
    assert [connection.ended for connection in one] == [True, False, False]
    assert not others.ended
    assert len(made) == 4


def test_who_answers_never_gives_way_and_proxies_are_many_clients() -> None:
    made = crowd(most=4, most_each=2)
    busy = [Waits(False) for _ in range(4)]
    assert [made.enter(connection, "a") for connection in busy] == [True, True, False, False]
    assert [made.enter(Waits(False), None) for _ in range(3)] == [True, True, False]
    made.leave(busy[0])
    made.leave(busy[0])
    assert made.enter(busy[0], "a")


def test_no_answer_waits_for_the_client_to_acknowledge_its_head() -> None:
    """Of connections that say TCP, asyncio switches Nagle's algorithm off."""
    with listening("127.0.0.1", 0) as opened, socket.create_connection(opened.getsockname()):
        connection, _ = opened.accept()
        with connection:
            assert connection.proto == socket.IPPROTO_TCP
