"""R28: addresses share hashing fairly, abandoned calls are not hashed, and the queue has a bound."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Collection
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Final

import pytest
from attrs import evolve, frozen

from meshydb_server.http.app import create_app
from meshydb_server.runtime import open_services
from meshydb_server.services.common.dependencies import Dependencies
from meshydb_server.services.common.errors import CallerGoneError, InvalidRequestError
from meshydb_server.services.common.limits.table import LOGIN_GUESSES, LOGIN_GUESSES_BY_USER
from meshydb_server.services.common.passwords import Passwords
from meshydb_server.services.common.requesters import Requester, requested_by
from meshydb_server.services.users.new_users import NewUser
from meshydb_server.services.users.questions import NewQuestion
from meshydb_server.storage.schema import recoveries, security_questions, users
from tests.security.logins.hashing import HeldHasher, Visitor
from tests.security.services import (
    ACCOUNT,
    BY_QUESTION,
    PASSWORD,
    TENANT,
    all_ends,
    ask,
    caller,
    counted,
    outcomes,
    rows,
    services_on,
)
from tests.support.dependencies import CHEAP_HASHER
from tests.support.instrumentation import CountingPasswords
from tests.support.mail.sending import until
from tests.support.server import LiveServer, serving_app, settings_in

pytestmark = pytest.mark.anyio

_HONEST: Final = "correct horse"
_CROWD: Final = "203.0.113.7"
_HOME: Final = "198.51.100.20"
# As many as are hashed at once.
_AT_ONCE: Final = 2
# A server in which they never wait fails the test, rather than stopping the suite.
_PATIENCE_SECONDS: Final = 30.0


@frozen
class _Hosted:
    """A server whose user rosa.k has the honest password, with the passwords that it hashes when it is let."""

    server: LiveServer
    public_key: str
    passwords: Passwords
    hasher: HeldHasher

    def visitor(self, address: str) -> Visitor:
        """Somebody at an address."""
        return Visitor(self.server, self.public_key, address)

    async def until_waiting(self, count: int) -> None:
        """Wait until so many wait, and as many are under way as can be."""
        async with asyncio.timeout(_PATIENCE_SECONDS):
            await until(lambda: (self.passwords.waiting, len(self.hasher.seen)) == (count, _AT_ONCE))


@asynccontextmanager
async def _hosted(folder: Path, **given: str) -> AsyncGenerator[_Hosted]:
    settings = settings_in(folder, forwarded_allow_ips="127.0.0.1", **given)
    async with open_services(settings, Dependencies(hasher=CHEAP_HASHER)) as services:
        (tenant,) = await services.accounts.create_account(ACCOUNT)
        new = NewUser(username="rosa.k", email="rosa.k@example.org", password=_HONEST)
        await services.accounts.create_user(ACCOUNT, None, new)
    hasher = HeldHasher()
    app = create_app(settings, Dependencies(hasher=hasher))
    with serving_app(app, settings) as server:
        await until(lambda: hasattr(app.state, "services"))
        try:
            yield _Hosted(server, tenant.public_key, app.state.services.tokens.checker.passwords, hasher)
        finally:
            hasher.free.set()


async def test_r28_round_robin(tmp_path: Path) -> None:
    """A login waits for one earlier login of a crowd, not for all of them."""
    async with _hosted(tmp_path) as hosted:
        crowd = hosted.visitor(_CROWD)
        logins = [asyncio.create_task(crowd.log_in("rosa.k", f"guess {number}")) for number in range(12)]
        await hosted.until_waiting(10)
        honest = asyncio.create_task(hosted.visitor(_HOME).log_in("rosa.k", _HONEST))
        await hosted.until_waiting(11)
        hosted.hasher.free.set()
        assert (await honest).status_code == 200
        assert {response.status_code for response in await asyncio.gather(*logins)} == {400}
        # Two threads may take their jobs, and note them, in either order.
        assert hosted.hasher.seen.index(_HONEST) in {_AT_ONCE, _AT_ONCE + 1, _AT_ONCE + 2}
        assert len(hosted.hasher.seen) == 13


async def test_r28_abandoned(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Logins whose clients disconnect while they wait are never hashed, and log nothing."""
    async with _hosted(tmp_path) as hosted:
        crowd = hosted.visitor(_CROWD)
        held = [asyncio.create_task(crowd.log_in("rosa.k", "held")) for _ in range(_AT_ONCE)]
        await hosted.until_waiting(0)
        abandoned = [await crowd.begin_log_in("rosa.k", "abandoned") for _ in range(15)]
        await hosted.until_waiting(15)
        for each in abandoned:
            each.close()
        # The server has heard of the closed connections by the time that it has read what comes after them.
        honest = asyncio.create_task(hosted.visitor(_HOME).log_in("rosa.k", _HONEST))
        await hosted.until_waiting(16)
        hosted.hasher.free.set()
        assert (await honest).status_code == 200
        await asyncio.gather(*held)
        await until(lambda: hosted.passwords.waiting == 0)
        assert hosted.hasher.seen == ["held", "held", _HONEST]
        assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


