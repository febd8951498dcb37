"""R34: the rows that strangers can cause are bounded: rejected attempts are counted, and old events deleted."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Final

import pytest
from pydantic import ValidationError

from meshydb_server.configuration.settings import Settings
from meshydb_server.runtime import Services
from meshydb_server.services.common.errors import ServiceError
from meshydb_server.storage.schema import audit
from tests.security.services import (
    ACCOUNT,
    PASSWORD,
    TENANT,
    UNKNOWN,
    USERNAME,
    Issued,
    ask,
    outcomes,
    rows,
    services_on,
)
from tests.support.dependencies import SetClock

pytestmark = pytest.mark.anyio

_TRIES: Final = 1000
_MILLISECOND: Final = timedelta(milliseconds=1)
_CLIENT: Final = "203.0.113.7"
_Try = Callable[[Services, Issued, str], Awaitable[object]]


def _check(services: Services, issued: Issued, client: str) -> Awaitable[object]:
    return services.completion.check_hash(issued.attempted(hash="x", client=client))


def _reset(services: Services, issued: Issued, client: str) -> Awaitable[object]:
    return services.completion.reset_password(issued.attempted(hash="x", client=client), PASSWORD)


def _reset_to_a_bad_password(services: Services, issued: Issued, client: str) -> Awaitable[object]:
    return services.completion.reset_password(issued.attempted(hash="x", client=client), "password")


def _verify(services: Services, issued: Issued, client: str) -> Awaitable[object]:
    return services.completion.verify_user(issued.attempted(hash="x", client=client))


def _ask_for_nobody(services: Services, _: Issued, client: str) -> Awaitable[object]:
    return services.recovery.forgot_password(ACCOUNT, TENANT, UNKNOWN, 1, client)


_TRIED: Final[dict[tuple[str, str], _Try]] = {
    ("checked", "bad-hash"): _check,
    ("reset", "bad-hash"): _reset,
    ("reset", "unacceptable-password"): _reset_to_a_bad_password,
    ("verified", "bad-hash"): _verify,
    ("requested", "unknown-user"): _ask_for_nobody,
}


async def _try(call: Awaitable[object]) -> None:
    with suppress(ServiceError):
        await call


async def _counted(services: Services) -> list[dict[str, Any]]:
    """The events of rejected attempts."""
    return [row for row in await rows(services, audit) if row["client"] is not None]


@pytest.mark.parametrize("what", _TRIED, ids=" ".join)
async def test_r34_a_thousand_attempts_are_one_row(database_url: str, what: tuple[str, str]) -> None:
    """Any number of attempts without a user or request adds one row for each address and hour."""
    async with services_on(database_url) as services:
        issued = await ask(services)
        before = len(await rows(services, audit))
        for _ in range(10):
            await asyncio.gather(*(_try(_TRIED[what](services, issued, _CLIENT)) for _ in range(_TRIES // 10)))
        (row,) = await _counted(services)
        assert len(await rows(services, audit)) == before + 1
        assert (row["kind"], row["outcome"], row["count"], row["client"]) == (*what, _TRIES, _CLIENT)
        assert (await outcomes(services))[what] == _TRIES


async def test_r34_two_servers_count_in_one_row(database_url: str) -> None:
    """Two servers on one database count in the same row, and lose no attempt."""
    async with services_on(database_url) as one, services_on(database_url, new=False) as other:
        issued = await ask(one)
        await asyncio.gather(*(_check(each, issued, _CLIENT) for each in (one, other) for _ in range(50)))
        (row,) = await _counted(one)
        assert row["count"] == 100


async def test_r34_hours_and_addresses_apart(database_url: str) -> None:
    """Each hour and each address has its own row; an address is one of IPv4 or a /48 network of IPv6."""
    clock = SetClock()
    begun = clock.now
    async with services_on(database_url, clock) as services:
        issued = await ask(services)
        clock.now = begun + timedelta(hours=1) - _MILLISECOND
        await _check(services, issued, _CLIENT)
        clock.now += _MILLISECOND
        for client in (_CLIENT, "2001:db8:0:1::1", "2001:db8:0:2::2", "2001:db8:1::1", "", ""):
            await _check(services, issued, client)
        found = [row for row in await rows(services, audit) if row["outcome"] == "bad-hash"]
        seen = {(row["occurred_at"], row["client"]): row["count"] for row in found}
        later = begun + timedelta(hours=1)
        assert len(found) == len(seen)
        assert seen == {
            (begun, _CLIENT): 1,
            (later, _CLIENT): 1,
            (later, "2001:db8::/48"): 2,
            (later, "2001:db8:1::/48"): 1,
            (later, None): 2,
        }
        # In their order among the others.
        assert [row["event_id"] for row in found] == sorted(row["event_id"] for row in found)


async def test_r34_rejections_of_a_handle(database_url: str) -> None:
    """A handle adds one row an hour for each reason to reject it, and so does a user beyond a limit."""
    clock = SetClock()
    async with services_on(database_url, clock, recovery_requests_per_user_per_hour="2") as services:
        issued = await ask(services, client=_CLIENT)
        for _ in range(5):
            await services.completion.check_hash(issued.wrong)
        before = len(await rows(services, audit))
        for _ in range(20):
            await services.completion.check_hash(issued.attempted(client=_CLIENT))
        await ask(services, client=_CLIENT)
        for _ in range(20):
            await _try(services.recovery.forgot_password(ACCOUNT, TENANT, USERNAME, 1, _CLIENT))
        counted = await _counted(services)
        assert {(row["kind"], row["outcome"]): row["count"] for row in counted} == {
            ("checked", "too-many-guesses"): 20,
            ("requested", "limited"): 20,
        }
        assert all(row["user_id"] for row in counted)
        assert len(await rows(services, audit)) == before + 3


async def test_r34_decoys_add_the_rows_of_users(database_url: str) -> None:
    """With decoys, a request for an unknown user adds a row like one for a known user, up to the same limit."""
    seen: list[list[int]] = []
    async with services_on(database_url, unknown_user="decoy", recovery_requests_per_user_per_hour="2") as services:
        for name in (USERNAME, UNKNOWN):
            added: list[int] = []
            for _ in range(4):
                before = len(await rows(services, audit))
                await _try(services.recovery.forgot_password(ACCOUNT, TENANT, name, 1, _CLIENT))
                added.append(len(await rows(services, audit)) - before)
            seen.append(added)
    assert seen == [[1, 1, 1, 0]] * 2


@pytest.mark.parametrize("given", ["400d", "12h"])
async def test_r34_retention(database_url: str, given: str) -> None:
    """An event is kept for as long as the setting says, and then deleted."""
    clock = SetClock()
    begun = clock.now
    retention = {"400d": timedelta(days=400), "12h": timedelta(hours=12)}[given]
    async with services_on(database_url, clock, audit_retention=given) as services:
        # Those of the operator who made the users are as old as the first of these.
        made = len(await rows(services, audit))
        issued = await ask(services)
        await _check(services, issued, _CLIENT)
        clock.now = begun + _MILLISECOND
        await _check(services, issued, _CLIENT)
        await ask(services)

        async def at(now: datetime) -> int:
            clock.now = now
            await services.sweeper.sweep()
            return len(await rows(services, audit))

        assert await at(begun + retention - _MILLISECOND) == made + 3
        assert await at(begun + retention) == made + 3
        assert await at(begun + retention + _MILLISECOND) == 1
        assert await at(begun + retention + 2 * _MILLISECOND) == 0


def test_r34_the_retention_is_long_unless_set() -> None:
    """Events are kept for 400 days by default, and for at least an hour."""
    assert Settings().audit_retention == timedelta(days=400)
    with pytest.raises(ValidationError):
        Settings.model_validate({"audit_retention": "59m"})
