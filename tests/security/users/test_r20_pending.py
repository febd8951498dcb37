"""R20: without the password, another address is pending: recovery and notices keep to the one in force."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from meshydb_server.services.common.callers import Caller
from meshydb_server.services.users.new_users import NewUser
from meshydb_server.services.users.profiles import ProfileChange
from meshydb_server.storage.schema import audit, users
from tests.security.recovering import (
    ACCOUNT,
    EMAIL,
    MAY_UPDATE,
    OLD_PASSWORD,
    PASSWORD,
    PHONE,
    log_in,
    outcomes,
    recovering,
    refusal,
    rows,
)
from tests.security.users.authenticators import DELAY, STALE, WAYS, Way, ask_all, enter, letters, notices, stored
from tests.support.sources import SetClock

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("way", WAYS, ids=lambda way: way.contact)]


async def test_r20_a_stolen_token_does_not_move_recovery(database_url: str, way: Way) -> None:
    """Who changes the address with a stolen token gets no code; the owner is told at once, and a reset cancels it."""
    clock = SetClock()
    async with recovering(database_url, clock) as services:
        stolen = await enter(services, way.tenant)
        clock.move(seconds=STALE)
        changed = await services.own_account.update(stolen, way.change(way.new))
        assert way.value(changed) == way.new
        assert await notices(services, way.tenant) == [(f"{way.kind}-pending", way.old)]
        (letter,) = await letters(services, way.tenant)
        assert f"{letter.effective:%Y-%m-%d %H:%M}" == "2030-01-08 00:10"
        for text in (letter.text, letter.short_text):
            assert "2030-01-08 00:10" in text
            assert way.new not in text
        codes = await ask_all(services, way.tenant)
        assert codes.keys() == {way.old}
        await services.completion.reset_password(codes[way.old].attempted(), PASSWORD)
        assert (await stored(services, way.tenant))[f"{way.contact}_pending"] is None
        clock.move(seconds=DELAY)
        assert (await ask_all(services, way.tenant)).keys() == {way.old}
        assert (await outcomes(services))[f"{way.kind}-changed", "cancelled"] == 1


async def test_r20_it_takes_effect_when_its_time_has_come(database_url: str, way: Way) -> None:
    """A second before the delay has passed codes go to the old address, then and later to the new one alone."""
    clock = SetClock()
    async with recovering(database_url, clock) as services:
        caller = await enter(services, way.tenant)
        clock.move(seconds=STALE)
        await services.own_account.update(caller, way.change(way.new))
        clock.move(seconds=DELAY - 1)
        assert (await ask_all(services, way.tenant)).keys() == {way.old}
        assert (await outcomes(services))[f"{way.kind}-changed", "took-effect"] == 0
        clock.move(seconds=1)
        assert (await ask_all(services, way.tenant)).keys() == {way.new}
        clock.move(seconds=1)
        assert (await ask_all(services, way.tenant)).keys() == {way.new}
        assert (await outcomes(services))[f"{way.kind}-changed", "took-effect"] == 1
        row = await stored(services, way.tenant)
        assert (row[way.contact], row[f"{way.contact}_pending_at"]) == (way.new, None)
        assert (row[f"{way.contact}_proved"], row[f"{way.contact}_former"]) == (False, None)
        await log_in(services, OLD_PASSWORD, tenant=way.tenant)


async def test_r20_codes_that_are_out_when_it_takes_effect(database_url: str, way: Way) -> None:
    """A change that is pending leaves codes good; when it takes effect, codes sent to the old address are void."""
    clock = SetClock()
    async with recovering(database_url, clock) as services:
        caller = await enter(services, way.tenant)
        clock.move(seconds=STALE)
        codes = await ask_all(services, way.tenant)
        await services.own_account.update(caller, way.change(way.new))
        assert await services.completion.check_hash(codes[way.old].attempted())
        clock.move(seconds=DELAY - 1)
        codes = await ask_all(services, way.tenant)
        assert await services.completion.check_hash(codes[way.old].attempted())
        clock.move(seconds=1)
        assert await refusal(services.completion.reset_password(codes[way.old].attempted(), PASSWORD))


async def test_r20_settled_once(database_url: str, way: Way) -> None:
    """However many ask at the moment when a change is due, it takes effect once, and codes go to the new address."""
    clock = SetClock()
    async with recovering(database_url, clock) as services:
        caller = await enter(services, way.tenant)
        clock.move(seconds=STALE)
        await services.own_account.update(caller, way.change(way.new))
        clock.move(seconds=DELAY)
        await asyncio.gather(*(ask_all(services, way.tenant) for _ in range(5)))
        assert (await outcomes(services))[f"{way.kind}-changed", "took-effect"] == 1
        sent = [message.recipient for message, _ in await services.outbox.messages() if message.kind == "reset"]
        assert sent == [way.new] * 5


async def test_r20_who_sees_what_is_pending(database_url: str, way: Way) -> None:
    """Users see what is pending of themselves; an administrator sees what is in force, and changes nothing with it."""
    clock = SetClock()
    async with recovering(database_url, clock) as services:
        new = NewUser(username="admin", email=EMAIL, phone=PHONE, password=PASSWORD, roles=["meshy.admin"])
        admin = await services.accounts.create_user(ACCOUNT, way.tenant, new)
        boss = Caller(ACCOUNT, way.tenant, admin.user_id, "admin", bytes(16), MAY_UPDATE)
        caller = await enter(services, way.tenant)
        clock.move(seconds=STALE)
        await services.users.update(caller, caller.user_id, way.change(way.new))
        assert way.value(await services.own_account.read(caller)) == way.new
        assert way.value(await services.users.read(caller, caller.user_id)) == way.new
        assert way.value(await services.users.read(boss, caller.user_id)) == way.old
        before = await stored(services, way.tenant)
        read = (await services.users.read(boss, caller.user_id)).user
        same = ProfileChange(email=read.email, phone=read.phone, verified=read.verified, is_active=read.is_active)
        await services.users.update(boss, caller.user_id, same)
        assert await stored(services, way.tenant) == before
        clock.move(seconds=DELAY)
        assert way.value(await services.users.read(boss, caller.user_id)) == way.new


async def test_r20_a_new_password_cancels(database_url: str, way: Way) -> None:
    """To change the password cancels what is pending, tells the user, and leaves an event."""
    clock = SetClock()
    async with recovering(database_url, clock) as services:
        caller = await enter(services, way.tenant)
        clock.move(seconds=STALE)
        await services.own_account.update(caller, way.change(way.new))
        await services.own_account.change_password(caller, OLD_PASSWORD, PASSWORD)
        assert way.value(await services.own_account.read(caller)) == way.old
        clock.move(seconds=DELAY)
        assert (await ask_all(services, way.tenant)).keys() == {way.old}
        assert Counter(await notices(services, way.tenant)) == {
            (f"{way.kind}-pending", way.old): 1,
            ("password-changed", way.old): 1,
        }
        found = await outcomes(services)
        assert found[f"{way.kind}-changed", "cancelled"] == found["password-changed", "at-once"] == 1


async def test_r20_a_new_password_comes_too_late(database_url: str, way: Way) -> None:
    """What was due when the password is changed has taken effect, and is not cancelled."""
    clock = SetClock()
    async with recovering(database_url, clock, contact_change_delay="30m") as services:
        caller = await enter(services, way.tenant)
        clock.move(seconds=STALE)
        await services.own_account.update(caller, way.change(way.new))
        clock.move(minutes=30)
        await services.own_account.change_password(caller, OLD_PASSWORD, PASSWORD)
        assert (await stored(services, way.tenant))[way.contact] == way.new
        assert await notices(services, way.tenant) == [(f"{way.kind}-pending", way.old), ("password-changed", way.new)]


async def test_r20_to_remove_an_address(database_url: str, way: Way) -> None:
    """To remove an address that the tenant does not require is a change like any other."""
    clock = SetClock()
    other = WAYS[1 - WAYS.index(way)]
    async with recovering(database_url, clock) as services:
        caller = await enter(services, way.tenant)
        clock.move(seconds=STALE)
        assert other.value(await services.own_account.update(caller, other.change(None))) is None
        assert (await stored(services, way.tenant))[other.contact] == other.old
        assert await notices(services, way.tenant) == [(f"{other.kind}-pending", other.old)]
        clock.move(seconds=DELAY - 1)
        await services.own_account.update(caller, other.change(""))
        assert (await stored(services, way.tenant))[other.contact] == other.old
        clock.move(seconds=1)
        await ask_all(services, way.tenant)
        assert (await stored(services, way.tenant))[other.contact] is None
        # Where there is no old address, the notice goes where the tenant reaches its users.
        await services.own_account.update(caller, other.change(other.new))
        assert (await notices(services, way.tenant))[-1] == (f"{other.kind}-pending", way.old)


async def test_r20_names_change_at_once(database_url: str, way: Way) -> None:
    """Names prove nothing, and change at once."""
    clock = SetClock()
    async with recovering(database_url, clock) as services:
        caller = await enter(services, way.tenant)
        clock.move(seconds=STALE)
        await services.own_account.update(caller, way.change(way.old, first_name="Rosa"))
        assert (await stored(services, way.tenant))["first_name"] == "Rosa"
        assert await notices(services, way.tenant) == []


async def test_r20_anonymous_users_change_at_once(database_url: str, way: Way) -> None:
    """An anonymous user has no password to prove and cannot recover, so that an address changes at once."""
    async with recovering(database_url) as services:
        device = await services.accounts.create_user(ACCOUNT, way.tenant, NewUser(username="device", anonymous=True))
        caller = Caller(ACCOUNT, way.tenant, device.user_id, "device", bytes(16), frozenset())
        for value in (way.new, way.other):
            assert way.value(await services.own_account.update(caller, way.change(value))) == value
        (row,) = [each for each in await rows(services, users) if each["username"] == "device"]
        assert (row[way.contact], row[f"{way.contact}_former"], row[f"{way.contact}_pending_at"]) == (
            way.other,
            None,
            None,
        )


async def test_r20_events_hold_no_values(database_url: str, way: Way) -> None:
    """The trail says that something changed and how, and neither the old value nor the new one."""
    clock = SetClock()
    async with recovering(database_url, clock) as services:
        caller = await enter(services, way.tenant)
        await services.own_account.update(caller, way.change(way.new))
        clock.move(seconds=STALE)
        await services.own_account.update(caller, way.change(way.other))
        events = await rows(services, audit)
        # But for what the operator did who made the users.
        changes = [each for each in events if each["outcome"] != "operator"]
        assert [(each["kind"], each["outcome"], each["user_id"]) for each in changes] == [
            (f"{way.kind}-changed", "at-once", caller.user_id),
            (f"{way.kind}-changed", "pending", caller.user_id),
        ]
        for value in (way.old, way.new, way.other):
            assert value not in repr(events)
