"""R29: the number of connections never exceeds what the server can serve."""

from __future__ import annotations

import logging
import socket
import sys
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest

from meshydb_server.configuration.settings import Settings
from meshydb_server.http.connections.registry import Registry
from tests.security.http.connections import (
    PARSERS,
    connected,
    is_closed,
    is_served,
    server_without_deadlines,
)
from tests.security.http.descriptor_limit import LimitedServer, serving_with_descriptors
from tests.support.http.bodies import GOOD
from tests.support.http.raw import assert_documented, compose, exchange
from tests.support.server import seed, settings_in
from tests.support.waiting import wait_until

_LOGGER = "meshydb_server.http.connections.registry"


def _has_told(server: LimitedServer, bound: int) -> bool:
    lines = server.lines_of(_LOGGER)
    return any((line["level"], line["bound"]) == ("WARNING", bound) and line["evicted"] > 0 for line in lines)


@pytest.mark.parametrize("bound", ["connections", "connections_per_address"])
def test_silent_connections_make_room(tmp_path: Path, bound: str, caplog: pytest.LogCaptureFixture) -> None:
    """At the bound, a new connection closes the oldest one without a request head; active ones stay."""
    with server_without_deadlines(tmp_path, **{bound: "4"}) as server, ExitStack() as stack:
        busy, idle, oldest, newest = (stack.enter_context(connected(server)) for _ in range(4))
        busy.send(compose(GOOD[:5], length=len(GOOD)))
        idle.send(compose(GOOD))
        assert_documented(idle.read(), 200)
        assert_documented(exchange(server.url, compose(GOOD)), 200)
        assert is_closed(oldest)
        busy.send(GOOD[5:])
        for connection in (idle, newest):
            connection.send(compose(GOOD))
        for connection in (busy, idle, newest):
            assert_documented(connection.read(), 200)
    lines = [record.__dict__ for record in caplog.records if record.name == _LOGGER]
    assert [(line["evicted"], line["refused"], line["levelno"]) for line in lines] == [(1, 0, logging.WARNING)]


@pytest.mark.parametrize("bound", ["connections", "connections_per_address"])
def test_idle_connections_make_room(tmp_path: Path, bound: str) -> None:
    """At the bound, if all connections have sent a head, the one that is idle for longest is closed."""
    with server_without_deadlines(tmp_path, **{bound: "2"}) as server, ExitStack() as stack:
        newer, older = (stack.enter_context(connected(server)) for _ in range(2))
        for connection in (older, newer):
            connection.send(compose(GOOD))
            assert_documented(connection.read(), 200)
        with connected(server) as third:
            assert is_closed(older)
            third.send(compose(GOOD))
            assert_documented(third.read(), 200)
        newer.send(compose(GOOD))
        assert_documented(newer.read(), 200)


@PARSERS
@pytest.mark.parametrize("bound", ["connections", "connections_per_address"])
def test_active_connections_stay(tmp_path: Path, bound: str, first: bytes, caplog: pytest.LogCaptureFixture) -> None:
    """At the bound, if all connections are active, a new one is closed and the others are served."""
    with server_without_deadlines(tmp_path, **{bound: "2"}) as server, ExitStack() as stack:
        under_way = [stack.enter_context(connected(server, first)) for _ in range(2)]
        for connection in under_way:
            connection.send(compose(b"", "Expect: 100-continue", length=len(GOOD)))
            assert connection.read().status == 100
        with connected(server) as refused:
            assert is_closed(refused)
        for connection in under_way:
            connection.send(GOOD)
            assert_documented(connection.read(), 200)
    assert _LOGGER in {record.name for record in caplog.records}


def test_proxies_have_no_bound_of_their_own(tmp_path: Path) -> None:
    """A trusted proxy's connections are exempt from the bound of one address."""
    with (
        server_without_deadlines(tmp_path, connections_per_address="1", forwarded_allow_ips="127.0.0.1") as server,
        connected(server) as one,
        connected(server) as other,
    ):
        for connection in (one, other):
            connection.send(compose(GOOD))
            assert_documented(connection.read(), 200)


@pytest.mark.skipif(sys.platform != "linux", reason="Linux tells and sets the limit of another process.")
def test_more_connections_than_descriptors(tmp_path: Path) -> None:
    """Clients are served while silent connections exceed the limit of descriptors, even if it is lowered."""
    seed(settings_in(tmp_path))
    with serving_with_descriptors(tmp_path, 256, connections_per_address="100000") as server, ExitStack() as stack:
        for bound in (192, 64):
            server.limit(bound + 64)
            for _ in range(300):
                stack.enter_context(socket.create_connection(("127.0.0.1", server.port)))
            # A limit that is lowered is noticed within a second.
            wait_until(lambda: is_served(server.url))
            for _ in range(3):
                assert_documented(exchange(server.url, compose(GOOD)), 200)
            wait_until(partial(_has_told, server, bound))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit.")
def test_bound_leaves_descriptors() -> None:
    """The bound leaves file descriptors for storage, and a setting can only lower it."""
    bound = Registry(Settings()).bound()
    assert bound > 0
    assert Registry(Settings(connections=bound + 1)).bound() == bound
    assert Registry(Settings(connections=bound - 1)).bound() == bound - 1
