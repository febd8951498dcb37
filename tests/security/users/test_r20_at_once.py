"""R20: with the password, another address is in force at once, and the one before can still recover the account."""

from __future__ import annotations

import pytest
from sqlalchemy import update
from sqlalchemy.engine import Connection

from meshydb_server.services.common.callers import Caller
from meshydb_server.services.common.lookup import require_tenant, require_user
from meshydb_server.services.users.authenticators import Proof
from meshydb_server.storage.schema import users
from meshydb_server.storage.users import User
from tests.security.recovering import (
    ACCOUNT,
    MAY_UPDATE,
    OLD_PASSWORD,
    PASSWORD,
    USERNAME,
    change,
    log_in,
    outcomes,
    recovering,
    refusal,
)
from tests.security.users.authenticators import DELAY, STALE, WAYS, Way, ask_all, enter, letters, notices, stored
from tests.support.sources import SetClock

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("way", WAYS, ids=lambda way: way.contact)]


async def test_r20_both_addresses_recover(database_url: str, way: Way) -> None:
    """After a change at once each address gets a code of its own, until a second before the delay has passed."""
    clock = SetClock()
    async with recovering(database_url, clock) as services:
        before = await ask_all(services, way.tenant)
        await services.own_account.update(await enter(services, way.tenant), way.change(way.new))
        # Codes that are out have gone to the old address alone.
        assert await refusal(services.completion.reset_password(before[way.old].attempted(), PASSWORD))
        assert await notices(services, way.tenant) == [(f"{way.kind}-changed", way.old)]
        (letter,) = await letters(services, way.tenant)
        for text in (letter.text, letter.short_text):
            assert "2030-01-08 00:00" in text
            assert way.new not in text
        clock.move(seconds=DELAY - 1)
        codes = await ask_all(services, way.tenant)
        assert codes.keys() == {way.old, way.new}
        assert codes[way.old].code != codes[way.new].code
        for each in codes.values():
            assert await services.completion.check_hash(each.attempted())
        clock.move(seconds=1)
        assert not await services.completion.check_hash(codes[way.old].attempted())
        assert await services.completion.check_hash(codes[way.new].attempted())
        assert (await ask_all(services, way.tenant)).keys() == {way.new}
        clock.move(seconds=1)
        assert (await ask_all(services, way.tenant)).keys() == {way.new}


@pytest.mark.parametrize("by_former", [True, False], ids=["former", "new"])
async def test_r20_what_a_reset_proves(database_url: str, way: Way, *, by_former: bool) -> None:
    """A reset by the code that went to the new address proves it; one by the code of the former address does not."""
    async with recovering(database_url) as services:
        await services.own_account.update(await enter(services, way.tenant), way.change(way.new))
        assert not (await stored(services, way.tenant))[f"{way.contact}_proved"]
        codes = await ask_all(services, way.tenant)
        used = codes[way.old if by_former else way.new]
        await services.completion.reset_password(used.attempted(), PASSWORD)
        row = await stored(services, way.tenant)
        assert (row[f"{way.contact}_proved"], row["verified"]) == (not by_former, True)
        await log_in(services, PASSWORD, tenant=way.tenant)


async def test_r20_two_changes_keep_the_first(database_url: str, way: Way) -> None:
    """Who changes the address twice, and proves it between, does not push out the one that the owner knows."""
    clock = SetClock()
    async with recovering(database_url, clock) as services:
        caller = await enter(services, way.tenant)
        await services.own_account.update(caller, way.change(way.new))
        first = await stored(services, way.tenant)
        codes = await ask_all(services, way.tenant)
        await services.completion.reset_password(codes[way.new].attempted(), PASSWORD)
        clock.move(days=1)
        await services.own_account.update(await enter(services, way.tenant, PASSWORD), way.change(way.other))
        second = await stored(services, way.tenant)
        for name in (f"{way.contact}_former", f"{way.contact}_former_until"):
            assert second[name] == first[name]
        assert (await ask_all(services, way.tenant)).keys() == {way.old, way.other}
        # What the second change replaced cannot recover, and is not told that it can.
        assert "reset your password" not in (await letters(services, way.tenant))[-1].text


async def test_r20_changed_back(database_url: str, way: Way) -> None:
    """To change back clears the former address, which is as proved as it was: a thief's next change keeps it again."""
    async with recovering(database_url) as services:
        caller = await enter(services, way.tenant)
        before = await stored(services, way.tenant)
        for _ in range(2):
            await services.own_account.update(caller, way.change(way.new))
            assert (await ask_all(services, way.tenant)).keys() == {way.old, way.new}
            await services.own_account.update(caller, way.change(way.old))
            assert await stored(services, way.tenant) == before
            assert (await ask_all(services, way.tenant)).keys() == {way.old}


async def test_r20_an_unproved_address_is_not_kept(database_url: str, way: Way) -> None:
    """An address that nobody has proved, which may be a stranger's by mistake, cannot recover once it is replaced."""
    async with recovering(database_url) as services:
        await change(services, update(users).values({f"{way.contact}_proved": False}))
        await services.own_account.update(await enter(services, way.tenant), way.change(way.new))
        assert (await ask_all(services, way.tenant)).keys() == {way.new}
        assert "reset your password" not in (await letters(services, way.tenant))[-1].text


