"""The choice of what sends requests. No other module decides on it."""

import ssl
from functools import lru_cache
from os import environ
from typing import Protocol

import httpx

from meshydb._async.httpx_sender import AsyncHttpxSender
from meshydb._messages import Answer, Request
from meshydb._sync.httpx_sender import HttpxSender
from meshydb._validation import check_instance

_TIMEOUT = 30.0


class Sender(Protocol):
    """Sends requests, over connections that are kept open between them; threads may share it."""

    def send(self, request: Request) -> Answer:
        """Send a request, and read its answer up to 16 MiB.

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
    """Choose what sends for a `MeshyClient`: the httpx client that it is handed, or the fastest that is installed.

    Raises:
        TypeError: `http_client` is of another kind.
    """
    if http_client is not None:
        return HttpxSender(check_instance("http_client", http_client, httpx.Client))
    try:
        from meshydb._sync.fast_sender import FastSender  # noqa: PLC0415 - `meshydb[fast]` is not always there
    except ModuleNotFoundError:
        return HttpxSender(new_interruptible_client())
    return FastSender(_TIMEOUT)


def new_async_sender(http_client: httpx.AsyncClient | None = None) -> AsyncSender:
    """Choose what sends for an `AsyncMeshyClient`, in the same way.

    Raises:
        TypeError: `http_client` is of another kind.
    """
    if http_client is not None:
        return AsyncHttpxSender(check_instance("http_client", http_client, httpx.AsyncClient))
    try:
        from meshydb._async.fast_sender import AsyncFastSender  # noqa: PLC0415 - as above
    except ModuleNotFoundError:
        return AsyncHttpxSender(httpx.AsyncClient(timeout=_TIMEOUT, verify=_trusted()))
    return AsyncFastSender(_TIMEOUT)


def new_interruptible_client() -> httpx.Client:
    """Build a client that heeds Ctrl-C while it waits, which httpx does and what `meshydb[fast]` brings does not."""
    return httpx.Client(timeout=_TIMEOUT, verify=_trusted())


def _trusted() -> ssl.SSLContext:
    """The certificates to trust, as httpx finds them."""
    return _trusted_by(environ.get("SSL_CERT_FILE"), environ.get("SSL_CERT_DIR"))


# To read all certificates takes as long as some requests, and as much memory as everything else that a client has.
@lru_cache(maxsize=1)
def _trusted_by(*_environment: str | None) -> ssl.SSLContext:
    return httpx.create_ssl_context()
