"""Responses when limits are exceeded, storage fails or the server has a bug."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NoReturn

import pytest

from meshydb_server.configuration.settings import Settings
from meshydb_server.contract import Contract
from meshydb_server.services.common.dependencies import Dependencies
from tests.support.dependencies import SetClock
from tests.support.http.bodies import GOOD, asking_for
from tests.support.http.raw import PATH, Connection, assert_documented, compose, exchange
from tests.support.logs import errors
from tests.support.server import LiveServer, seed, serving, settings_in

_ASK = compose(GOOD)
_HEALTH = compose(method="GET", target="/healthz", content_type=None)
_EXISTS = compose(method="GET", target="/acme/users/rosa.k/exists", content_type=None)
_CANARY = "canary-7f3a"


@pytest.fixture
def own_settings(tmp_path: Path) -> Settings:
    """Settings of a seeded database that a test may break."""
    settings = settings_in(tmp_path)
    seed(settings)
    return settings


def _fail(_: int) -> NoReturn:
    raise RuntimeError(_CANARY)


@contextmanager
def _taken_lock(path: Path) -> Generator[None]:
    """Be the one writer of an SQLite database."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


# Limits are per hour or more in what follows, lest the window end in the middle of a test.
def test_rate_limit(tmp_path: Path) -> None:
    """A caller who exceeds the limit gets 429 with Retry-After from the operations that document it."""
    limited = {operation.path for operation in Contract.load().operations if "429" in operation.statuses}
    with serving(settings_in(tmp_path, rate_limit="2/hour")) as server:
        for _ in range(2):
            assert_documented(exchange(server.url, _ASK), 404)
        response = exchange(server.url, _ASK)
        assert_documented(response, 429)
        assert 1 <= int(response.all("retry-after")[0]) <= 3600
        # Looks at the path and no further, so it costs little and counts for nothing.
        assert_documented(exchange(server.url, compose(method="GET")), 405)
        assert_documented(exchange(server.url, _HEALTH), 429 if "/healthz" in limited else 200)


def test_rate_limit_of_a_month(tmp_path: Path) -> None:
    """Retry-After is at most a day, however long the limit's window is."""
    with serving(settings_in(tmp_path, rate_limit="1/month")) as server:
        assert_documented(exchange(server.url, _ASK), 404)
        response = exchange(server.url, _ASK)
    assert_documented(response, 429)
    assert 1 <= int(response.all("retry-after")[0]) <= 86_400


def test_rate_limit_is_of_the_connecting_address(tmp_path: Path) -> None:
    """A caller has no new limit for each X-Forwarded-For that it makes up."""
    with serving(settings_in(tmp_path, rate_limit="1/day")) as server:
        assert_documented(exchange(server.url, compose(GOOD, "X-Forwarded-For: 192.0.2.1")), 404)
        assert_documented(exchange(server.url, compose(GOOD, "X-Forwarded-For: 192.0.2.2")), 429)


def test_rate_limit_behind_a_proxy(tmp_path: Path) -> None:
    """Behind a reverse proxy that is named as one, each client has a limit of its own."""
    with serving(settings_in(tmp_path, rate_limit="1/day", forwarded_allow_ips="127.0.0.1")) as server:
        for client, status in [("192.0.2.1", 404), ("192.0.2.2", 404), ("192.0.2.1", 429)]:
            assert_documented(exchange(server.url, compose(GOOD, f"X-Forwarded-For: {client}")), status)


@pytest.mark.parametrize("table", ["users", "recoveries", "outbox"])
def test_storage_fails(own_settings: Settings, tmp_path: Path, table: str, caplog: pytest.LogCaptureFixture) -> None:
    """A storage failure gets 503, is described only in the log, and the server keeps serving."""
    with serving(own_settings) as server:
        assert_documented(exchange(server.url, _HEALTH), 200)
        with closing(sqlite3.connect(tmp_path / "meshydb.sqlite3")) as connection:
            connection.execute(f"ALTER TABLE {table} RENAME TO lost")
            response = exchange(server.url, _ASK)
            connection.execute(f"ALTER TABLE lost RENAME TO {table}")
        assert_documented(exchange(server.url, _ASK), 200)
    assert_documented(response, 503)
    assert table.encode() not in response.body
    (record,) = errors(caplog)
    assert record.exc_info
    assert table in str(record.exc_info[1])


def test_health_of_storage(own_settings: Settings, tmp_path: Path) -> None:
    """A server that cannot read its storage says so when it is asked for its health, for as long as it cannot."""
    clock = SetClock()
    with (
        serving(own_settings, Dependencies(clock=clock)) as server,
        closing(sqlite3.connect(tmp_path / "meshydb.sqlite3")) as connection,
    ):
        assert_documented(exchange(server.url, _HEALTH), 200)
        connection.execute("ALTER TABLE accounts RENAME TO lost")
        clock.move(seconds=1)
        assert_documented(exchange(server.url, _HEALTH), 503)
        connection.execute("ALTER TABLE lost RENAME TO accounts")
        clock.move(seconds=1)
        assert_documented(exchange(server.url, _HEALTH), 200)


def test_storage_is_busy(own_settings: Settings, tmp_path: Path) -> None:
    """While another process writes, requests that write wait for it, and those that read do not."""
    with serving(own_settings) as server, Connection(server.url) as waiting:
        assert_documented(exchange(server.url, _HEALTH), 200)
        with _taken_lock(tmp_path / "meshydb.sqlite3"):
            waiting.send(_ASK)
            assert_documented(exchange(server.url, _EXISTS), 200)
        assert_documented(waiting.read(), 200)


def test_unexpected(own_settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    """An unexpected error gets 500 without details; the log has them with the request id."""
    with serving(own_settings, Dependencies(randomness=_fail)) as server:
        response = exchange(server.url, _ASK)
        assert_documented(exchange(server.url, _HEALTH), 200)
    assert_documented(response, 500)
    assert response.json == {"message": "The server failed unexpectedly.", "code": "server_error"}
    (record,) = errors(caplog)
    assert record.exc_info
    assert str(record.exc_info[1]) == _CANARY
    assert record.__dict__["requestId"] == response.all("x-request-id")[0]


def test_access_log(live_server: LiveServer, caplog: pytest.LogCaptureFixture) -> None:
    """Each request has one log line, which names the route and contains nothing of the bodies."""
    caplog.set_level(logging.INFO)
    requests = [
        (compose(asking_for(f"{_CANARY}-user"), "tenant: south"), "forgotPassword"),
        (compose(GOOD, f"Authorization: Bearer {_CANARY}", target=f"{PATH}?{_CANARY}"), "forgotPassword"),
        (compose(GOOD, target=f"/{_CANARY}/users/forgotpassword"), "forgotPassword"),
        (compose(GOOD, target=f"/{_CANARY}"), None),
        (_HEALTH, "getHealth"),
    ]
    with serving(live_server.settings) as server:
        responses = [exchange(server.url, request) for request, _ in requests]
    lines = [record.__dict__ for record in caplog.records if record.name == "meshydb_server.access"]
    for line, response, (_, operation) in zip(lines, responses, requests, strict=True):
        assert [line["requestId"]] == response.all("x-request-id")
        assert line["status"] == response.status
        assert line.get("operationId") == operation
        assert line["durationMs"] >= 0
        assert line["client"] == "127.0.0.1"
    assert lines[0]["route"] == "/{accountName}/users/forgotpassword"
    assert _CANARY not in repr(lines)
    assert responses[1].json["hash"] not in repr(lines)
