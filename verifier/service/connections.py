"""Connections: bounded in all and for each client, and none stays that only waits.

uvicorn bounds neither the time for a request's head nor that for an answer to be taken. One that
waits for its next request gives way to a new connection, so idle ones keep nobody out.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from verifier.service.problems import BusyError, problem_of
from verifier.service.proxies import Network, peer_network

_BUSY: Final = problem_of(BusyError("too many connections")).model_dump_json().encode()
_REFUSAL: Final = (
    b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 5\r\n"
    b"Content-Type: application/problem+json\r\nContent-Length: %d\r\n\r\n%s" % (len(_BUSY), _BUSY)
)
_LATE: Final = b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


@dataclass(frozen=True)
class ConnectionLimits:
    """Bounds of connections.

    Attributes
    ----------
    most, most_each
        At a time: of all clients, and of one. Proxies that are trusted are many clients.
    head_seconds
        From a connection, or from an answer, until the head of the next request is there.
    send_seconds
        For an answer that was written to be taken.
    """

    most: int = 1000
    most_each: int = 64
    head_seconds: float = 10.0
    send_seconds: float = 30.0
    proxies: tuple[Network, ...] = ()


class Crowd:
    """The connections of one service, by their clients."""

    def __init__(self, limits: ConnectionLimits) -> None:
        self.limits = limits
        self._of: dict[str | None, dict[Connection, None]] = {}
        self._client: dict[Connection, str | None] = {}

    def __len__(self) -> int:
        return len(self._client)

    def enter(self, connection: "Connection", client: str | None) -> bool:
        """Count a connection in; False: there is no place for it."""
        same = self._of.get(client, {})
        if client is not None and len(same) >= self.limits.most_each and not _give_way(same):
            return False
        if len(self) >= self.limits.most and not _give_way(self._by_crowds()):
            return False
        self._of.setdefault(client, {})[connection] = None
        self._client[connection] = client
        return True

    def leave(self, connection: "Connection") -> None:
        """Count a connection out, if it is in."""
        if connection in self._client:
            client = self._client.pop(connection)
            del self._of[client][connection]
            if not self._of[client]:
                del self._of[client]

    def _by_crowds(self) -> "Iterator[Connection]":
        """Go through the connections, those of who has most first, the oldest first."""
        for same in sorted(self._of.values(), key=len, reverse=True):
            yield from same


def _give_way(connections: "dict[Connection, None] | Iterator[Connection]") -> bool:
    """End the first one that only waits."""
    waiting = next((connection for connection in connections if connection.resting), None)
    if waiting:
        waiting.end()
    return waiting is not None


class Connection(H11Protocol):
    """uvicorn's, with bounds."""

    def __init__(self, crowd: Crowd, **options: Any) -> None:
        super().__init__(**options)
        self._crowd = crowd
        self._refused = False
        self._head: asyncio.TimerHandle | None = None
        self._sending: asyncio.TimerHandle | None = None

    @property
    def resting(self) -> bool:
        """Whether no request is being answered."""
        return self.cycle is None or self.cycle.response_complete

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin; or refuse, if there are too many."""
        super().connection_made(transport)
        peer = self.client[0] if self.client else ""
        if not self._crowd.enter(self, peer_network(peer, self._crowd.limits.proxies)):
            transport.write(_REFUSAL)
            transport.close()
            self._refused = True
        self._rest()

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        self._crowd.leave(self)
        for timer in (self._head, self._sending):
            if timer:
                timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what came; a head that isn't whole by now gets no more time for it."""
        if self._refused:
            return
        try:
            super().data_received(data)
        except h11.LocalProtocolError:  # nonsense after an answer was begun: there is no other one
            self.end()
        if not self.resting and self._head:
            self._head.cancel()
            self._head = None

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        super().on_response_complete()
        self._watch_sending()
        if self.resting:
            self._rest()

    def pause_writing(self) -> None:
        """Wait for the client to take what was written."""
        super().pause_writing()
        self._watch_sending()

    def resume_writing(self) -> None:
        """Go on: the client took some, and gets as long for the rest."""
        super().resume_writing()
        self._stop_watching()
        self._watch_sending()

    def end(self) -> None:
        """Close at once."""
        self._crowd.leave(self)
        self.transport.abort()

    def _rest(self) -> None:
        if self._head:
            self._head.cancel()
        self._head = self.loop.call_later(self._crowd.limits.head_seconds, self._late)

    def _late(self) -> None:
        if self.cycle is None and self.conn.trailing_data[0] and not self.transport.is_closing():
            self.transport.write(_LATE)
        self.transport.close()
        self._watch_sending()

    def _watch_sending(self) -> None:
        """Give the client some time for what it hasn't taken; not anew, if it has some already."""
        if not self.transport.get_write_buffer_size():
            self._stop_watching()
        elif self._sending is None:
            self._sending = self.loop.call_later(self._crowd.limits.send_seconds, self.end)

    def _stop_watching(self) -> None:
        if self._sending:
            self._sending.cancel()
            self._sending = None
