"""Client addresses: one spelling for each, and the network that a limit counts as one caller."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

Networks = tuple[IPv4Network | IPv6Network, ...]

# A household or a server gets an IPv6 network of 64 bits, a customer of a provider often one of 48.
_NETWORK_BITS: Final = 64
_SITE_BITS: Final = 48
# What IPv4 is mapped into.
_MAPPED: Final = IPv6Network("::ffff:0:0/96")


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


def is_address(host: str) -> bool:
    """Whether a text is an address, rather than a name or nonsense."""
    return _parse(host) is not None


@lru_cache(maxsize=64)
def networks_of(listed: str) -> Networks:
    """The addresses and networks that are listed, separated by commas. Raises ValueError for what is neither."""
    return tuple(_parse_network(each.strip()) for each in listed.split(",")) if listed else ()


@lru_cache(maxsize=4096)
def is_listed(host: str, listed: str) -> bool:
    """Whether one of the addresses and networks that are listed is or has an address. A name is in none."""
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
