"""R20: without the password, a new address is pending, and recovery uses the current one."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from meshydb_server.services.common.callers import Caller
from meshydb_server.services.users.new_users import NewUser
from meshydb_server.services.users.profiles import ProfileChange
from meshydb_server.storage.schema import audit, users
from tests.security.services import (
    ACCOUNT,
    EMAIL,
    MAY_UPDATE,
    OLD_PASSWORD,
    PASSWORD,
    PHONE,
    log_in,
    outcomes,
    refusal,
    rows,
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


async def test_r20_a_stolen_token_does_not_move_recovery(database_url: str, channel: Channel) -> None:
    """A change with a stolen token gets no code, notifies the owner, and is cancelled by a reset."""
    clock = SetClock()
    async with services_on(database_url, clock) as services:
        stolen = await enter(services, channel.tenant)
        clock.move(seconds=STALE)
        changed = await services.own_account.update(stolen, channel.change(channel.new))
        assert channel.value(changed) == channel.new
        assert await notices(services, channel.tenant) == [(f"{channel.kind}-pending", channel.old)]
        (letter,) = await letters(services, channel.tenant)
        assert f"{letter.effective:%Y-%m-%d %H:%M}" == "2030-01-08 00:10"
        for text in (letter.text, letter.short_text):
            assert "2030-01-08 00:10" in text
            assert channel.new not in text
        codes = await ask_all(services, channel.tenant)
        assert codes.keys() == {channel.old}
        await services.completion.reset_password(codes[channel.old].attempted(), PASSWORD)
        assert (await stored(services, channel.tenant))[f"{channel.contact}_pending"] is None
        clock.move(seconds=DELAY)
        assert (await ask_all(services, channel.tenant)).keys() == {channel.old}
        assert (await outcomes(services))[f"{channel.kind}-changed", "cancelled"] == 1


async def test_r20_takes_effect_after_the_delay(database_url: str, channel: Channel) -> None:
    """Codes go to the old address until the delay has passed, and then only to the new one."""
    clock = SetClock()
    async with services_on(database_url, clock) as services:
        caller = await enter(services, channel.tenant)
        clock.move(seconds=STALE)
        await services.own_account.update(caller, channel.change(channel.new))
        clock.move(seconds=DELAY - 1)
        assert (await ask_all(services, channel.tenant)).keys() == {channel.old}
        assert (await outcomes(services))[f"{channel.kind}-changed", "took-effect"] == 0
        clock.move(seconds=1)
        assert (await ask_all(services, channel.tenant)).keys() == {channel.new}
        clock.move(seconds=1)
        assert (await ask_all(services, channel.tenant)).keys() == {channel.new}
        assert (await outcomes(services))[f"{channel.kind}-changed", "took-effect"] == 1
        row = await stored(services, channel.tenant)
        assert (row[channel.contact], row[f"{channel.contact}_pending_at"]) == (channel.new, None)
        assert (row[f"{channel.contact}_proved"], row[f"{channel.contact}_former"]) == (False, None)
        await log_in(services, OLD_PASSWORD, tenant=channel.tenant)


async def test_r20_codes_sent_before_it_takes_effect(database_url: str, channel: Channel) -> None:
    """A pending change leaves codes valid; when it takes effect, codes to the old address are invalid."""
    clock = SetClock()
    async with services_on(database_url, clock) as services:
        caller = await enter(services, channel.tenant)
        clock.move(seconds=STALE)
        codes = await ask_all(services, channel.tenant)
        await services.own_account.update(caller, channel.change(channel.new))
        assert await services.completion.check_hash(codes[channel.old].attempted())
        clock.move(seconds=DELAY - 1)
        codes = await ask_all(services, channel.tenant)
        assert await services.completion.check_hash(codes[channel.old].attempted())
        clock.move(seconds=1)
        assert await refusal(services.completion.reset_password(codes[channel.old].attempted(), PASSWORD))


async def test_r20_takes_effect_once(database_url: str, channel: Channel) -> None:
    """A due change takes effect once, even for concurrent requests."""
    clock = SetClock()
    async with services_on(database_url, clock) as services:
        caller = await enter(services, channel.tenant)
        clock.move(seconds=STALE)
        await services.own_account.update(caller, channel.change(channel.new))
        clock.move(seconds=DELAY)
        await asyncio.gather(*(ask_all(services, channel.tenant) for _ in range(5)))
        assert (await outcomes(services))[f"{channel.kind}-changed", "took-effect"] == 1
        sent = [message.recipient for message, _ in await services.outbox.messages() if message.kind == "reset"]
        assert sent == [channel.new] * 5


async def test_r20_who_sees_the_pending_value(database_url: str, channel: Channel) -> None:
    """Users see their pending value; administrators see the current one and can send it back unchanged."""
    clock = SetClock()
    async with services_on(database_url, clock) as services:
        new = NewUser(username="admin", email=EMAIL, phone=PHONE, password=PASSWORD, roles=["meshy.admin"])
        admin = await services.accounts.create_user(ACCOUNT, channel.tenant, new)
        boss = Caller(ACCOUNT, channel.tenant, admin.user_id, "admin", bytes(16), MAY_UPDATE)
        caller = await enter(services, channel.tenant)
        clock.move(seconds=STALE)
        await services.users.update(caller, caller.user_id, channel.change(channel.new))
        assert channel.value(await services.own_account.read(caller)) == channel.new
        assert channel.value(await services.users.read(caller, caller.user_id)) == channel.new
        assert channel.value(await services.users.read(boss, caller.user_id)) == channel.old
        before = await stored(services, channel.tenant)
        read = (await services.users.read(boss, caller.user_id)).user
        same = ProfileChange(email=read.email, phone=read.phone, verified=read.verified, is_active=read.is_active)
        await services.users.update(boss, caller.user_id, same)
        assert await stored(services, channel.tenant) == before
        clock.move(seconds=DELAY)
        assert channel.value(await services.users.read(boss, caller.user_id)) == channel.new


async def test_r20_a_new_password_cancels(database_url: str, channel: Channel) -> None:
    """A change of the password cancels a pending change, notifies the user, and writes an event."""
    clock = SetClock()
    async with services_on(database_url, clock) as services:
        caller = await enter(services, channel.tenant)
        clock.move(seconds=STALE)
        await services.own_account.update(caller, channel.change(channel.new))
        await services.own_account.change_password(caller, OLD_PASSWORD, PASSWORD)
        assert channel.value(await services.own_account.read(caller)) == channel.old
        clock.move(seconds=DELAY)
        assert (await ask_all(services, channel.tenant)).keys() == {channel.old}
        assert Counter(await notices(services, channel.tenant)) == {
            (f"{channel.kind}-pending", channel.old): 1,
            ("password-changed", channel.old): 1,
        }
        found = await outcomes(services)
        assert found[f"{channel.kind}-changed", "cancelled"] == found["password-changed", "at-once"] == 1


async def test_r20_a_new_password_comes_too_late(database_url: str, channel: Channel) -> None:
    """A change of the password does not cancel a change that is already due."""
    clock = SetClock()
    async with services_on(database_url, clock, contact_change_delay="30m") as services:
        caller = await enter(services, channel.tenant)
        clock.move(seconds=STALE)
        await services.own_account.update(caller, channel.change(channel.new))
        clock.move(minutes=30)
        await services.own_account.change_password(caller, OLD_PASSWORD, PASSWORD)
        assert (await stored(services, channel.tenant))[channel.contact] == channel.new
        assert await notices(services, channel.tenant) == [
            (f"{channel.kind}-pending", channel.old),
            ("password-changed", channel.new),
        ]


async def test_r20_removing_an_address(database_url: str, channel: Channel) -> None:
    """Removing an address that the tenant does not require is pending like any change."""
    clock = SetClock()
    other = CHANNELS[1 - CHANNELS.index(channel)]
    async with services_on(database_url, clock) as services:
        caller = await enter(services, channel.tenant)
        clock.move(seconds=STALE)
        assert other.value(await services.own_account.update(caller, other.change(None))) is None
        assert (await stored(services, channel.tenant))[other.contact] == other.old
        assert await notices(services, channel.tenant) == [(f"{other.kind}-pending", other.old)]
        clock.move(seconds=DELAY - 1)
        await services.own_account.update(caller, other.change(""))
        assert (await stored(services, channel.tenant))[other.contact] == other.old
        clock.move(seconds=1)
        await ask_all(services, channel.tenant)
        assert (await stored(services, channel.tenant))[other.contact] is None
        # Where there is no old address, the notice goes where the tenant reaches its users.
        await services.own_account.update(caller, other.change(other.new))
        assert (await notices(services, channel.tenant))[-1] == (f"{other.kind}-pending", channel.old)


async def test_r20_names_change_at_once(database_url: str, channel: Channel) -> None:
    """Names change at once."""
    clock = SetClock()
    async with services_on(database_url, clock) as services:
        caller = await enter(services, channel.tenant)
        clock.move(seconds=STALE)
        await services.own_account.update(caller, channel.change(channel.old, first_name="Rosa"))
        assert (await stored(services, channel.tenant))["first_name"] == "Rosa"
        assert await notices(services, channel.tenant) == []


async def test_r20_anonymous_users_change_at_once(database_url: str, channel: Channel) -> None:
    """Addresses of anonymous users, who cannot recover, change at once."""
    async with services_on(database_url) as services:
        device = await services.accounts.create_user(
            ACCOUNT, channel.tenant, NewUser(username="device", anonymous=True)
        )
        caller = Caller(ACCOUNT, channel.tenant, device.user_id, "device", bytes(16), frozenset())
        for value in (channel.new, channel.other):
            assert channel.value(await services.own_account.update(caller, channel.change(value))) == value
        (row,) = [each for each in await rows(services, users) if each["username"] == "device"]
        assert (row[channel.contact], row[f"{channel.contact}_former"], row[f"{channel.contact}_pending_at"]) == (
            channel.other,
            None,
            None,
        )


async def test_r20_events_hold_no_values(database_url: str, channel: Channel) -> None:
    """Audit events of a change contain neither the old nor the new value."""
    clock = SetClock()
    async with services_on(database_url, clock) as services:
        caller = await enter(services, channel.tenant)
        await services.own_account.update(caller, channel.change(channel.new))
        clock.move(seconds=STALE)
        await services.own_account.update(caller, channel.change(channel.other))
        events = await rows(services, audit)
        # But for what the operator did who made the users.
        changes = [each for each in events if each["outcome"] != "operator"]
        assert [(each["kind"], each["outcome"], each["user_id"]) for each in changes] == [
            (f"{channel.kind}-changed", "at-once", caller.user_id),
            (f"{channel.kind}-changed", "pending", caller.user_id),
        ]
        for value in (channel.old, channel.new, channel.other):
            assert value not in repr(events)
