"""The sweeper deletes expired rows and nothing else."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

import pytest
from sqlalchemy import insert

from meshydb_server.services.common.errors import LimitError
from meshydb_server.storage.schema import audit, outbox, recoveries, sessions, users
from tests.security.services import (
    BY_TEXT,
    OLD_PASSWORD,
    PASSWORD,
    UNKNOWN,
    USERNAME,
    add_user,
    ask,
    change,
    log_in,
    refresh,
    refusal,
    register,
    rows,
    services_on,
)
from tests.support.dependencies import SetClock

pytestmark = pytest.mark.anyio

_MILLISECOND: Final = timedelta(milliseconds=1)
_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)


async def test_requests_go_a_day_after_they_have_lapsed(database_url: str) -> None:
    """Requests and decoys are kept exactly as long as their guesses count."""
    clock = SetClock()
    begun = clock.now
    async with services_on(database_url, clock, unknown_user="decoy") as services:
        for name in (USERNAME, UNKNOWN):
            await ask(services, name)
        clock.move(hours=12)
        later = await ask(services, tenant=BY_TEXT)
        for time, left in ((clock.now, 3), (begun + _HOUR + _DAY, 3), (begun + _HOUR + _DAY + _MILLISECOND, 1)):
            clock.now = time
            await services.sweeper.sweep()
            assert len(await rows(services, recoveries)) == left
        assert [row["tenant"] for row in await rows(services, recoveries)] == [BY_TEXT]
        clock.now = later.request.expires - _MILLISECOND
        assert await services.completion.check_hash(later.attempted())


async def test_sweeping_gives_no_guess_back(database_url: str) -> None:
    """Sweeping an expired request does not reset the limit of its user's guesses."""
    clock = SetClock()
    begun = clock.now
    async with services_on(database_url, clock, recovery_guesses_per_user_per_day="1") as services:
        issued = await ask(services)
        clock.now = issued.request.expires - _MILLISECOND
        assert not await services.completion.check_hash(issued.wrong)
        clock.now = begun + _DAY
        await services.sweeper.sweep()
        issued = await ask(services)
        with pytest.raises(LimitError) as caught:
            await services.completion.check_hash(issued.attempted())
        assert caught.value.retry_after == 3600
        clock.move(seconds=3600)
        again = await ask(services)
        assert await services.completion.check_hash(again.attempted())


async def test_logins_and_messages_go_and_the_rest_stays(database_url: str) -> None:
    """Logins are swept when they expire and messages a week later; waiting messages, users and events stay."""
    clock = SetClock()
    async with services_on(database_url, clock) as services:
        tokens = await log_in(services, OLD_PASSWORD)
        issued = await ask(services)
        (message,) = await rows(services, outbox)
        waiting = {"message_id": "waiting", "status": "waiting", "delivery": "smtp"}
        await change(services, insert(outbox).values({**message, **waiting}))
        (login,) = await rows(services, sessions)
        week_after = issued.request.expires + timedelta(days=7)
        steps = [
            (week_after, 1, 2),
            (week_after + _MILLISECOND, 1, 1),
            (login["expires_at"], 1, 1),
            (login["expires_at"] + _MILLISECOND, 0, 1),
        ]
        kept = [await rows(services, table) for table in (users, audit)]
        for clock.now, logins, messages in steps:
            await services.sweeper.sweep()
            counts = [len(await rows(services, table)) for table in (sessions, outbox)]
            assert counts == [logins, messages]
        assert [row["message_id"] for row in await rows(services, outbox)] == ["waiting"]
        assert [await rows(services, table) for table in (users, audit)] == kept
        with pytest.raises(Exception, match="refresh"):
            await refresh(services, tokens)


async def test_more_than_a_batch(database_url: str) -> None:
    """One sweep deletes all expired rows, even while another server sweeps."""
    clock = SetClock()
    async with services_on(database_url, clock) as one, services_on(database_url, clock, new=False) as other:
        await ask(one)
        (row,) = await rows(one, recoveries)
        many: list[dict[str, Any]] = [{**row, "username_key": f"user-{number}"} for number in range(1200)]
        await one.database.write(lambda connection: connection.execute(insert(recoveries), many))
        clock.move(days=2)
        assert await one.sweeper.sweep() + await other.sweeper.sweep() == 1201 + len(("own counter", "that of all"))
        assert await rows(one, recoveries) == []


async def test_handles_of_deleted_users(database_url: str) -> None:
    """A deleted user's handle stays invalid, even after a new user registers under the name."""
    async with services_on(database_url) as services:
        for anew in (False, True):
            await add_user(services, "leaver")
            reset, registered = await ask(services, "leaver"), await register(services, "leaver")
            kept = await rows(services, recoveries)
            await change(services, users.delete().where(users.c.username == "leaver"))
            if anew:
                await add_user(services, "leaver")
            # Whether their requests went with them or not.
            for still_there in (True, False):
                if not still_there:
                    await change(services, recoveries.delete())
                assert not await services.completion.check_hash(reset.attempted())
                assert await refusal(services.completion.reset_password(reset.attempted(), PASSWORD))
                assert await refusal(services.completion.verify_user(registered.attempted()))
            assert len(kept) == 2
            await change(services, users.delete().where(users.c.username == "leaver"))
