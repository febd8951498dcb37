# Derived from _async by scripts/derive_sync.py; do not edit.
"""The httpx client that sends requests if the caller passes none."""

import ssl
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx

from meshydb._transports.certificates import proxy_context
from meshydb._transports.pool import IDLE_SECONDS, MAX_CONNECTIONS
from meshydb._transports.proxies import Proxies

# The default of httpx.
_MAX_IDLE = 20


def build_client(timeout: float, verify: ssl.SSLContext, proxies: Proxies) -> httpx.Client:
    """Build a client from these settings. It ignores the environment.

    Raises:
        httpx.InvalidURL: The URL of a proxy is invalid.
        ValueError: httpx does not support this kind of proxy, or its URL has no host.
        ImportError: The proxy needs a package that is not installed.
    """
    return httpx.Client(
        timeout=timeout,
        verify=verify,
        limits=_limits(),
        # A jar that stores nothing: cookies of one user must not go out with the requests of another.
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        mounts={scheme: Route(_proxy(url), verify, proxies) for scheme, url in proxies.urls.items()},
        # httpx raises an error for networks in `NO_PROXY`.
        trust_env=False,
    )


class Route(httpx.BaseTransport):
    """Sends requests through a proxy, or directly to the hosts of `NO_PROXY`."""

    def __init__(self, proxy: httpx.Proxy, verify: ssl.SSLContext, proxies: Proxies) -> None:
        self._proxied = httpx.HTTPTransport(verify=verify, limits=_limits(), proxy=proxy, trust_env=False)
        self._direct = httpx.HTTPTransport(verify=verify, limits=_limits(), trust_env=False)
        self._covers = proxies.covers

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request."""
        chosen = self._proxied if self._covers(request.url) else self._direct
        return chosen.handle_request(request)

    def close(self) -> None:
        """Close the connections."""
        self._proxied.close()
        self._direct.close()


def _limits() -> httpx.Limits:
    return httpx.Limits(
        max_connections=MAX_CONNECTIONS, max_keepalive_connections=_MAX_IDLE, keepalive_expiry=IDLE_SECONDS
    )


def _proxy(url: str) -> httpx.Proxy:
    proxy = httpx.Proxy(url)
    if not proxy.url.host:
        raise ValueError("a proxy has no host")
    return httpx.Proxy(url, ssl_context=proxy_context()) if proxy.url.scheme == "https" else proxy
