"""Fetching a photo by its URL, without becoming a way into the operator's own network.

Each address that a name resolves to must be public, and the connection goes to the address that was
checked, so that a name can't answer differently the second time. Redirects are checked anew.
Proxies of the environment are not used: they would resolve the name again.
"""

import http.client
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from verifier.errors import PhotoTooLargeError
from verifier.fetching.addresses import Resolve, is_public, resolved
from verifier.fetching.connection import connected, cut_off
from verifier.service.held import Lease, given_way
from verifier.service.problems import FetchError, RefusedUrlError

_PORTS: Final = {"http": 80, "https": 443}
_REDIRECTS: Final = 5
_LONGEST: Final = 2000  # characters of a URL
_MOVED: Final = (301, 302, 303, 307, 308)
# What a path and a query may have as they are (RFC 3986, 3.3 and 3.4), and what is quoted already.
_KEPT: Final = "/?%:@!$&'()*+,;=-._~"
_CHUNK: Final = 65_536  # bytes
_AGENT: Final = "camsim"


@dataclass(frozen=True)
class Fetched:
    """A file from the network, and the last part of its URL's path."""

    content: bytes
    name: str | None


@dataclass(frozen=True)
class Fetcher:
    """Fetches photos.

    Parameters
    ----------
    most_bytes
        Of a file.
    seconds
        For all of it, redirects included.
    resolve
        Host and port to addresses; the system's.
    is_public
        Whether an address may be asked.
    """

    most_bytes: int
    seconds: float = 15.0
    resolve: Resolve = field(default_factory=lambda: resolved)
    is_public: Callable[[str], bool] = field(default_factory=lambda: is_public)
    ports: tuple[int, ...] = (80, 443)

    def fetch(self, url: str, lease: Lease | None = None) -> Fetched:
        """Fetch a file.

        Parameters
        ----------
        lease
            Grows by what comes.

        Raises
        ------
        RefusedUrlError
            If the URL, or one that it redirects to, is none that is fetched.
        FetchError
            If nothing comes, or no file.
        PhotoTooLargeError
            If the file is larger than allowed.
        BusyError
            If too many photos are held.
        """
        deadline = time.monotonic() + self.seconds
        for _ in range(_REDIRECTS + 1):
            target = self._checked(url)
            try:
                answer = self._ask(target, deadline, lease)
                if isinstance(answer, Fetched):
                    return answer
                url = urljoin(url, answer)
            # Standard library: http.client, ssl and urllib raise ValueError for names of hosts and
            # places that they can't write.
            except (OSError, http.client.HTTPException, ValueError) as error:
                if lease and lease.evicted:
                    raise given_way() from error
                raise FetchError(f"{_shown(target)} gives no photo: {error}") from error
        raise FetchError(f"{_shown(target)} redirects more than {_REDIRECTS} times")

    def _checked(self, url: str) -> SplitResult:
        try:
            target = urlsplit(url)
            port = target.port or _PORTS.get(target.scheme)
        except ValueError as error:
            raise RefusedUrlError(f"the URL can't be read: {error}") from error
        if not _is_unicode(url):
            raise RefusedUrlError("the URL can't be read: it has half a character in it")
        if target.scheme not in _PORTS or not target.hostname or len(url) > _LONGEST:
            raise RefusedUrlError("only http and https URLs with a host are fetched")
        if target.username is not None or target.password is not None:
            raise RefusedUrlError("URLs with a user or a password are not fetched")
        if port not in self.ports:
            raise RefusedUrlError(f"port {port} is not asked; photos are fetched from 80 and 443")
        return target

    def _ask(self, target: SplitResult, deadline: float, lease: Lease | None) -> "Fetched | str":
        """Return the file, or where it is to be found instead."""
        connection = self._connected(target, deadline)
        with cut_off(connection, deadline, lease):
            if isinstance(connection.sock, ssl.SSLSocket):
                connection.sock.do_handshake()
            connection.request(
                "GET",
                _place(target),
                headers={"User-Agent": _AGENT, "Accept": "image/*", "Accept-Encoding": "identity"},
            )
            response = connection.getresponse()
            place = response.getheader("Location")
            if response.status in _MOVED and place:
                return place
            if response.status != http.HTTPStatus.OK:
                raise FetchError(f"{_shown(target)} answers {response.status}")
            content = self._content(response, lease)
        if time.monotonic() > deadline:
            raise FetchError(f"{_shown(target)} takes more than {self.seconds:g} s")
        if response.length:
            raise FetchError(f"{_shown(target)} broke off {response.length:,} bytes before the end")
        return Fetched(content, target.path.rpartition("/")[2] or None)

    def _content(self, response: http.client.HTTPResponse, lease: Lease | None) -> bytes:
        content = bytearray()
        while chunk := response.read(_CHUNK):
            content += chunk
            if len(content) > self.most_bytes:
                raise PhotoTooLargeError(
                    f"the file at the URL is larger than {self.most_bytes:,} bytes"
                )
            if lease:
                lease.grow(len(chunk))
        return bytes(content)

    def _connected(self, target: SplitResult, deadline: float) -> http.client.HTTPConnection:
        host = target.hostname or ""
        port = target.port or _PORTS[target.scheme]
        address = self._address(host, port)
        return connected(host, port, address, deadline, tls=target.scheme == "https")

    def _address(self, host: str, port: int) -> str:
        """Return the address to ask; refuse a host if any of its addresses isn't public."""
        try:
            addresses = self.resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise FetchError(f"{host!a} has no address") from error
        if not addresses or not all(map(self.is_public, addresses)):
            raise RefusedUrlError(f"{host[:100]} is not in the public network, so it is not asked")
        return addresses[0]


def _place(target: SplitResult) -> str:
    """Write path and query as a request has them."""
    query = f"?{quote(target.query, safe=_KEPT)}" if target.query else ""
    return quote(target.path or "/", safe=_KEPT) + query


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _shown(target: SplitResult) -> str:
    """Name a host in a sentence: what strangers make of it stays short."""
    return (target.hostname or "")[:100]
