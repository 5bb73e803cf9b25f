"""Where a repository is asked over HTTP, and that an answer comes from there and nowhere else.

The operator named the place, so it may be in the operator's own network. What may not happen is
that an answer leads elsewhere: redirects stay at the scheme, host and port that were named. Plain
HTTP is for this machine alone, so everywhere else a certificate proves that the name's owner
answers; a name that leads to this machine or to its nearest network is refused all the same.
"""

import http.client
import ipaddress
import re
import ssl
import time
from dataclasses import dataclass, field
from typing import Final, Self
from urllib.parse import quote, urlencode, urljoin, urlsplit

from verifier.errors import RepositoryError, SettingsError
from verifier.fetching.addresses import Resolve, is_loopback, resolved
from verifier.fetching.connection import connected, cut_off, seconds_left

SECONDS: Final = 10.0
"""For an answer, redirects included."""
_PORTS: Final = {"http": 80, "https": 443}
_BASE: Final = "/v1"  # of the API, where a URL names no path
_REDIRECTS: Final = 3
_MOVED: Final = (301, 302, 303, 307, 308)
_LONGEST: Final = 500  # characters of a URL
_SECRET: Final = re.compile("//.*@")
_REPOSITORY: Final = "repository"
_CHUNK: Final = 65_536  # bytes
_AGENT: Final = "camsim"


@dataclass(frozen=True)
class Answer:
    """What a repository answers: the status, the media type without parameters, and the body."""

    status: int
    kind: str
    content: bytes


