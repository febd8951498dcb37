"""Which requests go through a proxy, by the variables of the environment."""

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
class _Exception:
    """An entry of `NO_PROXY`; None stands for any."""

    scheme: str | None
    host: str | _Network
    port: int | None

    def covers(self, url: httpx.URL) -> bool:
        if self.scheme not in {None, url.scheme} or self.port not in {None, url.port or _default_port(url)}:
            return False
        host = url.raw_host.decode("ascii").strip("[]").rstrip(".").lower()
        if isinstance(self.host, str):
            # With a dot in front, only what lies below the domain.
            return host.endswith(self.host) if self.host.startswith(".") else f".{host}".endswith(f".{self.host}")
        try:
            return ip_address(host) in self.host
        except ValueError:
            return False


@frozen
class Proxies:
    """The proxies of the environment, and the hosts that are reached without."""

    urls: dict[str, str]
    exceptions: tuple[_Exception, ...] = ()

    def covers(self, url: httpx.URL) -> bool:
        """Whether a request to this URL goes through its proxy, if there is one for its scheme."""
        return not any(each.covers(url) for each in self.exceptions)


def proxies_of_environment() -> Proxies:
    """Read `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`, and what the system has in their place.

    An entry of `NO_PROXY` is a host, which stands for what lies below it, too, an address or a network such as
    `10.0.0.0/8`; a scheme in front and a port behind narrow it down. Any other entry names no host, and excepts none.
    """
    found = getproxies()
    entries = [each for each in re.split(r"[\s,]+", found.get("no", "")) if each]
    if "*" in entries:
        return Proxies({})
    named = {scheme: found.get(scheme, "").strip() for scheme in _SCHEMES}
    urls = {f"{scheme}://": url if "://" in url else f"http://{url}" for scheme, url in named.items() if url}
    return Proxies(urls, tuple(each for each in map(_parsed, entries) if each is not None))


def _parsed(entry: str) -> _Exception | None:
    entry = entry.lower()
    if (network := _network(entry)) is not None:
        return _Exception(None, network, None)
    found = _AUTHORITY.fullmatch(entry)
    if found is None:
        return None
    host = found["host"].removeprefix("*").rstrip(".")
    network = _network(host)
    if network is None and host.strip(".") in {"", "*"}:
        return None
    return _Exception(found["scheme"], network or _ascii(host), int(found["port"]) if found["port"] else None)


def _network(text: str) -> _Network | None:
    try:
        return ip_network(re.sub(r"^\[|\](?=/|$)", "", text), strict=False)
    except ValueError:
        return None


def _ascii(host: str) -> str:
    """The form of a host that URLs are compared in."""
    below = "." if host.startswith(".") else ""
    try:
        return below + httpx.URL(scheme="http", host=host.lstrip(".")).raw_host.decode("ascii")
    except httpx.InvalidURL:
        return host


def _default_port(url: httpx.URL) -> int:
    return 443 if url.scheme == "https" else 80
