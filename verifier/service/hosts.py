"""By which name a service may be asked: a page of another name must not reach it (DNS rebinding).

A page can have its own name resolve to this machine, and then asks us as if we were its origin. The
browser still says in ``Host`` which name the page has.
"""

import ipaddress
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from verifier.service.answers import problem_response
from verifier.service.problems import MisdirectedError, problem_of

_LOCAL: Final = ("localhost", "127.0.0.1", "::1")


def hosts_of(host: str, given: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names that are taken: those given, or this machine's own where it is asked alone.

    Parameters
    ----------
    host
        Where the service listens.
    given
        By the operator; ``*``: all.

    Returns
    -------
    tuple of str
        None of them: all are taken.
    """
    if "*" in given or (not given and not _is_local(host)):
        return ()
    local = (*_LOCAL, host) if _is_local(host) else ()
    return tuple(dict.fromkeys(_bare(name) for name in (*given, *local)))


class Hosts:
    """Refuses requests by another name; 421 (RFC 9110, 15.5.20)."""

    def __init__(self, app: ASGIApp, allowed: tuple[str, ...]) -> None:
        self._app = app
        self._allowed = frozenset(map(_bare, allowed))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        name = Headers(scope=scope).get("host", "") if scope["type"] == "http" else None
        if name is None or _bare(name) in self._allowed:
            await self._app(scope, receive, send)
            return
        error = MisdirectedError(
            f"this service isn't asked by the name {_bare(name)[:100]!a}; its operator can allow "
            "it with --allowed-host"
        )
        await problem_response(problem_of(error))(scope, receive, send)


def _bare(name: str) -> str:
    """Leave out a port and brackets: ``[::1]:8000`` is ``::1``."""
    name = name.strip().lower().rstrip(".")
    if name.startswith("["):
        return name[1:].partition("]")[0]
    return name.partition(":")[0] if name.count(":") == 1 else name


def _is_local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower().rstrip(".") == "localhost"
