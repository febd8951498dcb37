"""R9: a new request ends the client's previous one and changes nothing about the account."""

from __future__ import annotations

import pytest

from meshydb_server.services.common.errors import LimitError
from meshydb_server.storage.schema import recoveries, security_questions, sessions, users
from tests.security.services import (
    BY_QUESTION,
    BY_TEXT,
    OLD_PASSWORD,
    PASSWORD,
    TENANT,
    USERNAME,
    Issued,
    ask,
    log_in,
    refresh,
    refusal,
    register,
    rows,
    services_on,
)
from tests.support.dependencies import SetClock

pytestmark = pytest.mark.anyio


async def test_r09_a_new_request_ends_the_older(database_url: str) -> None:
    """A new request ends the older one: its code is rejected with either handle."""
    async with services_on(database_url) as services:
        for tenant in (TENANT, BY_TEXT):
            old, new = await ask(services, tenant=tenant), await ask(services, username="ROSA.K", tenant=tenant)
            assert old.code != new.code
            for attempted in (old.attempted(), new.attempted(old.code), old.attempted(new.code)):
                assert not await services.completion.check_hash(attempted)
                assert await refusal(services.completion.reset_password(attempted, PASSWORD))
            await services.completion.reset_password(new.attempted(), PASSWORD)
        old, new = await ask(services, tenant=BY_QUESTION), await ask(services, tenant=BY_QUESTION)
        assert not await services.completion.check_hash(old.attempted())
        assert await services.completion.check_hash(new.attempted())


async def test_r09_purposes_do_not_end_each_other(database_url: str) -> None:
    """Requests to reset and to register do not end each other."""
    async with services_on(database_url) as services:
        registered, reset = await register(services), await ask(services)
        assert await services.completion.check_hash(registered.attempted())
        again = await register(services)
        assert not await services.completion.check_hash(registered.attempted())
        assert await services.completion.check_hash(again.attempted())
        assert await services.completion.check_hash(reset.attempted())


async def test_r09_asking_and_guessing_never_lock_the_account(database_url: str) -> None:
    """Requests and guesses change neither the user nor the password nor logins."""
    clock = SetClock()
    async with services_on(database_url, clock) as services:
        tokens = await log_in(services, OLD_PASSWORD)
        tables = (users, sessions, security_questions)
        before = [await rows(services, table) for table in tables]
        for _ in range(10):
            issued = await ask(services)
            for _ in range(2):
                assert not await services.completion.check_hash(issued.wrong)
        with pytest.raises(LimitError):
            await ask(services, USERNAME)
        with pytest.raises(LimitError):
            await services.completion.reset_password(issued.attempted(), PASSWORD)
        assert [await rows(services, table) for table in tables] == before
        await refresh(services, tokens)
        await log_in(services, OLD_PASSWORD)


async def test_r09_a_stranger_ends_nothing(database_url: str) -> None:
    """Requests from different addresses do not end each other."""
    async with services_on(database_url) as services:
        for tenant in (TENANT, BY_TEXT, BY_QUESTION):
            own = await ask(services, tenant=tenant, client="192.0.2.1")
            strange = await ask(services, tenant=tenant, client="192.0.2.2")
            assert await services.completion.check_hash(own.attempted())
            newer = await ask(services, tenant=tenant, client="192.0.2.1")
            assert not await services.completion.check_hash(own.attempted())
            assert await services.completion.check_hash(strange.attempted())
            await services.completion.reset_password(newer.attempted(), PASSWORD)
            # Success ends all.
            assert not await services.completion.check_hash(strange.attempted())


async def test_r09_five_are_live(database_url: str) -> None:
    """The sixth live request ends the oldest, preferably one from an address without a login of the user."""
    clock = SetClock()
    async with services_on(database_url, clock) as services:
        await log_in(services, OLD_PASSWORD, client="192.0.2.0")
        asked = list[Issued]()
        for number in range(8):
            asked.append(await ask(services, client=f"192.0.2.{number}"))
            clock.move(seconds=1)
        assert [await services.completion.check_hash(each.attempted()) for each in asked] == [
            True,
            *[False] * 3,
            *[True] * 4,
        ]
        assert len(await rows(services, recoveries)) == 5
        # One that has lapsed makes room before any other.
        clock.now = asked[4].request.expires
        live = [await ask(services, client=f"198.51.100.{number}") for number in range(2)]
        for each in (*asked[5:], *live):
            assert await services.completion.check_hash(each.attempted())


async def test_r09_a_refused_request_ends_nothing(database_url: str) -> None:
    """A request beyond a limit leaves the previous one valid."""
    async with services_on(database_url, recovery_requests_per_user_per_hour="1") as services:
        issued = await ask(services)
        with pytest.raises(LimitError):
            await ask(services)
        assert await services.completion.check_hash(issued.attempted())
