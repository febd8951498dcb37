"""Chooses the transport that sends requests. No other module does."""

from collections.abc import Generator
from contextlib import contextmanager, suppress
from os import environ
from typing import Protocol

import httpx

from meshydb._core.messages import Request, Response
from meshydb._transports._async.httpx_client import build_async_client
from meshydb._transports._async.httpx_transport import AsyncHttpxTransport
from meshydb._transports._sync.httpx_client import build_client
from meshydb._transports._sync.httpx_transport import HttpxTransport
from meshydb._transports.certificates import service_context
from meshydb._transports.fast import UnusableError
from meshydb._transports.proxies import proxies_of_environment
from meshydb._validation import check_instance

_TIMEOUT = 30.0


class Transport(Protocol):
    """Sends requests and keeps connections open between them. Threads can share it."""

    def send(self, request: Request) -> Response:
        """Send a request, and read the response. A body of more than 16 MiB sets the response's `error`.

        Raises:
            httpx.HTTPError: No status arrived.
        """
        ...

    def close(self) -> None:
        """Close the connections."""


class AsyncTransport(Protocol):
    """Sends requests in the same way. Tasks can share it."""

    async def send(self, request: Request) -> Response:
        """Send a request, as `Transport` does."""
        ...

    async def close(self) -> None:
        """Close the connections."""


def new_transport(http_client: httpx.Client | None = None) -> Transport:
    """Choose the transport of a `MeshyClient`: the httpx client that the caller passed, or the fastest available.

    Raises:
        TypeError: `http_client` is not an `httpx.Client`.
        ValueError: The environment names unusable certificates or proxies.
    """
    if http_client is not None:
        return HttpxTransport(check_instance("http_client", http_client, httpx.Client))
    _check_certificates()
    # httpx and pyreqwest treat proxies and `NO_PROXY` differently.
    if not proxies_of_environment().urls:
        with suppress(ModuleNotFoundError, UnusableError):
            from meshydb._transports.fast.sync_transport import FastTransport  # noqa: PLC0415 - it is not always installed

            return FastTransport(_TIMEOUT)
    return HttpxTransport(new_interruptible_client())


def new_async_transport(http_client: httpx.AsyncClient | None = None) -> AsyncTransport:
    """Choose the transport of an `AsyncMeshyClient` in the same way.

    Raises:
        TypeError: `http_client` is not an `httpx.AsyncClient`.
        ValueError: The environment names unusable certificates or proxies.
    """
    if http_client is not None:
        return AsyncHttpxTransport(check_instance("http_client", http_client, httpx.AsyncClient))
    _check_certificates()
    # httpx and pyreqwest treat proxies and `NO_PROXY` differently.
    if not proxies_of_environment().urls:
        with suppress(ModuleNotFoundError, UnusableError):
            from meshydb._transports.fast.async_transport import AsyncFastTransport  # noqa: PLC0415 - it is not always installed

            return AsyncFastTransport(_TIMEOUT)
    trusted = service_context()
    with _explaining_proxy_errors():
        return AsyncHttpxTransport(build_async_client(_TIMEOUT, trusted, proxies_of_environment()))


def new_interruptible_client() -> httpx.Client:
    """Build a client that Ctrl-C interrupts while it waits. Ctrl-C does not interrupt pyreqwest.

    Raises:
        ValueError: As for `new_transport`.
    """
    trusted = service_context()
    with _explaining_proxy_errors():
        return build_client(_TIMEOUT, trusted, proxies_of_environment())


@contextmanager
def _explaining_proxy_errors() -> Generator[None]:
    """Name the variables in the error for an unusable proxy."""
    try:
        yield
    except (httpx.InvalidURL, ValueError, ImportError):
        # The messages may hold the password of a proxy.
        raise ValueError(
            "HTTP_PROXY, HTTPS_PROXY and ALL_PROXY must name proxies that httpx can use; SOCKS proxies need"
            " httpx[socks]"
        ) from None


def _check_certificates() -> None:
    """Reject unusable certificates of the environment, which pyreqwest would ignore. Raises ValueError."""
    if environ.get("SSL_CERT_FILE") or environ.get("SSL_CERT_DIR"):
        service_context()
