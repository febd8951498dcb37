"""The choice of what sends requests. No other module decides on it."""

from collections.abc import Generator
from contextlib import contextmanager, suppress
from os import environ
from typing import Protocol

import httpx

from meshydb._async.httpx_client import build_async_client
from meshydb._async.httpx_sender import AsyncHttpxSender
from meshydb._certificates import service_context
from meshydb._fast import UnusableError
from meshydb._messages import Answer, Request
from meshydb._proxies import proxies_of_environment
from meshydb._sync.httpx_client import build_client
from meshydb._sync.httpx_sender import HttpxSender
from meshydb._validation import check_instance

_TIMEOUT = 30.0


class Sender(Protocol):
    """Sends requests, over connections that are kept open between them; threads may share it."""

    def send(self, request: Request) -> Answer:
        """Send a request, and read its answer. A body of more than 16 MiB is an error of the answer.

        Raises:
            httpx.HTTPError: No status arrived.
        """
        ...

    def close(self) -> None:
        """Close the connections."""


class AsyncSender(Protocol):
    """Sends requests in the same way for tasks."""

    async def send(self, request: Request) -> Answer:
        """Send a request, as `Sender` does."""
        ...

    async def close(self) -> None:
        """Close the connections."""


def new_sender(http_client: httpx.Client | None = None) -> Sender:
    """Choose what sends for a `MeshyClient`: the httpx client that it is handed, or the fastest that can be used.

    Raises:
        TypeError: `http_client` is of another kind.
        ValueError: The environment names certificates that are none, or proxies that httpx cannot use.
    """
    if http_client is not None:
        return HttpxSender(check_instance("http_client", http_client, httpx.Client))
    _check_certificates()
    # Of proxies, and of hosts that go without, httpx and pyreqwest differ.
    if not proxies_of_environment().urls:
        with suppress(ModuleNotFoundError, UnusableError):
            from meshydb._fast.blocking import FastSender  # noqa: PLC0415 - it is not always there

            return FastSender(_TIMEOUT)
    return HttpxSender(new_interruptible_client())


def new_async_sender(http_client: httpx.AsyncClient | None = None) -> AsyncSender:
    """Choose what sends for an `AsyncMeshyClient`, in the same way.

    Raises:
        TypeError: `http_client` is of another kind.
        ValueError: The environment names certificates that are none, or proxies that httpx cannot use.
    """
    if http_client is not None:
        return AsyncHttpxSender(check_instance("http_client", http_client, httpx.AsyncClient))
    _check_certificates()
    # Of proxies, and of hosts that go without, httpx and pyreqwest differ.
    if not proxies_of_environment().urls:
        with suppress(ModuleNotFoundError, UnusableError):
            from meshydb._fast.awaited import AsyncFastSender  # noqa: PLC0415 - it is not always there

            return AsyncFastSender(_TIMEOUT)
    trusted = service_context()
    with _naming_the_variables():
        return AsyncHttpxSender(build_async_client(_TIMEOUT, trusted, proxies_of_environment()))


def new_interruptible_client() -> httpx.Client:
    """Build a client that heeds Ctrl-C while it waits, which httpx does and what `meshydb[fast]` brings does not.

    Raises:
        ValueError: As `new_sender`.
    """
    trusted = service_context()
    with _naming_the_variables():
        return build_client(_TIMEOUT, trusted, proxies_of_environment())


@contextmanager
def _naming_the_variables() -> Generator[None]:
    """Say of a proxy that cannot be used where it was named."""
    try:
        yield
    except (httpx.InvalidURL, ValueError, ImportError):
        # What they say may have the password of a proxy in it.
        raise ValueError(
            "HTTP_PROXY, HTTPS_PROXY and ALL_PROXY must name proxies that httpx can use, for which SOCKS needs"
            " httpx[socks]"
        ) from None


def _check_certificates() -> None:
    """Refuse certificates of the environment that are none, which pyreqwest would pass by. Raises ValueError."""
    if environ.get("SSL_CERT_FILE") or environ.get("SSL_CERT_DIR"):
        service_context()
