"""R20: a change takes effect at once with the password or a recent login, and is pending otherwise."""

from __future__ import annotations

from collections import Counter

import pytest

from meshydb_server.services.common.callers import Caller
from meshydb_server.services.common.errors import AuthenticationError
from tests.security.services import (
    ACCOUNT,
    OLD_PASSWORD,
    PASSWORD,
    log_in,
    outcomes,
    refresh,
    refusal,
    services_on,
)
from tests.security.users.authenticators import CHANNELS, STALE, Channel, ask_all, enter, notices, stored
from tests.support.dependencies import SetClock

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("channel", CHANNELS, ids=lambda channel: channel.contact)]


async def test_r20_recent_login(database_url: str, channel: Channel) -> None:
    """A login is recent for less than ten minutes, a refresh does not renew it, and without auth_time it never is."""
    clock = SetClock()
    async with services_on(database_url, clock) as services:
        tokens = await log_in(services, OLD_PASSWORD, tenant=channel.tenant)
        clock.move(seconds=STALE - 1)
        renewed = await refresh(services, tokens, tenant=channel.tenant)
        caller = await services.tokens.authenticate(ACCOUNT, channel.tenant, renewed.access_token)
        unknown = Caller(ACCOUNT, channel.tenant, caller.user_id, caller.username, caller.session_id, frozenset())
        await services.own_account.update(unknown, channel.change(channel.new))
        assert (await stored(services, channel.tenant))[channel.contact] == channel.old
        await services.own_account.update(caller, channel.change(channel.other))
        assert (await stored(services, channel.tenant))[channel.contact] == channel.other
        clock.move(seconds=1)
        await services.own_account.update(caller, channel.change(channel.new))
        assert (await stored(services, channel.tenant))[channel.contact] == channel.other


async def test_r20_settings(database_url: str, channel: Channel) -> None:
    """Settings say how long a login is recent, 0 for never, and how long a change is pending."""
    clock = SetClock()
    async with services_on(database_url, clock, recent_login_seconds="0", contact_change_delay="12h") as services:
        caller = await enter(services, channel.tenant)
        await services.own_account.update(caller, channel.change(channel.new))
        clock.move(hours=12, seconds=-1)
        assert (await ask_all(services, channel.tenant)).keys() == {channel.old}
        clock.move(seconds=1)
        assert (await ask_all(services, channel.tenant)).keys() == {channel.new}


async def test_r20_the_previous_password(database_url: str, channel: Channel) -> None:
    """A change takes effect at once with the right password; a wrong one changes nothing."""
    clock = SetClock()
    async with services_on(database_url, clock) as services:
        caller = await enter(services, channel.tenant)
        before = await stored(services, channel.tenant)
        for _ in range(2):
            wrong = services.own_account.update(caller, channel.change(channel.new), "not the password")
            assert await refusal(wrong) == "previous_password_wrong: The previous password is wrong."
            assert await stored(services, channel.tenant) == before
            clock.move(seconds=STALE)
        changed = await services.own_account.update(caller, channel.change(channel.new), OLD_PASSWORD)
        assert channel.value(changed) == channel.new
        assert (await stored(services, channel.tenant))[channel.contact] == channel.new


async def test_r20_sent_again(database_url: str, channel: Channel) -> None:
    """Sending the current or pending value does not restart the delay; another value does."""
    clock = SetClock()
    async with services_on(database_url, clock) as services:
        update = services.own_account.update
        caller = await enter(services, channel.tenant)
        clock.move(seconds=STALE)
        await update(caller, channel.change(channel.new))
        first = await stored(services, channel.tenant)
        clock.move(days=1)
        for value in (channel.old, channel.new):
            assert channel.value(await update(caller, channel.change(value))) == channel.new
            assert await stored(services, channel.tenant) == first
        await update(caller, channel.change(channel.other))
        second = await stored(services, channel.tenant)
        assert second[f"{channel.contact}_pending"] == channel.other
        assert (second[f"{channel.contact}_pending_at"] - first[f"{channel.contact}_pending_at"]).days == 1
        assert Counter(await notices(services, channel.tenant)) == {(f"{channel.kind}-pending", channel.old): 2}


async def test_r20_sent_again_with_the_password(database_url: str, channel: Channel) -> None:
    """With the password, sending the current value cancels the change, and sending the pending one applies it."""
    clock = SetClock()
    async with services_on(database_url, clock) as services:
        caller = await enter(services, channel.tenant)
        clock.move(seconds=STALE)
        for value in (channel.old, channel.new):
            await services.own_account.update(caller, channel.change(channel.new))
            await services.own_account.update(caller, channel.change(value), OLD_PASSWORD)
            row = await stored(services, channel.tenant)
            assert (row[channel.contact], row[f"{channel.contact}_pending_at"]) == (value, None)
        found = await outcomes(services)
        assert [found[f"{channel.kind}-changed", each] for each in ("pending", "cancelled", "at-once")] == [2, 1, 1]


async def test_r20_sent_back_after_a_login(database_url: str, channel: Channel) -> None:
    """A user who logs in and sends the profile back unchanged does not apply a pending change."""
    clock = SetClock()
    async with services_on(database_url, clock) as services:
        stolen = await enter(services, channel.tenant)
        clock.move(seconds=STALE)
        await services.own_account.update(stolen, channel.change(channel.new))
        planted = await stored(services, channel.tenant)
        owner = await enter(services, channel.tenant)
        read = await services.own_account.read(owner)
        await services.own_account.update(owner, channel.change(channel.value(read), first_name="Rosa"))
        row = await stored(services, channel.tenant)
        assert row["first_name"] == "Rosa"
        for name in ("", "_pending", "_pending_at"):
            assert row[f"{channel.contact}{name}"] == planted[f"{channel.contact}{name}"]
        assert (await ask_all(services, channel.tenant)).keys() == {channel.old}


@pytest.mark.parametrize("stale", [0, STALE], ids=["recent", "stale"])
async def test_r20_in_flight_when_the_password_changes(database_url: str, channel: Channel, stale: int) -> None:
    """A change in progress is rejected if the password is reset meanwhile."""
    clock = SetClock()
    async with services_on(database_url, clock) as services:
        stolen = await enter(services, channel.tenant)
        clock.move(seconds=stale)
        codes = await ask_all(services, channel.tenant)
        await services.completion.reset_password(codes[channel.old].attempted(), PASSWORD)
        before = await stored(services, channel.tenant)
        with pytest.raises(AuthenticationError):
            await services.own_account.update(stolen, channel.change(channel.new))
        with pytest.raises(AuthenticationError):
            await services.users.update(stolen, stolen.user_id, channel.change(channel.new))
        assert await stored(services, channel.tenant) == before
