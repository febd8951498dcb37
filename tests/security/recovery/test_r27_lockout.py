"""R27: strangers cannot lock a user out of recovery, and their guesses are still limited."""

from __future__ import annotations

from typing import Any, Final

import pytest

from meshydb_server.runtime import Services
from meshydb_server.services.common.errors import LimitError
from meshydb_server.services.recovery.guesses import CompletionRequest
from tests.security.services import (
    OLD_PASSWORD,
    PASSWORD,
    UNKNOWN,
    USERNAME,
    Issued,
    ask,
    log_in,
    services_on,
)
from tests.support.dependencies import SetClock
from tests.support.instrumentation import statements

pytestmark = pytest.mark.anyio

_OWN: Final = "203.0.113.7"
_STRANGERS: Final = [f"198.51.100.{number}" for number in range(20)]


async def _spend(services: Services, client: str, username: str = USERNAME) -> int:
    """Ask four times and guess five times each; returns how many of the guesses were taken."""
    taken = 0
    for _ in range(4):
        issued = await ask(services, username, client=client)
        for _ in range(5):
            try:
                assert not await services.completion.check_hash(_from(issued, client, right=False))
            except LimitError:
                continue
            taken += 1
    return taken


def _from(issued: Issued, client: str, *, right: bool = True) -> CompletionRequest:
    return issued.attempted(issued.code if right else issued.wrong.code, client=client)


async def test_r27_the_owner_recovers(database_url: str) -> None:
    """After 20 addresses use up their limits, the user can still reset from another address."""
    async with services_on(database_url) as services:
        for stranger in _STRANGERS:
            assert await _spend(services, stranger) == 20
        again = await ask(services, client=_STRANGERS[0])
        with pytest.raises(LimitError) as caught:
            await services.completion.check_hash(_from(again, _STRANGERS[0], right=False))
        assert caught.value.retry_after == 24 * 3600
        issued = await ask(services, client=_OWN)
        await services.completion.reset_password(_from(issued, _OWN), PASSWORD)


async def test_r27_digits(database_url: str) -> None:
    """With six digits all strangers share 50 guesses; the user can still reset from a known address."""
    async with services_on(database_url, recovery_code="digits") as services:
        await log_in(services, OLD_PASSWORD, client=_OWN)
        taken = [await _spend(services, stranger) for stranger in _STRANGERS]
        assert taken == [20, 20, 10, *[0] * 17]
        new = "203.0.113.8"
        issued = await ask(services, client=new)
        with pytest.raises(LimitError):
            await services.completion.reset_password(_from(issued, new), PASSWORD)
        issued = await ask(services, client=_OWN)
        await services.completion.reset_password(_from(issued, _OWN), PASSWORD)


async def test_r27_requests(database_url: str) -> None:
    """All addresses share 100 requests an hour; an address with a login of the user has ten of its own."""
    clock = SetClock()
    async with services_on(database_url, clock) as services:
        await log_in(services, OLD_PASSWORD, client=_OWN)
        for stranger in _STRANGERS[:10]:
            for _ in range(10):
                await ask(services, client=stranger)
            with pytest.raises(LimitError):
                await ask(services, client=stranger)
        with pytest.raises(LimitError) as caught:
            await ask(services, client=_STRANGERS[10])
        assert caught.value.retry_after == 3600
        issued = [await ask(services, client=_OWN) for _ in range(10)][-1]
        with pytest.raises(LimitError):
            await ask(services, client=_OWN)
        await services.completion.reset_password(_from(issued, _OWN), PASSWORD)
        clock.move(hours=1)
        assert (await ask(services, client=_STRANGERS[10])).code


async def test_r27_networks(database_url: str) -> None:
    """Addresses of one /64 network of IPv6 share one limit, and those of another do not."""
    async with services_on(database_url) as services:
        for number in range(10):
            await ask(services, client=f"2001:db8:0:1::{number + 1:x}")
        with pytest.raises(LimitError):
            await ask(services, client="2001:db8:0:1:ffff::1")
        assert (await ask(services, client="2001:db8:0:2::1")).code


async def test_r27_addresses_lapse(database_url: str) -> None:
    """An address counts as the user's for 30 days after the last login, and is then swept."""
    clock = SetClock()
    for days, allowed in ((29, True), (30, False)):
        settings: dict[str, Any] = {"recovery_requests_backstop": "1"}
        async with services_on(database_url, clock, new=allowed, **settings) as services:
            await log_in(services, OLD_PASSWORD, client=_OWN)
            clock.move(days=days)
            await services.sweeper.sweep()
            await ask(services, client=_STRANGERS[0])
            if allowed:
                await ask(services, client=_OWN)
            else:
                with pytest.raises(LimitError):
                    await ask(services, client=_OWN)


async def test_r27_equal_work(database_url: str) -> None:
    """Known and unknown users cost the same statements beyond the backstops too."""
    settings: dict[str, Any] = {
        "unknown_user": "decoy",
        "recovery_requests_backstop": "7",
        "recovery_guesses_per_user_per_day": "2",
    }
    async with services_on(database_url, **settings) as services:
        seen: dict[str, list[list[str]]] = {USERNAME: [], UNKNOWN: []}
        for name, texts in seen.items():
            for client in _STRANGERS[:9]:
                with statements() as run:
                    try:
                        issued = await services.recovery.forgot_password("acme", None, name, 1, client)
                        attempted = Issued(account="acme", tenant="north", request=issued, code="")
                        await services.completion.check_hash(_from(attempted, client, right=False))
                    except LimitError:
                        pass
                texts.append([each.text for each in run])
        assert seen[USERNAME] == seen[UNKNOWN]
