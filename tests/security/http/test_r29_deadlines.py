"""R29: no connection keeps the server waiting for longer than it may, and there are never more than it can serve."""

from __future__ import annotations

import logging
import select
import socket
import sys
import time
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from functools import partial
from http.client import HTTPException
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from meshydb_server.configuration.settings import Settings
from meshydb_server.http.connections.registry import Registry
from tests.security.http.limited import LimitedServer, serving_with_descriptors
from tests.support.bodies import GOOD, padded
from tests.support.server import LiveServer, seed, serving, settings_in
from tests.support.wire import JSON_TYPE, PATH, Connection, assert_documented, compose, exchange

# Longer than any test takes.
_NEVER = "3000"
_SOON = "0.2"
_LOGGER = "meshydb_server.http.connections.registry"
_ANY_METHOD = compose(GOOD, method="FOO")
_PARSERS = pytest.mark.parametrize("first", [pytest.param(b"", id="httptools"), pytest.param(_ANY_METHOD, id="h11")])
_ENDLESS = f"POST {PATH} HTTP/1.1\r\nHost: localhost\r\n{JSON_TYPE}\r\nTransfer-Encoding: chunked\r\n\r\n".encode()


@contextmanager
def _server(folder: Path, **given: str) -> Generator[LiveServer]:
    settings = settings_in(folder, **{"head_timeout": _NEVER, "body_timeout": _NEVER, "keep_alive": _NEVER, **given})
    seed(settings)
    with serving(settings) as server:
        yield server


@contextmanager
def _connected(server: LiveServer, first: bytes = b"") -> Generator[Connection]:
    """A connection that the parser of the first request is left to, if there is one."""
    with Connection(server.url) as connection:
        if first:
            connection.send(first)
            assert_documented(connection.read(), 405)
        yield connection


def _ended(connection: Connection) -> bool:
    try:
        return connection.rest() == b""
    except ConnectionError:
        return True


@_PARSERS
@pytest.mark.parametrize("sent", [b"P", compose(GOOD)[:40], compose(GOOD, method="FOO")[:40]])
def test_head_does_not_come(tmp_path: Path, first: bytes, sent: bytes) -> None:
    """A connection whose request head is not whole in time is closed without a response."""
    with _server(tmp_path, head_timeout=_SOON) as server, _connected(server, first) as connection:
        connection.send(sent)
        assert _ended(connection)


def test_nothing_comes(tmp_path: Path) -> None:
    """A connection that sends nothing at all is closed too."""
    with _server(tmp_path, head_timeout=_SOON) as server, _connected(server) as connection:
        assert _ended(connection)


@_PARSERS
def test_head_that_never_ends(tmp_path: Path, first: bytes) -> None:
    """The time for a head is that of the whole head: to send a little now and then does not extend it."""
    with _server(tmp_path, head_timeout=_SOON) as server:
        with _connected(server, first):
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


@_PARSERS
@pytest.mark.parametrize("body", [b"", GOOD[:5]])
def test_body_does_not_come(tmp_path: Path, first: bytes, body: bytes) -> None:
    """A connection whose request body makes no progress is closed without a response."""
    with _server(tmp_path, body_timeout=_SOON) as server, _connected(server, first) as connection:
        connection.send(compose(body, length=len(GOOD)))
        assert _ended(connection)


@_PARSERS
def test_idle(tmp_path: Path, first: bytes) -> None:
    """A connection that stays idle after a response is closed."""
    with _server(tmp_path, keep_alive=_SOON) as server, _connected(server, first) as connection:
        connection.send(compose(GOOD))
        assert_documented(connection.read(), 200)
        assert _ended(connection)


@_PARSERS
def test_deadlines_are_apart(tmp_path: Path, first: bytes) -> None:
    """While one connection runs out of time for its head, others idle, or have time for their body."""
    with (
        _server(tmp_path, head_timeout="1") as server,
        _connected(server, first) as idle,
        _connected(server, first) as busy,
    ):
        idle.send(compose(GOOD))
        assert_documented(idle.read(), 200)
        busy.send(compose(GOOD[:5], length=len(GOOD)))
        with _connected(server) as silent:
            assert _ended(silent)
        busy.send(GOOD[5:])
        idle.send(compose(GOOD))
        for connection in (busy, idle):
            assert_documented(connection.read(), 200)


@_PARSERS
def test_response_that_nobody_reads(tmp_path: Path, first: bytes) -> None:
    """A client that asks on and on and reads nothing is cut off, and its place is free."""
    openapi = compose(method="GET", target="/openapi.json", content_type=None)
    with (
        _server(tmp_path, body_timeout=_SOON, connections="1") as server,
        Connection(server.url) as connection,
    ):
        connection.send(first + openapi * 50)
        # Until then the connection is under way, so that any other one is refused.
        _until(lambda: _is_served(server.url))


def _until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 30.0
    while not condition():
        assert time.monotonic() < end, "It does not come to that."


def _has_told(server: LimitedServer, bound: int) -> bool:
    lines = server.lines_of(_LOGGER)
    return any((line["level"], line["bound"]) == ("WARNING", bound) and line["evicted"] > 0 for line in lines)


def _is_served(url: str) -> bool:
    try:
        return exchange(url, compose(GOOD)).status == 200
    except (ConnectionError, HTTPException):
        return False


