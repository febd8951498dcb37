"""Connections that are kept open, and the server that has to close them."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path

import pytest

from tests.support.http.bodies import GOOD
from tests.support.http.raw import Connection, assert_documented, compose, exchange
from tests.support.server import LiveServer, seed, serving, settings_in

# Longer than any test takes.
_NEVER = "3000"
_ANY_METHOD = compose(GOOD, method="FOO")
PARSERS = pytest.mark.parametrize("first", [pytest.param(b"", id="httptools"), pytest.param(_ANY_METHOD, id="h11")])


@contextmanager
def server_without_deadlines(folder: Path, **given: str) -> Generator[LiveServer]:
    """Serve with timeouts that no test reaches, but for those that are given."""
    settings = settings_in(folder, **{"head_timeout": _NEVER, "body_timeout": _NEVER, "keep_alive": _NEVER, **given})
    seed(settings)
    with serving(settings) as server:
        yield server


@contextmanager
def connected(server: LiveServer, first: bytes = b"") -> Generator[Connection]:
    """A connection that the parser of the first request is left to, if there is one."""
    with Connection(server.url) as connection:
        if first:
            connection.send(first)
            assert_documented(connection.read(), 405)
        yield connection


def is_closed(connection: Connection) -> bool:
    """Whether the server closes the connection without another byte."""
    try:
        return connection.rest() == b""
    except ConnectionError:
        return True


def is_served(url: str) -> bool:
    """Whether a new connection gets a response."""
    try:
        return exchange(url, compose(GOOD)).status == 200
    except (ConnectionError, HTTPException):
        return False
