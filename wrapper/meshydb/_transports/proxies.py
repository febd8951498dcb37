"""The proxies of the environment, and the requests that go through them."""

import re
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import TypeAlias
from urllib.request import getproxies

import httpx
from attrs import frozen

_SCHEMES = ("http", "https", "all")
_AUTHORITY = re.compile(r"(?:(?P<scheme>[a-z]+)://)?(?P<host>\[[^\]]*\]|[^:/]*)(?::(?P<port>[0-9]{1,5}))?/?")

_Network: TypeAlias = IPv4Network | IPv6Network


@frozen
class _NoProxyEntry:
    """An entry of `NO_PROXY`. None matches any scheme or port."""

    scheme: str | None
    host: str | _Network
    port: int | None

    def covers(self, url: httpx.URL) -> bool:
        if self.scheme not in {None, url.scheme} or self.port not in {None, url.port or _default_port(url)}:
            return False
        host = url.raw_host.decode("ascii").strip("[]").rstrip(".").lower()
        if isinstance(self.host, str):
            # With a leading dot, only subdomains.
            return host.endswith(self.host) if self.host.startswith(".") else f".{host}".endswith(f".{self.host}")
        try:
            return ip_address(host) in self.host
        except ValueError:
            return False


@frozen
class Proxies:
    """The proxies of the environment, and the hosts that go without a proxy."""

    urls: dict[str, str]
    no_proxy: tuple[_NoProxyEntry, ...] = ()

    def covers(self, url: httpx.URL) -> bool:
        """Whether a request to this URL goes through its proxy, if there is one for its scheme."""
        return not any(each.covers(url) for each in self.no_proxy)


def proxies_of_environment() -> Proxies:
    """Read `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`, or the proxy settings of the system.

    An entry of `NO_PROXY` is a host, which includes its subdomains, an address, or a network such as `10.0.0.0/8`. A
    host or an address can have a scheme and a port. Other entries are ignored.
    """
    found = getproxies()
    entries = [each for each in re.split(r"[\s,]+", found.get("no", "")) if each]
    if "*" in entries:
        return Proxies({})
    named = {scheme: found.get(scheme, "").strip() for scheme in _SCHEMES}
    urls = {f"{scheme}://": url if "://" in url else f"http://{url}" for scheme, url in named.items() if url}
    return Proxies(urls, tuple(each for each in map(_parse_entry, entries) if each is not None))


def _parse_entry(entry: str) -> _NoProxyEntry | None:
    entry = entry.lower()
    if (network := _network(entry)) is not None:
        return _NoProxyEntry(None, network, None)
    found = _AUTHORITY.fullmatch(entry)
    if found is None:
        return None
    host = found["host"].removeprefix("*").rstrip(".")
    network = _network(host)
    if network is None and host.strip(".") in {"", "*"}:
        return None
    return _NoProxyEntry(found["scheme"], network or _ascii(host), int(found["port"]) if found["port"] else None)


def _network(text: str) -> _Network | None:
    try:
        return ip_network(re.sub(r"^\[|\](?=/|$)", "", text), strict=False)
    except ValueError:
        return None


def _ascii(host: str) -> str:
    """Return the form of a host for comparison with URLs."""
    below = "." if host.startswith(".") else ""
    try:
        return below + httpx.URL(scheme="http", host=host.lstrip(".")).raw_host.decode("ascii")
    except httpx.InvalidURL:
        return host


def _default_port(url: httpx.URL) -> int:
    return 443 if url.scheme == "https" else 80
