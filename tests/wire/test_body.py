"""Content types, encodings and lengths of bodies."""

from __future__ import annotations

import gzip

import pytest

from tests.support.http.bodies import GOOD, padded
from tests.support.http.raw import JSON_TYPE, Connection, assert_documented, chunked, compose, exchange
from tests.support.server import LiveServer

_LIMIT = 65_536


@pytest.mark.parametrize("size", [len(GOOD), _LIMIT - 1, _LIMIT])
def test_size_accepted(live_server: LiveServer, size: int) -> None:
    """A body of up to 65,536 bytes is accepted, with and without Content-Length."""
    assert_documented(exchange(live_server.url, compose(padded(size))), 200)
    assert_documented(exchange(live_server.url, chunked(padded(size)[:50], padded(size)[50:])), 200)


@pytest.mark.parametrize("size", [_LIMIT + 1, 5 * _LIMIT])
def test_size_refused(live_server: LiveServer, size: int) -> None:
    """A longer body gets 413, with and without Content-Length."""
    assert_documented(exchange(live_server.url, compose(padded(size))), 413)
    assert_documented(exchange(live_server.url, chunked(padded(size)[:_LIMIT], padded(size)[_LIMIT:])), 413)


def test_size_is_refused_early(live_server: LiveServer) -> None:
    """The 413 is sent as soon as the bound is exceeded, before the body ends."""
    with Connection(live_server.url) as connection:
        connection.send(compose(length=10**12) + padded(_LIMIT + 1))
        assert_documented(connection.read(), 413)


def test_connection_ends_after_a_413(live_server: LiveServer) -> None:
    """After a 413 the rest of the body is not read, and the connection ends."""
    with Connection(live_server.url) as connection:
        connection.send(compose(length=4 * _LIMIT) + padded(2 * _LIMIT))
        response = connection.read()
        assert_documented(response, 413)
        assert response.all("connection") == ["close"]
        assert connection.rest() == b""


@pytest.mark.parametrize(
    "declared",
    [
        "application/json",
        "application/json; charset=utf-8",
        "application/json; charset=UTF-8",
        'application/json;charset="utf-8"',
        "application/json; charset=utf8",
        "Application/JSON",
        "application/json; profile=x",
    ],
)
def test_content_type_accepted(live_server: LiveServer, declared: str) -> None:
    """JSON in UTF-8 is what a body may be declared as, in any spelling of it."""
    request = compose(GOOD, f"cOnTeNt-TyPe: {declared}", content_type=None)
    assert_documented(exchange(live_server.url, request), 200)


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param([], id="none"),
        pytest.param(["Content-Type:"], id="empty"),
        pytest.param(["Content-Type: text/plain"], id="text"),
        pytest.param(["Content-Type: text/json"], id="text-json"),
        pytest.param(["Content-Type: application/x-www-form-urlencoded"], id="form"),
        pytest.param(["Content-Type: application/problem+json"], id="suffix"),
        pytest.param(["Content-Type: application/jsonp"], id="longer"),
        pytest.param(["Content-Type: json"], id="no-type"),
        pytest.param(["Content-Type: */*"], id="any"),
        pytest.param(["Content-Type: application/json; charset=latin-1"], id="latin-1"),
        pytest.param(["Content-Type: application/json; charset=utf-16"], id="UTF-16"),
        pytest.param(["Content-Type: application/json, application/json"], id="doubled-in-one"),
        pytest.param(["Content-Type: =?utf-8?q?application/json?="], id="encoded-word"),
        pytest.param(["Content-Type: application/json\xa0"], id="non-ASCII"),
        pytest.param([JSON_TYPE, JSON_TYPE], id="doubled"),
        pytest.param([JSON_TYPE, "Content-Type: text/plain"], id="two-kinds"),
        pytest.param([JSON_TYPE, "Content-Encoding: gzip"], id="compressed"),
        pytest.param([JSON_TYPE, "Content-Encoding: br"], id="unknown-compression"),
        pytest.param([JSON_TYPE, "Content-Encoding: identity", "Content-Encoding: gzip"], id="two-encodings"),
    ],
)
def test_content_type_refused(live_server: LiveServer, headers: list[str]) -> None:
    """A body with another content type, without one, or compressed gets 415."""
    assert_documented(exchange(live_server.url, compose(GOOD, *headers, content_type=None)), 415)


def test_really_compressed(live_server: LiveServer) -> None:
    """A compressed body is rejected for its Content-Encoding, and never decompressed."""
    request = compose(gzip.compress(padded(_LIMIT)), "Content-Encoding: gzip")
    assert_documented(exchange(live_server.url, request), 415)


def test_identity_encoding(live_server: LiveServer) -> None:
    """The encoding `identity` says that there is none."""
    assert_documented(exchange(live_server.url, compose(GOOD, "Content-Encoding: Identity")), 200)
