"""R21: users act only on users whose permissions they all have, and give no more than they hold."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from attrs import evolve
from sqlalchemy import Table
from sqlalchemy.engine import Connection

from meshydb_server.http.app import create_app
from meshydb_server.services.common.callers import Caller
from meshydb_server.services.roles.authority import covers
from meshydb_server.services.roles.service import NewRole
from meshydb_server.services.users.new_users import NewUser
from meshydb_server.services.users.profiles import ProfileChange
from meshydb_server.services.users.questions import NewQuestion
from meshydb_server.storage.engine.database import Database
from meshydb_server.storage.roles import find_roles, insert_membership
from meshydb_server.storage.schema import security_questions, user_roles, users
from meshydb_server.storage.users import User, lock_user
from tests.security.services import rows
from tests.support.databases.transactions import until_one_waits
from tests.support.people import ACCOUNT, PASSWORD, People, refusal, settled
from tests.support.server import settings_in

pytestmark = pytest.mark.anyio

_OPERATIONS: Final = ("create", "read", "update", "delete")
_PERMISSIONS: Final = [
    *(f"{kind}:{operation}" for kind in ("users", "roles", "meshes", "meshes.task") for operation in _OPERATIONS),
    "projections:read",
]
_QUESTION: Final = NewQuestion("Pet?", "Moth")
_EMAIL: Final = "ada@example.org"
# Each member of E17 that changes something.
_MEMBERS: Final[Mapping[str, Mapping[str, Any]]] = {
    "emailAddress": {"email": "thief@example.org"},
    "phoneNumber": {"phone": "+15559990000"},
    "firstName": {"first_name": "Ada"},
    "lastName": {"last_name": "Lund"},
    "verified": {"verified": False},
    "isActive": {"is_active": False},
}
_MORE: Final = "AuthorityError: The user has permissions that you do not have, so you cannot change or delete them."
_NO_USER: Final = "NotFoundError: There is no user of this id."


async def _rows(people: People, *tables: Table) -> list[list[dict[str, Any]]]:
    return [await rows(people.services, table) for table in tables]


async def _holder(people: People, username: str, permissions: Sequence[str]) -> User:
    """A new user who may do just this: not even what everybody may."""
    role = username.replace("-", "").replace(":", "").replace(".", "")
    await people.services.roles.create_role(ACCOUNT, None, NewRole(name=role, permissions=permissions))
    user = await people.add(username, email=_EMAIL, roles=[role], questions=[NewQuestion("Street?", "Elm")])
    await people.services.roles.revoke_role(ACCOUNT, None, username, "meshy.user")
    return user


async def _caller(people: People, username: str, permissions: Sequence[str]) -> Caller:
    await _holder(people, username, permissions)
    return await people.enter(username)


def _calls(people: People, caller: Caller, target: User) -> dict[str, Callable[[], Awaitable[object]]]:
    """Each way to act on another user."""
    service, user_id = people.services.users, target.user_id

    def updating(given: Mapping[str, Any]) -> Callable[[], Awaitable[object]]:
        change = ProfileChange(**{"email": target.email, "phone": target.phone, **given})
        return lambda: service.update(caller, user_id, change)

    return {
        **{f"E17 {name}": updating(given) for name, given in _MEMBERS.items()},
        "E17 as it is": updating({}),
        "E19": lambda: service.set_questions(caller, user_id, [_QUESTION]),
        "E18": lambda: service.delete(caller, user_id),
    }


def _beside(permission: str) -> list[str]:
    """All permissions that one role can hold without including this one."""
    left_out = "meshes:" if permission.startswith("meshes.") else "meshes."
    return [each for each in _PERMISSIONS if each != permission and not each.startswith(left_out)]


@pytest.mark.parametrize("permission", _PERMISSIONS)
async def test_r21_one_permission_less(people: People, permission: str) -> None:
    """A caller who lacks one permission of a user can neither change nor delete them, nor give a role with it."""
    target = await _holder(people, "target", [permission])
    less = await _caller(people, "less", _beside(permission))
    before = await _rows(people, users, security_questions, user_roles)
    for name, call in _calls(people, less, target).items():
        assert await refusal(call()) == _MORE, name
    given = NewUser(username="new", password=PASSWORD, questions=[_QUESTION], roles=["target"])
    assert await refusal(people.services.users.create(less, given)) == (
        "AuthorityError: The role target has permissions that you do not have, so you cannot assign it."
    )
    assert await _rows(people, users, security_questions, user_roles) == before
    equal = await _caller(people, "equal", [permission])
    assert [role.name for role in (await people.services.users.create(equal, given)).roles] == ["meshy.user", "target"]
    for call in _calls(people, equal, target).values():
        await call()


async def test_r21_administrators_are_equals(people: People) -> None:
    """A caller with the same permissions as a user may change and delete them."""
    admin = await people.enter_new("admin", roles=["meshy.admin"])
    other = await people.add("other", email=_EMAIL, roles=["meshy.admin"])
    for call in _calls(people, admin, other).values():
        await call()


async def test_r21_one_mesh_is_among_all(people: People) -> None:
    """A permission for all meshes covers each mesh, but not the other way round."""
    one = await _holder(people, "one", ["meshes.task:read"])
    every = await _holder(people, "every", ["meshes:read"])
    callers = {name: await people.enter(name) for name in ("one", "every")}
    change = ProfileChange(first_name="x")
    await people.services.users.update(callers["every"], one.user_id, change)
    assert await refusal(people.services.users.update(callers["one"], every.user_id, change)) == _MORE


def test_r21_permissions_that_cover_others() -> None:
    """Permissions are compared by kind and operation; only a permission for all meshes covers others."""
    for held, wanted, expected in [
        ((), (), True),
        (("users.read",), (), True),
        ((), ("users.read",), False),
        (("users.read", "users.update"), ("users.update",), True),
        (("users.read",), ("users.update",), False),
        (("meshes.read",), ("meshes.task.read", "meshes.read"), True),
        (("meshes.read",), ("meshes.task.update",), False),
        (("meshes.task.read",), ("meshes.read",), False),
        (("meshes.task.read",), ("meshes.other.read",), False),
        # A mesh may be called what it will.
        (("users.read",), ("meshes.users.read",), False),
        (("meshes.users.read",), ("users.read",), False),
        (("users.read",), ("users.x.read",), False),
    ]:
        assert covers(held, wanted) is expected, (held, wanted)


async def test_r21_token_and_roles_count_together(people: People) -> None:
    """A caller has the permissions of the token and of the current roles; of the target, the roles count."""
    admin = await people.enter_new("admin", roles=["meshy.admin"])
    clerk = await people.enter_new("clerk")
    ben = await people.add("ben")
    update, roles = people.services.users.update, people.services.roles
    change = ProfileChange(first_name="x")
    await update(clerk, ben.user_id, change)
    await roles.grant_role(ACCOUNT, None, "ben", "meshy.admin")
    assert await refusal(update(clerk, ben.user_id, change)) == _MORE
    await roles.grant_role(ACCOUNT, None, "clerk", "meshy.admin")
    await update(clerk, ben.user_id, change)
    await roles.revoke_role(ACCOUNT, None, "admin", "meshy.admin")
    await update(admin, ben.user_id, change)
    assert await refusal(update(evolve(admin, permissions=frozenset()), ben.user_id, change)) == _MORE


async def test_r21_users_of_other_tenants_are_not_found(people: People) -> None:
    """A user of another tenant is not found."""
    await people.add("boss", roles=["meshy.admin"])
    clerk = await people.enter_new("clerk")
    stranger = await people.add("stranger", tenant="south", roles=["meshy.admin"])
    for call in _calls(people, clerk, stranger).values():
        assert await refusal(call()) == _NO_USER


async def test_r21_oneself_and_those_without_roles(people: People) -> None:
    """Users may act on themselves, and on users without roles."""
    await people.add("boss", roles=["meshy.admin"])
    admin = await people.enter_new("admin", roles=["meshy.admin"])
    device = await people.add("device", anonymous=True)
    update = people.services.users.update
    await update(evolve(admin, permissions=frozenset()), admin.user_id.upper(), ProfileChange(first_name="Ada"))
    nobody = await _caller(people, "nobody", [])
    await update(nobody, device.user_id, ProfileChange(first_name="x"))
    await people.services.users.delete(nobody, device.user_id)


async def test_r21_the_attack_over_http(tmp_path: Path, database_url: str) -> None:
    """A role that may edit users cannot send the administrator's code to an address of its own."""
    app = create_app(settings_in(tmp_path, database_url=database_url))
    async with (
        settled(tmp_path, database_url) as people,
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://server:8000") as client,
    ):
        app.state.services = people.services
        editor = NewRole(name="editor", permissions=["users:read", "users:update", "users:delete", "users:create"])
        await people.services.roles.create_role(ACCOUNT, None, editor)
        admin = await people.add("admin", email=_EMAIL, roles=["meshy.admin"])
        await people.add("mallory", email="mallory@example.org", roles=["editor"])
        token = (await people.log_in("mallory")).access_token
        headers = {"tenant": "north", "Authorization": f"Bearer {token}"}
        path = f"/acme/users/{admin.user_id}"
        theft = {"emailAddress": "mallory@example.org"}
        questions = {"securityQuestions": [{"question": "Pet?", "answer": "Moth"}]}
        more = {"username": "x", "newPassword": PASSWORD, **theft, "roles": [{"name": "meshy.admin"}]}
        answers = [
            await client.put(path, json=theft, headers=headers),
            await client.delete(path, headers=headers),
            await client.post(f"{path}/questions", json=questions, headers=headers),
            await client.post("/acme/users", json=more, headers=headers),
        ]
        assert [answer.status_code for answer in answers] == [403] * 4
        assert "permissions that you do not have" in answers[0].json()["message"]
        asked = await client.post("/acme/users/forgotpassword", json={"username": "admin", "attempt": 1})
        assert asked.status_code == 200
        ((message, _),) = await people.services.outbox.messages()
        assert message.recipient == _EMAIL


