"""R29: both parsers accept the same requests, and none that a proxy could read as two."""

from __future__ import annotations

from http.client import HTTPException
from typing import Final

import pytest

from tests.support.http.raw import PATH, Connection, assert_documented, compose
from tests.support.server import LiveServer

_LENGTH: Final = "Content-Length: 2"
_CHUNKED: Final = "Transfer-Encoding: chunked"
_CHUNKS: Final = "2\r\n{}\r\n0\r\n\r\n"
_LINE: Final = f"METHOD {PATH} HTTP/1.1"
_HOST: Final = "Host: localhost"


def _head(*headers: str, line: str = _LINE, host: str = _HOST) -> str:
    return "\r\n".join([line, host, *headers, "", ""])


_GOOD: Final = {
    "length": _head(_LENGTH) + "{}",
    "length with zeros": _head("Content-Length: 02") + "{}",
    "length with spaces": _head("Content-Length:  2 ") + "{}",
    "no body": _head(),
    "bytes beyond ASCII": _head("X: \xff", _LENGTH) + "{}",
    "tab in a value": _head("X: a\tb", _LENGTH) + "{}",
    "empty value": _head("X:", _LENGTH) + "{}",
    "empty host": _head(_LENGTH, host="Host:") + "{}",
    "many headers": _head(*["X: y"] * 300, _LENGTH) + "{}",
    "large head": _head("X: " + "y" * 60_000, _LENGTH) + "{}",
}
# h11 ends the connection after each of them.
_IN_CHUNKS: Final = {
    "chunks": _head(_CHUNKED) + _CHUNKS,
    "chunks in capitals": _head("Transfer-Encoding: Chunked") + _CHUNKS,
    "chunk with an extension": _head(_CHUNKED) + "2;a=b\r\n{}\r\n0\r\n\r\n",
    "chunks and a trailer": _head(_CHUNKED) + "2\r\n{}\r\n0\r\nX: y\r\n\r\n",
}
_BAD: Final = {
    "chunked, then length": _head(_CHUNKED, "Content-Length: 12") + _CHUNKS,
    "length, then chunked": _head("Content-Length: 12", _CHUNKED) + _CHUNKS,
    "two lengths": _head(_LENGTH, _LENGTH) + "{}",
    "two different lengths": _head(_LENGTH, "Content-Length: 3") + "{}",
    "list of lengths": _head("Content-Length: 2, 2") + "{}",
    "signed length": _head("Content-Length: +2") + "{}",
    "negative length": _head("Content-Length: -0"),
    "hexadecimal length": _head("Content-Length: 0x2") + "{}",
    "length with a separator": _head("Content-Length: 1_0") + "0123456789",
    "empty length": _head("Content-Length:"),
    "very long length": _head("Content-Length: " + "0" * 20 + "2") + "{}",
    "very large length": _head("Content-Length: " + "9" * 20) + "{}",
    "identity": _head("Transfer-Encoding: identity", _LENGTH) + "{}",
    "chunked, identity": _head("Transfer-Encoding: chunked, identity") + _CHUNKS,
    "identity, chunked": _head("Transfer-Encoding: identity, chunked") + _CHUNKS,
    "gzip, chunked": _head("Transfer-Encoding: gzip, chunked") + _CHUNKS,
    "chunked twice": _head(_CHUNKED, _CHUNKED) + _CHUNKS,
    "xchunked": _head("Transfer-Encoding: xchunked") + _CHUNKS,
    "chunked with a parameter": _head("Transfer-Encoding: chunked;q=1") + _CHUNKS,
    "chunked behind a control character": _head("Transfer-Encoding: \x0bchunked") + _CHUNKS,
    "empty transfer-encoding": _head("Transfer-Encoding:", _LENGTH) + "{}",
    "chunked in HTTP/1.0": _head(_CHUNKED, line=f"METHOD {PATH} HTTP/1.0") + _CHUNKS,
    "folded line": _head("X: a\r\n b", _LENGTH) + "{}",
    "line folded with a tab": _head("X: a\r\n\tb", _LENGTH) + "{}",
    "folded length": _head("Content-Length:\r\n 2") + "{}",
    "folded first line": _head(_LENGTH, host=" Host: localhost") + "{}",
    "space before the colon": _head("X : y", _LENGTH) + "{}",
    "length with a space before the colon": _head("Content-Length : 2") + "{}",
    "no name": _head(": y", _LENGTH) + "{}",
    "no colon": _head("X", _LENGTH) + "{}",
    "bad name": _head("X(: y", _LENGTH) + "{}",
    "NUL": _head("X: \x00", _LENGTH) + "{}",
    "control character": _head("X: \x01", _LENGTH) + "{}",
    "DEL": _head("X: \x7f", _LENGTH) + "{}",
    "CR in a value": _head("X: a\rb", _LENGTH) + "{}",
    "LF alone": _head(_LENGTH).replace("\r\n", "\n") + "{}",
    "LF behind the request line": _head(_LENGTH).replace("1.1\r\n", "1.1\n") + "{}",
    "LF behind a header": _head("X: y", _LENGTH).replace("y\r\n", "y\n") + "{}",
    "LF at the end": _head(_LENGTH).replace("\r\n\r\n", "\r\n\n") + "{}",
    "CR twice": _head("X: y\r", _LENGTH) + "{}",
    "empty line before": "\r\n" + _head(_LENGTH) + "{}",
    "space before": " " + _head(_LENGTH) + "{}",
    "two spaces before the target": _head(_LENGTH, line=f"METHOD  {PATH} HTTP/1.1") + "{}",
    "two spaces before the version": _head(_LENGTH, line=f"METHOD {PATH}  HTTP/1.1") + "{}",
    "tab in the request line": _head(_LENGTH, line=f"METHOD {PATH}\tHTTP/1.1") + "{}",
    "space behind the request line": _head(_LENGTH, line=f"{_LINE} ") + "{}",
    "no version": f"METHOD {PATH}\r\n\r\n",
    "HTTP/0.9": _head(line=f"METHOD {PATH} HTTP/0.9"),
    "HTTP/1.2": _head(line=f"METHOD {PATH} HTTP/1.2"),
    "HTTP/2.0": _head(line=f"METHOD {PATH} HTTP/2.0"),
    "http/1.1": _head(line=f"METHOD {PATH} http/1.1"),
    "no host": _head(_LENGTH, host="X: y") + "{}",
    "two hosts": _head(_LENGTH, "Host: other") + "{}",
    "control character in the target": _head(line="METHOD /\x01 HTTP/1.1"),
    "byte beyond ASCII in the target": _head(line="METHOD /\xff HTTP/1.1"),
    "no target": _head(line="METHOD  HTTP/1.1"),
    "relative target": _head(line="METHOD acme HTTP/1.1"),
    "target of CONNECT": _head(line="METHOD localhost:80 HTTP/1.1"),
    "too large a head": _head("X: " + "y" * 66_000, _LENGTH) + "{}",
}
_METHODS = pytest.mark.parametrize("method", [pytest.param("POST", id="httptools"), pytest.param("FOO", id="h11")])
_NEXT: Final = compose(method="GET", target="/healthz", content_type=None)


