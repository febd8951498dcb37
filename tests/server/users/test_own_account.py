"""Users' own accounts."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from attrs import evolve
from sqlalchemy import select

from meshydb_server.services.common.errors import InvalidRequestError
from meshydb_server.services.users.profiles import ProfileChange
from meshydb_server.services.users.questions import NewQuestion
from meshydb_server.storage.schema import sessions
from tests.support.instrumentation import statements
from tests.support.people import ACCOUNT, PASSWORD, People, refusal

pytestmark = pytest.mark.anyio

_NEW_PASSWORD = "battery staple"  # noqa: S105
_EMAIL, _PHONE = "rosa@example.org", "+15551230000"
_QUESTION = NewQuestion("First street?", "Elm")


async def test_read(people: People) -> None:
    """Users see themselves as they were created, with their roles and when those were given."""
    user = await people.add("Rosa.K", email=_EMAIL, phone=_PHONE, first_name="Rosa", last_name="Kern")
    given = people.clock.now
    people.clock.move(minutes=1)
    profile = await people.services.own_account.read(await people.enter("rosa.k"))
    seen = profile.user
    assert (seen.user_id, seen.username, seen.first_name, seen.last_name) == (user.user_id, "Rosa.K", "Rosa", "Kern")
    assert (seen.email, seen.phone, seen.verified, seen.is_active) == (_EMAIL, _PHONE, True, True)
    assert (seen.anonymous, seen.last_accessed) == (False, people.clock.now)
    assert [(role.name, role.added_at) for role in profile.roles] == [("meshy.user", given)]


async def test_read_takes_one_statement(people: People) -> None:
    """Users without questions are read by one statement, with all of their roles in the order of assignment."""
    user = await people.add("rosa.k")
    people.clock.move(minutes=1)
    await people.services.roles.grant_role(ACCOUNT, None, "rosa.k", "meshy.admin")
    caller = await people.enter("rosa.k")
    with statements() as seen:
        profile = await people.services.own_account.read(caller)
    assert len(seen) == 1
    assert all(f"users.{column} = " in seen[0].text for column in ("account", "tenant", "user_id"))
    assert profile.user.user_id == user.user_id
    assert [role.name for role in profile.roles] == ["meshy.user", "meshy.admin"]


async def test_update(people: People) -> None:
    """Names and addresses become what is given, what is absent is removed, and nothing else changes."""
    caller = await people.enter_new("Rosa.K", email=_EMAIL, phone=_PHONE, first_name="Rosa", last_name="Kern")
    before = await people.services.own_account.read(caller)
    same = ProfileChange(username="ROSA.K", roles=["Meshy.User"], email=_EMAIL, last_name="Vale")
    changed = await people.services.own_account.update(caller, same)
    user = changed.user
    assert (user.username, user.first_name, user.last_name) == ("Rosa.K", None, "Vale")
    assert (user.email, user.phone) == (_EMAIL, None)
    assert changed.roles == before.roles
    assert await people.services.own_account.read(caller) == changed
    changed = await people.services.own_account.update(caller, ProfileChange(username="", email=_EMAIL, phone=""))
    assert (changed.user.last_name, changed.user.phone) == (None, None)


async def test_update_refused(people: People) -> None:
    """Errors of a change come in the documented order, and store nothing."""
    caller = await people.enter_new("rosa.k", email=_EMAIL, phone=_PHONE, first_name="Rosa")
    before = await people.services.own_account.read(caller)
    update = people.services.own_account.update
    other = {"username": "rosa", "roles": ["meshy.admin"]}

    async def refused(**given: Any) -> str:
        return await refusal(update(caller, ProfileChange(**{**other, **given})))

    assert await refused(phone=_PHONE) == (
        "InvalidRequestError: An email address is required, because verification codes are sent by email."
    )
    await people.configure("text")
    assert await refused(email=_EMAIL, phone="") == (
        "InvalidRequestError: A phone number is required, because verification codes are sent by text message."
    )
    assert await refused(phone=_PHONE) == "InvalidRequestError: The username cannot be changed."
    for roles in (["meshy.admin"], [], ["meshy.user", "meshy.admin"]):
        assert await refused(phone=_PHONE, username="rosa.k", roles=roles) == (
            "InvalidRequestError: Roles cannot be changed together with the user."
        )
    await people.configure("email")
    assert await people.services.own_account.read(caller) == before


async def test_update_without_addresses(people: People) -> None:
    """Anonymous users, and users of a tenant with security questions, need no address."""
    await people.add("device", anonymous=True)
    device = await people.enter("device", "nopassword")
    changed = await people.services.own_account.update(device, ProfileChange(first_name="D", roles=[]))
    assert (changed.user.first_name, changed.user.email) == ("D", None)
    rosa = await people.enter_new("rosa.k", email=_EMAIL)
    await people.configure("question")
    changed = await people.services.own_account.update(rosa, ProfileChange(first_name="Rosa"))
    assert (changed.user.first_name, changed.user.email) == ("Rosa", None)


async def test_questions(people: People) -> None:
    """New security questions replace all others, and those of an equal answer are shown with another mark."""
    await people.configure("question")
    caller = await people.enter_new("rosa.k")
    await people.add("ben.t", questions=[_QUESTION])
    own_account = people.services.own_account
    await own_account.set_questions(caller, [_QUESTION, NewQuestion("Pet?", "Moth")])
    first = (await own_account.read(caller)).questions
    assert [each.question for each in first] == ["First street?", "Pet?"]
    await own_account.set_questions(caller, [NewQuestion("Pet?", "Moth")])
    second = (await own_account.read(caller)).questions
    assert [each.question for each in second] == ["Pet?"]
    assert second[0].answer_hash not in {each.answer_hash for each in first}
    assert len((await own_account.read(await people.enter("ben.t"))).questions) == 1


async def test_first_questions_are_pending(people: People) -> None:
    """Users without questions see those that are pending."""
    await people.configure("question")
    caller = await people.enter_new("rosa.k")
    people.clock.move(minutes=20)
    await people.services.own_account.set_questions(caller, [_QUESTION])
    profile = await people.services.own_account.read(caller)
    assert profile.user.questions_pending_at is not None
    assert [each.question for each in profile.questions] == [_QUESTION.question]


async def test_questions_refused(people: People) -> None:
    """Errors of security questions come in the documented order, and the former questions stay."""
    await people.configure("question")
    caller = await people.enter_new("rosa.k", questions=[_QUESTION])
    await people.add("device", anonymous=True)
    device = await people.enter("device", "nopassword")
    before = await people.services.own_account.read(caller)
    set_questions = people.services.own_account.set_questions
    assert await refusal(set_questions(device, [NewQuestion("", "")])) == (
        "InvalidRequestError: An anonymous user cannot have security questions."
    )
    assert await refusal(set_questions(caller, [_QUESTION, NewQuestion("  ", "")])) == (
        "InvalidRequestError: A security question has no text."
    )
    assert await refusal(set_questions(caller, [_QUESTION, NewQuestion("Pet?", " ")])) == (
        "InvalidRequestError: A security question has no answer."
    )
    for verification in ("email", "text"):
        await people.configure(verification)
        for each in (caller, device):
            assert await refusal(set_questions(each, [NewQuestion("", "")])) == (
                "InvalidRequestError: Security questions cannot be set, because the tenant does not use them."
            )
    await people.configure("question")
    assert await people.services.own_account.read(caller) == before


async def test_change_password(people: People) -> None:
    """A new password replaces the old one, and ends all logins of the user but the one that set it."""
    await people.add("rosa.k")
    await people.add("ben.t")
    own, other, bens = [await people.log_in(name) for name in ("rosa.k", "rosa.k", "ben.t")]
    caller = await people.authenticate(own)
    await people.services.own_account.change_password(caller, PASSWORD, _NEW_PASSWORD)
    kept = select(sessions.c.session_id).where(sessions.c.user_id == caller.user_id)
    rows = await people.services.database.read(lambda connection: connection.execute(kept).all())
    assert [row.session_id for row in rows] == [caller.session_id]
    assert await people.authenticate(own) == evolve(caller, credential_version=2)
    await people.refresh(own)
    assert await refusal(people.authenticate(other)) == "AuthenticationError: The access token is not valid."
    assert await refusal(people.refresh(other)) == "OAuthError: The refresh token is unknown, expired or revoked."
    assert (await people.authenticate(bens)).username == "ben.t"
    assert await refusal(people.log_in("rosa.k")) == "OAuthError: Username or password is wrong."
    await people.log_in("rosa.k", _NEW_PASSWORD)
    user = (await people.services.own_account.read(caller)).user
    assert user.credential_version == 2
    assert _NEW_PASSWORD not in repr(user)


async def test_change_password_refused(people: People) -> None:
    """Errors of a change of password come in the documented order, and end no login."""
    caller = await people.enter_new("rosa.k.the.great")
    await people.add("device", anonymous=True)
    device = await people.enter("device", "nopassword")
    change = people.services.own_account.change_password
    assert await refusal(change(device, "nopassword", "short")) == (
        "InvalidRequestError: An anonymous user has no password to change."
    )
    assert await refusal(change(caller, "incorrect horse", "short")) == (
        "InvalidRequestError: The previous password is wrong."
    )
    for password, reason in [
        ("short", "The password must have 8 to 128 characters."),
        ("password1", "The password is too common; choose another one."),
        ("rosa.k.the.great", "The password must not be the username."),
    ]:
        assert await refusal(change(caller, PASSWORD, password)) == f"InvalidRequestError: {reason}"
    assert await people.services.own_account.read(caller)
    await people.log_in("rosa.k.the.great")


async def test_change_password_at_once(people: People) -> None:
    """Of concurrent changes of one password, one succeeds."""
    await people.add("rosa.k")
    callers = [await people.enter("rosa.k") for _ in range(3)]
    passwords = [f"{_NEW_PASSWORD} {number}" for number in range(3)]
    results = await asyncio.gather(
        *(
            people.services.own_account.change_password(caller, PASSWORD, password)
            for caller, password in zip(callers, passwords, strict=True)
        ),
        return_exceptions=True,
    )
    ((winner, _),) = [pair for pair in enumerate(results) if pair[1] is None]
    assert sum(isinstance(result, InvalidRequestError) for result in results) == 2
    await people.log_in("rosa.k", passwords[winner])
    assert (await people.services.own_account.read(callers[winner])).user.credential_version == 2


async def test_deleted_meanwhile(people: People) -> None:
    """A user who is deleted during a call gets the error of an invalid token."""
    caller = await people.enter_new("rosa.k", email=_EMAIL)
    admin = await people.enter_new("admin", roles=["meshy.admin"])
    await people.configure("question")
    await people.services.users.delete(admin, caller.user_id)
    own_account = people.services.own_account
    for call in (
        own_account.read(caller),
        own_account.update(caller, ProfileChange(email=_EMAIL)),
        own_account.set_questions(caller, [_QUESTION]),
        own_account.change_password(caller, PASSWORD, _NEW_PASSWORD),
    ):
        assert await refusal(call) == "AuthenticationError: The access token is not valid."
