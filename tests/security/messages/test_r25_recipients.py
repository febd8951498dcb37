"""R25: messages to an unproved address are limited over all users and tenants."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

import pytest
from sqlalchemy import update

from meshydb_server.runtime import Services
from meshydb_server.services.recovery.verification import IssuedRequest
from meshydb_server.services.users.new_users import NewUser
from meshydb_server.storage.schema import outbox, users
from tests.security.services import (
    ACCOUNT,
    EMAIL,
    OTHER_ACCOUNT,
    OTHER_TENANT,
    PASSWORD,
    TENANT,
    add_user,
    all_ends,
    ask,
    change,
    outcomes,
    refusal,
    rows,
    sent_codes,
    services_on,
)
from tests.support.dependencies import SetClock
from tests.support.instrumentation import statements

pytestmark = pytest.mark.anyio

_LIMIT: Final = 5
_PLACES: Final = [(ACCOUNT, TENANT), (ACCOUNT, OTHER_TENANT), (OTHER_ACCOUNT, TENANT)]


async def _register(services: Services, number: int, email: str = EMAIL) -> IssuedRequest:
    account, tenant = _PLACES[number % len(_PLACES)]
    new = NewUser(username=f"user-{number}", email=email, password=PASSWORD)
    request = await services.registration.register(account, tenant, new, f"192.0.2.{number}")
    assert request is not None
    return request


async def _statuses(services: Services) -> Counter[str]:
    return Counter(row["status"] for row in await rows(services, outbox))


async def test_r25_forty_registrations_send_five_letters(database_url: str) -> None:
    """40 registrations with one address within an hour all succeed and send five messages."""
    clock = SetClock()
    async with services_on(database_url, clock) as services:
        for number in range(40):
            await _register(services, number, EMAIL.upper() if number % 2 else EMAIL)
        assert await _statuses(services) == {"sent": _LIMIT, "suppressed": 40 - _LIMIT}
        assert len(await sent_codes(services)) == _LIMIT
        assert all(row["payload"] is None for row in await rows(services, outbox) if row["status"] == "suppressed")
        noted = await outcomes(services)
        assert (noted["registered", "ok"], noted["registered", "suppressed"]) == (4, 23)
        await _register(services, 40, "another+1@example.org")
        await _register(services, 41, "another+2@example.org")
        assert (await _statuses(services))["sent"] == _LIMIT + 2
        clock.move(minutes=59, seconds=59)
        await _register(services, 42)
        assert (await _statuses(services))["sent"] == _LIMIT + 2
        clock.move(seconds=1)
        await _register(services, 43)
        assert (await _statuses(services))["sent"] == _LIMIT + 3


async def test_r25_at_once(database_url: str) -> None:
    """20 registrations at once, on two servers, send five messages."""
    async with services_on(database_url) as one, services_on(database_url, new=False) as other:
        ends = await all_ends(*(_register((one, other)[number % 2], number) for number in range(20)))
        assert ends == {"ok": 20}
        assert await _statuses(one) == {"sent": _LIMIT, "suppressed": 20 - _LIMIT}


async def test_r25_the_owner_of_the_address_recovers(database_url: str) -> None:
    """A user who has proved the address gets a code even after messages to it were suppressed."""
    async with services_on(database_url) as services:
        for number in range(10):
            await _register(services, number)
        issued = await ask(services)
        assert issued.code
        await services.completion.reset_password(issued.attempted(), PASSWORD)


async def test_r25_a_suppressed_request_ends_no_other(database_url: str) -> None:
    """A request whose message is suppressed cannot be completed, and leaves the client's earlier one valid."""
    async with services_on(database_url) as services:
        await change(services, update(users).values(verified=False, email_proved=False))
        good = [await ask(services) for _ in range(_LIMIT)][-1]
        suppressed = await ask(services)
        assert suppressed.code == ""
        assert (await outcomes(services))["requested", "suppressed"] == 1
        given, handle = good.request, suppressed.request
        assert (len(handle.hash), handle.username, handle.hint) == (len(given.hash), given.username, given.hint)
        for code in (good.code, "AAAAAAAA"):
            assert await refusal(services.completion.reset_password(suppressed.attempted(code), PASSWORD))
        # What leads nowhere counts its guesses like any other request.
        assert (await outcomes(services))["reset", "wrong-code"] == 2
        await services.completion.reset_password(good.attempted(), PASSWORD)


async def test_r25_a_suppressed_request_ends_none_of_other_clients(database_url: str) -> None:
    """A request whose message is suppressed ends none of five live requests of other clients."""
    async with services_on(database_url) as services:
        await change(services, update(users).values(verified=False, email_proved=False))
        good = [await ask(services, client=f"192.0.2.{number}") for number in range(_LIMIT)]
        for number in range(_LIMIT, 2 * _LIMIT):
            assert (await ask(services, client=f"192.0.2.{number}")).code == ""
        for each in good:
            assert await services.completion.check_hash(each.attempted())


async def test_r25_changed_addresses(database_url: str) -> None:
    """The limit is four times as high for an unproved address that its user changed to."""
    settings: dict[str, Any] = {"recovery_requests_per_user_per_hour": "100"}
    async with services_on(database_url, **settings) as services:
        await change(services, update(users).values(email_proved=False))
        asked = [await ask(services) for _ in range(4 * _LIMIT + 3)]
        assert [bool(each.code) for each in asked] == [True] * 4 * _LIMIT + [False] * 3


async def test_r25_equal_work(database_url: str) -> None:
    """With decoys, a request costs the same statements for proved, unproved and no addresses."""
    async with services_on(database_url, unknown_user="decoy") as services:
        await add_user(services, "unproved")
        doubtful = users.c.username == "unproved"
        await change(services, update(users).where(doubtful).values(verified=False, email_proved=False))
        for number in range(2 * _LIMIT):
            seen = list[list[str]]()
            for name in ("rosa.k", "unproved", "nobody"):
                with statements() as run:
                    await services.recovery.forgot_password(ACCOUNT, TENANT, name, 1)
                seen.append([each.text.split()[0] for each in run])
            assert seen[0] == seen[2]
            assert len(seen[1]) == len(seen[0]), number
