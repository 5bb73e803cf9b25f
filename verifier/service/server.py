"""Running the application with uvicorn."""

import ipaddress
import resource
import signal
import socket
from functools import partial

import uvicorn
from fastapi import FastAPI

from verifier.service.connections import Connection, ConnectionLimits, Crowd
from verifier.service.proxies import trusted
from verifier.service.settings import ServiceSettings

_BACKLOG = 128
_LONGEST_HEAD = 16_384  # bytes of a request's line and headers


def listening(host: str, port: int) -> socket.socket:
    """Open the port; raises `OSError` where it is taken or not ours to take."""
    family = socket.AF_INET6 if _is_version_6(host) else socket.AF_INET
    # Of a socket that doesn't say TCP, asyncio leaves Nagle's algorithm on: 40 ms an answer.
    opened = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        opened.bind((host, port))
        opened.listen(_BACKLOG)
    except BaseException:
        opened.close()
        raise
    return opened


def serve(app: FastAPI, opened: socket.socket, settings: ServiceSettings) -> None:
    """Serve until SIGTERM or SIGINT; then requests that run get some seconds to finish.

    Photos are not named in any log.
    """
    config = uvicorn.Config(
        app,
        http=partial(Connection, Crowd(_limits(settings))),  # type: ignore[arg-type]
        ws="none",
        log_level="error",  # malformed requests are strangers', and would fill the log
        access_log=False,
        server_header=False,
        proxy_headers=False,  # uvicorn believes every program of this machine; see proxies.py
        h11_max_incomplete_event_size=_LONGEST_HEAD,
        timeout_graceful_shutdown=max(1, round(settings.drain_seconds)),
    )
    # Once the requests are done, uvicorn raises the signal again: that it ended us is no failure.
    signal.signal(signal.SIGTERM, lambda *_: None)
    uvicorn.Server(config).run(sockets=[opened])


def _limits(settings: ServiceSettings) -> ConnectionLimits:
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return ConnectionLimits(
        most=max(
            1, min(settings.connections, files // 2)
        ),  # the rest is for files and decoder processes
        most_each=settings.connections_each,
        head_seconds=settings.head_seconds,
        send_seconds=settings.send_seconds,
        proxies=trusted(settings.trusted_proxies),
    )


def _is_version_6(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).version == 6
    except ValueError:
        return False
