"""R4: a change of address or question ends requests, even those made during the change."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from typing import Final

import pytest
from sqlalchemy.engine import Connection

from meshydb_server.runtime import Services
from meshydb_server.services.users.profiles import ProfileChange
from meshydb_server.services.users.questions import NewQuestion
from meshydb_server.storage.schema import recoveries
from tests.security.services import (
    BY_QUESTION,
    BY_TEXT,
    PASSWORD,
    TENANT,
    ask,
    caller,
    refusal,
    rows,
    services_on,
)
from tests.support.databases.migrated import ReusedDatabase
from tests.support.databases.transactions import held
from tests.support.dependencies import SetClock

pytestmark = pytest.mark.anyio

_MOVED: Final = ProfileChange(email="another@example.org", phone="+15559999999")
_WAITING: Final = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


@pytest.fixture
def postgresql_url(reused_database: ReusedDatabase) -> Generator[str]:
    """The URL of a database of PostgreSQL: SQLite has one who writes at a time, and nobody meets."""
    with reused_database.lent() as url:
        yield url


async def _move(services: Services, tenant: str) -> None:
    """Give the user other addresses, or another question."""
    itself = await caller(services, tenant=tenant)
    if tenant == BY_QUESTION:
        await services.own_account.set_questions(itself, [NewQuestion("Another?", "another")])
    else:
        await services.own_account.update(itself, _MOVED)


async def _waiting(services: Services) -> int:
    """How many transactions wait for a lock."""

    def look(connection: Connection) -> int:
        count: int = connection.exec_driver_sql(_WAITING).scalar_one()
        return count

    return await services.database.read(look)


@pytest.mark.parametrize(
    ("tenant", "lock", "hint"),
    [
        # Holds up the change when it has disowned requests: where it reads questions, and where it replaces them.
        (TENANT, "ACCESS EXCLUSIVE", "a***@example.org"),
        (BY_TEXT, "ACCESS EXCLUSIVE", "***99"),
        (BY_QUESTION, "SHARE", "Another?"),
    ],
)
async def test_r04_asking_during_the_change(postgresql_url: str, tenant: str, lock: str, hint: str) -> None:
    """A first request during a change of address or question uses the new one."""
    locking = f"LOCK TABLE security_questions IN {lock} MODE"
    async with services_on(postgresql_url) as services:
        async with held(postgresql_url, lambda connection: connection.exec_driver_sql(locking)):
            moving = asyncio.create_task(_move(services, tenant))
            while await _waiting(services) < 1:
                assert not moving.done()
            asking = asyncio.create_task(ask(services, tenant=tenant))
            while await _waiting(services) < 2 and not asking.done():
                pass
        await moving
        issued = await asking
        assert issued.request.hint == hint
        answer = "another" if tenant == BY_QUESTION else issued.code
        await services.completion.reset_password(issued.attempted(answer), PASSWORD)


@pytest.mark.parametrize("tenant", [TENANT, BY_TEXT, BY_QUESTION])
async def test_r04_changing_while_asked(postgresql_url: str, tenant: str) -> None:
    """A change ends a request that is committed after the change has begun."""
    async with services_on(postgresql_url) as services:
        # The last thing that is written when somebody asks.
        async with held(postgresql_url, lambda connection: connection.exec_driver_sql("LOCK TABLE audit")):
            asking = asyncio.create_task(ask(services, tenant=tenant))
            while await _waiting(services) < 1:
                assert not asking.done()
            moving = asyncio.create_task(_move(services, tenant))
            while await _waiting(services) < 2 and not moving.done():
                pass
        issued = await asking
        await moving
        assert await refusal(services.completion.reset_password(issued.attempted(), PASSWORD))


async def test_r04_change_without_a_request(database_url: str) -> None:
    """A change without an earlier request leaves an empty one, which does not count and is swept."""
    clock = SetClock()
    async with services_on(database_url, clock, recovery_requests_per_user_per_hour="1") as services:
        for tenant in (TENANT, BY_TEXT, BY_QUESTION):
            await _move(services, tenant)
            await _move(services, tenant)
        left = await rows(services, recoveries)
        assert {(row["tenant"], row["purpose"], row["user_id"]) for row in left} == {
            (tenant, "reset", None) for tenant in (TENANT, BY_TEXT, BY_QUESTION)
        }
        await ask(services)
        clock.move(hours=24)
        await services.sweeper.sweep()
        assert len(await rows(services, recoveries)) == 3
        clock.move(seconds=1)
        await services.sweeper.sweep()
        assert [row["tenant"] for row in await rows(services, recoveries)] == [TENANT]
