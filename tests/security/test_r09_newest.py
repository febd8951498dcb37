"""R9: the newest request is the only one, and asking for it changes nothing about the account."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta

import pytest
from sqlalchemy import insert, update

from meshydb_server.services.passwords import Passwords
from meshydb_server.storage.schema import recoveries, security_questions, sessions, users
from tests.support.recovering import (
    BY_QUESTION,
    BY_TEXT,
    PASSWORD,
    TENANT,
    USERNAME,
    ask,
    change,
    outcomes,
    recovering,
    refusal,
    register,
    rows,
)
from tests.support.sources import SetClock

pytestmark = pytest.mark.anyio


async def test_r09_a_new_request_ends_the_older(database_url: str) -> None:
    """Once there is a newer request, the older one's code is refused with either handle, and the newer one's works."""
    async with recovering(database_url) as services:
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
    """A request to reset leaves the one of the registration good, and the other way about."""
    async with recovering(database_url) as services:
        registered, reset = await register(services), await ask(services)
        assert await services.completion.check_hash(registered.attempted())
        again = await register(services)
        assert not await services.completion.check_hash(registered.attempted())
        assert await services.completion.check_hash(again.attempted())
        assert await services.completion.check_hash(reset.attempted())


async def test_r09_asking_and_guessing_never_lock_the_account(database_url: str) -> None:
    """However often somebody asks and guesses, the user, their password and their logins are as they were."""
    clock = SetClock()
    with closing(Passwords()) as passwords:
        async with recovering(database_url, clock) as services:
            old_hash = await passwords.hash("the old password")
            await change(services, update(users).values(password_hash=old_hash))
            (user,) = [each for each in await rows(services, users) if each["tenant"] == TENANT][:1]
            login = {"session_id": bytes(16), "client_id": "x", "scope": "x", "credential_version": 1}
            times = {"expires_at": clock.now + timedelta(days=1), "created_at": clock.now}
            key = {name: user[name] for name in ("account", "tenant", "user_id")}
            await change(services, insert(sessions).values({**key, **login, **times}))
            tables = (users, sessions, security_questions)
            before = [await rows(services, table) for table in tables]
            for _ in range(10):
                issued = await ask(services)
                for _ in range(2):
                    assert not await services.completion.check_hash(issued.wrong)
            with pytest.raises(Exception, match="Too many requests"):
                await ask(services, USERNAME)
            with pytest.raises(Exception, match="Too many requests"):
                await services.completion.reset_password(issued.attempted(), PASSWORD)
            assert [await rows(services, table) for table in tables] == before
            assert await passwords.verify(user["password_hash"], "the old password")
            assert (await outcomes(services))["requested", "limited"] == 1
            assert len(await rows(services, recoveries)) == 1