async def test_r20_the_other_channel(database_url: str, way: Way) -> None:
    """A former address gets codes where the tenant sends them by its way, and there alone."""
    other = WAYS[1 - WAYS.index(way)]
    async with recovering(database_url) as services:
        await change(services, update(users).values({f"{other.contact}_proved": True}))
        await services.own_account.update(await enter(services, way.tenant), other.change(other.new))
        assert (await stored(services, way.tenant))[f"{other.contact}_former"] == other.old
        assert (await ask_all(services, way.tenant)).keys() == {way.old}
        assert "reset your password" not in (await letters(services, way.tenant))[-1].text


async def test_r20_on_the_own_id(database_url: str, way: Way) -> None:
    """Administrators change themselves as anybody does: with the password, or else later."""
    clock = SetClock()
    async with recovering(database_url, clock) as services:
        caller = await enter(services, way.tenant)
        clock.move(seconds=STALE)
        own = caller.user_id.upper()
        for previous, value in ((None, way.old), (OLD_PASSWORD, way.new)):
            await services.users.update(caller, own, way.change(way.new), previous)
            assert (await stored(services, way.tenant))[way.contact] == value
        wrong = services.users.update(caller, own, way.change(way.other), "not the password")
        assert await refusal(wrong) == "previous_password_wrong: The previous password is wrong."


@pytest.mark.parametrize("operator", [True, False], ids=["operator", "administrator"])
async def test_r20_by_others(database_url: str, way: Way, *, operator: bool) -> None:
    """A change by an administrator or an operator is in force at once, cancels what is pending, and keeps no former."""
    clock = SetClock()
    async with recovering(database_url, clock) as services:
        caller = await enter(services, way.tenant)
        boss = Caller(ACCOUNT, way.tenant, "0" * 24, "admin", bytes(16), MAY_UPDATE)
        await services.own_account.update(caller, way.change(way.new))
        clock.move(seconds=STALE)
        await services.own_account.update(caller, way.change("late@example.net" if way is WAYS[0] else "+15550000009"))

        def by_operator(connection: Connection) -> User:
            tenant = require_tenant(connection, ACCOUNT, way.tenant)
            user = require_user(connection, tenant, USERNAME)
            return services.own_account.profiles.authenticators.change(
                connection, tenant, user, {way.contact: way.other}, proof=Proof.OPERATOR, now=clock.now
            )

        if operator:
            await services.database.write(by_operator)
        else:
            await services.users.update(boss, caller.user_id, way.change(way.other))
        row = await stored(services, way.tenant)
        assert (row[way.contact], row[f"{way.contact}_proved"]) == (way.other, False)
        assert {row[f"{way.contact}_{name}"] for name in ("pending", "pending_at", "former", "former_until")} == {None}
        assert (await ask_all(services, way.tenant)).keys() == {way.other}


async def test_r20_an_operator_cancels(database_url: str, way: Way) -> None:
    """The value in force cancels what is pending when an operator sets it."""
    clock = SetClock()
    async with recovering(database_url, clock) as services:
        caller = await enter(services, way.tenant)
        clock.move(seconds=STALE)
        await services.own_account.update(caller, way.change(way.new))

        def cancel(connection: Connection) -> User:
            tenant = require_tenant(connection, ACCOUNT, way.tenant)
            user = require_user(connection, tenant, USERNAME)
            return services.own_account.profiles.authenticators.change(
                connection, tenant, user, {way.contact: way.old}, proof=Proof.OPERATOR, now=clock.now
            )

        await services.database.write(cancel)
        assert (await stored(services, way.tenant))[f"{way.contact}_pending_at"] is None
        assert (await outcomes(services))[f"{way.kind}-changed", "cancelled"] == 1


async def test_r20_one_notice_a_day(database_url: str, way: Way) -> None:
    """One user and recipient gets a notice of a kind once a day, however often something changes."""
    clock = SetClock()
    async with recovering(database_url, clock) as services:
        for password, new in ((OLD_PASSWORD, PASSWORD), (PASSWORD, OLD_PASSWORD)):
            caller = await enter(services, way.tenant, password)
            await services.own_account.change_password(caller, password, new)
            caller = await enter(services, way.tenant, new)
            await services.own_account.update(caller, way.change(way.new))
            await services.own_account.update(caller, way.change(way.old))
        told = [
            ("password-changed", way.old),
            (f"{way.kind}-changed", way.old),
            (f"{way.kind}-changed", way.new),
        ]
        assert sorted(await notices(services, way.tenant)) == sorted(told)
        clock.move(days=1)
        caller = await enter(services, way.tenant)
        await services.own_account.change_password(caller, OLD_PASSWORD, PASSWORD)
        assert sorted(await notices(services, way.tenant)) == sorted([*told, ("password-changed", way.old)])
