"""The setup of pyreqwest, and the translation of its responses and errors, for both transports."""

from datetime import timedelta
from time import monotonic
from typing import Any, overload

import httpx
from pyreqwest.client import Client, ClientBuilder, SyncClient, SyncClientBuilder
from pyreqwest.exceptions import (
    BuilderError,
    ClientClosedError,
    NetworkError,
    PoolTimeoutError,
    PyreqwestError,
    RequestTimeoutError,
)
from pyreqwest.http import HeaderMap
from pyreqwest.request import RequestBuilder, StreamRequest, SyncRequestBuilder, SyncStreamRequest
from pyreqwest.response import Response as PyreqwestResponse
from pyreqwest.response import SyncResponse

from meshydb._core.connection_errors import NotSentError, StaleConnectionError
from meshydb._core.messages import BodyBuffer, Request, Response, check_encoding
from meshydb._transports.fast import UnusableError
from meshydb._transports.pool import IDLE_SECONDS

_HEADERS = {"Accept-Encoding": "gzip, deflate", "Connection": "keep-alive"}

# The message of hyper, the library below pyreqwest, if it got no connection.
_NOT_CONNECTED = "client error (Connect)"
# Its message if a request still waited when its connection closed.
_NOT_SENT = "operation was canceled"

# In place of no limit.
_DAY = 86_400.0

# Bytes of a compressed body that are decompressed at a time.
_CHUNK = 65_536


class KeepAliveEstimate:
    """Estimates whether a request may go out on a kept connection. pyreqwest does not report it."""

    def __init__(self) -> None:
        self._last_responses: dict[bytes, float] = {}

    def note(self, request: Request, response: PyreqwestResponse | SyncResponse) -> None:
        """Note that a response was read to its end."""
        if "close" not in _values(response.headers, "Connection"):
            self._last_responses[request.url.netloc] = monotonic()

    def may_reuse(self, request: Request) -> bool:
        """Whether a request that is sent now may go out on such a connection."""
        last = self._last_responses.get(request.url.netloc)
        return last is not None and monotonic() - last <= IDLE_SECONDS


@overload
def build(builder: ClientBuilder) -> Client: ...
@overload
def build(builder: SyncClientBuilder) -> SyncClient: ...
def build(builder: ClientBuilder | SyncClientBuilder) -> Client | SyncClient:
    """Build a client without pyreqwest's own decompression, redirects and proxies.

    Raises:
        UnusableError: pyreqwest cannot start: it was used before the process was forked, or the system has no
            certificates.
    """
    # `to_response` decompresses with httpx, so that errors are the same. Requests through proxies use httpx.
    idle = timedelta(seconds=IDLE_SECONDS)
    plain = builder.gzip(enable=False).brotli(enable=False).zstd(enable=False).deflate(enable=False)
    plain = plain.follow_redirects(enable=False).referer(enable=False).no_proxy().pool_idle_timeout(idle)
    try:
        return plain.build()
    except (BuilderError, RuntimeError) as error:
        raise UnusableError from error


def seconds_for(request: Request, default: float) -> float:
    """Return the timeout of a whole request in seconds. pyreqwest has no other timeout for each request."""
    if request.timeout is None:
        return default
    if isinstance(request.timeout, httpx.Timeout):
        return max(_DAY if part is None else part for part in request.timeout.as_dict().values())
    return request.timeout


@overload
def prepare(builder: RequestBuilder, request: Request, seconds: float) -> StreamRequest: ...
@overload
def prepare(builder: SyncRequestBuilder, request: Request, seconds: float) -> SyncStreamRequest: ...
def prepare(
    builder: RequestBuilder | SyncRequestBuilder, request: Request, seconds: float
) -> StreamRequest | SyncStreamRequest:
    """Build a request with a timeout for all of it."""
    return (
        builder.headers({**_HEADERS, **request.headers})
        .body_bytes(request.body)
        # pyreqwest has a read timeout for a whole pool only. With a timeout for each request, the pool can be shared.
        .timeout(timedelta(seconds=seconds))
        # No buffer, so that the status arrives even if the body does not.
        .streamed_read_buffer_limit(0)
        .build_streamed()
    )


def to_response(
    response: PyreqwestResponse | SyncResponse, content: BodyBuffer, error: httpx.HTTPError | None
) -> Response:
    """Make a response from the received data, and the error that ended it, if there was one."""
    headers = _headers(response.headers)
    if error is None and "Content-Encoding" in headers:
        try:
            content = _decompressed(bytes(content), headers)
        except httpx.DecodingError as caught:
            error = caught
    return Response(response.status, headers, b"" if error else bytes(content), error)


def as_httpx(error: PyreqwestError | httpx.HTTPError, *, reused: bool = False) -> httpx.HTTPError:
    """Translate an error into the corresponding one of httpx.

    Args:
        error: The error.
        reused: Whether it was raised in place of a response, on a connection that may have been reused.
    """
    if isinstance(error, httpx.HTTPError):
        return error
    causes = _causes(error)
    kind = _kind(error, connected=_NOT_CONNECTED not in causes)
    if kind is httpx.ReadError and _NOT_SENT in causes:
        kind = NotSentError
    elif kind is httpx.ReadError and reused:
        kind = StaleConnectionError
    # The last cause is the most precise, and names no URL.
    return kind(causes[-1] if causes else error.message)


def _headers(received: HeaderMap) -> httpx.Headers:
    try:
        return httpx.Headers(list(received.items()))
    except ValueError:
        # One value is not ASCII, and pyreqwest raises an error for it.
        return httpx.Headers([(name, value) for name in {*received} for value in _values(received, name)])


def _values(received: HeaderMap, name: str) -> list[str]:
    try:
        return received.getall(name)
    except ValueError:
        return []


def _decompressed(compressed: bytes, headers: httpx.Headers) -> BodyBuffer:
    check_encoding(headers)
    chunks = (compressed[start : start + _CHUNK] for start in range(0, len(compressed), _CHUNK))
    encoding = {"Content-Encoding": headers["Content-Encoding"]}
    content = BodyBuffer()
    for chunk in httpx.Response(200, headers=encoding, content=chunks).iter_bytes():
        content.add(chunk)
    return content


def _causes(error: PyreqwestError) -> list[str]:
    details: dict[str, Any] = getattr(error, "details", {})
    return [cause["message"] for cause in details.get("causes") or ()]


def _kind(error: PyreqwestError, *, connected: bool) -> type[httpx.HTTPError]:
    if isinstance(error, ClientClosedError):
        # The server did not cause it, so it is not retried.
        return httpx.LocalProtocolError
    if isinstance(error, PoolTimeoutError):
        return httpx.PoolTimeout
    if isinstance(error, RequestTimeoutError):
        return httpx.ReadTimeout if connected else httpx.ConnectTimeout
    if isinstance(error, NetworkError):
        return httpx.ReadError if connected else httpx.ConnectError
    return httpx.RemoteProtocolError