@contextmanager
def _held(database_url: str, work: Callable[[Connection], object]) -> Generator[threading.Event]:
    """Begin a transaction elsewhere, which is committed once the event is set."""
    begun, end = threading.Event(), threading.Event()

    def transaction(connection: Connection) -> None:
        work(connection)
        begun.set()
        end.wait()

    async def hold() -> None:
        async with Database(database_url) as database:
            await database.write(transaction)

    thread = threading.Thread(target=asyncio.run, args=(hold(),))
    thread.start()
    begun.wait()
    try:
        yield end
    finally:
        end.set()
        thread.join()


@pytest.mark.parametrize("way", ["E17 emailAddress", "E18", "E19"])
async def test_r21_role_given_during_a_call(people: People, database_url: str, way: str) -> None:
    """A call that waits for a user's lock sees a role that the user is given meanwhile."""
    clerk = await people.enter_new("clerk")
    ben = await people.add("ben", email=_EMAIL)

    def grant(connection: Connection) -> None:
        lock_user(connection, ACCOUNT, "north", ben.user_id)
        admin = find_roles(connection, ACCOUNT, "north", ["meshy.admin"])["meshy.admin"]
        insert_membership(connection, ben, admin.role_id, people.clock())

    with _held(database_url, grant) as end:
        call = asyncio.ensure_future(_calls(people, clerk, ben)[way]())
        await until_one_waits(people.services.database)
        end.set()
        assert await refusal(call) == _MORE
