"""Client addresses: one spelling for each, and the network that a limit counts as one caller."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final

# A household or a server gets an IPv6 network of 64 bits, a customer of a provider often one of 48.
_NETWORK_BITS: Final = 64
_SITE_BITS: Final = 48


@lru_cache(maxsize=4096)
def normalise(host: str) -> str:
    """One spelling of an address: IPv4 that is mapped into IPv6 as IPv4, and without a zone; a name as it is."""
    address = _parse(host)
    return host if address is None else str(address)


@lru_cache(maxsize=4096)
def network_of(host: str) -> str:
    """What a limit counts as one caller: an IPv4 address, or the /64 network of an IPv6 address."""
    return _network(host, _NETWORK_BITS)


@lru_cache(maxsize=4096)
def site_of(host: str) -> str:
    """What a backstop counts as one caller: an IPv4 address, or the /48 network of an IPv6 address."""
    return _network(host, _SITE_BITS)


def _network(host: str, bits: int) -> str:
    address = _parse(host)
    if address is None:
        return host
    return str(IPv6Network((address, bits), strict=False)) if isinstance(address, IPv6Address) else str(address)


def _parse(host: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address
