"""R14: a reset ends all logins, notifies the user, and logs nobody in."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, update

from meshydb_server.services.common.errors import InvalidRequestError, OAuthError
from meshydb_server.storage.schema import outbox, sessions, users
from meshydb_server.storage.users.authenticators import mark_proved
from tests.security.services import (
    ACCOUNT,
    BY_QUESTION,
    BY_TEXT,
    EMAIL,
    OLD_PASSWORD,
    PASSWORD,
    PHONE,
    TENANT,
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


async def test_r14_what_a_reset_does(database_url: str) -> None:
    """A reset increments the version, ends all logins, and logs nobody in; only the new password works."""
    async with services_on(database_url) as services:
        for tenant in (TENANT, BY_TEXT, BY_QUESTION):
            logins = [await log_in(services, OLD_PASSWORD, tenant=tenant) for _ in range(2)]
            elsewhere = {row["session_id"] for row in await rows(services, sessions) if row["tenant"] != tenant}
            issued = await ask(services, tenant=tenant)
            result: object = await services.completion.reset_password(issued.attempted(), PASSWORD)  # type: ignore[func-returns-value]
            assert result is None
            assert {row["session_id"] for row in await rows(services, sessions)} == elsewhere
            for tokens in logins:
                with pytest.raises(OAuthError):
                    await refresh(services, tokens, tenant=tenant)
                with pytest.raises(Exception, match="access token"):
                    await services.tokens.authenticate(ACCOUNT, tenant, tokens.access_token)
            with pytest.raises(OAuthError):
                await log_in(services, OLD_PASSWORD, tenant=tenant)
            await log_in(services, PASSWORD, tenant=tenant)
            changed = [row for row in await rows(services, users) if row["credential_version"] != 1]
            assert [(row["account"], row["credential_version"]) for row in changed] == [(ACCOUNT, 2)] * len(changed)
            assert tenant in {row["tenant"] for row in changed}
        assert len(changed) == 3


async def test_r14_the_user_is_told_once(database_url: str) -> None:
    """A reset sends one notice without a code through the tenant's channel; a failed reset sends none."""
    clock = SetClock()
    async with services_on(database_url, clock) as services:
        for tenant, channel, recipient in [
            (TENANT, "email", EMAIL),
            (BY_TEXT, "text", PHONE),
            (BY_QUESTION, "email", EMAIL),
        ]:
            issued = await ask(services, tenant=tenant)
            assert await refusal(services.completion.reset_password(issued.wrong, PASSWORD))
            assert await services.completion.check_hash(issued.attempted())
            await services.completion.reset_password(issued.attempted(), PASSWORD)
            assert await refusal(services.completion.reset_password(issued.attempted(), PASSWORD))
            told = [
                message
                for message, _ in await services.outbox.messages()
                if (message.tenant, message.kind) == (tenant, "password-changed")
            ]
            assert [(message.channel, message.recipient) for message in told] == [(channel, recipient)]
            letter = services.outbox.content(told[0])
            assert letter.code is None
            assert issued.code not in letter.text + letter.short_text
            # It is worth telling long after the code would have lapsed.
            assert (letter.expires - clock.now).days == 3


async def test_r14_user_without_an_address(database_url: str) -> None:
    """A user without an address can reset with an answer, which sends no notice."""
    async with services_on(database_url) as services:
        await change(services, update(users).values(email=None, phone=None))
        issued = await ask(services, tenant=BY_QUESTION)
        await services.completion.reset_password(issued.attempted(), PASSWORD)
        assert await rows(services, outbox) == []


async def test_r14_notice_through_the_tenants_channel(database_url: str) -> None:
    """The notice goes only through the tenant's channel, if the user has an address for it."""
    async with services_on(database_url) as services:
        for missing, told in [("email", [BY_TEXT]), ("phone", [TENANT, BY_QUESTION])]:
            await change(services, update(users).values({"email": EMAIL, "phone": PHONE, missing: None}))
            await change(services, delete(outbox))
            for tenant in (TENANT, BY_TEXT, BY_QUESTION):
                issued = await ask(services, tenant=tenant)
                await services.completion.reset_password(issued.attempted(), PASSWORD)
            messages = await rows(services, outbox)
            assert [row["tenant"] for row in messages if row["kind"] == "password-changed"] == told


async def test_r14_a_code_proves_the_address(database_url: str) -> None:
    """A reset by code verifies a new user; a reset by an answer does not."""
    async with services_on(database_url) as services:
        await change(services, update(users).values(verified=False))
        for tenant in (TENANT, BY_TEXT, BY_QUESTION):
            issued = await ask(services, tenant=tenant)
            await services.completion.reset_password(issued.attempted(), PASSWORD)
        verified = {row["tenant"] for row in await rows(services, users) if row["verified"]}
    assert verified == {TENANT, BY_TEXT}


async def test_r14_verifying_changes_nothing_else(database_url: str) -> None:
    """Verifying a registration marks the user and changes nothing else."""
    async with services_on(database_url) as services:
        tokens = await log_in(services, OLD_PASSWORD)
        await change(services, update(users).values(verified=False))
        before = await rows(services, users)
        registered = await register(services)
        messages = await rows(services, outbox)
        await services.completion.verify_user(registered.attempted())
        after = await rows(services, users)
        assert await rows(services, outbox) == messages
        await refresh(services, tokens)
    changed = [(one, other) for one, other in zip(before, after, strict=True) if one != other]
    assert [{name for name in one if one[name] != other[name]} for one, other in changed] == [{"verified"}]


async def test_r14_deleted_user(database_url: str) -> None:
    """Verifying a user who was deleted meanwhile fails and stores nothing."""
    async with services_on(database_url) as services:
        user = await add_user(services, "leaver")
        await change(services, users.update().where(users.c.username == "leaver").values(verified=False))
        assert await services.database.write(lambda connection: mark_proved(connection, user, "email"))
        assert not await services.database.write(lambda connection: mark_proved(connection, user, "email"))
        await change(services, users.delete().where(users.c.username == "leaver"))
        assert not await services.database.write(lambda connection: mark_proved(connection, user, "email"))


async def test_r14_verified_users_are_not_verified_again(database_url: str) -> None:
    """A registration's code is rejected after the user was verified in another way."""
    async with services_on(database_url) as services:
        issued = await register(services)
        await change(services, update(users).values(verified=True))
        with pytest.raises(InvalidRequestError):
            await services.completion.verify_user(issued.attempted())
