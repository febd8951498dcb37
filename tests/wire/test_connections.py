"""Several requests on one connection, and connections that end early."""

from __future__ import annotations

import logging

import pytest

from tests.support.http.bodies import GOOD, asking_for, padded
from tests.support.http.raw import JSON_TYPE, PATH, Connection, assert_documented, compose
from tests.support.logs import errors
from tests.support.server import LiveServer, serving

_CHUNKED_HEAD = f"POST {PATH} HTTP/1.1\r\nHost: localhost\r\n{JSON_TYPE}\r\nTransfer-Encoding: chunked\r\n\r\n".encode()


def test_pipelined(live_server: LiveServer) -> None:
    """Pipelined requests get responses in order, each with its own request id."""
    with Connection(live_server.url) as connection:
        connection.send(
            compose(GOOD) + compose(b"{") + compose(method="HEAD") + compose(asking_for("nobody")) + compose(GOOD)
        )
        responses = [connection.read(bodiless=number == 2) for number in range(5)]
    for response, status in zip(responses, [200, 400, 405, 404, 200], strict=True):
        assert_documented(response, status)
    assert len({response.all("x-request-id")[0] for response in responses}) == 5


def test_in_one_piece(live_server: LiveServer) -> None:
    """The head and the body of a response are written together, so that the client wakes up once."""
    with Connection(live_server.url) as connection:
        for body, status in [(GOOD, 200), (b"{", 400)]:
            connection.send(compose(body))
            piece = connection.piece()
            assert piece.startswith(b"HTTP/1.1 %d" % status)
            assert piece.endswith(b"}")


def test_kept_alive_after_errors(live_server: LiveServer) -> None:
    """An error that leaves the connection intact does not end it."""
    with Connection(live_server.url) as connection:
        for body, status in [(b"[]", 400), (asking_for("nobody"), 404), (GOOD, 200)]:
            connection.send(compose(body))
            assert_documented(connection.read(), status)


def test_garbage_after_a_request(live_server: LiveServer) -> None:
    """A request followed by garbage gets its response, and the garbage gets 400."""
    with Connection(live_server.url) as connection:
        connection.send(compose(GOOD) + b"garbage\r\n\r\n")
        assert_documented(connection.read(), 200)
        assert_documented(connection.read(), 400)
        assert connection.rest() == b""


def test_broken_body_after_a_request(live_server: LiveServer) -> None:
    """A request followed by one with a broken body gets its response; the broken one gets 400."""
    with Connection(live_server.url) as connection:
        connection.send(compose(GOOD) + _CHUNKED_HEAD + b"zz\r\n")
        assert_documented(connection.read(), 200)
        assert_documented(connection.read(), 400)
        assert connection.rest() == b""


def test_unknown_method_between_requests(live_server: LiveServer) -> None:
    """A method that nobody has heard of gets its 405, and the connection goes on."""
    with Connection(live_server.url) as connection:
        for method, status in [("POST", 200), ("FOO", 405), ("POST", 200), ("GET", 405)]:
            connection.send(compose(GOOD, method=method))
            assert_documented(connection.read(), status)


def test_nothing_to_upgrade_to(live_server: LiveServer, caplog: pytest.LogCaptureFixture) -> None:
    """An Upgrade header is ignored without a warning."""
    with Connection(live_server.url) as connection:
        connection.send(compose(GOOD, "Connection: Upgrade", "Upgrade: websocket"))
        assert_documented(connection.read(), 200)
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


@pytest.mark.parametrize("cut", [2, 30, 1000])
def test_upgrade_behind_a_request(live_server: LiveServer, cut: int) -> None:
    """A wish for another protocol that begins behind another request gets its 400, and is not read from its middle."""
    wish = compose(b"", "Connection: Upgrade", "Upgrade: x", method="GET", target="/healthz", content_type=None)
    with Connection(live_server.url) as connection:
        connection.send(compose(GOOD) + wish[:cut])
        assert_documented(connection.read(), 200)
        connection.send(wish[cut:])
        response = connection.read()
        assert connection.rest() == b""
    assert_documented(response, 400)
    assert response.json == {"message": "The request is not HTTP/1.1.", "code": "invalid_request"}


def test_request_id_is_not_the_callers(live_server: LiveServer) -> None:
    """The id of an exchange is the server's own, whatever the caller proposes."""
    proposed = "0123456789abcdef" * 2
    with Connection(live_server.url) as connection:
        connection.send(compose(GOOD, f"X-Request-ID: {proposed}"))
        response = connection.read()
    assert_documented(response, 200)
    assert response.all("x-request-id") != [proposed]


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(b"", id="before-the-head"),
        pytest.param(compose(GOOD)[:40], id="in-the-head"),
        pytest.param(compose(length=100) + GOOD[:10], id="in-the-body"),
        pytest.param(_CHUNKED_HEAD + b"5\r\n{", id="in-a-chunk"),
    ],
)
def test_client_leaves(live_server: LiveServer, caplog: pytest.LogCaptureFixture, sent: bytes) -> None:
    """A client that leaves in the middle of a request does not disturb the server, and is no fault in its log."""
    with serving(live_server.settings) as server:
        with Connection(server.url) as connection:
            connection.send(sent)
        with Connection(server.url) as connection:
            connection.send(compose(GOOD))
            assert_documented(connection.read(), 200)
    # By now the server has stopped, so that what it had to log is there.
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


def test_body_that_breaks_after_its_answer(live_server: LiveServer, caplog: pytest.LogCaptureFixture) -> None:
    """A body that turns out to be broken once it has its 413 ends the connection, and leaves no traceback."""
    with serving(live_server.settings) as server:
        with Connection(server.url) as connection:
            connection.send(_CHUNKED_HEAD + b"10001\r\n" + padded(65_537) + b"\r\n")
            assert_documented(connection.read(), 413)
            connection.send(b"zz\r\n")
            assert connection.rest() == b""
        with Connection(server.url) as connection:
            connection.send(compose(GOOD))
            assert_documented(connection.read(), 200)
    assert not errors(caplog)