@dataclass(frozen=True)
class Endpoint:
    """The place of a repository's API.

    Attributes
    ----------
    base
        Path under which the routes lie, without a slash at its end.
    resolve
        Host and port to addresses; the system's.
    what
        Is asked, in a word or two for errors.
    """

    scheme: str
    host: str
    port: int
    base: str
    seconds: float = SECONDS
    resolve: Resolve = field(default=resolved, repr=False)
    what: str = _REPOSITORY

    @classmethod
    def of_url(
        cls,
        url: str,
        *,
        seconds: float = SECONDS,
        resolve: Resolve = resolved,
        what: str = _REPOSITORY,
    ) -> Self:
        """Read a URL that the operator gave; without a path it means ``/v1``.

        Raises
        ------
        SettingsError
            If it is none that is asked by.
        """
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 0)
        except ValueError as error:
            raise SettingsError(
                f"the {what} {_shown(url)!a} is no URL; look at its host and port"
            ) from error
        plain = f"the {what} {_shown(url)!a}"
        if parts.scheme not in _PORTS or not host or len(url) > _LONGEST or not url.isascii():
            raise SettingsError(f"{plain} is no URL of https with a host")
        if parts.username is not None or parts.query or parts.fragment:
            raise SettingsError(f"{plain} has a user, a query or a fragment; give it without")
        if parts.scheme == "http" and not _is_this_machine(host):
            raise SettingsError(
                f"{plain} is asked by http, which anybody on the way can change; use https "
                "(http is for localhost alone)"
            )
        base = quote(parts.path, safe="/%:@!$&'()*+,;=-._~").rstrip("/") or _BASE
        return cls(parts.scheme, host, port, base, seconds, resolve, what)

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == _PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}"

    @property
    def url(self) -> str:
        """Under which the routes lie."""
        return self.origin + self.base

    def ask(
        self,
        method: str,
        route: str,
        *,
        accept: str,
        most_bytes: int,
        query: dict[str, str] | None = None,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """Ask, and return the answer whole.

        Parameters
        ----------
        route
            Path under ``base``.
        most_bytes
            Of the answer.

        Raises
        ------
        RepositoryError
            If nobody answers in time, the answer is too large, or it leads elsewhere.
        """
        deadline = time.monotonic() + self.seconds
        place = f"{self.base}{route}" + (f"?{urlencode(query)}" if query else "")
        wanted = {"User-Agent": _AGENT, "Accept": accept, "Accept-Encoding": "identity"}
        wanted |= headers or {}
        try:
            for _ in range(_REDIRECTS + 1):
                answer = self._ask(method, place, body, wanted, most_bytes, deadline)
                if isinstance(answer, Answer):
                    return answer
                place = self._within(answer, place)
        except TimeoutError as error:
            raise self._error(f"doesn't answer within {self.seconds:g} s") from error
        # Standard library: http.client, ssl and urllib raise ValueError for what they can't write.
        except (OSError, http.client.HTTPException, ValueError) as error:
            if time.monotonic() >= deadline:
                raise self._error(f"doesn't answer within {self.seconds:g} s") from error
            raise self._error(f"can't be asked: {_words(error)}") from error
        raise self._error(f"redirects more than {_REDIRECTS} times")

    def _ask(
        self,
        method: str,
        place: str,
        body: bytes | None,
        headers: dict[str, str],
        most_bytes: int,
        deadline: float,
    ) -> "Answer | str":
        """Return the answer, or where it is to be found instead."""
        tls = self.scheme == "https"
        connection = connected(self.host, self.port, self._address(), deadline, tls=tls)
        with cut_off(connection, deadline):
            if isinstance(connection.sock, ssl.SSLSocket):
                connection.sock.do_handshake()
            connection.request(method, place, body, headers)
            response = connection.getresponse()
            moved = response.getheader("Location")
            if response.status in _MOVED and moved and method == "GET":
                return moved
            content = self._content(response, most_bytes)
        seconds_left(deadline)
        if response.length:
            raise self._error(f"broke off {response.length:,} bytes before the end of its answer")
        kind = (response.getheader("Content-Type") or "").partition(";")[0].strip().lower()
        return Answer(response.status, kind, content)

    def _content(self, response: http.client.HTTPResponse, most_bytes: int) -> bytes:
        content = bytearray()
        while chunk := response.read(_CHUNK):
            content += chunk
            if len(content) > most_bytes:
                raise self._error(f"answers more than {most_bytes:,} bytes, which isn't read")
        return bytes(content)

    def _within(self, moved: str, place: str) -> str:
        """Return the path of a redirect, which has to stay where the operator said."""
        target = urlsplit(urljoin(self.origin + place, moved))
        port = target.port or _PORTS.get(target.scheme)
        if (target.scheme, target.hostname, port) != (self.scheme, self.host, self.port):
            to = f"{target.scheme}://{target.hostname or ''}"[:100]
            raise self._error(f"redirects to {to!a}, which isn't followed; name that one")
        query = f"?{target.query}" if target.query else ""
        return quote(f"{target.path or '/'}{query}", safe="/?%:@!$&'()*+,;=-._~")

    def _address(self) -> str:
        """Return the address to ask; it stays the same for the connection."""
        try:
            addresses = self.resolve(self.host, self.port)
        except (OSError, UnicodeError) as error:
            raise self._error("has no address") from error
        for address in addresses:
            if self._may_be_asked(address):
                return address
        shown = ", ".join(addresses)[:100]
        raise self._error(f"leads to {shown}, which a {self.what} of that name isn't asked at")

    def _may_be_asked(self, address: str) -> bool:
        if _is_this_machine(self.host):
            return is_loopback(address)
        found = ipaddress.ip_address(address.partition("%")[0])
        is_named = str(found) == self.host
        is_near = found.is_link_local or found.is_multicast or found.is_unspecified
        return is_named or not (is_loopback(address) or is_near)

    def _error(self, words: str) -> RepositoryError:
        return RepositoryError(f"the {self.what} {self.url} {words}")


def _shown(url: str) -> str:
    """Return a URL without what may be a secret: its user, its query, its fragment."""
    return _SECRET.sub("//...@", re.split("[?#]", url)[0])[:200]


def _is_this_machine(host: str) -> bool:
    try:
        return is_loopback(host)
    except ValueError:
        return host.rstrip(".") == "localhost"


def _words(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error or type(error).__name__)[:200]
