"""R20: with the password, a new address takes effect at once, and the former one can still recover."""

from __future__ import annotations

import pytest
from sqlalchemy import update
from sqlalchemy.engine import Connection

from meshydb_server.services.common.callers import Caller
from meshydb_server.services.common.lookup import require_tenant, require_user
from meshydb_server.services.users.authenticators import Proof
from meshydb_server.storage.schema import users
from meshydb_server.storage.users import User
from tests.security.services import (
    ACCOUNT,
    MAY_UPDATE,
    OLD_PASSWORD,
    PASSWORD,
    USERNAME,
    change,
    log_in,
    outcomes,
    refusal,
    services_on,
)
from tests.security.users.authenticators import (
    CHANNELS,
    DELAY,
    STALE,
    Channel,
    ask_all,
    enter,
    letters,
    notices,
    stored,
)
from tests.support.dependencies import SetClock

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("channel", CHANNELS, ids=lambda channel: channel.contact)]


async def test_r20_both_addresses_recover(database_url: str, channel: Channel) -> None:
    """After an immediate change both addresses get their own codes until the delay has passed."""
    clock = SetClock()
    async with services_on(database_url, clock) as services:
        before = await ask_all(services, channel.tenant)
        await services.own_account.update(await enter(services, channel.tenant), channel.change(channel.new))
        # Codes that are out have gone to the old address alone.
        assert await refusal(services.completion.reset_password(before[channel.old].attempted(), PASSWORD))
        assert await notices(services, channel.tenant) == [(f"{channel.kind}-changed", channel.old)]
        (letter,) = await letters(services, channel.tenant)
        for text in (letter.text, letter.short_text):
            assert "2030-01-08 00:00" in text
            assert channel.new not in text
        clock.move(seconds=DELAY - 1)
        codes = await ask_all(services, channel.tenant)
        assert codes.keys() == {channel.old, channel.new}
        assert codes[channel.old].code != codes[channel.new].code
        for each in codes.values():
            assert await services.completion.check_hash(each.attempted())
        clock.move(seconds=1)
        assert not await services.completion.check_hash(codes[channel.old].attempted())
        assert await services.completion.check_hash(codes[channel.new].attempted())
        assert (await ask_all(services, channel.tenant)).keys() == {channel.new}
        clock.move(seconds=1)
        assert (await ask_all(services, channel.tenant)).keys() == {channel.new}


@pytest.mark.parametrize("by_former", [True, False], ids=["former", "new"])
async def test_r20_what_a_reset_proves(database_url: str, channel: Channel, *, by_former: bool) -> None:
    """A reset by the new address's code proves it; one by the former address's code does not."""
    async with services_on(database_url) as services:
        await services.own_account.update(await enter(services, channel.tenant), channel.change(channel.new))
        assert not (await stored(services, channel.tenant))[f"{channel.contact}_proved"]
        codes = await ask_all(services, channel.tenant)
        used = codes[channel.old if by_former else channel.new]
        await services.completion.reset_password(used.attempted(), PASSWORD)
        row = await stored(services, channel.tenant)
        assert (row[f"{channel.contact}_proved"], row["verified"]) == (not by_former, True)
        await log_in(services, PASSWORD, tenant=channel.tenant)


async def test_r20_two_changes_keep_the_first(database_url: str, channel: Channel) -> None:
    """Two changes, with a proof between, keep the first former address."""
    clock = SetClock()
    async with services_on(database_url, clock) as services:
        caller = await enter(services, channel.tenant)
        await services.own_account.update(caller, channel.change(channel.new))
        first = await stored(services, channel.tenant)
        codes = await ask_all(services, channel.tenant)
        await services.completion.reset_password(codes[channel.new].attempted(), PASSWORD)
        clock.move(days=1)
        await services.own_account.update(
            await enter(services, channel.tenant, PASSWORD), channel.change(channel.other)
        )
        second = await stored(services, channel.tenant)
        for name in (f"{channel.contact}_former", f"{channel.contact}_former_until"):
            assert second[name] == first[name]
        assert (await ask_all(services, channel.tenant)).keys() == {channel.old, channel.other}
        # What the second change replaced cannot recover, and is not told that it can.
        assert "reset your password" not in (await letters(services, channel.tenant))[-1].text


async def test_r20_changed_back(database_url: str, channel: Channel) -> None:
    """Changing back restores the former address as proved, and a later change keeps it again."""
    async with services_on(database_url) as services:
        caller = await enter(services, channel.tenant)
        before = await stored(services, channel.tenant)
        for _ in range(2):
            await services.own_account.update(caller, channel.change(channel.new))
            assert (await ask_all(services, channel.tenant)).keys() == {channel.old, channel.new}
            await services.own_account.update(caller, channel.change(channel.old))
            assert await stored(services, channel.tenant) == before
            assert (await ask_all(services, channel.tenant)).keys() == {channel.old}


async def test_r20_an_unproved_address_is_not_kept(database_url: str, channel: Channel) -> None:
    """An unproved address cannot recover after it is replaced."""
    async with services_on(database_url) as services:
        await change(services, update(users).values({f"{channel.contact}_proved": False}))
        await services.own_account.update(await enter(services, channel.tenant), channel.change(channel.new))
        assert (await ask_all(services, channel.tenant)).keys() == {channel.new}
        assert "reset your password" not in (await letters(services, channel.tenant))[-1].text


