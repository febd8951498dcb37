"""Registration with codes, with questions, and anonymous."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import func, select

from meshydb_server import timestamps
from meshydb_server.services.accounts import NewUser
from meshydb_server.services.common.errors import ConflictError
from meshydb_server.services.common.passwords import normalise_answer
from meshydb_server.services.recovery.guesses import CompletionRequest
from meshydb_server.services.recovery.verification import IssuedRequest
from meshydb_server.services.users.questions import NewQuestion
from meshydb_server.services.users.service import UserSearch
from meshydb_server.storage.schema import outbox, recoveries, security_questions, users
from tests.support.people import ACCOUNT, PASSWORD, People, refusal

pytestmark = pytest.mark.anyio

_TAKEN = "ConflictError: The username is taken."
_EMAIL, _PHONE, _QUESTION = "rosa@example.org", "+15551230000", NewQuestion("First street?", "Elm")


async def _register(
    people: People,
    username: str = "rosa.k",
    *,
    password: str = PASSWORD,
    email: str | None = None,
    phone: str | None = None,
    questions: tuple[NewQuestion, ...] = (),
    tenant: str | None = None,
) -> IssuedRequest | None:
    new = NewUser(username=username, password=password, email=email, phone=phone, questions=questions)
    return await people.services.registration.register(ACCOUNT, tenant, new)


async def _count(people: People) -> int:
    return await people.services.database.read(
        lambda connection: connection.execute(select(func.count()).select_from(users)).scalar_one()
    )


async def test_exists(people: People) -> None:
    """A username is taken, in whatever spelling, in its own tenant alone."""
    exists = people.services.registration.user_exists
    await people.add("Ros\u00e9")
    assert await exists(ACCOUNT, None, "ROSE\u0301")
    assert await exists(ACCOUNT, "north", "ros\u00e9")
    assert not await exists(ACCOUNT, None, "rose")
    assert not await exists(ACCOUNT, "south", "ros\u00e9")
    assert await refusal(exists("nowhere", None, "x")) == "NotFoundError: There is no account of this name."
    assert await refusal(exists(ACCOUNT, "west", "x")) == "NotFoundError: The account has no tenant of this name."


async def test_anonymous(people: People) -> None:
    """An anonymous user has a name and nothing else, and can log in at once."""
    registered = await people.services.registration.register_anonymous(ACCOUNT, None, "Device")
    user = registered.user
    assert (user.username, user.anonymous, user.verified, user.is_active) == ("Device", True, False, True)
    assert (user.email, user.phone, user.first_name, user.last_name) == (None, None, None, None)
    assert user.last_accessed == people.clock.now
    assert (registered.roles, registered.questions) == ((), [])
    caller = await people.enter("device", "nopassword")
    assert await people.services.own_account.read(caller) == registered


async def test_anonymous_refused(people: People) -> None:
    """Anonymous registration needs a tenant that allows it, and a free name."""
    register = people.services.registration.register_anonymous
    await people.add("rosa.k")
    assert await refusal(register("nowhere", None, "x")) == "NotFoundError: There is no account of this name."
    assert await refusal(register(ACCOUNT, "west", "x")) == "NotFoundError: The account has no tenant of this name."
    assert await refusal(register(ACCOUNT, None, "ROSA.K")) == _TAKEN
    await people.configure(anonymous_registration=False)
    refused = await refusal(register(ACCOUNT, None, "ROSA.K"))
    assert refused == "InvalidRequestError: Anonymous registration is switched off."
    await register(ACCOUNT, "south", "ROSA.K")
    await people.configure(anonymous_registration=True, public_registration=False)
    await register(ACCOUNT, None, "device")


@pytest.mark.parametrize("channel", ["email", "text"])
async def test_with_a_code(people: People, channel: str) -> None:
    """In a tenant that sends codes, a new user gets one and can log in after verifying it."""
    await people.configure("email" if channel == "email" else "text")
    request = await _register(people, "Rosa.K", email=_EMAIL, phone=_PHONE)
    assert request is not None
    assert (request.username, request.attempt) == ("Rosa.K", 1)
    assert await refusal(people.log_in("rosa.k")) == "OAuthError: The user is not verified."
    ((message, code),) = await people.services.outbox.messages()
    assert (message.channel, message.recipient) == (channel, _EMAIL if channel == "email" else _PHONE)
    assert code is not None
    completed = CompletionRequest(
        account=ACCOUNT,
        tenant=None,
        username=request.username,
        attempt=request.attempt,
        hash=request.hash,
        expires=request.expires,
        code=code,
    )
    await people.services.completion.verify_user(completed)
    profile = await people.services.own_account.read(await people.enter("rosa.k"))
    assert (profile.user.verified, profile.user.email, profile.user.phone) == (True, _EMAIL, _PHONE)
    assert [role.name for role in profile.roles] == ["meshy.user"]


async def test_with_questions(people: People) -> None:
    """In a tenant with security questions, a new user gets no message and can log in at once."""
    await people.configure("question")
    questions = (_QUESTION, NewQuestion("Pet?", "  MOTH\n"))
    assert await _register(people, questions=questions) is None
    profile = await people.services.own_account.read(await people.enter("rosa.k"))
    assert profile.user.verified
    assert [each.question for each in profile.questions] == ["First street?", "Pet?"]
    assert await people.services.outbox.messages() == []


async def test_answers_are_hashed(people: People) -> None:
    """Answers are stored as passwords are, each with a salt of its own, and what is shown of them is something else."""
    await people.configure("question")
    await _register(people, questions=(NewQuestion("One?", "Elm Street"), NewQuestion("Two?", " elm   STREET ")))
    rows = await people.services.database.read(
        lambda connection: connection.execute(select(security_questions.c.answer_hash)).scalars().all()
    )
    profile = await people.services.own_account.read(await people.enter("rosa.k"))
    shown = [each.answer_hash for each in profile.questions]
    assert len({*rows, *shown}) == 4
    for stored in rows:
        assert stored.startswith("$argon2id$")
        assert await people.services.users.passwords.verify(stored, normalise_answer("ELM street"))
        assert not any(part in mark for mark in shown for part in stored.split("$")[1:])
    assert all(len(mark) == 43 for mark in shown)
    # Read again, it is the same; replaced by the same answer, it is another.
    assert await people.services.own_account.read(await people.enter("rosa.k")) == profile


async def test_questions_where_they_are_not_asked(people: People) -> None:
    """Security questions that nobody asked for are dropped, and do not come back on the day on which they are."""
    await _register(people, email=_EMAIL, questions=(_QUESTION,))
    await people.configure("question")
    assert await refusal(people.log_in("rosa.k")) == "OAuthError: The user is not verified."
    admin = await people.enter_new("admin", roles=["meshy.admin"])
    (found,) = (await people.services.users.search(admin, UserSearch(name="rosa.k"))).results
    assert found.questions == []


async def test_refused(people: People) -> None:
    """Errors of a registration come in the documented order, and store nothing."""
    await people.add("ben.t")
    unknown = people.services.registration.register("nowhere", None, NewUser(username="x"))
    assert await refusal(unknown) == "NotFoundError: There is no account of this name."
    assert await refusal(_register(people, tenant="west")) == "NotFoundError: The account has no tenant of this name."
    await people.configure(public_registration=False)
    assert await refusal(_register(people)) == "InvalidRequestError: Public registration is switched off."
    await people.configure("email", public_registration=True)
    refused = await refusal(_register(people, phone=_PHONE, questions=(_QUESTION,), password="short"))  # noqa: S106
    assert refused == "InvalidRequestError: An email address is required, because verification codes are sent by email."
    assert await refusal(_register(people, email="")) == refused
    await people.configure("text")
    refused = await refusal(_register(people, email=_EMAIL, questions=(_QUESTION,), password="short"))  # noqa: S106
    assert refused == (
        "InvalidRequestError: A phone number is required, because verification codes are sent by text message."
    )
    assert await refusal(_register(people, phone="")) == refused
    await people.configure("question")
    refused = await refusal(_register(people, email=_EMAIL, phone=_PHONE, password="short"))  # noqa: S106
    assert refused == "InvalidRequestError: At least one security question is required."
    for question, reason in [
        (NewQuestion(" ", "Elm"), "A security question has no text."),
        (NewQuestion("Pet?", "\t "), "A security question has no answer."),
    ]:
        refused = await refusal(_register(people, questions=(_QUESTION, question), password="short"))  # noqa: S106
        assert refused == f"InvalidRequestError: {reason}"
    assert await refusal(_register(people, "BEN.T", questions=(_QUESTION,))) == _TAKEN
    assert await _count(people) == 1
    assert await people.services.outbox.messages() == []


async def test_passwords(people: People) -> None:
    """A password of 8 to 128 characters is accepted unless it is easily guessed."""
    await people.configure("question")
    refusals = {
        "1234567": "The password must have 8 to 128 characters.",
        "x" * 129: "The password must have 8 to 128 characters.",
        "": "The password must have 8 to 128 characters.",
        "Password1": "The password is too common; choose another one.",
        "nopassword": "The password is too common; choose another one.",
        "ROSA.K.THE.GREAT": "The password must not be the username.",
    }
    for password, reason in refusals.items():
        refused = await refusal(_register(people, "rosa.k.the.great", password=password, questions=(_QUESTION,)))
        assert refused == f"InvalidRequestError: {reason}"
    for number, password in enumerate(["x1!?x1!?", "é " * 64, "\U0001f40e horse\r\n"]):
        await _register(people, f"rosa{number}", password=password, questions=(_QUESTION,))
        await people.log_in(f"rosa{number}", password)


async def test_at_once(people: People) -> None:
    """Of concurrent registrations of one name, one succeeds, and only that one sends a code."""
    names = ["rosa.k", "ROSA.K", "Rosa.K", "rosa.K"]
    results = await asyncio.gather(*(_register(people, name, email=_EMAIL) for name in names), return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["ConflictError"] * 3 + ["IssuedRequest"]
    assert all(result.message == "The username is taken." for result in results if isinstance(result, ConflictError))
    assert await _count(people) == 1
    assert len(await people.services.outbox.messages()) == 1


async def test_both_or_neither(people: People) -> None:
    """A user whose code cannot be put on its way is not created."""
    await people.services.database.write(outbox.drop)
    with pytest.raises(Exception, match="outbox"):
        await _register(people, email=_EMAIL)
    assert await _count(people) == 0
    rows = await people.services.database.read(lambda connection: connection.execute(select(recoveries)).all())
    assert rows == []


async def test_expires_in_an_hour(people: People) -> None:
    """The code of a registration is good for an hour."""
    request = await _register(people, email=_EMAIL)
    assert request is not None
    assert timestamps.to_milliseconds(request.expires) - timestamps.to_milliseconds(people.clock.now) == 3_600_000
