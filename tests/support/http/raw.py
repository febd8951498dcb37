"""HTTP over a bare socket: the test controls each byte that is sent."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Sequence
from http.client import HTTPException
from typing import Any, Final, Self
from urllib.parse import urlsplit

from attrs import frozen

from tests.support.error_codes import flaw_in_code

PATH: Final = "/acme/users/forgotpassword"
JSON_TYPE: Final = "Content-Type: application/json"

# A server that hangs fails the test, rather than stopping the suite.
_PATIENCE_SECONDS: Final = 30.0


@frozen
class Response:
    """One response. The names of its headers are in lower case."""

    status: int
    headers: Sequence[tuple[str, str]]
    body: bytes

    def all(self, name: str) -> list[str]:
        """The values of a header, in their order."""
        return [value for each, value in self.headers if each == name]

    @property
    def json(self) -> Any:
        """The body, which must be JSON."""
        return json.loads(self.body)


class Connection:
    """A connection to a server for arbitrary bytes."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._socket = socket.create_connection((parts.hostname or "", parts.port or 80), _PATIENCE_SECONDS)
        self._file = self._socket.makefile("rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self._socket.close()

    def send(self, request: bytes) -> None:
        """Send bytes."""
        self._socket.sendall(request)

    def read(self, *, bodiless: bool = False) -> Response:
        """Read one response. `bodiless` is for HEAD, whose response has the length of a body but no body."""
        version, status, _ = self._line().split(" ", 2)
        if version != "HTTP/1.1":
            raise HTTPException(version)
        headers: list[tuple[str, str]] = []
        while line := self._line():
            name, _, value = line.partition(":")
            headers.append((name.lower(), value.strip()))
        length = next((int(value) for name, value in headers if name == "content-length"), 0)
        return Response(int(status), headers, b"" if bodiless else self._file.read(length))

    def piece(self) -> bytes:
        """The next bytes, as they arrive: what the server has written at once, if it is not long."""
        return self._socket.recv(65_536)

    def rest(self) -> bytes:
        """Everything until the server closes the connection."""
        return self._file.read()

    def _line(self) -> str:
        line = self._file.readline()
        if not line.endswith(b"\r\n"):
            raise HTTPException(f"The response ends early: {line!r}")
        return line[:-2].decode("latin-1")


def compose(
    body: bytes = b"",
    *headers: str,
    method: str = "POST",
    target: str = PATH,
    content_type: str | None = JSON_TYPE,
    length: int | None = None,
) -> bytes:
    """Compose a request; headers are whole lines, written as they are given. `length` is what the request claims."""
    lines = [f"{method} {target} HTTP/1.1", "Host: localhost", *headers]
    if content_type is not None:
        lines.append(content_type)
    lines.append(f"Content-Length: {len(body) if length is None else length}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def chunked(*chunks: bytes) -> bytes:
    """Compose a chunked request."""
    head = f"POST {PATH} HTTP/1.1\r\nHost: localhost\r\n{JSON_TYPE}\r\nTransfer-Encoding: chunked\r\n\r\n"
    return head.encode() + b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in (*chunks, b""))


def exchange(url: str, request: bytes) -> Response:
    """Send a request on a connection of its own, and read the response."""
    with Connection(url) as connection:
        connection.send(request)
        return connection.read(bodiless=request.startswith(b"HEAD "))


def assert_documented(response: Response, status: int) -> None:
    """Fail unless the response has this status and the documented headers and error body."""
    assert response.status == status, response
    assert response.all("content-type") == ["application/json"]
    _assert_common(response)
    if status >= 400 and response.body:
        message = response.json["message"]
        assert isinstance(message, str)
        assert message.strip()
        assert flaw_in_code(status, response.json) is None, response


def assert_empty(response: Response, status: int) -> None:
    """Fail unless the response has this status, no body, no Content-Type and, at 204, no Content-Length."""
    assert response.status == status, response
    assert (response.body, response.all("content-type")) == (b"", [])
    assert response.all("content-length") == ([] if status == 204 else ["0"])
    _assert_common(response)


def _assert_common(response: Response) -> None:
    assert response.all("cache-control") == ["no-store"]
    (request_id,) = response.all("x-request-id")
    assert re.fullmatch("[0-9a-f]{32}", request_id)
    # Names the software that serves, which helps nobody but an attacker.
    assert response.all("server") == []
