"""R5: a request expires one hour after it was made, to the millisecond, as its handle says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import update

from meshydb_server.storage.schema import recoveries
from tests.security.services import (
    BY_QUESTION,
    PASSWORD,
    ask,
    change,
    outcomes,
    refusal,
    register,
    rows,
    services_on,
)
from tests.support.dependencies import SetClock

pytestmark = pytest.mark.anyio

_HOUR = timedelta(hours=1)
_MILLISECOND = timedelta(milliseconds=1)
# Asked for in the middle of a millisecond, so that rounding shows.
_ASKED = datetime(2030, 6, 1, 12, 0, 0, 123_456, tzinfo=UTC)
_ENDS = datetime(2030, 6, 1, 13, 0, 0, 123_000, tzinfo=UTC)


async def test_r05_ends_to_the_millisecond(database_url: str) -> None:
    """A request is valid until a millisecond before its expiry and invalid from then on, for each use."""
    clock = SetClock(_ASKED)
    async with services_on(database_url, clock) as services:
        reset, by_question = await ask(services), await ask(services, tenant=BY_QUESTION)
        registered = await register(services)
        assert {each.request.expires for each in (reset, by_question, registered)} == {_ENDS}
        check = services.completion.check_hash
        for now, good in [(_ENDS - _MILLISECOND, True), (_ENDS, False), (_ENDS + _MILLISECOND, False)]:
            clock.now = now
            assert [await check(each.attempted()) for each in (reset, by_question, registered)] == [good] * 3
        assert await refusal(services.completion.reset_password(reset.attempted(), PASSWORD))
        assert await refusal(services.completion.verify_user(registered.attempted()))
        assert (await outcomes(services))["reset", "expired"] == (await outcomes(services))["verified", "expired"] == 1
        clock.now = _ENDS - _MILLISECOND
        # Before the same user's reset, which would leave nothing to verify.
        await services.completion.verify_user(registered.attempted())
        for each in (reset, by_question):
            await services.completion.reset_password(each.attempted(), PASSWORD)
        assert (await outcomes(services))["reset", "ok"] == 2


async def test_r05_forged_expires(database_url: str) -> None:
    """A forged later expiry is rejected, whether it is sent or stored."""
    clock = SetClock(_ASKED)
    async with services_on(database_url, clock) as services:
        issued = await ask(services)
        forged = issued.attempted(expires=_ENDS + timedelta(days=365))
        for now in (_ASKED, _ENDS + _MILLISECOND):
            clock.now = now
            assert not await services.completion.check_hash(forged)
            assert await refusal(services.completion.reset_password(forged, PASSWORD))
        # Not even who can write to the database can prolong it.
        await change(services, update(recoveries).values(expires_at=forged.expires))
        for attempted in (forged, issued.attempted()):
            assert not await services.completion.check_hash(attempted)
            assert await refusal(services.completion.reset_password(attempted, PASSWORD))
        assert (await rows(services, recoveries))[0]["used_at"] is None


async def test_r05_same_instant_in_other_words(database_url: str) -> None:
    """The expiry may be sent with any UTC offset and any number of digits."""
    async with services_on(database_url, SetClock(_ASKED)) as services:
        issued = await ask(services)
        same = [
            _ENDS.astimezone(timezone(timedelta(hours=5, minutes=30))),
            datetime.fromisoformat("2030-06-01T13:00:00.123+00:00"),
            datetime.fromisoformat("2030-06-01T13:00:00.1230000Z"),
            datetime.fromisoformat("2030-06-01T13:00:00.1239999Z"),
            datetime.fromisoformat("2030-06-01T06:00:00.1230000-07:00"),
        ]
        others = [
            datetime.fromisoformat("2030-06-01T13:00:00Z"),
            datetime.fromisoformat("2030-06-01T13:00:00.124Z"),
            datetime.fromisoformat("2030-06-01T13:00:00.1229999Z"),
            datetime.fromisoformat("2030-06-01T13:00:00.123+01:00"),
        ]
        check = services.completion.check_hash
        assert [await check(issued.attempted(expires=each)) for each in same] == [True] * len(same)
        assert [await check(issued.attempted(expires=each)) for each in others] == [False] * len(others)


async def test_r05_the_clock_of_the_server_decides(database_url: str) -> None:
    """A later request expires later."""
    clock = SetClock(_ASKED)
    async with services_on(database_url, clock) as services:
        first = await ask(services)
        clock.move(minutes=30)
        second = await ask(services)
    assert second.request.expires - first.request.expires == _HOUR / 2