@pytest.mark.parametrize(
    "addresses",
    [[_CROWD], ["2001:db8:0:1::1", "2001:db8:0:1::2", "2001:db8:0:1:ffff::3"]],
    ids=["address", "network"],
)
async def test_r28_bound(tmp_path: Path, addresses: Collection[str]) -> None:
    """Past its bound an address, or a /64 network of IPv6, gets 503 with Retry-After; others are admitted."""
    async with _hosted(tmp_path, hashes_waiting_per_address="3") as hosted:
        crowd = [hosted.visitor(address) for address in addresses]
        logins = [
            asyncio.create_task(crowd[number % len(crowd)].log_in("rosa.k", "guess")) for number in range(_AT_ONCE + 3)
        ]
        await hosted.until_waiting(3)
        refused = await crowd[-1].log_in("rosa.k", _HONEST)
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "5")
        said = "The server is overloaded; try again in 5 seconds."
        error = {"message": said, "code": "overloaded"}
        assert refused.json() == {"error": "temporarily_unavailable", "error_description": said, **error}
        body = {"username": "ben.t", "newPassword": _HONEST, "emailAddress": "ben.t@example.org"}
        refused = await crowd[-1].post("/users/register", body)
        assert (refused.status_code, refused.headers["Retry-After"], refused.json()) == (503, "5", error)
        honest = asyncio.create_task(hosted.visitor(_HOME).log_in("rosa.k", _HONEST))
        await hosted.until_waiting(4)
        hosted.hasher.free.set()
        assert (await honest).status_code == 200
        assert {response.status_code for response in await asyncio.gather(*logins)} == {400}


async def test_r28_bound_of_all(tmp_path: Path) -> None:
    """A newcomer to a full queue replaces the last login of the largest crowd, which gets 503."""
    async with _hosted(tmp_path, hashes_waiting="3") as hosted:
        crowd = hosted.visitor(_CROWD)
        logins = [asyncio.create_task(crowd.log_in("rosa.k", "guess")) for _ in range(_AT_ONCE + 3)]
        await hosted.until_waiting(3)
        assert (await crowd.log_in("rosa.k", _HONEST)).status_code == 503
        honest = asyncio.create_task(hosted.visitor(_HOME).log_in("rosa.k", _HONEST))
        await asyncio.wait(logins, return_when=asyncio.FIRST_COMPLETED)
        await hosted.until_waiting(3)
        hosted.hasher.free.set()
        assert (await honest).status_code == 200
        assert sorted(response.status_code for response in await asyncio.gather(*logins)) == [400, 400, 400, 400, 503]
    # Neither of the two who got 503 has guessed, and the honest one is forgotten.
    async with open_services(settings_in(tmp_path), Dependencies(hasher=CHEAP_HASHER)) as services:
        assert sorted(await counted(services, LOGIN_GUESSES.name)) == [0, 4]
        assert await counted(services, LOGIN_GUESSES_BY_USER.name) == [4]


