"""Connections that drip, stand still or come in crowds end, and keep nobody out."""

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.verifier.service.server import Server, served
from verifier.service.connections import ConnectionLimits, Crowd

HEAD = b"POST /v1/analyses HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/jpeg\r\n"
OPTIONS = (
    "--resend", "--workers", 1, "--rate", 0, "--largest", 20,
    "--head-seconds", 2, "--send-seconds", 2, "--stall-seconds", 5, "--upload-seconds", 20,
    "--connections-each", 8,
)  # fmt: skip


@pytest.fixture(scope="module")
def server(toy_folder: Path) -> Iterator[Server]:
    with served("--weights", toy_folder, *OPTIONS) as started:
        yield started


class Client(socket.socket):
    """A client of one address of this machine."""

    def __init__(self, server: Server, address: str = "127.0.0.1") -> None:
        super().__init__(socket.AF_INET, socket.SOCK_STREAM)
        host, _, port = server.url.removeprefix("http://").partition(":")
        self.settimeout(30)
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

    def drip(self, drop: bytes) -> int:
        """Send drops until the other side ends it; returns how many."""
        for count in range(200):
            self.settimeout(0.1)
            try:
                self.sendall(drop)
                if self.recv(1000) == b"":
                    return count
            except TimeoutError:
                continue
            except (ConnectionResetError, BrokenPipeError):
                return count
        raise AssertionError("it takes drops for ever")


def is_well(server: Server) -> bool:
    with server.client() as client:
        return client.get("/healthz").status_code == 200


def test_a_head_that_drips_or_never_comes_is_ended(server: Server) -> None:
    with Client(server) as silent, Client(server) as dripping, Client(server) as half:
        half.sendall(b"GET /healthz HTTP/1.1\r\nHost: local")
        assert dripping.drip(b"G") < 100
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
        assert client.drip(b"1\r\na\r\n" if b"chunked" in length else b"a") < 190
    with server.client() as client:
        assert "camsim_held_bytes 0.0" in client.get("/metrics").text


def test_a_body_that_nobody_wants_is_ended(server: Server) -> None:
    with Client(server) as client:
        client.sendall(HEAD.replace(b"/v1/analyses", b"/nothing") + b"Content-Length: 9999\r\n\r\n")
        assert client.drip(b"a") < 100


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
        assert ended.wait(60), "it keeps answers for ever"
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
        own.process.wait(30)
        assert own.process.stderr is not None
        assert own.process.stderr.read() == ""


def test_one_clients_crowd_keeps_nobody_out(server: Server) -> None:
    upload = HEAD + b"Expect: 100-continue\r\nContent-Length: 5000\r\n\r\n"
    with ExitStack() as stack:
        for _ in range(8):  # as many as one may have, all in the middle of a request
            client = stack.enter_context(Client(server, "127.0.0.2"))
            client.sendall(upload)
            assert b" 100 " in client.recv(1000)
        with Client(server, "127.0.0.2") as ninth:
            ninth.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert ninth.rest().startswith(b"HTTP/1.1 503 ")
        assert is_well(server), "of another client"


def test_connections_that_wait_give_way(server: Server) -> None:
    with ExitStack() as stack:
        idle = [stack.enter_context(Client(server)) for _ in range(20)]
        assert is_well(server), "of the same client"
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