@pytest.mark.parametrize("bound", ["connections", "connections_per_address"])
def test_silent_connections_make_room(tmp_path: Path, bound: str, caplog: pytest.LogCaptureFixture) -> None:
    """When all places are taken, the oldest connection without a head goes, and one that is under way stays."""
    with _server(tmp_path, **{bound: "4"}) as server, ExitStack() as stack:
        busy, idle, oldest, newest = (stack.enter_context(_connected(server)) for _ in range(4))
        busy.send(compose(GOOD[:5], length=len(GOOD)))
        idle.send(compose(GOOD))
        assert_documented(idle.read(), 200)
        assert_documented(exchange(server.url, compose(GOOD)), 200)
        assert _ended(oldest)
        busy.send(GOOD[5:])
        for connection in (idle, newest):
            connection.send(compose(GOOD))
        for connection in (busy, idle, newest):
            assert_documented(connection.read(), 200)
    lines = [record.__dict__ for record in caplog.records if record.name == _LOGGER]
    assert [(line["evicted"], line["refused"], line["levelno"]) for line in lines] == [(1, 0, logging.WARNING)]


@pytest.mark.parametrize("bound", ["connections", "connections_per_address"])
def test_idle_connections_make_room(tmp_path: Path, bound: str) -> None:
    """Where no connection is without a head so far, the one that has been idle for longest goes."""
    with _server(tmp_path, **{bound: "2"}) as server, ExitStack() as stack:
        newer, older = (stack.enter_context(_connected(server)) for _ in range(2))
        for connection in (older, newer):
            connection.send(compose(GOOD))
            assert_documented(connection.read(), 200)
        with _connected(server) as third:
            assert _ended(older)
            third.send(compose(GOOD))
            assert_documented(third.read(), 200)
        newer.send(compose(GOOD))
        assert_documented(newer.read(), 200)


@_PARSERS
@pytest.mark.parametrize("bound", ["connections", "connections_per_address"])
def test_no_room(tmp_path: Path, bound: str, first: bytes, caplog: pytest.LogCaptureFixture) -> None:
    """Where all connections are under way, a new one is refused, and they are served."""
    with _server(tmp_path, **{bound: "2"}) as server, ExitStack() as stack:
        under_way = [stack.enter_context(_connected(server, first)) for _ in range(2)]
        for connection in under_way:
            connection.send(compose(b"", "Expect: 100-continue", length=len(GOOD)))
            assert connection.read().status == 100
        with _connected(server) as refused:
            assert _ended(refused)
        for connection in under_way:
            connection.send(GOOD)
            assert_documented(connection.read(), 200)
    assert _LOGGER in {record.name for record in caplog.records}


def test_proxies_have_no_bound_of_their_own(tmp_path: Path) -> None:
    """The connections of a trusted reverse proxy are those of many clients."""
    with (
        _server(tmp_path, connections_per_address="1", forwarded_allow_ips="127.0.0.1") as server,
        _connected(server) as one,
        _connected(server) as other,
    ):
        for connection in (one, other):
            connection.send(compose(GOOD))
            assert_documented(connection.read(), 200)


@pytest.mark.skipif(sys.platform != "linux", reason="Linux tells and sets the limit of another process.")
def test_more_connections_than_descriptors(tmp_path: Path) -> None:
    """Silent connections beyond the limit of descriptors, which may be lowered, keep nobody from being served."""
    seed(settings_in(tmp_path))
    with serving_with_descriptors(tmp_path, 256, connections_per_address="100000") as server, ExitStack() as stack:
        for bound in (192, 64):
            server.limit(bound + 64)
            for _ in range(300):
                stack.enter_context(socket.create_connection(("127.0.0.1", server.port)))
            # A limit that is lowered is noticed within a second.
            _until(lambda: _is_served(server.url))
            for _ in range(3):
                assert_documented(exchange(server.url, compose(GOOD)), 200)
            _until(partial(_has_told, server, bound))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit.")
def test_bound_leaves_descriptors() -> None:
    """The bound leaves some file descriptors for storage, and a setting can only lower it."""
    bound = Registry(Settings()).bound()
    assert bound > 0
    assert Registry(Settings(connections=bound + 1)).bound() == bound
    assert Registry(Settings(connections=bound - 1)).bound() == bound - 1


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
    with _server(tmp_path) as server, _connected(server) as connection:
        connection.send(head + (padded(70_000) if status == 413 else b""))
        answer = connection.read()
        assert_documented(answer, status)
        assert answer.all("connection") == ["close"]
        assert _ended(connection)


def test_small_rest_is_read(tmp_path: Path) -> None:
    """Where no more of a body is to come than the server takes, the connection goes on behind it."""
    with _server(tmp_path) as server, _connected(server) as connection:
        connection.send(compose(b"", content_type=None, length=65_536))
        assert_documented(connection.read(), 415)
        connection.send(bytes(65_536) + compose(GOOD))
        assert_documented(connection.read(), 200)


@pytest.mark.parametrize("headers", [(), _WISH], ids=["httptools", "h11"])
def test_body_without_end(tmp_path: Path, headers: tuple[str, ...]) -> None:
    """A client that sends on after its 413 is cut off."""
    with _server(tmp_path) as server, _connected(server) as connection:
        connection.send(compose(b"", *headers, length=1 << 40))
        with pytest.raises(ConnectionError):
            # What the buffers on both sides hold is taken too.
            connection.send(bytes(1 << 26))


def test_setting_of_each() -> None:
    """Without settings, the time for a head is 10 s, for a body 30 s, and between requests 75 s."""
    settings = Settings()
    assert (settings.head_timeout, settings.body_timeout, settings.keep_alive) == (10, 30, 75)
    assert (settings.connections, settings.connections_per_address) == (None, 256)
