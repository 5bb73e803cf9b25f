"""Who asks, and whether they may, now."""

from fastapi import Request

from verifier.api_keys import ApiKeys
from verifier.service.problems import KeyMissingError, TooManyRequestsError
from verifier.service.proxies import FORWARDED, Network, client_network
from verifier.service.rate import RateLimit

ANYBODY = "anybody"


class Access:
    """Checks the key and the rate of requests.

    Parameters
    ----------
    keys
        None: everybody may ask.
    per_minute
        Analyses a minute of one key, or of one address where there are no keys; 0: no limit.
    proxies
        Networks of the proxies whose word on a client's address is taken.
    what
        Is counted, in a word for whoever asks too often.
    """

    def __init__(
        self,
        keys: ApiKeys | None,
        per_minute: int,
        proxies: tuple[Network, ...] = (),
        what: str = "analyses",
    ) -> None:
        self._keys = keys
        self._proxies = proxies
        self._what = what
        self._rate = RateLimit(per_minute)

    @property
    def needs_key(self) -> bool:
        """Whether a key is asked for."""
        return self._keys is not None

    def owner(self, request: Request) -> str:
        """Return whose key a request brings; raises `KeyMissingError`."""
        if self._keys is None:
            return ANYBODY
        owner = self._keys.owner(key_of(request))
        if owner is None:
            raise KeyMissingError("a key is needed: send the header “Authorization: Bearer KEY”")
        return owner

    def client(self, request: Request) -> str:
        """Return the network of who asks; a proxy's client where the proxy is trusted."""
        peer = request.client.host if request.client else ""
        return client_network(peer, request.headers.getlist(FORWARDED), self._proxies)

    def count(self, request: Request, owner: str | None) -> None:
        """Count what is asked for, of a key's owner or, without, of an address.

        Raises
        ------
        TooManyRequestsError
            If that was too much in a minute.
        """
        wait = self._rate.wait(
            owner if owner is not None and self.needs_key else self.client(request)
        )
        if wait:
            raise TooManyRequestsError(
                f"that were too many {self._what} in a minute; ask again in {wait:.0f} s", wait
            )


def key_of(request: Request) -> str:
    """Return the key that a request brings; "": none."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" else request.headers.get("x-api-key", "")
