"""Which client asks: the address that connects, or what a trusted proxy says of it.

A client can write ``X-Forwarded-For`` itself, and a proxy adds the address it saw at the right end.
So the header is read from the right, as long as proxies of the operator wrote it. ``Forwarded``
(RFC 7239) is never believed: a proxy that sets the one passes the other on as a client wrote it.
"""

import ipaddress
from collections.abc import Iterable
from typing import Final

from verifier.errors import SettingsError

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

FORWARDED: Final = "x-forwarded-for"
_SUBSCRIBER: Final = 64  # bits of an IPv6 address that one subscriber can't choose (RFC 6177)
_LONGEST: Final = 64  # characters of an address with its port
_NOBODY: Final = "nobody"


def trusted(networks: Iterable[str]) -> tuple[Network, ...]:
    """Read networks such as ``10.0.0.0/8``, or single addresses; raises `SettingsError`."""
    try:
        return tuple(ipaddress.ip_network(network) for network in networks)
    except ValueError as error:
        raise SettingsError(
            f"a trusted proxy is an address or a network, such as 10.0.0.0/8: {error}"
        ) from error


def client_network(peer: str, forwarded: list[str], proxies: tuple[Network, ...]) -> str:
    """Return who asks, as one name for each client.

    Parameters
    ----------
    peer
        Address that connects.
    forwarded
        Lines of ``X-Forwarded-For``, in their order.
    proxies
        Whose word is taken.
    """
    found = _address(peer)
    for entry in reversed(",".join(forwarded).split(",")) if forwarded else ():
        if found is None or not is_trusted(found, proxies):
            break
        named = _address(entry)
        if named is None:  # the proxy doesn't say: it stands for its client
            break
        found = named
    return _one_client(found)


def peer_network(peer: str, proxies: tuple[Network, ...]) -> str | None:
    """Return which client a connection is of; None: of a proxy, so of many."""
    found = _address(peer)
    return None if found and is_trusted(found, proxies) else _one_client(found)


def is_trusted(address: Address, proxies: tuple[Network, ...]) -> bool:
    """Whether an address is one of a proxy."""
    return any(address.version == network.version and address in network for network in proxies)


def _address(text: str) -> Address | None:
    """Read an address, with a port or without: ``192.0.2.1:80``, ``[2001:db8::1]:80``."""
    text = text.strip()[:_LONGEST]
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def _one_client(address: Address | None) -> str:
    if address is None:
        return _NOBODY
    if address.version == 6:
        return str(ipaddress.ip_network((address, _SUBSCRIBER), strict=False))
    return str(address)
