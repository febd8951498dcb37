"""Changes of users by other users."""

from __future__ import annotations

import asyncio
from contextlib import closing
from typing import Any

import pytest
from attrs import evolve
from sqlalchemy import Table, delete, select

from meshydb_server.services.accounts import NewUser
from meshydb_server.services.common.callers import Caller
from meshydb_server.services.common.errors import ConflictError
from meshydb_server.services.common.passwords import Passwords
from meshydb_server.services.roles.service import NewRole
from meshydb_server.services.users.profiles import Profile, ProfileChange
from meshydb_server.services.users.questions import NewQuestion
from meshydb_server.storage.schema import recoveries, security_questions, sessions, user_roles, users
from tests.support.dependencies import CHEAP_HASHER
from tests.support.people import ACCOUNT, PASSWORD, People, all_at_once, refusal

pytestmark = pytest.mark.anyio

_EMAIL, _PHONE = "ben@example.org", "+15551230000"
_QUESTION = NewQuestion("Pet?", "Moth")
_NOBODY = "0" * 24
_NO_USER = "NotFoundError: There is no user of this id."


async def _admin(people: People) -> Caller:
    return await people.enter_new("admin", roles=["meshy.admin"])


def _new(username: str = "ben.t", **given: Any) -> NewUser:
    return NewUser(**{"username": username, "password": PASSWORD, "email": _EMAIL, **given})


async def _rows(people: People, table: Table) -> int:
    return len(await people.services.database.read(lambda connection: connection.execute(select(table)).all()))


def _names(profile: Profile) -> list[str]:
    return [role.name for role in profile.roles]


async def test_create(people: People) -> None:
    """A user is what was asked for, has the role of everyone besides the others, and has not been there yet."""
    admin = await _admin(people)
    await people.configure("question")
    new = _new("Ben.T", first_name="Ben", phone=_PHONE, questions=[_QUESTION], roles=["MESHY.ADMIN", "meshy.user"])
    created = await people.services.users.create(admin, new)
    user = created.user
    assert (user.account, user.tenant, user.username, user.first_name) == ("acme", "north", "Ben.T", "Ben")
    assert (user.email, user.phone, user.verified, user.is_active) == (_EMAIL, _PHONE, True, True)
    assert (user.anonymous, user.last_accessed) == (False, None)
    assert int(user.user_id, 16)
    assert len(user.user_id) == 24
    assert _names(created) == ["meshy.admin", "meshy.user"]
    assert [each.question for each in created.questions] == ["Pet?"]
    assert await people.services.users.read(admin, user.user_id) == created
    await people.log_in("ben.t")


async def test_create_as_it_is_told(people: People) -> None:
    """The caller decides if a new user is verified and active."""
    admin = await _admin(people)
    created = await people.services.users.create(admin, _new(verified=False, is_active=False))
    assert (created.user.verified, created.user.is_active) == (False, False)
    assert await refusal(people.log_in("ben.t")) == "OAuthError: The user is not active."
    assert await people.services.outbox.messages() == []


async def test_create_refused(people: People) -> None:
    """Errors of a new user come in the documented order, and store nothing."""
    admin = await _admin(people)
    await people.add("ben.t")
    before = await _rows(people, users)

    async def refused(**given: Any) -> str:
        worst = {"username": "BEN.T", "email": "", "password": "short", "roles": ["editors"]}
        return await refusal(people.services.users.create(admin, _new(**{**worst, **given})))

    assert await refused() == (
        "InvalidRequestError: An email address is required, because verification codes are sent by email."
    )
    await people.configure("text")
    assert await refused() == (
        "InvalidRequestError: A phone number is required, because verification codes are sent by text message."
    )
    await people.configure("question")
    assert await refused() == "InvalidRequestError: At least one security question is required."
    assert await refused(questions=[NewQuestion("Pet?", " ")]) == (
        "InvalidRequestError: A security question has no answer."
    )
    asked: dict[str, Any] = {"questions": [_QUESTION]}
    assert await refused(**asked) == "InvalidRequestError: The password must have 8 to 128 characters."
    asked["password"] = PASSWORD
    assert await refused(**asked) == "ConflictError: The username is taken."
    assert await refused(**asked, username="other") == "InvalidRequestError: There is no role editors."
    assert await _rows(people, users) == before
    assert await _rows(people, security_questions) == 0


