"""Methods that a path does not have, and HTTP that is none."""

from __future__ import annotations

from typing import cast

import pytest

from tests.support.http.bodies import GOOD
from tests.support.http.raw import JSON_TYPE, PATH, Connection, assert_documented, compose, exchange
from tests.support.logs import errors
from tests.support.server import LiveServer, serving

_ELSEWHERE = ["TRACE", "QUERY", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "FOO", "A" * 100]
_BROKEN_BODY = f"Host: localhost\r\n{JSON_TYPE}\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"
# What the server holds of a head at most.
_HEAD_LIMIT = 65_536


@pytest.mark.parametrize("body", [b"", GOOD], ids=["empty", "body"])
@pytest.mark.parametrize(
    ("target", "method", "allowed"),
    [
        *((PATH, method, "POST") for method in [*_ELSEWHERE, "GET", "post"]),
        *(("/healthz", method, "GET, HEAD") for method in [*_ELSEWHERE, "POST", "get", "head"] if method != "HEAD"),
        *(("/", method, "GET") for method in [*_ELSEWHERE, "POST"]),
        ("//acme/users/forgotpassword/", "GET", "POST"),
        ("/nowhere/users/forgotpassword", "GET", "POST"),
    ],
)
def test_method_not_allowed(live_server: LiveServer, target: str, method: str, allowed: str, body: bytes) -> None:
    """Any other method gets 405 with Allow; the response to HEAD has no body."""
    response = exchange(live_server.url, compose(body, method=method, target=target))
    assert_documented(response, 405)
    assert response.all("allow") == [allowed]
    assert (response.body == b"") == (method == "HEAD")


@pytest.mark.parametrize("method", _ELSEWHERE)
def test_unknown_path_first(live_server: LiveServer, method: str) -> None:
    """An unknown path gets 404 for every method."""
    assert_documented(exchange(live_server.url, compose(method=method, target="/acme")), 404)


@pytest.mark.parametrize("target", ["/healthz", "//healthz/"])
def test_health(live_server: LiveServer, target: str) -> None:
    """A server that reaches its storage says so."""
    response = exchange(live_server.url, compose(method="GET", target=target, content_type=None))
    assert_documented(response, 200)
    assert response.json == {"status": "ok"}


@pytest.mark.parametrize("target", ["/healthz", "//healthz/"])
def test_head_of_health(live_server: LiveServer, target: str) -> None:
    """HEAD gets what GET does, with the length of the body and without the body."""
    get = exchange(live_server.url, compose(method="GET", target=target, content_type=None))
    with Connection(live_server.url) as connection:
        connection.send(compose(b"", "Connection: close", method="HEAD", target=target, content_type=None))
        head = connection.read(bodiless=True)
        assert connection.rest() == b""
    assert_documented(head, 200)
    assert head.all("content-length") == get.all("content-length") == [str(len(get.body))]


def _get(*headers: str, target: str = "/healthz") -> bytes:
    return compose(b"", *headers, method="GET", target=target, content_type=None)


_MALFORMED = [
    pytest.param(b"garbage\r\n\r\n", id="garbage"),
    pytest.param(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", id="TLS"),
    pytest.param(b"GET /healthz\r\n\r\n", id="no-version"),
    pytest.param(b"GET /healthz HTTP/9\r\n\r\n", id="no-such-version"),
    pytest.param(b"GET /healthz HTTP/1.1\r\n\r\n", id="no-host"),
    pytest.param(compose(GOOD, "no colon"), id="header-without-colon"),
    pytest.param(compose(GOOD, "na me: x"), id="space-in-header-name"),
    pytest.param(compose(GOOD, "tenant : north"), id="space-before-colon"),
    pytest.param(compose(GOOD, "t\xe9nant: north"), id="non-ASCII-header-name"),
    pytest.param(compose(GOOD, "x: a\x00b"), id="NUL-in-header"),
    pytest.param(compose(GOOD, "Content-Length: 1"), id="two-lengths"),
    pytest.param(compose(GOOD, "Content-Length: -1"), id="negative-length"),
    pytest.param(compose(GOOD, "Transfer-Encoding: gzip"), id="unknown-transfer-encoding"),
    pytest.param(compose(GOOD, method="P\xd6ST"), id="non-ASCII-method"),
    pytest.param(compose(GOOD, target="/acm\xe9"), id="non-ASCII-target"),
    pytest.param(f"POST {PATH} HTTP/1.1\r\n{_BROKEN_BODY}".encode(), id="broken-chunk"),
    pytest.param(f"GET {PATH} HTTP/1.1\r\n{_BROKEN_BODY}".encode(), id="broken-chunk-to-a-405"),
    pytest.param(f"POST /%00 HTTP/1.1\r\n{_BROKEN_BODY}".encode(), id="broken-chunk-to-a-400"),
    pytest.param(f"HEAD {PATH} HTTP/1.1\r\n{_BROKEN_BODY}".encode(), id="broken-chunk-to-HEAD"),
    # One byte too many, so that the server has read everything when it closes the connection.
    pytest.param(b"GET /".ljust(_HEAD_LIMIT + 1, b"x"), id="endless-target"),
    pytest.param(b"GET /healthz HTTP/1.1\r\nx: ".ljust(_HEAD_LIMIT + 1, b"x"), id="endless-header"),
    pytest.param((b"GET /healthz HTTP/1.1\r\n" + b"x: y\r\n" * 20_000)[: _HEAD_LIMIT + 1], id="endless-headers"),
    pytest.param(
        b"GET / HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: x\r\ny: ".ljust(_HEAD_LIMIT + 1, b"x"),
        id="endless-header-to-upgrade",
    ),
    pytest.param(_get(f"x: {'x' * _HEAD_LIMIT}"), id="large-header"),
    pytest.param(_get(*["x: y"] * (_HEAD_LIMIT // len("x: y\r\n"))), id="large-headers"),
    pytest.param(_get(target=f"/{'x' * _HEAD_LIMIT}"), id="large-target"),
    pytest.param(_get("Connection: upgrade", "Upgrade: x", f"y: {'x' * _HEAD_LIMIT}"), id="large-header-to-upgrade"),
]


@pytest.mark.parametrize("request_", _MALFORMED)
def test_malformed(live_server: LiveServer, request_: bytes) -> None:
    """Input that is not HTTP gets the documented 400, and the connection is closed."""
    with Connection(live_server.url) as connection:
        connection.send(request_)
        response = connection.read(bodiless=request_.startswith(b"HEAD "))
        assert connection.rest() == b""
    assert_documented(response, 400)
    assert response.all("connection") == ["close"]


def test_malformed_is_no_fault(live_server: LiveServer, caplog: pytest.LogCaptureFixture) -> None:
    """Input that is not HTTP has a log line with its request id, which is not an error."""
    requests = [cast("bytes", case.values[0]) for case in _MALFORMED]
    with serving(live_server.settings) as server:
        responses = [exchange(server.url, request) for request in requests]
    assert not errors(caplog)
    logged = [record.__dict__["requestId"] for record in caplog.records if record.getMessage() == "malformed"]
    assert logged == [response.all("x-request-id")[0] for response in responses]