async def test_r28_previous_passwords_are_replaced(database_url: str) -> None:
    """A check of a previous password can be replaced in a full queue, and then does not count as a guess."""

    async def is_gone() -> bool:
        return False

    hasher = HeldHasher()
    with closing(Passwords(hasher, most_waiting=2)) as passwords:
        async with services_on(database_url) as services:
            prover = services.own_account.prover
            prover = evolve(prover, checker=evolve(prover.checker, passwords=passwords))
            user = await caller(services)

            async def prove(client: str) -> None:
                with requested_by(Requester(client, is_gone)):
                    await prover.prove(evolve(user, client=client), "a guess")

            crowd = [asyncio.create_task(prove(_CROWD)) for _ in range(_AT_ONCE + 2)]
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await until(lambda: (passwords.waiting, len(hasher.seen)) == (2, _AT_ONCE))
            honest = asyncio.create_task(prove(_HOME))
            await asyncio.wait(crowd, return_when=asyncio.FIRST_COMPLETED)
            hasher.free.set()
            assert await all_ends(*crowd) == {"InvalidRequestError": 3, "OverloadedError": 1}
            assert await all_ends(honest) == {"InvalidRequestError": 1}
            assert sorted(await counted(services, LOGIN_GUESSES.name)) == [1, 3]
            assert await counted(services, LOGIN_GUESSES_BY_USER.name) == [4]


async def test_r28_unused_questions_are_not_hashed(database_url: str) -> None:
    """A tenant without security questions validates questions, but neither hashes nor stores them."""
    questions = [NewQuestion(f"Question {number}?", "answer") for number in range(10)]
    flawed = [*questions[:9], NewQuestion("Question?", " ")]

    def new(username: str, questions: list[NewQuestion]) -> NewUser:
        return NewUser(username=username, email="a@example.org", password=PASSWORD, questions=questions)

    with closing(CountingPasswords()) as passwords:
        async with services_on(database_url) as services:
            registration = evolve(services.registration, passwords=passwords)
            creation = evolve(services.users, passwords=passwords)
            admin = await caller(services)
            before = await rows(services, security_questions)
            assert await registration.register(ACCOUNT, TENANT, new("eva", questions)) is not None
            assert (await creation.create(admin, new("ida", questions))).questions == []
            assert (passwords.hashed, await rows(services, security_questions)) == (2, before)
            with pytest.raises(InvalidRequestError):
                await registration.register(ACCOUNT, TENANT, new("ben", flawed))
            with pytest.raises(InvalidRequestError):
                await creation.create(admin, new("ben", flawed))
            assert passwords.hashed == 2
            await registration.register(ACCOUNT, BY_QUESTION, new("eva", questions))
            assert passwords.hashed == 13
            assert len(await rows(services, security_questions)) == len(before) + 10


async def test_r28_abandoned_answers(database_url: str) -> None:
    """An abandoned check or reset counts as a guess, compares and changes nothing, and writes one event."""

    async def is_gone() -> bool:
        return True

    async with services_on(database_url) as services:
        issued = await ask(services, tenant=BY_QUESTION)
        before = await rows(services, users)
        with requested_by(Requester(_CROWD, is_gone)):
            with pytest.raises(CallerGoneError):
                await services.completion.check_hash(issued.attempted())
            with pytest.raises(CallerGoneError):
                await services.completion.reset_password(issued.attempted(), PASSWORD)
        seen = await outcomes(services)
        assert (seen["checked", "abandoned"], seen["reset", "abandoned"], seen.total()) == (1, 1, 3)
        assert [row["failures"] for row in await rows(services, recoveries)] == [2]
        assert await rows(services, users) == before
        assert await services.completion.check_hash(issued.attempted())
