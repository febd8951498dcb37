"""Requests and responses of the core, for every transport."""

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

import httpx
from attrs import field, frozen

from meshydb._config import Config
from meshydb._core.redaction import secrets_in
from meshydb._operations import Operation
from meshydb._version import __version__

MAX_BODY_BYTES = 16 * 1024 * 1024

_HEADERS = {"Accept": "application/json", "User-Agent": f"meshydb-python/{__version__}"}


@frozen
class Request:
    """A request to send.

    Attributes:
        method: The method, in capitals.
        url: The whole URL.
        headers: Not in the `repr`, like the body, as they may hold secrets.
        body: The body, encoded; empty for none.
        timeout: Seconds to wait for a connection, and for each piece of data, or an httpx.Timeout; None applies the
            default of the transport.
    """

    method: str
    url: httpx.URL
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    timeout: float | httpx.Timeout | None


@frozen
class Response:
    """A response whose status line and headers arrived.

    Attributes:
        status_code: The status.
        headers: The headers, with case-insensitive names. Not in the `repr`, as they may hold secrets.
        content: The body, decompressed; empty if it could not be read. Not in the `repr` either.
        error: The error that ended the body; None if it was read.
    """

    status_code: int
    headers: Mapping[str, str] = field(repr=False)
    content: bytes = field(default=b"", repr=False)
    error: httpx.HTTPError | None = None

    @property
    def is_success(self) -> bool:
        """Whether the status is from 200 to 299."""
        return httpx.codes.is_success(self.status_code)

    @property
    def is_server_error(self) -> bool:
        """Whether the status is from 500 to 599."""
        return httpx.codes.is_server_error(self.status_code)


class BodyBuffer:
    """The part of a body that has arrived, decompressed."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def add(self, chunk: bytes) -> None:
        """Add the next part.

        Raises:
            httpx.DecodingError: The body is larger than `MAX_BODY_BYTES`.
        """
        self._bytes += chunk
        if len(self._bytes) > MAX_BODY_BYTES:
            raise httpx.DecodingError(f"the body is larger than {MAX_BODY_BYTES} bytes")

    def __bytes__(self) -> bytes:
        return bytes(self._bytes)


def check_encoding(headers: httpx.Headers) -> None:
    """Reject a body that was compressed more than once.

    A body that was compressed once grows a thousandfold at most, and is decompressed in small pieces.

    Raises:
        httpx.DecodingError: The body was compressed more than once.
    """
    codings = [each.strip().lower() for each in headers.get("Content-Encoding", "").split(",")]
    if len([each for each in codings if each not in {"", "identity"}]) > 1:
        raise httpx.DecodingError("the body is compressed more than once")


def build_request(config: Config, operation: Operation[Any], access_token: str | None = None) -> Request:
    """Build the request of an operation: add the host, common headers, the access token and the timeout."""
    arguments = operation.request
    host = config.auth_url if operation.at_auth_host else config.base_url
    headers: dict[str, str] = {**_HEADERS, **arguments["headers"]}
    if access_token is not None:
        headers["Authorization"] = f"Bearer {access_token}"
    url = _parse_url(host + arguments["url"])
    if query := arguments.get("params"):
        url = url.copy_with(params=query)
    return Request(operation.method, url, headers, _body(arguments), config.timeout)


def secrets_of(operation: Operation[Any], request: Request) -> list[str]:
    """Return the secrets in a request. Errors and logs must not show them, even if the service repeats them."""
    return [each.removeprefix("Bearer ") for each in secrets_in([operation.request, request.headers])]


def _body(arguments: Mapping[str, Any]) -> bytes:
    if "json" in arguments:
        return json.dumps(arguments["json"], ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    return urlencode(arguments["data"]).encode() if "data" in arguments else b""


# Parsing a URL takes a good part of the time of a request, and most URLs are requested again.
@lru_cache(maxsize=128)
def _parse_url(url: str) -> httpx.URL:
    return httpx.URL(url)
