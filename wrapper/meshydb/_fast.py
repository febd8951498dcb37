"""What the senders of `meshydb[fast]` share: how pyreqwest is set up, and what its answers and errors mean.

pyreqwest has adapters for httpx of its own. They take a connection that broke under a request for one that was never
made, so that a request which may have been carried out would be sent again; redirects are followed out of sight; and
httpx's own requests and answers cost more time than pyreqwest takes to send and receive them.
"""

from datetime import timedelta
from typing import Any, TypeVar

import httpx
from pyreqwest.client import ClientBuilder, SyncClientBuilder
from pyreqwest.exceptions import NetworkError, PoolTimeoutError, PyreqwestError, RequestTimeoutError
from pyreqwest.http import HeaderMap
from pyreqwest.request import RequestBuilder, SyncRequestBuilder
from pyreqwest.response import Response, SyncResponse

from meshydb._messages import Answer, Content, Request

Builder = TypeVar("Builder", ClientBuilder, SyncClientBuilder)
Prepared = TypeVar("Prepared", RequestBuilder, SyncRequestBuilder)

# As httpx has them.
_HEADERS = {"Accept-Encoding": "gzip, deflate", "Connection": "keep-alive"}
_MAX_CONNECTIONS = 100
_KEEPALIVE = timedelta(seconds=5)

# How hyper, on which all of it stands, says that it got no connection.
_NOT_CONNECTED = "client error (Connect)"

# Of a compressed body, how much is unpacked at a time.
_PIECE = 65_536


def configure(builder: Builder) -> Builder:
    """Set up a client that leaves to us what is decided on elsewhere."""
    # httpx unpacks, so that what cannot be unpacked is told alike.
    plain = builder.gzip(enable=False).brotli(enable=False).zstd(enable=False).deflate(enable=False)
    plain = plain.follow_redirects(enable=False).referer(enable=False)
    return plain.max_connections(_MAX_CONNECTIONS).pool_idle_timeout(_KEEPALIVE)


def prepare(builder: Prepared, request: Request, timeout: float) -> Prepared:
    """Put a request together; `timeout` is for one that says nothing of it."""
    seconds = timeout if request.timeout is None else request.timeout
    return (
        builder.headers({**_HEADERS, **request.headers})
        .body_bytes(request.body)
        # A pool has one time-out for reading, a request one for all of it: only with that can connections be shared.
        .timeout(timedelta(seconds=seconds))
        # Without a buffer, so that the status arrives even if the body does not.
        .streamed_read_buffer_limit(0)
    )


def answer(response: Response | SyncResponse, content: Content, error: httpx.HTTPError | None) -> Answer:
    """Make an answer of what has arrived, and of the error that ended it, if one did."""
    headers = _headers(response.headers)
    encoding = headers.get("Content-Encoding")
    if encoding is not None and error is None:
        try:
            content = _unpacked(bytes(content), encoding)
        except httpx.DecodingError as caught:
            error = caught
    return Answer(response.status, headers, b"" if error else bytes(content), error)


def as_httpx(error: PyreqwestError) -> httpx.HTTPError:
    """Make of an error the one that httpx has for it."""
    causes = _causes(error)
    kind = _kind(error, connected=_NOT_CONNECTED not in causes)
    # The last is the most precise, and names no URL.
    return kind(causes[-1] if causes else error.message)


def _headers(received: HeaderMap) -> httpx.Headers:
    try:
        return httpx.Headers(list(received.items()))
    except ValueError:
        # One of them is not ASCII, and pyreqwest does not give that away.
        return httpx.Headers([(name, value) for name in {*received} for value in _values(received, name)])


def _values(received: HeaderMap, name: str) -> list[str]:
    try:
        return received.getall(name)
    except ValueError:
        return []


def _unpacked(packed: bytes, encoding: str) -> Content:
    pieces = (packed[start : start + _PIECE] for start in range(0, len(packed), _PIECE))
    content = Content()
    for chunk in httpx.Response(200, headers={"Content-Encoding": encoding}, content=pieces).iter_bytes():
        content.add(chunk)
    return content


def _causes(error: PyreqwestError) -> list[str]:
    details: dict[str, Any] = getattr(error, "details", {})
    return [cause["message"] for cause in details.get("causes") or ()]


def _kind(error: PyreqwestError, *, connected: bool) -> type[httpx.HTTPError]:
    if isinstance(error, PoolTimeoutError):
        return httpx.PoolTimeout
    if isinstance(error, RequestTimeoutError):
        return httpx.ReadTimeout if connected else httpx.ConnectTimeout
    if isinstance(error, NetworkError):
        return httpx.ReadError if connected else httpx.ConnectError
    return httpx.RemoteProtocolError
