"""Running the application with uvicorn."""

import ipaddress
import signal
import socket

import uvicorn
from fastapi import FastAPI

_BACKLOG = 128
_MOST_CONNECTIONS = 1000  # beyond them 503, so that idle ones can't take all of the memory


def listening(host: str, port: int) -> socket.socket:
    """Open the port; raises `OSError` where it is taken or not ours to take."""
    family = socket.AF_INET6 if _is_version_6(host) else socket.AF_INET
    opened = socket.socket(family)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        opened.bind((host, port))
        opened.listen(_BACKLOG)
    except BaseException:
        opened.close()
        raise
    return opened


def serve(app: FastAPI, opened: socket.socket, drain_seconds: float) -> None:
    """Serve until SIGTERM or SIGINT; then requests that run get some seconds to finish.

    Photos are not named in any log.
    """
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        limit_concurrency=_MOST_CONNECTIONS,
        timeout_graceful_shutdown=max(1, round(drain_seconds)),
    )
    # Once the requests are done, uvicorn raises the signal again: that it ended us is no failure.
    signal.signal(signal.SIGTERM, lambda *_: None)
    uvicorn.Server(config).run(sockets=[opened])


def _is_version_6(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).version == 6
    except ValueError:
        return False
