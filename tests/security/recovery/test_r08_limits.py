"""R8: limits on guesses for each request, and on guesses and requests for each user."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from meshydb_server.runtime import Services
from meshydb_server.services.common.errors import LimitError
from meshydb_server.services.common.limits.quotas import Quota
from meshydb_server.storage.counters import EMPTY_LOG
from meshydb_server.storage.schema import recoveries
from tests.security.services import (
    OTHER_TENANT,
    PASSWORD,
    TENANT,
    USERNAME,
    all_ends,
    ask,
    counted,
    outcomes,
    refusal,
    register,
    rows,
    services_on,
)
from tests.support.dependencies import SetClock

pytestmark = pytest.mark.anyio

_REQUESTS_PER_HOUR = 10
_GUESSES_PER_DAY = 20


async def _limited(of: Awaitable[object]) -> int:
    """How long to wait, in seconds."""
    with pytest.raises(LimitError) as caught:
        await of
    assert f"{caught.value.retry_after} seconds" in caught.value.message
    return caught.value.retry_after


async def _opens_after(clock: SetClock, call: Callable[[], Awaitable[object]]) -> timedelta:
    """See that it is limited until just the time that is said has passed; returns how long that is."""
    seconds = await _limited(call())
    begun = clock.now
    clock.now = begun + timedelta(seconds=seconds - 1)
    # What is asked for too early changes nothing about when one may.
    assert await _limited(call()) == 1
    clock.now = begun + timedelta(seconds=seconds)
    await call()
    return timedelta(seconds=seconds)


async def test_r08_requests_per_user(database_url: str) -> None:
    """A user has ten requests in any hour, for any attempt and any spelling of the name."""
    clock = SetClock()
    async with services_on(database_url, clock) as services:

        async def request(attempt: int = 1, username: str = USERNAME) -> None:
            await services.recovery.forgot_password("acme", TENANT, username, attempt)

        for number in range(_REQUESTS_PER_HOUR):
            await request(number, ("Rosa.K", USERNAME)[number % 2])
            clock.move(minutes=1, milliseconds=1)
        for attempt in (1, 2, 99):
            assert await _limited(request(attempt, "ROSA.K")) == 50 * 60
        # One is not another: users of this name elsewhere are not limited.
        assert (await ask(services, tenant=OTHER_TENANT)).code
        # The first lapses an hour after it was made, and the second a minute later.
        assert await _opens_after(clock, request) == timedelta(minutes=50)
        assert await _opens_after(clock, request) == timedelta(seconds=60)
        noted = await outcomes(services)
    assert noted["requested", "limited"] == 3 + 2 * 2
    assert noted["requested", "ok"] == _REQUESTS_PER_HOUR + 1 + 2


async def test_r08_guesses_per_user(database_url: str) -> None:
    """A user has twenty guesses in any day, over all requests, attempts, checks and resets."""
    clock = SetClock()
    async with services_on(database_url, clock) as services:
        for attempt in range(4):
            issued = await ask(services, attempt=attempt)
            for _ in range(4):
                assert not await services.completion.check_hash(issued.wrong)
                clock.move(seconds=30)
            assert await refusal(services.completion.reset_password(issued.wrong, PASSWORD))
            clock.move(minutes=30)
        assert await counted(services, "reset-guesses") == [_GUESSES_PER_DAY]
        issued = await ask(services, attempt=7)
        for call in (
            services.completion.check_hash(issued.attempted()),
            services.completion.check_hash(issued.attempted(attempt=0)),
            services.completion.reset_password(issued.attempted(), PASSWORD),
        ):
            # The first guess was 4 times 32 minutes ago.
            assert await _limited(call) == 24 * 3600 - 4 * 32 * 60
        # Registration has guesses of its own, as it can do nothing to a password.
        assert await services.completion.check_hash((await register(services)).attempted())

        async def guess() -> None:
            later = await ask(services)
            assert await services.completion.check_hash(later.attempted())

        await _opens_after(clock, guess)
        noted = await outcomes(services)
    assert noted["checked", "limited"] == 2 + 2
    assert noted["reset", "limited"] == 1


async def test_r08_right_guesses_count_for_the_user(database_url: str) -> None:
    """A right check counts as a guess of its user's day, but not as a failure of its request."""
    async with services_on(database_url, recovery_guesses_per_user_per_day="7") as services:
        issued = await ask(services)
        for _ in range(7):
            assert await services.completion.check_hash(issued.attempted())
        assert await _limited(services.completion.check_hash(issued.attempted())) == 24 * 3600


