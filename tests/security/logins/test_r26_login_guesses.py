"""R26: wrong passwords are limited by username and address, and by username, known or not."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any, Final

import pytest
from sqlalchemy import update

from meshydb_server.runtime import Services
from meshydb_server.services.common.errors import InvalidRequestError, LimitError, OAuthError
from meshydb_server.storage.schema import users
from tests.security.services import (
    OLD_PASSWORD,
    PASSWORD,
    UNKNOWN,
    USERNAME,
    all_ends,
    caller,
    change,
    counted,
    log_in,
    outcomes,
    services_on,
)
from tests.support.dependencies import SetClock
from tests.support.instrumentation import statements

pytestmark = pytest.mark.anyio

_LIMIT: Final = 10
_HERE: Final = "192.0.2.1"
_THERE: Final = "192.0.2.2"


def _guess(services: Services, username: str = USERNAME, client: str = _HERE) -> Awaitable[object]:
    return log_in(services, "a wrong password", username=username, client=client)


async def _wrong(services: Services, username: str = USERNAME, client: str = _HERE) -> None:
    with pytest.raises(OAuthError):
        await _guess(services, username, client)


async def _limited(of: Awaitable[object]) -> int:
    with pytest.raises(LimitError) as caught:
        await of
    return caught.value.retry_after


@pytest.mark.parametrize("username", [USERNAME, UNKNOWN])
async def test_r26_by_username_and_address(database_url: str, username: str) -> None:
    """After ten wrong passwords within 15 minutes, on two servers, even the right one is rejected for a while."""
    clock = SetClock()
    async with services_on(database_url, clock) as one, services_on(database_url, clock, new=False) as other:
        for number in range(_LIMIT):
            await _wrong((one, other)[number % 2], (username, username.upper())[number % 2])
            clock.move(seconds=1)
        for services in (one, other):
            assert await _limited(_guess(services, username)) == 15 * 60 - _LIMIT
        assert await _limited(log_in(one, OLD_PASSWORD, username=username, client=_HERE)) == 15 * 60 - _LIMIT
        # One is not another.
        await _wrong(one, username, _THERE)
        await log_in(one, OLD_PASSWORD, client=_THERE)
        clock.move(minutes=15, seconds=-_LIMIT)
        await _wrong(one, username)
        assert await _limited(_guess(other, username)) == 1
        noted = await outcomes(one)
    assert noted["logged-in", "wrong-password"] >= _LIMIT
    assert noted["logged-in", "limited"] >= 1


@pytest.mark.parametrize("username", [USERNAME, UNKNOWN])
async def test_r26_by_username(database_url: str, username: str) -> None:
    """A username has a daily limit of wrong passwords over all addresses."""
    clock = SetClock()
    settings: dict[str, Any] = {"login_guesses_per_user": "30"}
    async with services_on(database_url, clock, **settings) as services:
        for number in range(30):
            await _wrong(services, username, f"198.51.100.{number}")
        assert await _limited(_guess(services, username, "203.0.113.1")) == 24 * 3600
        clock.move(days=1)
        await _wrong(services, username, "203.0.113.1")


async def test_r26_known_addresses(database_url: str) -> None:
    """After strangers use up the backstop, users can log in from addresses of their last 30 days."""
    clock = SetClock()
    async with services_on(database_url, clock, login_guesses_per_user="5") as services:
        await log_in(services, OLD_PASSWORD, client="2001:db8:1:2::1")

        async def spend() -> None:
            for number in range(5):
                await _wrong(services, client=f"198.51.100.{number}")

        clock.move(days=29)
        await spend()
        await _limited(log_in(services, OLD_PASSWORD, client=_HERE))
        await _wrong(services, client="2001:db8:1:2:ffff::1")
        for _ in range(_LIMIT - 1):
            await _wrong(services, client="2001:db8:1:2::1")
        # Their own limit holds for them too.
        await _limited(log_in(services, OLD_PASSWORD, client="2001:db8:1:2::1"))
        clock.move(days=1)
        await spend()
        await _limited(log_in(services, OLD_PASSWORD, client="2001:db8:1:2::1"))


async def test_r26_success_forgets(database_url: str) -> None:
    """A right password resets the count of its address, is not counted, and leaves other counts."""
    async with services_on(database_url) as services:
        for _ in range(3):
            for _ in range(_LIMIT - 1):
                await _wrong(services)
            await log_in(services, OLD_PASSWORD, client=_HERE)
        assert await counted(services, "login-guesses") == [0]
        assert await counted(services, "login-guesses-of-all") == [3 * (_LIMIT - 1)]


async def test_r26_users_who_may_not_log_in(database_url: str) -> None:
    """A right password is not counted, even for a user who may not log in."""
    async with services_on(database_url) as services:
        await change(services, update(users).values(is_active=False))
        for _ in range(_LIMIT + 1):
            with pytest.raises(OAuthError, match="not active"):
                await log_in(services, OLD_PASSWORD, client=_HERE)
        assert await counted(services, "login-guesses") == [0]


async def test_r26_at_once(database_url: str) -> None:
    """Of 50 wrong passwords at once, on two servers, ten are verified."""
    async with services_on(database_url) as one, services_on(database_url, new=False) as other:
        ends = await all_ends(*(_guess((one, other)[number % 2]) for number in range(50)))
        assert ends == {"OAuthError": _LIMIT, "LimitError": 50 - _LIMIT}


async def test_r26_previous_password(database_url: str) -> None:
    """A wrong previous password counts like a wrong password of a login."""
    async with services_on(database_url) as services:
        itself = await caller(services)
        for _ in range(_LIMIT):
            with pytest.raises(InvalidRequestError):
                await services.own_account.change_password(itself, "a wrong password", PASSWORD)
        await _limited(services.own_account.change_password(itself, OLD_PASSWORD, PASSWORD))
        await _limited(log_in(services, OLD_PASSWORD))
        await log_in(services, OLD_PASSWORD, client=_HERE)
        assert (await outcomes(services))["password-proved", "wrong-password"] == _LIMIT


async def test_r26_equal_work(database_url: str) -> None:
    """A wrong password costs the same statements for known and unknown users, within the limit and beyond."""
    async with services_on(database_url, login_guesses_per_user="3") as services:
        for client in [_HERE] * 3 + [_THERE]:
            seen = list[list[str]]()
            for name in (USERNAME, UNKNOWN):
                with statements() as run, pytest.raises((OAuthError, LimitError)):
                    await _guess(services, name, client)
                seen.append([each.text for each in run])
            assert seen[0] == seen[1]
