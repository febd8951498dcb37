"""The choice of the HTTP client, and the way a request is handed to it. No other module decides on either."""

import ssl
from functools import lru_cache
from os import environ
from typing import Any

import httpx

from meshydb._config import Config
from meshydb._operations import Operation
from meshydb._version import __version__

_TIMEOUT = 30.0

# Decompressed. A few kilobytes on the wire can be gigabytes once unpacked.
MAX_BODY_BYTES = 16 * 1024 * 1024

# Set on each request rather than on the client, so that a client which was handed in sends them, too.
_HEADERS = {"Accept": "application/json", "User-Agent": f"meshydb-python/{__version__}"}


def new_client() -> httpx.Client:
    """Build the client of a `MeshyClient` that was not handed one."""
    return httpx.Client(timeout=_TIMEOUT, verify=_trusted(), transport=_new_transport())


def new_interruptible_client() -> httpx.Client:
    """Build a client that heeds Ctrl-C while it waits, which httpx does and the faster transport does not."""
    return httpx.Client(timeout=_TIMEOUT, verify=_trusted())


def new_async_client() -> httpx.AsyncClient:
    """Build the client of an `AsyncMeshyClient` that was not handed one."""
    return httpx.AsyncClient(timeout=_TIMEOUT, verify=_trusted(), transport=_new_async_transport())


def _trusted() -> ssl.SSLContext:
    """The certificates to trust, as httpx finds them."""
    return _trusted_by(environ.get("SSL_CERT_FILE"), environ.get("SSL_CERT_DIR"))


# To read all certificates takes as long as some requests, and as much memory as everything else that a client has.
@lru_cache(maxsize=1)
def _trusted_by(*_environment: str | None) -> ssl.SSLContext:
    return httpx.create_ssl_context()


def _new_transport() -> httpx.BaseTransport | None:
    """Choose what sends: pyreqwest where it is installed, as with `meshydb[fast]`; None for httpx's own."""
    try:
        from meshydb._fast import FastTransport  # noqa: PLC0415 - it is not always there
    except ModuleNotFoundError:
        return None
    return FastTransport()


def _new_async_transport() -> httpx.AsyncBaseTransport | None:
    try:
        from meshydb._fast import AsyncFastTransport  # noqa: PLC0415 - it is not always there
    except ModuleNotFoundError:
        return None
    return AsyncFastTransport()


def build_request(
    http_client: httpx.Client | httpx.AsyncClient,
    config: Config,
    operation: Operation[Any],
    access_token: str | None = None,
) -> httpx.Request:
    """Complete the request of an operation with what all requests have in common."""
    host = config.auth_url if operation.at_auth_host else config.base_url
    headers = {**_HEADERS, **operation.request["headers"]}
    if access_token is not None:
        headers["Authorization"] = f"Bearer {access_token}"
    arguments: dict[str, Any] = {
        **operation.request,
        "url": _parsed(host + operation.request["url"]),
        "headers": headers,
    }
    timeout = httpx.USE_CLIENT_DEFAULT if config.timeout is None else config.timeout
    return http_client.build_request(**arguments, timeout=timeout)


# Parsing a URL is a good part of the time that a request takes, and most are asked for again.
@lru_cache(maxsize=128)
def _parsed(url: str) -> httpx.URL:
    return httpx.URL(url)
