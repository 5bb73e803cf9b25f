"""Memory is shared: an upload that stalls, or a client that has most, gives way."""

import socket
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from tests.verifier.service.server import PATIENCE, served
from verifier.service.held import STALLED, STEP, Held, Lease
from verifier.service.problems import BusyError

MEGA = 1_000_000
# A tenth of all sizes, since much is sent to fill what the service may hold.
TENTH = "import verifier.commands.serve\nverifier.commands.serve._MEGA //= 10"


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def held(clock: Clock) -> Held:
    return Held(10 * MEGA, clock)


def uploading(held: Held, client: str, count: int) -> tuple[Lease, list[str]]:
    lease, told = held.lease(client), []
    lease.interrupt = lambda: told.append("interrupted")
    lease.grow(count)
    return lease, told


def test_who_stalls_gives_way(held: Held, clock: Clock) -> None:
    old, told = uploading(held, "a", 9 * MEGA)
    new, _ = uploading(held, "a", MEGA)
    with pytest.raises(BusyError):
        new.grow(MEGA)
    assert not told
    clock.now += STALLED
    old.grow(0)
    new.grow(STEP)
    assert told == ["interrupted"]
    assert held.bytes == MEGA + STEP
    with pytest.raises(BusyError, match="too slow"):
        old.grow(1)
    old.release()
    assert held.bytes == MEGA + STEP


def test_drops_are_no_progress(held: Held, clock: Clock) -> None:
    dripping, told = uploading(held, "a", 9 * MEGA)
    for _ in range(10):
        clock.now += STALLED / 10
        dripping.grow(1)
    clock.now += STALLED / 10
    uploading(held, "b", 2 * MEGA)
    assert told


def test_who_has_most_gives_way_to_who_has_less(held: Held) -> None:
    greedy = [uploading(held, "a", 2 * MEGA) for _ in range(5)]
    uploading(held, "b", MEGA)
    assert [told for _, told in greedy].count(["interrupted"]) == 1
    for _ in range(3):
        uploading(held, "b", MEGA)
    with pytest.raises(BusyError):
        uploading(held, "b", 3 * MEGA)


def test_what_has_arrived_never_gives_way(held: Held, clock: Clock) -> None:
    whole = held.lease("a")
    whole.grow(10 * MEGA)
    clock.now += 100
    with pytest.raises(BusyError):
        held.lease("b").grow(1)
    assert held.bytes == 10 * MEGA


def test_nobody_gives_way_in_vain(held: Held, clock: Clock) -> None:
    _, told = uploading(held, "a", 5 * MEGA)
    clock.now += 100
    with pytest.raises(BusyError):
        held.lease("b").grow(11 * MEGA)
    assert not told


def test_a_lease_that_ended_holds_nothing_again(held: Held) -> None:
    with held.lease("a") as lease:
        lease.grow(1)
    with pytest.raises(BusyError):
        lease.grow(1)
    assert held.bytes == 0


@pytest.mark.slow
@pytest.mark.parametrize("form", [True, False])
def test_stalled_uploads_keep_no_photo_out(form: bool, toy_folder: Path, photo: bytes) -> None:
    """Uploads of one address fill all the memory, and stop before their last byte."""
    options = ("--weights", toy_folder, "--resend", "--workers", 1, "--rate", 0, "--largest", 100)
    with served(*options, before=TENTH) as server, ExitStack() as stack:
        host, _, port = server.url.removeprefix("http://").partition(":")
        size = 99 * MEGA // 10
        body = (
            b"--x\r\nContent-Disposition: form-data; name=file; filename=a\r\n\r\n" if form else b""
        )
        kind = b"multipart/form-data; boundary=x" if form else b"image/jpeg"
        head = b"POST /v1/analyses HTTP/1.1\r\nHost: localhost\r\nContent-Type: %s\r\n" % kind
        for _ in range(6):
            stalled = stack.enter_context(socket.create_connection((host, int(port)), PATIENCE))
            with suppress(OSError):  # the sixth finds no memory, or takes the first one's
                stalled.sendall(head + b"Content-Length: %d\r\n\r\n" % size + body)
                stalled.sendall(bytes(size - len(body) - 1))
        with server.client() as client:
            assert client.post("/v1/analyses", files={"file": photo}).status_code == 200
