"""R20: a change is in force at once with the password or a recent login, and pending otherwise."""

from __future__ import annotations

from collections import Counter

import pytest

from meshydb_server.services.common.callers import Caller
from meshydb_server.services.common.errors import AuthenticationError
from tests.security.recovering import (
    ACCOUNT,
    OLD_PASSWORD,
    PASSWORD,
    log_in,
    outcomes,
    recovering,
    refresh,
    refusal,
)
from tests.security.users.authenticators import STALE, WAYS, Way, ask_all, enter, notices, stored
from tests.support.sources import SetClock

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("way", WAYS, ids=lambda way: way.contact)]


async def test_r20_what_is_recent(database_url: str, way: Way) -> None:
    """A login is recent for less than ten minutes, a refresh does not renew it, and without auth_time it never is."""
    clock = SetClock()
    async with recovering(database_url, clock) as services:
        tokens = await log_in(services, OLD_PASSWORD, tenant=way.tenant)
        clock.move(seconds=STALE - 1)
        renewed = await refresh(services, tokens, tenant=way.tenant)
        caller = await services.tokens.authenticate(ACCOUNT, way.tenant, renewed.access_token)
        unknown = Caller(ACCOUNT, way.tenant, caller.user_id, caller.username, caller.session_id, frozenset())
        await services.own_account.update(unknown, way.change(way.new))
        assert (await stored(services, way.tenant))[way.contact] == way.old
        await services.own_account.update(caller, way.change(way.other))
        assert (await stored(services, way.tenant))[way.contact] == way.other
        clock.move(seconds=1)
        await services.own_account.update(caller, way.change(way.new))
        assert (await stored(services, way.tenant))[way.contact] == way.other


async def test_r20_settings(database_url: str, way: Way) -> None:
    """Operators set how long a login is recent, 0 for never, and how long a change is pending."""
    clock = SetClock()
    async with recovering(database_url, clock, recent_login_seconds="0", contact_change_delay="12h") as services:
        caller = await enter(services, way.tenant)
        await services.own_account.update(caller, way.change(way.new))
        clock.move(hours=12, seconds=-1)
        assert (await ask_all(services, way.tenant)).keys() == {way.old}
        clock.move(seconds=1)
        assert (await ask_all(services, way.tenant)).keys() == {way.new}


async def test_r20_the_previous_password(database_url: str, way: Way) -> None:
    """With the right password a change takes effect at once; with a wrong one nothing changes, be the login recent."""
    clock = SetClock()
    async with recovering(database_url, clock) as services:
        caller = await enter(services, way.tenant)
        before = await stored(services, way.tenant)
        for _ in range(2):
            wrong = services.own_account.update(caller, way.change(way.new), "not the password")
            assert await refusal(wrong) == "previous_password_wrong: The previous password is wrong."
            assert await stored(services, way.tenant) == before
            clock.move(seconds=STALE)
        changed = await services.own_account.update(caller, way.change(way.new), OLD_PASSWORD)
        assert way.value(changed) == way.new
        assert (await stored(services, way.tenant))[way.contact] == way.new


async def test_r20_sent_again(database_url: str, way: Way) -> None:
    """The value in force leaves what is pending, which does not begin anew when it is sent again; another one does."""
    clock = SetClock()
    async with recovering(database_url, clock) as services:
        update = services.own_account.update
        caller = await enter(services, way.tenant)
        clock.move(seconds=STALE)
        await update(caller, way.change(way.new))
        first = await stored(services, way.tenant)
        clock.move(days=1)
        for value in (way.old, way.new):
            assert way.value(await update(caller, way.change(value))) == way.new
            assert await stored(services, way.tenant) == first
        await update(caller, way.change(way.other))
        second = await stored(services, way.tenant)
        assert second[f"{way.contact}_pending"] == way.other
        assert (second[f"{way.contact}_pending_at"] - first[f"{way.contact}_pending_at"]).days == 1
        assert Counter(await notices(services, way.tenant)) == {(f"{way.kind}-pending", way.old): 2}


async def test_r20_sent_again_with_the_password(database_url: str, way: Way) -> None:
    """With the password, the value in force cancels what is pending, and the pending one is in force at once."""
    clock = SetClock()
    async with recovering(database_url, clock) as services:
        caller = await enter(services, way.tenant)
        clock.move(seconds=STALE)
        for value in (way.old, way.new):
            await services.own_account.update(caller, way.change(way.new))
            await services.own_account.update(caller, way.change(value), OLD_PASSWORD)
            row = await stored(services, way.tenant)
            assert (row[way.contact], row[f"{way.contact}_pending_at"]) == (value, None)
        found = await outcomes(services)
        assert [found[f"{way.kind}-changed", each] for each in ("pending", "cancelled", "at-once")] == [2, 1, 1]


async def test_r20_sent_back_after_a_login(database_url: str, way: Way) -> None:
    """Owners who log in and send back what they read do not bring a thief's change into force."""
    clock = SetClock()
    async with recovering(database_url, clock) as services:
        stolen = await enter(services, way.tenant)
        clock.move(seconds=STALE)
        await services.own_account.update(stolen, way.change(way.new))
        planted = await stored(services, way.tenant)
        owner = await enter(services, way.tenant)
        read = await services.own_account.read(owner)
        await services.own_account.update(owner, way.change(way.value(read), first_name="Rosa"))
        row = await stored(services, way.tenant)
        assert row["first_name"] == "Rosa"
        for name in ("", "_pending", "_pending_at"):
            assert row[f"{way.contact}{name}"] == planted[f"{way.contact}{name}"]
        assert (await ask_all(services, way.tenant)).keys() == {way.old}


@pytest.mark.parametrize("stale", [0, STALE], ids=["recent", "stale"])
async def test_r20_in_flight_when_the_password_changes(database_url: str, way: Way, stale: int) -> None:
    """A change that was under way with a stolen token when the owner reset the password is refused."""
    clock = SetClock()
    async with recovering(database_url, clock) as services:
        stolen = await enter(services, way.tenant)
        clock.move(seconds=stale)
        codes = await ask_all(services, way.tenant)
        await services.completion.reset_password(codes[way.old].attempted(), PASSWORD)
        before = await stored(services, way.tenant)
        with pytest.raises(AuthenticationError):
            await services.own_account.update(stolen, way.change(way.new))
        with pytest.raises(AuthenticationError):
            await services.users.update(stolen, stolen.user_id, way.change(way.new))
        assert await stored(services, way.tenant) == before
