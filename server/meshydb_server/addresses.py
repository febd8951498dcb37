"""Client addresses: normalised spelling, and the network that a limit counts as one client."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

Networks = tuple[IPv4Network | IPv6Network, ...]

# A household or a server usually gets an IPv6 /64, a provider's customer often a /48.
_NETWORK_BITS: Final = 64
_SITE_BITS: Final = 48
# IPv4-mapped IPv6 addresses.
_MAPPED: Final = IPv6Network("::ffff:0:0/96")


@lru_cache(maxsize=4096)
def normalise(host: str) -> str:
    """Normalise an address: IPv4-mapped IPv6 becomes IPv4, and a zone is dropped. Names stay unchanged."""
    address = _parse(host)
    return host if address is None else str(address)


@lru_cache(maxsize=4096)
def network_of(host: str) -> str:
    """The network that a limit counts as one client: an IPv4 address, or the /64 of an IPv6 address."""
    return _network(host, _NETWORK_BITS)


@lru_cache(maxsize=4096)
def site_of(host: str) -> str:
    """The network that a backstop counts as one client: an IPv4 address, or the /48 of an IPv6 address."""
    return _network(host, _SITE_BITS)


def is_address(host: str) -> bool:
    """Whether a text is an IP address."""
    return _parse(host) is not None


@lru_cache(maxsize=64)
def networks_of(listed: str) -> Networks:
    """Parse a list of addresses and networks, separated by commas. Raises ValueError if one is invalid."""
    return tuple(_parse_network(each.strip()) for each in listed.split(",")) if listed else ()


@lru_cache(maxsize=4096)
def is_listed(host: str, listed: str) -> bool:
    """Whether an address is in a list of addresses and networks. Host names never are."""
    address = _parse(host)
    return address is not None and any(address in network for network in networks_of(listed))


def _parse_network(listed: str) -> IPv4Network | IPv6Network:
    network = ip_network(listed)
    if isinstance(network, IPv6Network) and network.subnet_of(_MAPPED):
        mapped = network.network_address.ipv4_mapped
        assert mapped is not None  # noqa: S101 - for the type checkers
        return IPv4Network((mapped, network.prefixlen - _MAPPED.prefixlen))
    return network


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
