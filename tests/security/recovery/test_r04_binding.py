"""R4: a handle is bound to its request. Any change of it or of the other fields gets the same error."""

from __future__ import annotations

import base64
import string
from datetime import timedelta
from typing import Any, Final

import pytest
from sqlalchemy import delete, insert, update

from meshydb_server.runtime import Services
from meshydb_server.services.recovery.guesses import CompletionRequest
from meshydb_server.services.users.profiles import ProfileChange
from meshydb_server.services.users.questions import NewQuestion
from meshydb_server.storage.schema import recoveries, users
from tests.security.services import (
    ACCOUNT,
    BY_QUESTION,
    BY_TEXT,
    EMAIL,
    OTHER_ACCOUNT,
    OTHER_TENANT,
    PASSWORD,
    PHONE,
    TENANT,
    USERNAME,
    add_user,
    all_ends,
    ask,
    caller,
    change,
    outcomes,
    refusal,
    register,
    rows,
    services_on,
)
from tests.support.dependencies import SetClock

pytestmark = pytest.mark.anyio

_ALPHABET: Final = string.ascii_letters + string.digits + "-_"
# Flipping must be refused for what it is, and not because one has guessed too often.
_GENEROUS: Final[dict[str, Any]] = {
    "recovery_guesses_per_request": "1000",
    "recovery_guesses_per_user_and_address_per_day": "1000",
}


def _changed_bits(handle: str) -> list[str]:
    raw = base64.urlsafe_b64decode(handle + "=")
    flipped = [bytes([*raw[:at], raw[at] ^ 1 << bit, *raw[at + 1 :]]) for at in range(len(raw)) for bit in range(8)]
    return [base64.urlsafe_b64encode(each).rstrip(b"=").decode() for each in flipped]


def _changed_characters(handle: str) -> list[str]:
    """Each character in the place of the last, whose bits are not all used; and another in each other place."""
    others = [
        f"{handle[:at]}{_ALPHABET[_ALPHABET.index(handle[at]) - 1]}{handle[at + 1 :]}" for at in range(len(handle))
    ]
    return [*others, *(handle[:-1] + each for each in _ALPHABET if each != handle[-1])]


async def test_r04_every_bit_of_the_hash_counts(database_url: str) -> None:
    """The right code is rejected with any bit or character of the handle changed, added or removed."""
    async with services_on(database_url, **_GENEROUS) as services:
        issued = await ask(services)
        handle = issued.request.hash
        changed = [
            *_changed_bits(handle),
            *_changed_characters(handle),
            *(handle[:-1], handle[1:], f"{handle}A", f"{handle}=", f" {handle}", f"{handle}\n", f"{handle}\x00"),
            *(handle.upper(), handle.lower(), handle.replace("-", "+").replace("_", "/") + "=", "", "\u00e9" * 71),
        ]
        assert handle not in changed
        tries = [issued.attempted(hash=each) for each in changed]
        messages = {await refusal(services.completion.reset_password(each, PASSWORD)) for each in tries[::8]}
        ends = await all_ends(*(services.completion.reset_password(each, PASSWORD) for each in tries))
        checks = [await services.completion.check_hash(each) for each in tries[::8]]
        # Nobody has guessed: the code was never looked at.
        assert (await rows(services, recoveries))[0]["failures"] == 0
        assert await services.completion.check_hash(issued.attempted())
    assert len(changed) == 53 * 8 + 71 + 63 + 12
    assert len(messages) == 1
    assert ends == {"InvalidRequestError": len(changed)}
    assert not any(checks)


_FIELDS: Final[tuple[dict[str, Any], ...]] = (
    {"account": OTHER_ACCOUNT},
    {"account": OTHER_ACCOUNT, "tenant": None},
    {"tenant": OTHER_TENANT},
    {"username": "rosa.l"},
    {"username": "nobody"},
    {"attempt": 2},
    {"attempt": -1},
    {"expires": timedelta(milliseconds=1)},
    {"expires": timedelta(milliseconds=-1)},
)


async def test_r04_every_field_of_the_request_counts(database_url: str) -> None:
    """The right code is rejected with any other field changed."""
    async with services_on(database_url, **_GENEROUS) as services:
        await add_user(services, "rosa.l")
        issued = await ask(services)
        wrong = await refusal(services.completion.reset_password(issued.wrong, PASSWORD))
        for given in _FIELDS:
            expires = issued.request.expires + given.get("expires", timedelta())
            changed = issued.attempted(**{**given, "expires": expires})
            assert await refusal(services.completion.reset_password(changed, PASSWORD)) == wrong
            assert not await services.completion.check_hash(changed)
        # What means the same is taken: no tenant for the default one, no attempt for the request's own.
        for same in ({"tenant": None}, {"attempt": 0}, {"username": "Rosa.K"}):
            assert await services.completion.check_hash(issued.attempted(**same))


async def _replay(services: Services, attempted: CompletionRequest, expected: str) -> None:
    """See that nothing can be done with it, and why not."""
    before = await outcomes(services)
    assert not await services.completion.check_hash(attempted)
    assert await refusal(services.completion.reset_password(attempted, PASSWORD))
    assert await refusal(services.completion.verify_user(attempted))
    if attempted.account == ACCOUNT:
        assert {outcome for _, outcome in await outcomes(services) - before} == {expected}


