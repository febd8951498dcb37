"""R29: no connection keeps the server waiting for longer than it may."""

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
    wait_until,
)
from tests.support.http.bodies import GOOD, padded
from tests.support.http.raw import JSON_TYPE, PATH, Connection, assert_documented, compose

_SOON = "0.2"
_ENDLESS = f"POST {PATH} HTTP/1.1\r\nHost: localhost\r\n{JSON_TYPE}\r\nTransfer-Encoding: chunked\r\n\r\n".encode()


@PARSERS
@pytest.mark.parametrize("sent", [b"P", compose(GOOD)[:40], compose(GOOD, method="FOO")[:40]])
def test_head_does_not_come(tmp_path: Path, first: bytes, sent: bytes) -> None:
    """A connection whose request head is not whole in time is closed without a response."""
    with server_without_deadlines(tmp_path, head_timeout=_SOON) as server, connected(server, first) as connection:
        connection.send(sent)
        assert is_closed(connection)


def test_nothing_comes(tmp_path: Path) -> None:
    """A connection that sends nothing at all is closed too."""
    with server_without_deadlines(tmp_path, head_timeout=_SOON) as server, connected(server) as connection:
        assert is_closed(connection)


@PARSERS
def test_head_that_never_ends(tmp_path: Path, first: bytes) -> None:
    """The time for a head is that of the whole head: to send a little now and then does not extend it."""
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
def test_body_does_not_come(tmp_path: Path, first: bytes, body: bytes) -> None:
    """A connection whose request body makes no progress is closed without a response."""
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
def test_deadlines_are_apart(tmp_path: Path, first: bytes) -> None:
    """While one connection runs out of time for its head, others idle, or have time for their body."""
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
def test_response_that_nobody_reads(tmp_path: Path, first: bytes) -> None:
    """A client that asks on and on and reads nothing is cut off, and its place is free."""
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
    """A response that goes out before the body has come says that it ends the connection, and does."""
    with server_without_deadlines(tmp_path) as server, connected(server) as connection:
        connection.send(head + (padded(70_000) if status == 413 else b""))
        answer = connection.read()
        assert_documented(answer, status)
        assert answer.all("connection") == ["close"]
        assert is_closed(connection)


def test_small_rest_is_read(tmp_path: Path) -> None:
    """Where no more of a body is to come than the server takes, the connection goes on behind it."""
    with server_without_deadlines(tmp_path) as server, connected(server) as connection:
        connection.send(compose(b"", content_type=None, length=65_536))
        assert_documented(connection.read(), 415)
        connection.send(bytes(65_536) + compose(GOOD))
        assert_documented(connection.read(), 200)


@pytest.mark.parametrize("headers", [(), _WISH], ids=["httptools", "h11"])
def test_body_without_end(tmp_path: Path, headers: tuple[str, ...]) -> None:
    """A client that sends on after its 413 is cut off."""
    with server_without_deadlines(tmp_path) as server, connected(server) as connection:
        connection.send(compose(b"", *headers, length=1 << 40))
        with pytest.raises(ConnectionError):
            # What the buffers on both sides hold is taken too.
            connection.send(bytes(1 << 26))


def test_setting_of_each() -> None:
    """Without settings, the time for a head is 10 s, for a body 30 s, and between requests 75 s."""
    settings = Settings()
    assert (settings.head_timeout, settings.body_timeout, settings.keep_alive) == (10, 30, 75)
    assert (settings.connections, settings.connections_per_address) == (None, 256)
