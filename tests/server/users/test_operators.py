"""Changes of users by operators, and their audit events."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.engine import Connection

from meshydb_server.services.common.limits.counting import keys_of_username
from meshydb_server.services.common.lookup import require_tenant
from meshydb_server.services.users.new_users import NewUser, Secrets, add_user
from meshydb_server.services.users.operators import UserChange
from meshydb_server.services.users.profiles import ProfileChange
from meshydb_server.services.users.questions import NewQuestion
from meshydb_server.storage.recovery import find_for_guess
from meshydb_server.storage.schema import sessions
from tests.support.people import ACCOUNT, PASSWORD, People, all_at_once, refusal

pytestmark = pytest.mark.anyio

_EMAIL = "ben@example.org"
_NEW_PASSWORD = "a new one for ben"  # noqa: S105 - of a user who lives as long as a test


async def _logins(people: People) -> int:
    return len(await people.services.database.read(lambda connection: connection.execute(select(sessions)).all()))


async def _is_open(people: People, username: str) -> bool:
    """Whether a request of the user can still be completed."""
    keys = keys_of_username(people.services.outbox.keyring, username, "")
    subject = await people.services.database.read(
        lambda connection: find_for_guess(connection, ACCOUNT, "north", keys, "reset")
    )
    assert not isinstance(subject, str)
    return any(each.user_id is not None for each in subject.recoveries)


async def _events(people: People, user_id: str) -> list[tuple[str, str]]:
    events = await people.services.audit.events(ACCOUNT)
    return [(event.kind, event.outcome) for event in events if event.user_id == user_id and event.kind != "requested"]


async def test_new_password(people: People) -> None:
    """A new password ends all logins and the open request of the user, and is the only one that is good."""
    ben = await people.add("Ben", email=_EMAIL)
    await people.add("rosa")
    for username in ("ben", "ben", "rosa"):
        await people.log_in(username)
    await people.services.recovery.forgot_password(ACCOUNT, None, "ben", 1)
    change = UserChange(password=_NEW_PASSWORD)
    profile = await people.services.operators.update_user(ACCOUNT, None, "BEN", change)
    assert (profile.user.user_id, profile.user.credential_version) == (ben.user_id, 2)
    assert await _logins(people) == 1
    assert not await _is_open(people, "ben")
    assert await refusal(people.log_in("ben")) == "OAuthError: Username or password is wrong."
    await people.log_in("ben", _NEW_PASSWORD)
    assert await _events(people, ben.user_id) == [
        ("user-created", "operator"),
        ("user-updated", "operator"),
        ("password-changed", "operator"),
    ]


async def test_another_address(people: People) -> None:
    """Another address is unproved and ends the open request; a name alone ends nothing. No login is ended."""
    await people.add("ben", email=_EMAIL)
    await people.log_in("ben")
    update = people.services.operators.update_user
    for change, still_open in [
        (UserChange(first_name="Ben", email=_EMAIL, verified=True), True),
        (UserChange(email="b@example.org"), False),
        (UserChange(phone="+15551230000"), False),
    ]:
        await people.services.recovery.forgot_password(ACCOUNT, None, "ben", 1)
        await update(ACCOUNT, None, "ben", change)
        assert await _is_open(people, "ben") is still_open
    assert await _logins(people) == 1
    profile = await people.services.operators.read_user(ACCOUNT, None, "ben")
    assert (profile.user.first_name, profile.user.email) == ("Ben", "b@example.org")
    assert (profile.user.phone, profile.user.verified) == ("+15551230000", False)
    found = await people.services.operators.list_users(ACCOUNT, None)
    assert [(user, [role.name for role in roles]) for user, roles in found] == [(profile.user, ["meshy.user"])]


async def test_refused_changes_nothing(people: People) -> None:
    """An invalid password rejects the whole change."""
    ben = await people.add("Ben", email=_EMAIL)
    await people.add("device", anonymous=True)
    update = people.services.operators.update_user
    for password in ("short", "password1", "Ben" * 50):
        assert "password" in await refusal(update(ACCOUNT, None, "ben", UserChange(phone="+1555", password=password)))
    change = UserChange(first_name="x", password=_NEW_PASSWORD)
    assert await refusal(update(ACCOUNT, None, "device", change)) == (
        "InvalidRequestError: An anonymous user has no password."
    )
    assert (await people.services.operators.read_user(ACCOUNT, None, "device")).user.first_name is None
    assert (await people.services.operators.read_user(ACCOUNT, None, "ben")).user == ben
    assert await _events(people, ben.user_id) == [("user-created", "operator")]


async def test_deactivated(people: People) -> None:
    """A user who is deactivated is logged out and kept out, until they are activated; each leaves one event."""
    ben = await people.add("ben")
    await people.log_in("ben")
    set_active = people.services.operators.set_active
    for _ in range(2):
        assert not (await set_active(ACCOUNT, None, "ben", active=False)).user.is_active
    assert await _logins(people) == 0
    assert await refusal(people.log_in("ben")) == "OAuthError: The user is not active."
    for _ in range(2):
        assert (await set_active(ACCOUNT, None, "ben", active=True)).user.is_active
    await people.log_in("ben")
    assert await _events(people, ben.user_id) == [
        ("user-created", "operator"),
        ("user-deactivated", "operator"),
        ("user-activated", "operator"),
    ]


async def test_revoked_at_once(people: People) -> None:
    """A role that is taken several times at once is gone, and leaves one event."""
    ben = await people.add("ben", roles=["meshy.admin"])
    await people.add("rosa", roles=["meshy.admin"])
    revoke = people.services.roles.revoke_role
    results = await all_at_once(people, (revoke(ACCOUNT, None, "ben", "meshy.admin") for _ in range(4)))
    assert [[role.name for role in held] for _, held in results] == [["meshy.user"]] * 4
    assert await _events(people, ben.user_id) == [
        ("user-created", "operator"),
        ("role-granted", "operator"),
        ("role-revoked", "operator"),
    ]


async def test_all_users_are_listed(people: People) -> None:
    """All users of the tenant are listed by username with their roles, however many they are."""
    names = [f"user-{number:04}" for number in range(1005)]
    await people.add("elsewhere", tenant="south")

    def add_all(connection: Connection) -> None:
        tenant, accounts = require_tenant(connection, ACCOUNT, "north"), people.services.accounts
        for name in reversed(names):
            add_user(connection, accounts.clock, accounts.randomness, tenant, NewUser(username=name), Secrets())

    await people.services.database.write(add_all)
    found = await people.services.operators.list_users(ACCOUNT, None)
    assert [user.username for user, _ in found] == names
    assert {tuple(role.name for role in roles) for _, roles in found} == {("meshy.user",)}


async def test_events_of_the_api(people: People) -> None:
    """Each change of a user by another writes an event, and a rejected one writes none."""
    admin = await people.enter_new("admin", roles=["meshy.admin"])
    await people.configure("question")
    service, question = people.services.users, NewQuestion("Pet?", "Moth")
    new = NewUser(username="ben", password=PASSWORD, questions=[question])
    user_id = (await service.create(admin, new)).user.user_id
    await service.update(admin, user_id, ProfileChange(first_name="Ben", is_active=True))
    await service.update(admin, user_id, ProfileChange(is_active=False))
    await service.update(admin, user_id, ProfileChange(is_active=True))
    await refusal(service.update(admin, user_id, ProfileChange(username="other")))
    await service.set_questions(admin, user_id, [question])
    await service.delete(admin, user_id)
    kinds = ["created", "updated", "updated", "deactivated", "updated", "activated"]
    assert await _events(people, user_id) == [
        *((f"user-{kind}", "ok") for kind in kinds),
        ("questions-changed", "at-once"),
        ("user-updated", "ok"),
        ("user-deleted", "ok"),
    ]
    service_events = await people.services.audit.events(ACCOUNT)
    assert PASSWORD not in repr(service_events)
