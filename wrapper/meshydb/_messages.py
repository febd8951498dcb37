"""Requests and answers as the core knows them, whatever sends the ones and receives the others."""

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

import httpx
from attrs import field, frozen

from meshydb._config import Config
from meshydb._operations import Operation
from meshydb._redaction import secrets_in
from meshydb._version import __version__

MAX_BODY_BYTES = 16 * 1024 * 1024

_HEADERS = {"Accept": "application/json", "User-Agent": f"meshydb-python/{__version__}"}


@frozen
class Request:
    """What is to be sent.

    Attributes:
        method: The method, in capitals.
        url: The whole URL.
        headers: Not in the `repr`, like the body, as they may hold secrets.
        body: The body, encoded; empty for none.
        timeout: Seconds to wait for a connection, and for each piece of data, or an httpx.Timeout; None leaves it to
            what sends.
    """

    method: str
    url: httpx.URL
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    timeout: float | httpx.Timeout | None


@frozen
class Answer:
    """An answer whose status line and headers arrived.

    Attributes:
        status_code: The status.
        headers: The headers, whose names are found in any case of letters. Not in the `repr`, as they may hold secrets.
        content: The body, decompressed; empty if it could not be read. Not in the `repr` either.
        error: Why the body could not be read; None when it was.
    """

    status_code: int
    headers: Mapping[str, str] = field(repr=False)
    content: bytes = field(default=b"", repr=False)
    error: httpx.HTTPError | None = None

    @property
    def is_success(self) -> bool:
        """Whether the service did what it was asked."""
        return httpx.codes.is_success(self.status_code)

    @property
    def is_server_error(self) -> bool:
        """Whether the service failed."""
        return httpx.codes.is_server_error(self.status_code)


class Content:
    """What has arrived of a body, and was decompressed."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def add(self, chunk: bytes) -> None:
        """Add the next part.

        Raises:
            httpx.DecodingError: It is too much.
        """
        self._bytes += chunk
        if len(self._bytes) > MAX_BODY_BYTES:
            raise httpx.DecodingError(f"the body is larger than {MAX_BODY_BYTES} bytes")

    def __bytes__(self) -> bytes:
        return bytes(self._bytes)


def check_encoding(headers: httpx.Headers) -> None:
    """Refuse a body that was compressed more than once.

    What is compressed once grows a thousandfold at most when it is unpacked, and is unpacked a little at a time.

    Raises:
        httpx.DecodingError: It was.
    """
    codings = [each.strip().lower() for each in headers.get("Content-Encoding", "").split(",")]
    if len([each for each in codings if each not in {"", "identity"}]) > 1:
        raise httpx.DecodingError("the body is compressed more than once")


def build_request(config: Config, operation: Operation[Any], access_token: str | None = None) -> Request:
    """Complete the request of an operation with what all requests have in common."""
    arguments = operation.request
    host = config.auth_url if operation.at_auth_host else config.base_url
    headers: dict[str, str] = {**_HEADERS, **arguments["headers"]}
    if access_token is not None:
        headers["Authorization"] = f"Bearer {access_token}"
    url = _parsed(host + arguments["url"])
    if query := arguments.get("params"):
        url = url.copy_with(params=query)
    return Request(operation.method, url, headers, _body(arguments), config.timeout)


def secrets_of(operation: Operation[Any], request: Request) -> list[str]:
    """What a service that repeats what it was sent must not bring into errors and logs."""
    return [each.removeprefix("Bearer ") for each in secrets_in([operation.request, request.headers])]


def _body(arguments: Mapping[str, Any]) -> bytes:
    if "json" in arguments:
        return json.dumps(arguments["json"], ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    return urlencode(arguments["data"]).encode() if "data" in arguments else b""


# Parsing a URL is a good part of the time that a request takes, and most are asked for again.
@lru_cache(maxsize=128)
def _parsed(url: str) -> httpx.URL:
    return httpx.URL(url)
