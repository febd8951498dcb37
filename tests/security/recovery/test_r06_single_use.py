"""R6: a code works once, and a reset is one transaction."""

from __future__ import annotations

import asyncio
from contextlib import closing

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from meshydb_server.runtime import Services
from meshydb_server.services.users.profiles import ProfileChange
from meshydb_server.storage.schema import outbox, recoveries, users
from tests.security.services import (
    BY_QUESTION,
    PASSWORD,
    TENANT,
    Issued,
    all_ends,
    ask,
    caller,
    change,
    outcomes,
    refusal,
    register,
    rows,
    services_on,
    with_passwords,
)
from tests.support.instrumentation import MeetingPasswords, statements

pytestmark = pytest.mark.anyio

_AT_ONCE = 50


async def _state(services: Services, issued: Issued) -> tuple[int, int, bool]:
    """How often the password was changed, how many were told, and whether the request is used up."""
    (user,) = [each for each in await rows(services, users) if _is_of(each, issued)]
    told = [each for each in await rows(services, outbox) if each["kind"] == "password-changed"]
    (row,) = [each for each in await rows(services, recoveries) if each["request_id"]]
    return user["credential_version"] - 1, len(told), row["used_at"] is not None


def _is_of(user: dict[str, object], issued: Issued) -> bool:
    return (user["account"], user["tenant"]) == (issued.account, issued.tenant)


async def test_r06_fifty_concurrent_resets_have_one_winner(database_url: str) -> None:
    """Of 50 concurrent resets with the right code, on two servers, one succeeds and the others are rejected."""
    async with services_on(database_url) as one, services_on(database_url, new=False) as other:
        issued = await ask(one)
        services = [one, other] * (_AT_ONCE // 2)
        ends = await all_ends(*(each.completion.reset_password(issued.attempted(), PASSWORD) for each in services))
        assert ends == {"ok": 1, "InvalidRequestError": _AT_ONCE - 1}
        assert await _state(one, issued) == (1, 1, True)
        told = await outcomes(one)
    assert told["reset", "ok"] == 1
    assert sum(count for (kind, _), count in told.items() if kind == "reset") == _AT_ONCE


@pytest.mark.parametrize("tenant", [TENANT, BY_QUESTION])
async def test_r06_concurrent_right_codes_have_one_winner(database_url: str, tenant: str) -> None:
    """Of concurrent resets whose codes have all been verified, on two servers, one succeeds."""
    with closing(MeetingPasswords(5)) as passwords:
        async with services_on(database_url) as one, services_on(database_url, new=False) as other:
            issued = await ask(one, tenant=tenant)
            completions = [
                with_passwords(one.completion, passwords),
                with_passwords(other.completion, passwords),
            ] * 2 + [with_passwords(one.completion, passwords)]
            ends = await all_ends(*(each.reset_password(issued.attempted(), PASSWORD) for each in completions))
            assert ends == {"ok": 1, "InvalidRequestError": 4}
            assert await _state(one, issued) == (1, 1, True)
            assert await outcomes(one) == {("requested", "ok"): 1, ("reset", "ok"): 1, ("reset", "used"): 4}


async def test_r06_used_requests_are_rejected(database_url: str) -> None:
    """A used request is rejected by every server; a check does not use it up."""
    async with services_on(database_url) as one, services_on(database_url, new=False) as other:
        issued, registered = await ask(one), await register(one)
        for services in (one, other, one):
            assert await services.completion.check_hash(issued.attempted())
        await one.completion.reset_password(issued.attempted(), PASSWORD)
        for services in (one, other):
            assert await refusal(services.completion.reset_password(issued.attempted(), "yet another password"))
            assert not await services.completion.check_hash(issued.attempted())
        # Registration was before the password was changed.
        assert await refusal(one.completion.verify_user(registered.attempted()))
        again = await register(one)
        ends = await all_ends(*(each.completion.verify_user(again.attempted()) for each in (one, other, one, other)))
        assert ends == {"ok": 1, "InvalidRequestError": 3}
        # Nothing but that it was used stands in its way: the password is the same.
        assert not await other.completion.check_hash(again.attempted())


async def test_r06_one_transaction(database_url: str) -> None:
    """One transaction uses the request up, sets the password, ends logins and notifies the user."""
    begun: list[int] = []
    async with services_on(database_url) as services:
        issued = await ask(services)
        with statements() as seen:

            def begin(_: object) -> None:
                begun.append(len(seen))

            event.listen(Engine, "begin", begin)
            try:
                await services.completion.reset_password(issued.attempted(), PASSWORD)
            finally:
                event.remove(Engine, "begin", begin)
    last = [each.text.split()[:3] for each in seen[begun[-1] :]]
    assert [[word for word in words if word in _TABLES] for words in last] == [
        ["recoveries"],
        ["users"],
        ["sessions"],
        ["outbox"],
        ["audit"],
    ]
    assert len(begun) == 2


_TABLES = {"recoveries", "users", "sessions", "outbox", "audit"}


async def test_r06_change_while_the_password_is_hashed(empty_database_url: str) -> None:
    """A reset fails if its user or request changes while the password is hashed."""
    said: set[str] = set()
    for interference in ("password", "request", "address", "user"):
        with closing(MeetingPasswords(2)) as passwords:
            async with services_on(empty_database_url, new=interference == "password") as services:
                issued = await ask(services)
                version = (await _state(services, issued))[0]
                resetting = asyncio.create_task(
                    with_passwords(services.completion, passwords).reset_password(issued.attempted(), PASSWORD)
                )
                while (await rows(services, recoveries))[0]["failures"] == 0:
                    pass
                if interference == "password":
                    version += 1
                    await change(services, users.update().values(credential_version=users.c.credential_version + 1))
                elif interference == "request":
                    await ask(services)
                elif interference == "address":
                    new = ProfileChange(email="another@example.org")
                    await services.own_account.update(await caller(services), new)
                else:
                    await change(services, users.delete().where(users.c.tenant == TENANT))
                await passwords.hash("lets the reset go on")
                said.add(await refusal(resetting))
                said.add(await refusal(services.completion.reset_password(issued.attempted(hash="x"), PASSWORD)))
                if interference != "user":
                    assert await _state(services, issued) == (version, 0, False)
                asked = [row for row in await rows(services, recoveries) if row["request_id"]]
                assert [row["used_at"] for row in asked] == [None]
    # Who was too late is told what everybody is told.
    assert len(said) == 1