async def test_r20_the_other_channel(database_url: str, channel: Channel) -> None:
    """A former address gets codes only through the tenant's channel."""
    other = CHANNELS[1 - CHANNELS.index(channel)]
    async with services_on(database_url) as services:
        await change(services, update(users).values({f"{other.contact}_proved": True}))
        await services.own_account.update(await enter(services, channel.tenant), other.change(other.new))
        assert (await stored(services, channel.tenant))[f"{other.contact}_former"] == other.old
        assert (await ask_all(services, channel.tenant)).keys() == {channel.old}
        assert "reset your password" not in (await letters(services, channel.tenant))[-1].text


async def test_r20_on_the_own_id(database_url: str, channel: Channel) -> None:
    """Administrators change themselves like any user: with the password at once, otherwise after the delay."""
    clock = SetClock()
    async with services_on(database_url, clock) as services:
        caller = await enter(services, channel.tenant)
        clock.move(seconds=STALE)
        own = caller.user_id.upper()
        for previous, value in ((None, channel.old), (OLD_PASSWORD, channel.new)):
            await services.users.update(caller, own, channel.change(channel.new), previous)
            assert (await stored(services, channel.tenant))[channel.contact] == value
        wrong = services.users.update(caller, own, channel.change(channel.other), "not the password")
        assert await refusal(wrong) == "previous_password_wrong: The previous password is wrong."


@pytest.mark.parametrize("operator", [True, False], ids=["operator", "administrator"])
async def test_r20_by_others(database_url: str, channel: Channel, *, operator: bool) -> None:
    """A change by an administrator or operator takes effect at once, cancels a pending one, and keeps no former."""
    clock = SetClock()
    async with services_on(database_url, clock) as services:
        caller = await enter(services, channel.tenant)
        boss = Caller(ACCOUNT, channel.tenant, "0" * 24, "admin", bytes(16), MAY_UPDATE)
        await services.own_account.update(caller, channel.change(channel.new))
        clock.move(seconds=STALE)
        await services.own_account.update(
            caller, channel.change("late@example.net" if channel is CHANNELS[0] else "+15550000009")
        )

        def by_operator(connection: Connection) -> User:
            tenant = require_tenant(connection, ACCOUNT, channel.tenant)
            user = require_user(connection, tenant, USERNAME)
            return services.own_account.profiles.authenticators.change(
                connection, tenant, user, {channel.contact: channel.other}, proof=Proof.OPERATOR, now=clock.now
            )

        if operator:
            await services.database.write(by_operator)
        else:
            await services.users.update(boss, caller.user_id, channel.change(channel.other))
        row = await stored(services, channel.tenant)
        assert (row[channel.contact], row[f"{channel.contact}_proved"]) == (channel.other, False)
        assert {row[f"{channel.contact}_{name}"] for name in ("pending", "pending_at", "former", "former_until")} == {
            None
        }
        assert (await ask_all(services, channel.tenant)).keys() == {channel.other}


async def test_r20_an_operator_cancels(database_url: str, channel: Channel) -> None:
    """An operator who sets the current value cancels the pending change."""
    clock = SetClock()
    async with services_on(database_url, clock) as services:
        caller = await enter(services, channel.tenant)
        clock.move(seconds=STALE)
        await services.own_account.update(caller, channel.change(channel.new))

        def cancel(connection: Connection) -> User:
            tenant = require_tenant(connection, ACCOUNT, channel.tenant)
            user = require_user(connection, tenant, USERNAME)
            return services.own_account.profiles.authenticators.change(
                connection, tenant, user, {channel.contact: channel.old}, proof=Proof.OPERATOR, now=clock.now
            )

        await services.database.write(cancel)
        assert (await stored(services, channel.tenant))[f"{channel.contact}_pending_at"] is None
        assert (await outcomes(services))[f"{channel.kind}-changed", "cancelled"] == 1


async def test_r20_one_notice_a_day(database_url: str, channel: Channel) -> None:
    """A recipient gets one notice of each kind a day, however often a user changes something."""
    clock = SetClock()
    async with services_on(database_url, clock) as services:
        for password, new in ((OLD_PASSWORD, PASSWORD), (PASSWORD, OLD_PASSWORD)):
            caller = await enter(services, channel.tenant, password)
            await services.own_account.change_password(caller, password, new)
            caller = await enter(services, channel.tenant, new)
            await services.own_account.update(caller, channel.change(channel.new))
            await services.own_account.update(caller, channel.change(channel.old))
        told = [
            ("password-changed", channel.old),
            (f"{channel.kind}-changed", channel.old),
            (f"{channel.kind}-changed", channel.new),
        ]
        assert sorted(await notices(services, channel.tenant)) == sorted(told)
        clock.move(days=1)
        caller = await enter(services, channel.tenant)
        await services.own_account.change_password(caller, OLD_PASSWORD, PASSWORD)
        assert sorted(await notices(services, channel.tenant)) == sorted([*told, ("password-changed", channel.old)])