async def test_r04_replay_elsewhere(database_url: str) -> None:
    """A handle is invalid for another account, tenant or user, even if a row has the same request id."""
    async with services_on(database_url) as services:
        await add_user(services, "rosa.l")
        issued = await ask(services)
        (row,) = await rows(services, recoveries)
        for place in ({"account": OTHER_ACCOUNT}, {"tenant": OTHER_TENANT}, {"username_key": "rosa.l"}):
            named = {"account": ACCOUNT, "tenant": TENANT, "username_key": USERNAME, **place}
            elsewhere = issued.attempted(
                account=named["account"], tenant=named["tenant"], username=named["username_key"]
            )
            await _replay(services, elsewhere, "bad-hash")
            # What somebody could do who can write to the database, and has no key.
            (user,) = [each for each in await rows(services, users) if named.items() <= each.items()]
            await change(services, insert(recoveries).values({**row, **named, "user_id": user["user_id"]}))
            await _replay(services, elsewhere, "bad-hash")


async def test_r04_parts_of_two_handles(database_url: str) -> None:
    """Parts of the handles of two requests cannot be combined."""
    async with services_on(database_url) as services:
        old, new = await ask(services), await ask(services)
        assert old.request.expires == new.request.expires
        one, other = (base64.urlsafe_b64decode(each.request.hash + "=") for each in (old, new))
        mixed = base64.urlsafe_b64encode(other[:-32] + one[-32:]).rstrip(b"=").decode()
        assert not await services.completion.check_hash(new.attempted(hash=mixed))
        assert await services.completion.check_hash(new.attempted())


async def test_r04_tampered_row(database_url: str) -> None:
    """A handle is invalid after a change of its request's row."""
    tampered: list[dict[str, Any]] = [
        {"purpose": "register"},
        {"attempt": 2},
        {"credential_version": 2},
        {"request_id": bytes(16)},
        {"expires_at": SetClock().now + timedelta(days=1)},
    ]
    async with services_on(database_url) as services:
        for values in tampered:
            issued = await ask(services)
            assert await change(services, update(recoveries).values(values)) == 1
            if "credential_version" in values:
                await change(services, update(users).values(values))
            # What the caller sends agrees with the row, so that nothing is wrong but what was signed.
            expires = values.get("expires_at", issued.request.expires)
            await _replay(services, issued.attempted(attempt=values.get("attempt", 1), expires=expires), "bad-hash")
            await change(services, delete(recoveries))


async def test_r04_registration_cannot_reset_and_reset_cannot_verify(database_url: str) -> None:
    """A registration's handle and code cannot reset a password, and a reset's cannot verify a user."""
    async with services_on(database_url) as services:
        await change(services, update(users).values(verified=False))
        registered, reset = await register(services), await ask(services)
        assert await refusal(services.completion.reset_password(registered.attempted(), PASSWORD))
        assert await refusal(services.completion.verify_user(reset.attempted()))
        assert await refusal(services.completion.reset_password(reset.attempted(registered.code), PASSWORD))
        assert not any(user["verified"] for user in await rows(services, users))
        await services.completion.verify_user(registered.attempted())
        await services.completion.reset_password(reset.attempted(), PASSWORD)


async def test_r04_changed_password_ends_requests(database_url: str) -> None:
    """Any other change of the password ends earlier requests."""
    async with services_on(database_url) as services:
        issued = await ask(services)
        await change(services, update(users).values(credential_version=users.c.credential_version + 1))
        assert not await services.completion.check_hash(issued.attempted())
        assert await refusal(services.completion.reset_password(issued.attempted(), PASSWORD))
        assert (await outcomes(services))["reset", "password-changed"] == 1


async def test_r04_another_address_or_question_ends_requests(database_url: str) -> None:
    """A change of the address or question ends earlier requests."""
    async with services_on(database_url) as services:
        nothing = {"verified": False, "email_proved": False, "phone_proved": False, "questions_proved": False}
        await change(services, update(users).values(nothing))
        changes = {
            TENANT: ProfileChange(email="another@example.org", phone=PHONE),
            BY_TEXT: ProfileChange(email=EMAIL, phone="+15551239999"),
        }
        for tenant in (TENANT, BY_TEXT, BY_QUESTION):
            issued, itself = await ask(services, tenant=tenant), await caller(services, tenant=tenant)
            registered = await register(services, tenant=tenant)
            assert not await services.completion.check_hash(issued.wrong)
            if tenant == BY_QUESTION:
                await services.own_account.set_questions(itself, [NewQuestion("Another?", "another")])
            else:
                same = ProfileChange(first_name="Rosa", email=EMAIL, phone=PHONE)
                await services.own_account.update(itself, same)
                assert await services.completion.check_hash(issued.attempted())
                await services.own_account.update(itself, changes[tenant])
            assert not await services.completion.check_hash(issued.attempted())
            assert await refusal(services.completion.reset_password(issued.attempted(), PASSWORD))
            assert await refusal(services.completion.verify_user(registered.attempted()))
            # No guess was given back.
            asked = [row for row in await rows(services, recoveries) if row["request_id"]]
            failures = {row["purpose"]: row["failures"] for row in asked}
            assert failures == {"reset": 3, "register": 1}
            await change(services, delete(recoveries))
            again = await ask(services, tenant=tenant)
            code = "another" if tenant == BY_QUESTION else again.code
            await services.completion.reset_password(again.attempted(code), PASSWORD)
        assert {row["tenant"] for row in await rows(services, users) if row["verified"]} == {TENANT, BY_TEXT}
