"""R29: each wait for a client ends."""

from __future__ import annotations

import select
import socket
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from meshydb_server.configuration.settings import Settings
from tests.security.http.connections import (
    PARSERS,
    connected,
    is_closed,
    is_served,
    server_without_deadlines,
)
from tests.support.http.bodies import GOOD, padded
from tests.support.http.raw import JSON_TYPE, PATH, Connection, assert_documented, compose
from tests.support.waiting import wait_until

_SOON = "0.2"
_ENDLESS = f"POST {PATH} HTTP/1.1\r\nHost: localhost\r\n{JSON_TYPE}\r\nTransfer-Encoding: chunked\r\n\r\n".encode()


@PARSERS
@pytest.mark.parametrize("sent", [b"P", compose(GOOD)[:40], compose(GOOD, method="FOO")[:40]])
def test_incomplete_head(tmp_path: Path, first: bytes, sent: bytes) -> None:
    """A connection is closed without a response if its request head is incomplete at the deadline."""
    with server_without_deadlines(tmp_path, head_timeout=_SOON) as server, connected(server, first) as connection:
        connection.send(sent)
        assert is_closed(connection)


def test_silent_connection(tmp_path: Path) -> None:
    """A connection that sends nothing is closed."""
    with server_without_deadlines(tmp_path, head_timeout=_SOON) as server, connected(server) as connection:
        assert is_closed(connection)


@PARSERS
def test_slow_head(tmp_path: Path, first: bytes) -> None:
    """Sending a request head piece by piece does not extend its deadline."""
    with server_without_deadlines(tmp_path, head_timeout=_SOON) as server:
        with connected(server, first):
            pass
        parts = urlsplit(server.url)
        with socket.create_connection((parts.hostname or "", parts.port or 0), 30.0) as connection:
            connection.sendall(first + compose(GOOD).partition(b"\r\n\r\n")[0] + b"\r\nX-Long: ")
            received = b""
            try:
                # For half a minute at most.
                for _ in range(1_500):
                    if select.select([connection], [], [], 0.02)[0]:
                        piece = connection.recv(65_536)
                        if not piece:
                            break
                        received += piece
                    connection.sendall(b"x")
                else:
                    pytest.fail("The connection stays open.")
            except ConnectionError:
                pass
    assert received.count(b"\r\n\r\n") == bool(first)


@PARSERS
@pytest.mark.parametrize("body", [b"", GOOD[:5]])
def test_stalled_body(tmp_path: Path, first: bytes, body: bytes) -> None:
    """A connection is closed without a response if its request body makes no progress."""
    with server_without_deadlines(tmp_path, body_timeout=_SOON) as server, connected(server, first) as connection:
        connection.send(compose(body, length=len(GOOD)))
        assert is_closed(connection)


@PARSERS
def test_idle(tmp_path: Path, first: bytes) -> None:
    """A connection that stays idle after a response is closed."""
    with server_without_deadlines(tmp_path, keep_alive=_SOON) as server, connected(server, first) as connection:
        connection.send(compose(GOOD))
        assert_documented(connection.read(), 200)
        assert is_closed(connection)


@PARSERS
def test_deadlines_are_independent(tmp_path: Path, first: bytes) -> None:
    """The deadline of one connection's head does not affect idle connections or those that send a body."""
    with (
        server_without_deadlines(tmp_path, head_timeout="1") as server,
        connected(server, first) as idle,
        connected(server, first) as busy,
    ):
        idle.send(compose(GOOD))
        assert_documented(idle.read(), 200)
        busy.send(compose(GOOD[:5], length=len(GOOD)))
        with connected(server) as silent:
            assert is_closed(silent)
        busy.send(GOOD[5:])
        idle.send(compose(GOOD))
        for connection in (busy, idle):
            assert_documented(connection.read(), 200)


@PARSERS
def test_unread_responses(tmp_path: Path, first: bytes) -> None:
    """A client that sends requests and reads no responses is disconnected, and its slot is free."""
    openapi = compose(method="GET", target="/openapi.json", content_type=None)
    with (
        server_without_deadlines(tmp_path, body_timeout=_SOON, connections="1") as server,
        Connection(server.url) as connection,
    ):
        connection.send(first + openapi * 50)
        # Until then the connection is under way, so that any other one is refused.
        wait_until(lambda: is_served(server.url))


_WISH = ("Connection: Upgrade", "Upgrade: x")
_EARLY = [
    pytest.param(compose(b"", length=1_000_000), 413, id="413"),
    pytest.param(compose(b"", content_type="Content-Type: text/plain", length=1_000_000), 415, id="415"),
    pytest.param(compose(b"", method="PUT", target="/acme/users/me", length=1_000_000), 401, id="401"),
    pytest.param(compose(b"", method="FOO", length=1_000_000), 405, id="405-by-h11"),
    pytest.param(compose(b"", *_WISH, content_type="Content-Type: text/plain", length=1_000_000), 415, id="415-by-h11"),
    pytest.param(compose(b"", *_WISH, length=1_000_000), 413, id="413-by-h11"),
    pytest.param(_ENDLESS.replace(JSON_TYPE.encode(), b"X: y"), 415, id="in-chunks"),
    pytest.param(compose(b"", "Expect: 100-continue", content_type=None, length=2), 415, id="not-asked-for"),
]


@pytest.mark.parametrize(("head", "status"), _EARLY)
def test_response_before_the_body(tmp_path: Path, head: bytes, status: int) -> None:
    """A response that is sent before the body has arrived has `Connection: close` and closes the connection."""
    with server_without_deadlines(tmp_path) as server, connected(server) as connection:
        connection.send(head + (padded(70_000) if status == 413 else b""))
        response = connection.read()
        assert_documented(response, status)
        assert response.all("connection") == ["close"]
        assert is_closed(connection)


def test_small_rest_of_a_body_is_read(tmp_path: Path) -> None:
    """A connection stays open after an early error if the rest of the body is small."""
    with server_without_deadlines(tmp_path) as server, connected(server) as connection:
        connection.send(compose(b"", content_type=None, length=65_536))
        assert_documented(connection.read(), 415)
        connection.send(bytes(65_536) + compose(GOOD))
        assert_documented(connection.read(), 200)


@pytest.mark.parametrize("headers", [(), _WISH], ids=["httptools", "h11"])
def test_body_without_end(tmp_path: Path, headers: tuple[str, ...]) -> None:
    """A client that keeps sending after its 413 is disconnected."""
    with server_without_deadlines(tmp_path) as server, connected(server) as connection:
        connection.send(compose(b"", *headers, length=1 << 40))
        with pytest.raises(ConnectionError):
            # What the buffers on both sides hold is taken too.
            connection.send(bytes(1 << 26))


def test_default_timeouts() -> None:
    """The default timeouts are 10 s for a head, 30 s for a body and 75 s between requests."""
    settings = Settings()
    assert (settings.head_timeout, settings.body_timeout, settings.keep_alive) == (10, 30, 75)
    assert (settings.connections, settings.connections_per_address) == (None, 256)
