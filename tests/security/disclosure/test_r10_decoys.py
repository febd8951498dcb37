"""R10: an unknown user gets the documented 404 or, with decoys, the responses and limits of a known user."""

from __future__ import annotations

import base64
import json
from typing import Any, Final

import pytest
from sqlalchemy import delete, update

from meshydb_server import timestamps
from meshydb_server.runtime import Services
from meshydb_server.services.accounts import NewUser
from meshydb_server.services.common.errors import InvalidRequestError, LimitError, NotFoundError
from meshydb_server.storage.recovery import Recovery
from meshydb_server.storage.schema import outbox, recoveries, security_questions, users
from tests.security.services import (
    ACCOUNT,
    BY_QUESTION,
    BY_TEXT,
    PASSWORD,
    TENANT,
    UNKNOWN,
    USERNAME,
    Issued,
    add_user,
    all_ends,
    ask,
    change,
    outcomes,
    refusal,
    rows,
    services_on,
)
from tests.support.dependencies import SetClock

pytestmark = pytest.mark.anyio

_TENANTS: Final = (TENANT, BY_TEXT, BY_QUESTION)
# A user who cannot recover a password; the name is as long as the others.
_ANONYMOUS: Final = "device"


def _body(issued: Issued) -> bytes:
    """The body of a response, with the values that always differ blanked to the same length."""
    request = issued.request
    raw = base64.urlsafe_b64decode(request.hash + "=")
    body = {
        "username": "*" * len(request.username),
        "attempt": request.attempt,
        # Version and key are those of every handle.
        "hash": (raw[:5].hex(), len(request.hash), len(raw)),
        "expires": timestamps.to_text(request.expires),
        "hint": request.hint,
    }
    return json.dumps(body).encode()


async def test_r10_answers_have_one_shape(database_url: str) -> None:
    """Known, unknown and anonymous users get responses of the same bytes, in each mode and at each attempt."""
    async with services_on(database_url, unknown_user="decoy") as services:
        anonymous = NewUser(username=_ANONYMOUS, anonymous=True)
        for tenant in _TENANTS:
            await services.accounts.create_user(ACCOUNT, tenant, anonymous)
            for attempt in (1, 2, 3):
                names = (USERNAME, UNKNOWN, _ANONYMOUS)
                issued = [await ask(services, name, tenant=tenant, attempt=attempt) for name in names]
                # With one user who has chosen questions, theirs are what everybody is asked.
                assert len({_body(each) for each in issued}) == 1
                assert [each.request.username for each in issued] == list(names)
                assert len({each.request.hash for each in issued}) == 3
                assert [bool(each.code) for each in issued] == [True, tenant == BY_QUESTION, tenant == BY_QUESTION]


async def test_r10_a_known_user_without_an_address(database_url: str) -> None:
    """Users without an address or question get the same responses as all others."""
    async with services_on(database_url, unknown_user="decoy", smtp_url="smtp://127.0.0.1:9") as services:
        for tenant in _TENANTS:
            await services.accounts.create_user(ACCOUNT, tenant, NewUser(username="plain."))
            bodies = {_body(await ask(services, name, tenant=tenant)) for name in (USERNAME, UNKNOWN, "plain.")}
            assert len(bodies) == 1


async def test_r10_decoys_have_rows_of_their_own(database_url: str) -> None:
    """A decoy adds a row and a message like those of a user, but the message is not sent."""
    async with services_on(database_url, unknown_user="decoy") as services:
        for tenant in _TENANTS:
            for name in (USERNAME, UNKNOWN):
                await ask(services, name, tenant=tenant)
            known, unknown = sorted(
                (row for row in await rows(services, recoveries) if row["tenant"] == tenant),
                key=lambda row: row["username_key"] == UNKNOWN,
            )
            differ = {name for name in known if known[name] != unknown[name]}
            secret = "answer_hash" if tenant == BY_QUESTION else "code_mac"
            assert differ == {"username_key", "request_id", "user_id", secret}
            assert unknown["user_id"] is None
            assert set(known) >= {field for field in Recovery.__annotations__ if field != "username"}
            messages = [row for row in await rows(services, outbox) if row["tenant"] == tenant]
            assert len(messages) == (0 if tenant == BY_QUESTION else 2)
            assert len({len(row["payload"]) for row in messages}) == len(messages) // 2
        assert UNKNOWN not in {message.username for message, _ in await services.outbox.messages()}
        assert await outcomes(services) == {("requested", "ok"): 3, ("requested", "decoy: unknown-user"): 3}


