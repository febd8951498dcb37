"""R7: each guess is counted and committed before it is compared."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import closing

import attrs
import pytest

from meshydb_server.runtime import Services
from meshydb_server.services.common.errors import OverloadedError
from meshydb_server.services.common.keys import Keyring
from meshydb_server.services.recovery.guesses import CompletionRequest
from meshydb_server.storage.schema import recoveries, users
from tests.security.services import (
    BY_QUESTION,
    BY_TEXT,
    KEYS,
    PASSWORD,
    TENANT,
    all_ends,
    ask,
    change,
    counted,
    outcomes,
    refusal,
    register,
    rows,
    services_on,
    with_passwords,
)
from tests.support.instrumentation import BrokenKeyring, BrokenPasswords, ComparisonError, CountingPasswords, crowded

pytestmark = pytest.mark.anyio

_LIMIT = 5


async def test_r07_five_wrong_checks_end_a_request(database_url: str) -> None:
    """After five wrong checks even the right code or answer is rejected, by a check and by a reset."""
    async with services_on(database_url) as services:
        for tenant in (TENANT, BY_TEXT, BY_QUESTION):
            before = await outcomes(services)
            issued = await ask(services, tenant=tenant)
            for _ in range(_LIMIT):
                assert not await services.completion.check_hash(issued.wrong)
            assert not await services.completion.check_hash(issued.attempted())
            assert await refusal(services.completion.reset_password(issued.attempted(), PASSWORD))
            assert await outcomes(services) - before == {
                ("requested", "ok"): 1,
                ("checked", "wrong-code"): _LIMIT,
                ("checked", "too-many-guesses"): 1,
                ("reset", "too-many-guesses"): 1,
            }


async def test_r07_one_guess_is_left_after_four(database_url: str) -> None:
    """Checks and resets share one count: after four wrong guesses, the right one still works."""
    async with services_on(database_url) as services:
        await change(services, users.update().values(verified=False))
        reset, registered = await ask(services), await register(services)
        for _ in range(2):
            assert not await services.completion.check_hash(reset.wrong)
            assert await refusal(services.completion.reset_password(reset.wrong, PASSWORD))
            assert not await services.completion.check_hash(registered.wrong)
            assert await refusal(services.completion.verify_user(registered.wrong))
        await services.completion.verify_user(registered.attempted())
        await services.completion.reset_password(reset.attempted(), PASSWORD)


async def test_r07_right_checks_use_nothing_up(database_url: str) -> None:
    """Right checks do not use up the request and do not reset the count of wrong ones."""
    async with services_on(database_url) as services:
        issued = await ask(services)
        for _ in range(_LIMIT - 1):
            assert not await services.completion.check_hash(issued.wrong)
        for _ in range(2 * _LIMIT):
            assert await services.completion.check_hash(issued.attempted())
        (row,) = await rows(services, recoveries)
        assert (row["failures"], row["used_at"]) == (_LIMIT - 1, None)
        await services.completion.reset_password(issued.attempted(), PASSWORD)


async def test_r07_fifty_parallel_guesses_stay_within_the_limit(database_url: str) -> None:
    """Of 50 concurrent guesses of both kinds, on two servers, five are compared, and the request ends."""
    async with services_on(database_url) as one, services_on(database_url, new=False) as other:
        issued = await ask(one)
        calls: list[Callable[[Services], Awaitable[object]]] = [
            lambda services: services.completion.check_hash(issued.wrong),
            lambda services: services.completion.reset_password(issued.wrong, PASSWORD),
        ]
        ends = await all_ends(*(calls[number // 2 % 2]((one, other)[number % 2]) for number in range(50)))
        assert ends.keys() <= {"ok", "InvalidRequestError"}
        noted = await outcomes(one)
        looked_at = {kind: count for (kind, outcome), count in noted.items() if outcome == "wrong-code"}
        refused = {kind: count for (kind, outcome), count in noted.items() if outcome == "too-many-guesses"}
        assert (sum(looked_at.values()), sum(refused.values())) == (_LIMIT, 50 - _LIMIT)
        assert (await rows(one, recoveries))[0]["failures"] == _LIMIT
        assert not await other.completion.check_hash(issued.attempted())


async def test_r07_parallel_answers_are_not_even_hashed(database_url: str) -> None:
    """Of 30 concurrent answers five are hashed."""
    with closing(CountingPasswords()) as passwords:
        async with services_on(database_url) as services:
            issued = await ask(services, tenant=BY_QUESTION)
            completion = with_passwords(services.completion, passwords)
            assert await all_ends(*(completion.check_hash(issued.wrong) for _ in range(30))) == {"ok": 30}
    assert passwords.verified == _LIMIT


@pytest.mark.parametrize("tenant", [TENANT, BY_QUESTION])
async def test_r07_counted_before_compared(database_url: str, tenant: str) -> None:
    """A guess is counted even if its comparison fails, as another server sees."""
    with closing(BrokenPasswords()) as passwords:
        async with services_on(database_url) as services, services_on(database_url, new=False) as other:
            issued = await ask(services, tenant=tenant)
            keyring: Keyring = BrokenKeyring.parse(KEYS[0])
            guesses = attrs.evolve(services.completion.guesses, passwords=passwords, keyring=keyring)
            broken = attrs.evolve(services.completion, passwords=passwords, guesses=guesses)
            expected = ComparisonError if tenant == BY_QUESTION else TypeError

            async def fail(attempted: CompletionRequest) -> None:
                with pytest.raises(expected):
                    await broken.check_hash(attempted)

            await fail(issued.wrong)
            (row,) = await rows(other, recoveries)
            assert (row["failures"], await counted(other, "reset-guesses")) == (1, [1])
            with pytest.raises(expected):
                await broken.reset_password(issued.attempted(), PASSWORD)
            for _ in range(_LIMIT - 2):
                await fail(issued.attempted())
            assert not await other.completion.check_hash(issued.attempted())
            assert not await broken.check_hash(issued.attempted())


async def test_r07_rejected_by_the_hashing_queue_is_no_guess(database_url: str) -> None:
    """A check or reset that the full hashing queue rejects does not count as a guess."""
    async with services_on(database_url) as services:
        issued = [await ask(services, tenant=tenant) for tenant in (TENANT, BY_QUESTION)]
        before = await rows(services, recoveries)
        async with crowded(services.completion.passwords):
            for each in issued:
                for attempted in (each.attempted(), each.wrong):
                    with pytest.raises(OverloadedError):
                        await services.completion.check_hash(attempted)
                    with pytest.raises(OverloadedError):
                        await services.completion.reset_password(attempted, PASSWORD)
        assert await rows(services, recoveries) == before
        for each in issued:
            await services.completion.reset_password(each.attempted(), PASSWORD)