async def test_create_at_once(people: People) -> None:
    """Of concurrent creations of one username, one succeeds."""
    admin = await _admin(people)
    create = people.services.users.create
    results = await asyncio.gather(
        *(create(admin, _new(name)) for name in ("ben", "BEN", "Ben")), return_exceptions=True
    )
    assert sorted(type(result).__name__ for result in results) == ["ConflictError", "ConflictError", "Profile"]
    assert {result.message for result in results if isinstance(result, ConflictError)} == {"The username is taken."}


async def test_who_may_give_roles(people: People) -> None:
    """Callers give the roles that permit no more than they may do, by their token or by what they hold now."""
    roles = people.services.roles
    await roles.create_role(ACCOUNT, None, NewRole(name="hr", permissions=["users:create"]))
    await roles.create_role(ACCOUNT, None, NewRole(name="keeper", permissions=["users:create", "roles:update"]))
    await roles.create_role(ACCOUNT, None, NewRole(name="editors", permissions=["users:update"]))
    clerk = await people.enter_new("clerk", roles=["hr"])
    create = people.services.users.create
    assert _names(await create(clerk, _new("one", roles=["HR", "meshy.user"]))) == ["hr", "meshy.user"]
    assert await refusal(create(clerk, _new("two", roles=["hr", "editors"]))) == (
        "AuthorityError: The role editors has permissions that you do not have, so you cannot assign it."
    )
    # Even though the token was issued before: what is held is held now.
    await roles.grant_role(ACCOUNT, None, "clerk", "editors")
    assert _names(await create(clerk, _new("two", roles=["editors"]))) == ["editors", "meshy.user"]
    # What everybody gets needs not be held to be given.
    await people.services.database.write(lambda connection: connection.execute(delete(user_roles)))
    assert _names(await create(clerk, _new("four", roles=["meshy.user"]))) == ["meshy.user"]
    keeper = await people.enter_new("keeper", roles=["keeper"])
    assert await refusal(create(keeper, _new("three", roles=["meshy.admin"]))) == (
        "AuthorityError: The role meshy.admin has permissions that you do not have, so you cannot assign it."
    )


async def test_read(people: People) -> None:
    """A user is found by id, in either case of letters, in the caller's tenant alone."""
    admin = await _admin(people)
    ben = await people.add("ben.t")
    stranger = await people.add("ben.t", tenant="south")
    read = people.services.users.read
    assert (await read(admin, ben.user_id.upper())).user == ben
    assert (await read(admin, admin.user_id)).user.username == "admin"
    for user_id in (stranger.user_id, _NOBODY):
        assert await refusal(read(admin, user_id)) == _NO_USER


async def test_update(people: People) -> None:
    """Names and addresses become what is given; `verified` and `isActive` change when they are there."""
    admin = await _admin(people)
    ben = await people.add("Ben.T", email=_EMAIL, phone=_PHONE, first_name="Ben")
    update = people.services.users.update
    change = ProfileChange(username="ben.t", roles=["meshy.user"], last_name="Tal", email="b@example.org")
    changed = await update(admin, ben.user_id.upper(), change)
    user = changed.user
    assert (user.username, user.first_name, user.last_name) == ("Ben.T", None, "Tal")
    # A changed address is unproved, until a code that is sent there is used or an administrator vouches for it.
    assert (user.email, user.phone, user.verified, user.is_active) == ("b@example.org", None, False, True)
    assert await people.services.users.read(admin, ben.user_id) == changed
    changed = await update(admin, ben.user_id, ProfileChange(email=_EMAIL, verified=False, is_active=False))
    assert (changed.user.verified, changed.user.is_active) == (False, False)
    changed = await update(admin, ben.user_id, ProfileChange(email=_EMAIL))
    assert (changed.user.verified, changed.user.is_active) == (False, False)
    changed = await update(admin, ben.user_id, ProfileChange(email=_EMAIL, verified=True, is_active=True))
    assert (changed.user.verified, changed.user.is_active) == (True, True)


async def test_update_refused(people: People) -> None:
    """Errors of a change come in the documented order, and the user stays unchanged."""
    admin = await _admin(people)
    ben = await people.add("ben.t", email=_EMAIL, phone=_PHONE)
    stranger = await people.add("ben.t", tenant="south")
    update = people.services.users.update
    worst = ProfileChange(username="ben", roles=[])
    for user_id in (stranger.user_id, _NOBODY):
        assert await refusal(update(admin, user_id, worst)) == _NO_USER
    before = await people.services.users.read(admin, ben.user_id)
    assert await refusal(update(admin, ben.user_id, worst)) == (
        "InvalidRequestError: An email address is required, because verification codes are sent by email."
    )
    await people.configure("text")
    assert await refusal(update(admin, ben.user_id, worst)) == (
        "InvalidRequestError: A phone number is required, because verification codes are sent by text message."
    )
    await people.configure("question")
    assert await refusal(update(admin, ben.user_id, worst)) == ("InvalidRequestError: The username cannot be changed.")
    assert await refusal(update(admin, ben.user_id, ProfileChange(roles=[]))) == (
        "InvalidRequestError: Roles cannot be changed together with the user."
    )
    await people.configure("email")
    assert await people.services.users.read(admin, ben.user_id) == before


