"""Transports of httpx that send through pyreqwest, which `meshydb[fast]` brings. Only `_transport` imports this.

pyreqwest has adapters for httpx of its own. They take a connection that broke under a request for one that was never
made, so that a request which may have been carried out would be sent again; errors of a body come out as they are; and
redirects are followed out of httpx's sight. What httpx does itself is therefore turned off in pyreqwest, and an error
counts as a failure to connect only when it says so.
"""

from collections.abc import AsyncIterator, Generator, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, TypeVar

import httpx
from pyreqwest.client import ClientBuilder, SyncClientBuilder
from pyreqwest.exceptions import NetworkError, PoolTimeoutError, PyreqwestError, RequestTimeoutError
from pyreqwest.request import RequestBuilder, StreamRequest, SyncRequestBuilder, SyncStreamRequest
from pyreqwest.response import Response, SyncResponse

Builder = TypeVar("Builder", ClientBuilder, SyncClientBuilder)
Prepared = TypeVar("Prepared", RequestBuilder, SyncRequestBuilder)

# As httpx has them.
_MAX_CONNECTIONS = 100
_KEEPALIVE = timedelta(seconds=5)

# How hyper, on which all of it stands, says that it got no connection.
_NOT_CONNECTED = "client error (Connect)"


class FastTransport(httpx.BaseTransport):
    """Sends the requests of an `httpx.Client`; proxies and trusted certificates come from the environment."""

    def __init__(self) -> None:
        self._client = _configured(SyncClientBuilder()).build()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request; its body must have been read, as those of this package are."""
        prepared = _prepared(self._client.request(request.method, str(request.url)), request).build_streamed()
        with _httpx_errors(request):
            response = prepared.__enter__()
        return _answer(response, _Stream(request, prepared, response))

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


class AsyncFastTransport(httpx.AsyncBaseTransport):
    """Sends the requests of an `httpx.AsyncClient` on asyncio, in the same way."""

    def __init__(self) -> None:
        self._client = _configured(ClientBuilder()).build()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request; its body must have been read, as those of this package are."""
        prepared = _prepared(self._client.request(request.method, str(request.url)), request).build_streamed()
        with _httpx_errors(request):
            response = await prepared.__aenter__()
        return _answer(response, _AsyncStream(request, prepared, response))

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.close()


class _Stream(httpx.SyncByteStream):
    def __init__(self, request: httpx.Request, prepared: SyncStreamRequest, response: SyncResponse) -> None:
        self._request = request
        self._prepared = prepared
        self._response = response

    def __iter__(self) -> Iterator[bytes]:
        with _httpx_errors(self._request):
            while (chunk := self._response.body_reader.read()) is not None:
                yield bytes(chunk)

    def close(self) -> None:
        self._prepared.__exit__(None, None, None)


class _AsyncStream(httpx.AsyncByteStream):
    def __init__(self, request: httpx.Request, prepared: StreamRequest, response: Response) -> None:
        self._request = request
        self._prepared = prepared
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _httpx_errors(self._request):
            while (chunk := await self._response.body_reader.read()) is not None:
                yield bytes(chunk)

    async def aclose(self) -> None:
        await self._prepared.__aexit__(None, None, None)


def _configured(builder: Builder) -> Builder:
    # httpx decodes, so that what cannot be decoded is told alike, and follows redirects where it is to.
    plain = builder.gzip(enable=False).brotli(enable=False).zstd(enable=False).deflate(enable=False)
    plain = plain.follow_redirects(enable=False).referer(enable=False)
    return plain.max_connections(_MAX_CONNECTIONS).pool_idle_timeout(_KEEPALIVE)


def _prepared(builder: Prepared, request: httpx.Request) -> Prepared:
    timeout: Mapping[str, float | None] = request.extensions.get("timeout", {})
    # A pool has one time-out for reading, a request one for all of it: connections can be shared only with the latter.
    seconds = timeout.get("read")
    if seconds is not None:
        builder = builder.timeout(timedelta(seconds=seconds))
    # Without a buffer, so that the status arrives even if the body does not.
    return builder.headers(request.headers.multi_items()).body_bytes(request.content).streamed_read_buffer_limit(0)


def _answer(response: Response | SyncResponse, stream: _Stream | _AsyncStream) -> httpx.Response:
    return httpx.Response(response.status, headers=list(response.headers.items()), stream=stream)


@contextmanager
def _httpx_errors(request: httpx.Request) -> Generator[None]:
    try:
        yield
    except PyreqwestError as error:
        causes = _causes(error)
        kind = _kind(error, connected=_NOT_CONNECTED not in causes)
        # The last is the most precise, and names no URL.
        raise kind(causes[-1] if causes else error.message, request=request) from None


def _causes(error: PyreqwestError) -> list[str]:
    details: dict[str, Any] = getattr(error, "details", {})
    return [cause["message"] for cause in details.get("causes") or ()]


def _kind(error: PyreqwestError, *, connected: bool) -> type[httpx.RequestError]:
    if isinstance(error, PoolTimeoutError):
        return httpx.PoolTimeout
    if isinstance(error, RequestTimeoutError):
        return httpx.ReadTimeout if connected else httpx.ConnectTimeout
    if isinstance(error, NetworkError):
        return httpx.ReadError if connected else httpx.ConnectError
    return httpx.RemoteProtocolError