def _send(server: LiveServer, request: str, method: str) -> tuple[int, bool]:
    """The status of the response, and whether the connection goes on."""
    with Connection(server.url) as connection:
        connection.send(request.replace("METHOD", method).encode("latin-1"))
        status = connection.read().status
        try:
            connection.send(_NEXT)
            response = connection.read()
        except (ConnectionError, HTTPException):
            return status, False
    assert_documented(response, 200)
    return status, True


@_METHODS
@pytest.mark.parametrize("case", _GOOD)
def test_taken(live_server: LiveServer, case: str, method: str) -> None:
    """A valid HTTP/1.1 request gets a response of the application, and the connection stays open."""
    assert _send(live_server, _GOOD[case], method) == (405 if method == "FOO" else 415, True)


@_METHODS
@pytest.mark.parametrize("case", _IN_CHUNKS)
def test_chunks(live_server: LiveServer, case: str, method: str) -> None:
    """After a chunked body, only the strict parser keeps the connection open."""
    expected = (405, False) if method == "FOO" else (415, True)
    assert _send(live_server, _IN_CHUNKS[case], method) == expected


@_METHODS
@pytest.mark.parametrize("case", _BAD)
def test_refused(live_server: LiveServer, case: str, method: str) -> None:
    """A malformed HTTP/1.1 request gets 400, and the connection is closed."""
    assert _send(live_server, _BAD[case], method) == (400, False)


@pytest.mark.parametrize("case", _BAD)
def test_refused_in_pieces(live_server: LiveServer, case: str) -> None:
    """A malformed request gets 400 from h11 when it arrives in two pieces, split anywhere."""
    request = _BAD[case].replace("METHOD", "FOO").encode("latin-1")
    for cut in {len(request) // 2, request.find(b"\r") + 1, request.find(b"\n") + 1, len(request) - 3}:
        with Connection(live_server.url) as connection:
            connection.send(request[:cut])
            connection.send(request[cut:])
            assert_documented(connection.read(), 400)