async def test_r08_settings(database_url: str) -> None:
    """Each limit can be set."""
    settings: dict[str, Any] = {
        "recovery_guesses_per_request": "1",
        "recovery_requests_per_user_per_hour": "3",
        "recovery_guesses_per_user_per_day": "2",
    }
    async with services_on(database_url, **settings) as services:
        for _ in range(2):
            issued = await ask(services)
            assert not await services.completion.check_hash(issued.wrong)
            assert not await services.completion.check_hash(issued.attempted())
        issued = await ask(services)
        assert await _limited(services.completion.check_hash(issued.attempted()))
        assert await _limited(ask(services)) == 3600


async def test_r08_no_rejections_within_the_limits(database_url: str) -> None:
    """50 concurrent requests of one user, on two servers that allow 50, all succeed."""
    limits: dict[str, Any] = {"recovery_requests_per_user_per_hour": "50"}
    async with (
        services_on(database_url, **limits) as one,
        services_on(database_url, new=False, **limits) as other,
    ):
        requests = (each.recovery.forgot_password("acme", TENANT, USERNAME, 1) for each in [one, other] * 25)
        assert await all_ends(*requests) == {"ok": 50}


async def test_r08_limits_hold_across_servers_at_once(database_url: str) -> None:
    """The limits hold for concurrent requests and guesses on two servers, without other errors."""
    limits: dict[str, Any] = {"recovery_guesses_per_request": "100"}
    async with (
        services_on(database_url, **limits) as one,
        services_on(database_url, new=False, **limits) as other,
    ):
        both = [one, other] * 20

        def request(services: Services) -> Awaitable[object]:
            return services.recovery.forgot_password("acme", TENANT, USERNAME, 1)

        assert await all_ends(*(request(each) for each in both[1:])) == {"ok": 10, "LimitError": 29}
        assert await counted(one, "reset-requests") == [_REQUESTS_PER_HOUR]
    clock = SetClock()
    clock.move(hours=1)
    async with (
        services_on(database_url, clock, new=False, **limits) as one,
        services_on(database_url, clock, new=False, **limits) as other,
    ):
        issued = await ask(one)
        ends = await all_ends(*(each.completion.check_hash(issued.wrong) for each in [one, other] * 20))
        assert ends == {"ok": _GUESSES_PER_DAY, "LimitError": 20}
        (row,) = await rows(one, recoveries)
        assert (row["failures"], await counted(one, "reset-guesses")) == (_GUESSES_PER_DAY, [_GUESSES_PER_DAY])
        noted = await outcomes(one)
    assert noted["checked", "wrong-code"] == noted["checked", "limited"] == 20
    assert noted["requested", "limited"] == 29


@pytest.mark.parametrize("limit", [1, 2, 20, 64, 65, 1000])
def test_r08_no_window_holds_more_than_the_limit(limit: int) -> None:
    """No window exceeds the limit, waiting as long as told suffices, and the log stays short."""
    hour = timedelta(hours=1)
    quota, clock = Quota(limit, hour), SetClock()
    # Beyond 64, what was within a 64th of the hour is counted together.
    memory = hour if limit <= 64 else hour + hour / 64
    log, uses = EMPTY_LOG, list[datetime]()
    for step in range(3000):
        clock.move(milliseconds=1 + step * 7919 % 9000)
        try:
            log = quota.spend(log, clock.now)
        except LimitError as error:
            assert sum(clock.now - at < memory for at in uses) >= limit
            clock.move(seconds=error.retry_after - 1)
            with pytest.raises(LimitError):
                quota.spend(log, clock.now)
            clock.move(seconds=1)
            log = quota.spend(log, clock.now)
        uses.append(clock.now)
        assert sum(clock.now - at < hour for at in uses[-limit - 1 :]) <= limit
    assert len(log) < 66 * 30