async def test_delete(people: People) -> None:
    """A deleted user's data is gone, and a new user of the name inherits nothing."""
    admin = await _admin(people)
    kept = [await _rows(people, table) for table in (users, sessions, user_roles, security_questions)]
    ben = await people.add("ben.t", email=_EMAIL, questions=[_QUESTION], roles=["meshy.admin"])
    await people.log_in("ben.t")
    await people.services.recovery.forgot_password(ACCOUNT, None, "ben.t", 1)
    assert await _rows(people, recoveries) == 1
    await people.services.users.delete(admin, ben.user_id.upper())
    assert [await _rows(people, table) for table in (users, sessions, user_roles, security_questions)] == kept
    assert await _rows(people, recoveries) == 0
    assert not await people.services.registration.user_exists(ACCOUNT, None, "ben.t")
    again = await people.add("BEN.T")
    assert again.user_id != ben.user_id
    profile = await people.services.users.read(admin, again.user_id)
    assert (_names(profile), profile.questions) == (["meshy.user"], [])


async def test_delete_refused(people: People) -> None:
    """A caller can delete neither themselves nor users of other tenants."""
    admin = await _admin(people)
    stranger = await people.add("ben.t", tenant="south")
    delete = people.services.users.delete
    for user_id in (admin.user_id, admin.user_id.upper()):
        assert await refusal(delete(admin, user_id)) == "InvalidRequestError: Users cannot delete themselves."
    for user_id in (stranger.user_id, _NOBODY):
        assert await refusal(delete(admin, user_id)) == _NO_USER
    assert await _rows(people, users) == 2


async def test_questions(people: People) -> None:
    """Security questions are replaced as a whole; errors come in the documented order."""
    admin = await _admin(people)
    await people.configure("question")
    ben = await people.add("ben.t", questions=[NewQuestion("First street?", "Elm")])
    await people.configure("email")
    device = await people.add("device", anonymous=True)
    set_questions = people.services.users.set_questions
    none_here = "InvalidRequestError: Security questions cannot be set, because the tenant does not use them."
    assert await refusal(set_questions(admin, _NOBODY, [])) == _NO_USER
    for user in (ben, device):
        assert await refusal(set_questions(admin, user.user_id, [NewQuestion("", "")])) == none_here
    await people.configure("question")
    assert await refusal(set_questions(admin, device.user_id, [NewQuestion("", "")])) == (
        "InvalidRequestError: An anonymous user cannot have security questions."
    )
    assert await refusal(set_questions(admin, ben.user_id, [NewQuestion(" ", "")])) == (
        "InvalidRequestError: A security question has no text."
    )
    assert await refusal(set_questions(admin, ben.user_id, [NewQuestion("Pet?", " ")])) == (
        "InvalidRequestError: A security question has no answer."
    )
    profile = await people.services.users.read(admin, ben.user_id)
    assert [each.question for each in profile.questions] == ["First street?"]
    await set_questions(admin, ben.user_id.upper(), [_QUESTION, NewQuestion("Car?", "None")])
    profile = await people.services.users.read(admin, ben.user_id)
    assert [each.question for each in profile.questions] == ["Pet?", "Car?"]


class _InstantPasswords(Passwords):
    """Does without hashing, which would put all that is done at once in a row."""

    async def hash(self, secret: str) -> str:
        """Hash nothing."""
        return f"not hashed: {secret}"


async def test_questions_at_once(people: People) -> None:
    """Of concurrent sets of security questions, one is stored as a whole."""
    admin = await _admin(people)
    ben = await people.add("ben.t")
    await people.configure("question")
    sets = [[NewQuestion(f"{number}{place}?", "x") for place in "ab"] for number in range(3)]
    with closing(_InstantPasswords(CHEAP_HASHER)) as passwords:
        service = evolve(people.services.users, passwords=passwords)
        await all_at_once(people, (service.set_questions(admin, ben.user_id, each) for each in sets))
    profile = await people.services.users.read(admin, ben.user_id)
    assert [each.question for each in profile.questions] in [[each.question for each in given] for given in sets]
