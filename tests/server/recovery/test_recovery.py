"""Requests for a password reset: the rows that it writes, and its errors."""

from __future__ import annotations

import base64
import secrets
import sqlite3
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from meshydb_server.runtime import Services, open_services
from meshydb_server.services.accounts import NewUser
from meshydb_server.services.audit import OPERATOR
from meshydb_server.services.common.dependencies import Dependencies, Randomness
from meshydb_server.services.common.errors import InvalidRequestError, NotFoundError
from meshydb_server.services.common.keys import Key
from meshydb_server.services.recovery import codes
from meshydb_server.services.recovery.verification import IssuedRequest
from tests.support.dependencies import CHEAP_HASHER, CountedRandom, SetClock
from tests.support.server import settings_in

pytestmark = pytest.mark.anyio

_SECRET = bytes(range(32))


@asynccontextmanager
async def _opened(
    folder: Path, clock: SetClock | None = None, random: Randomness = secrets.token_bytes
) -> AsyncGenerator[Services]:
    """Services on a new database with one user, under a known key."""
    settings = settings_in(folder, secret_keys=base64.urlsafe_b64encode(_SECRET).decode())
    async with open_services(
        settings, Dependencies(clock=clock or SetClock(), randomness=random, hasher=CHEAP_HASHER)
    ) as services:
        await services.accounts.create_account("acme", ["north", "south"])
        await services.accounts.create_user("acme", None, NewUser(username="rosa.k", email="rosa.k@example.org"))
        await services.accounts.create_user("acme", None, NewUser(username="device-7c1e", anonymous=True))
        yield services


async def _ask(services: Services, username: str = "rosa.k", attempt: int = 1) -> IssuedRequest:
    return await services.recovery.forgot_password("acme", None, username, attempt)


def _database(folder: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(folder / "meshydb.sqlite3")
    connection.row_factory = sqlite3.Row
    return connection


def _only(folder: Path, table: str) -> dict[str, Any]:
    with closing(_database(folder)) as connection:
        (row,) = connection.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608
        return dict(row)


def _count(folder: Path, table: str) -> int:
    with closing(_database(folder)) as connection:
        count: int = connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608
        return count


async def test_what_stands(tmp_path: Path) -> None:
    """A request leaves one row, which the handle names, a message with the row's code, and an event."""
    async with _opened(tmp_path) as services:
        reset = await _ask(services, attempt=7)
        ((message, code),) = await services.outbox.messages()
        (event,) = [each for each in await services.audit.events("acme") if each.outcome != OPERATOR]
    row = _only(tmp_path, "recoveries")
    request_id = base64.urlsafe_b64decode(reset.hash + "==")[5:21]
    assert code is not None
    assert row["request_id"] == request_id
    assert row["code_mac"] == codes.mac(Key.derive(_SECRET), request_id, code)
    assert (row["account"], row["tenant"], row["username_key"], row["purpose"]) == ("acme", "north", "rosa.k", "reset")
    assert (row["attempt"], row["failures"], row["used_at"], row["answer_hash"]) == (7, 0, None, None)
    assert (message.account, message.tenant, message.username) == ("acme", "north", "rosa.k")
    assert (message.kind, message.channel) == ("reset", "email")
    assert (event.kind, event.outcome, event.user_id) == ("requested", "ok", row["user_id"])
    assert (message.recipient, message.expires_at) == ("rosa.k@example.org", reset.expires)
    assert (reset.username, reset.attempt, reset.hint) == ("rosa.k", 7, "r***@example.org")


@pytest.mark.parametrize(("microsecond", "left"), [(0, 0), (123_000, 123_000), (123_999, 123_000), (999_999, 999_000)])
async def test_expires(tmp_path: Path, microsecond: int, left: int) -> None:
    """A request lapses after exactly one hour, in whole milliseconds, in the answer as in the database."""
    clock = SetClock(datetime(2030, 6, 1, 12, microsecond=microsecond, tzinfo=UTC))
    async with _opened(tmp_path, clock) as services:
        reset = await _ask(services)
    assert reset.expires == datetime(2030, 6, 1, 13, microsecond=left, tzinfo=UTC)
    request, message = _only(tmp_path, "recoveries"), _only(tmp_path, "outbox")
    assert request["expires_at"] == message["expires_at"] == reset.expires.timestamp() * 1000
    assert message["expires_at"] - message["created_at"] == 3_600_000


async def test_clock_and_chance_decide(tmp_path: Path) -> None:
    """The same time and random bytes give the same response, byte for byte."""
    answers: list[IssuedRequest] = []
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        async with _opened(folder, random=CountedRandom()) as services:
            answers.append(await _ask(services))
    assert answers[0] == answers[1]


async def test_requests_differ(tmp_path: Path) -> None:
    """Two requests of one user at one moment have their own handles and codes."""
    async with _opened(tmp_path) as services:
        resets = [await _ask(services) for _ in range(2)]
        messages = await services.outbox.messages()
    assert resets[0].hash != resets[1].hash
    assert messages[0][1] != messages[1][1]


async def test_named_tenant(tmp_path: Path) -> None:
    """A named tenant is used, and its user of the same name is another user."""
    async with _opened(tmp_path, random=CountedRandom()) as services:
        with pytest.raises(NotFoundError):
            await services.recovery.forgot_password("acme", "south", "rosa.k", 1)
        await services.accounts.create_user("acme", "south", NewUser(username="Rosa.K", email="other@example.org"))
        reset = await services.recovery.forgot_password("acme", "south", "rosa.k", 1)
    assert reset.hint == "o***@example.org"
    assert _only(tmp_path, "recoveries")["tenant"] == "south"


@pytest.mark.parametrize(
    ("account", "tenant", "username", "message"),
    [
        ("nowhere", None, "rosa.k", "There is no account of this name."),
        ("acme", "west", "rosa.k", "The account has no tenant of this name."),
        ("acme", None, "nobody", "There is no user of this name."),
        ("acme", "south", "rosa.k", "There is no user of this name."),
    ],
)
async def test_unknown(tmp_path: Path, account: str, tenant: str | None, username: str, message: str) -> None:
    """An unknown account, tenant or user is an error that adds neither a request nor a message."""
    async with _opened(tmp_path) as services:
        with pytest.raises(NotFoundError) as caught:
            await services.recovery.forgot_password(account, tenant, username, 1)
    assert [_count(tmp_path, each) for each in ("recoveries", "outbox")] == [0, 0]
    assert caught.value.message == message


async def test_anonymous(tmp_path: Path) -> None:
    """An anonymous user is an error of its own, which adds neither a request nor a message."""
    async with _opened(tmp_path) as services:
        with pytest.raises(InvalidRequestError, match=r"^An anonymous user cannot recover a password\.$"):
            await _ask(services, "Device-7C1E")
    assert [_count(tmp_path, each) for each in ("recoveries", "outbox")] == [0, 0]
