"""Which addresses of the network may be asked."""

import ipaddress
import socket
from collections.abc import Callable
from typing import Final

Resolve = Callable[[str, int], list[str]]
"""Returns the addresses of a host and port."""

# Networks behind which IPv4 addresses hide: NAT64 (RFC 6052; RFC 8215), 6to4, Teredo.
_TRANSLATED: Final = tuple(
    ipaddress.ip_network(network)
    for network in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32")
)


def is_public(address: str) -> bool:
    """Whether an address is one of the public internet, and hides no other in it."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped:
            return is_public(str(found.ipv4_mapped))
        if any(found in network for network in _TRANSLATED):
            return False
    return found.is_global and not found.is_multicast and not found.is_reserved


def is_loopback(address: str) -> bool:
    """Whether an address is this machine's own."""
    found = ipaddress.ip_address(address.partition("%")[0])
    mapped = getattr(found, "ipv4_mapped", None)
    return bool((mapped or found).is_loopback)


def resolved(host: str, port: int) -> list[str]:
    """Return the addresses of a host, as the system knows them; raises `OSError`."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))