async def _ends(services: Services, name: str, tenant: str, clock: SetClock) -> list[object]:
    """The responses to a caller who exceeds each limit and retries when Retry-After has passed."""
    seen: list[object] = []
    begun = clock.now
    for _ in range(3):
        issued = await ask(services, name, tenant=tenant)
        for _ in range(2):
            seen.append(await _end(services.completion.check_hash(issued.wrong)))
            seen.append(await _end(services.completion.reset_password(issued.wrong, PASSWORD)))
            clock.move(milliseconds=1500)
    seen.extend([await _end(services.recovery.forgot_password(ACCOUNT, tenant, name, 1)) for _ in range(3)])
    clock.now = begun
    return seen


async def _end(call: Any) -> object:
    try:
        result = await call
    except LimitError as error:
        return error.retry_after
    except InvalidRequestError as error:
        return error.code, error.message
    return result if isinstance(result, bool) else "issued"


async def test_r10_limits_trip_alike(database_url: str) -> None:
    """Requests and guesses for known and unknown users end alike at each step, waiting times included."""
    clock = SetClock()
    limits: dict[str, Any] = {
        "recovery_guesses_per_request": "2",
        "recovery_requests_per_user_per_hour": "4",
        "recovery_guesses_per_user_per_day": "5",
    }
    async with services_on(database_url, clock, unknown_user="decoy", **limits) as services:
        for tenant in _TENANTS:
            known, unknown = [await _ends(services, name, tenant, clock) for name in (USERNAME, UNKNOWN)]
            assert known == unknown
            refused = known[1]
            tried = [False, refused, False, refused]
            # Of the day's five guesses one is left for the third request, and of the hour's four requests one more.
            assert known == [*tried, *tried, False, 86394, 86393, 86393, "issued", 3591, 3591]


async def test_r10_a_decoy_cannot_be_completed(database_url: str) -> None:
    """No code or answer completes a decoy, not even the one that its row was made with."""
    async with services_on(database_url, unknown_user="decoy") as services:
        for tenant in _TENANTS:
            issued = await ask(services, tenant=tenant)
            # What is a decoy is that it is nobody's: its secret is as good as any.
            await change(services, update(recoveries).values(user_id=None))
            assert not await services.completion.check_hash(issued.attempted())
            assert await refusal(services.completion.reset_password(issued.attempted(), PASSWORD))
            assert (await outcomes(services))["reset", "ok"] == 0


async def test_r10_a_decoy_stays_one(database_url: str) -> None:
    """A decoy's handle stays invalid after a user of its name registers; a new request is valid."""
    async with services_on(database_url, unknown_user="decoy") as services:
        decoy = await ask(services, UNKNOWN)
        (message,) = await rows(services, outbox)
        code = json.loads(services.outbox.keyring.decrypt(message["payload"]))["code"]
        await add_user(services, UNKNOWN)
        assert not await services.completion.check_hash(decoy.attempted(code))
        assert await refusal(services.completion.reset_password(decoy.attempted(code), PASSWORD))
        issued = await ask(services, UNKNOWN)
        await services.completion.reset_password(issued.attempted(), PASSWORD)


async def test_r10_not_found_as_documented(database_url: str) -> None:
    """By default each kind of user who cannot recover gets its own error, which adds no row and no count."""
    async with services_on(database_url) as services:
        await services.accounts.create_user(ACCOUNT, TENANT, NewUser(username=_ANONYMOUS, anonymous=True))
        await change(services, delete(security_questions))
        ends = await all_ends(*(ask(services, UNKNOWN) for _ in range(12)))
        assert ends == {"NotFoundError": 12}
        with pytest.raises(NotFoundError, match="There is no user of this name"):
            await ask(services, UNKNOWN, tenant=BY_TEXT)
        assert "anonymous" in await refusal(ask(services, _ANONYMOUS))
        assert "question" in await refusal(ask(services, tenant=BY_QUESTION))
        assert await rows(services, recoveries) == await rows(services, outbox) == []
        hints = [(await ask(services, tenant=tenant)).request.hint for tenant in (TENANT, BY_TEXT)]
        assert hints == ["r***@example.org", "***00"]
        await change(services, update(users).values(email=None, phone=None))
        assert (await ask(services)).request.hint == "xxxx"
