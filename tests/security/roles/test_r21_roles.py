"""R21 on roles: nobody gives or changes what permits more than they may do, unless the operator allows it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy import select
from sqlalchemy.engine import Connection

from meshydb_server.storage.schema import permissions, roles, user_roles
from tests.support.people import ACCOUNT, PASSWORD
from tests.support.role_calls import NOBODY, RoleCalls, permission, role_calls, users

pytestmark = pytest.mark.anyio

_ROLES: Final = ("roles:create", "roles:read", "roles:update", "roles:delete")
_REFUSED: Final = (403, "authority_insufficient")


@pytest.fixture
async def calls(tmp_path: Path, database_url: str) -> AsyncGenerator[RoleCalls]:
    """The API of an account with an administrator, on each kind of database."""
    async with role_calls(tmp_path, database_url) as calls:
        yield calls


async def _rows(calls: RoleCalls) -> list[list[tuple[Any, ...]]]:
    def look(connection: Connection) -> list[list[tuple[Any, ...]]]:
        tables = (roles, permissions, user_roles)
        queries = [select(table).order_by(*table.primary_key.columns) for table in tables]
        return [[tuple(row) for row in connection.execute(query)] for query in queries]

    return await calls.people.services.database.read(look)


async def _beyond(calls: RoleCalls) -> list[tuple[str, str, Any]]:
    """Each call by which somebody who may manage roles alone would give or change more than they may do."""
    more = await calls.role("more", "users:read", *_ROLES)
    (given,) = [
        each["id"]
        for each in (await calls.call("GET", f"roles/{more}/permissions")).json()["results"]
        if each["permissibleName"] == "users"
    ]
    fewer = await calls.role("fewer", "roles:read")
    (own,) = (await calls.call("GET", f"roles/{fewer}/permissions")).json()["results"]
    ben = (await calls.people.add("ben", roles=["fewer"])).user_id
    boss = (await calls.people.add("boss", roles=["meshy.admin", "fewer"])).user_id
    await calls.people.services.roles.revoke_role(ACCOUNT, None, "ben", "meshy.user")
    return [
        ("POST", f"roles/{fewer}/permissions", permission("users", "read")),
        ("POST", f"roles/{NOBODY}/permissions", permission("users", "read")),
        ("PUT", f"roles/{fewer}/permissions/{own['id']}", permission("users", "read")),
        ("POST", f"roles/{fewer}/permissions", permission("meshes.task", "read")),
        ("POST", f"roles/{more}/permissions", permission("roles", "read")),
        ("PUT", f"roles/{more}/permissions/{given}", permission("roles", "read")),
        ("DELETE", f"roles/{more}/permissions/{given}", None),
        ("PUT", f"roles/{more}", {"name": "less"}),
        ("DELETE", f"roles/{more}", None),
        ("POST", f"roles/{more}/users", users(ben)),
        ("POST", f"roles/{more}/users", users(NOBODY)),
        ("POST", f"roles/{fewer}/users", users(ben, boss)),
        ("DELETE", f"roles/{fewer}/users", users(ben, boss)),
        ("POST", f"roles/{await calls.id_of('meshy.admin')}/users", users(ben)),
    ]


async def test_r21_nobody_gives_more_than_they_have(calls: RoleCalls) -> None:
    """Who may manage roles alone gives and changes nothing beyond that, and takes nothing from who may do more."""
    manager = await calls.holder("manager", *_ROLES)
    beyond = await _beyond(calls)
    before = await _rows(calls)
    for method, path, body in beyond:
        assert await calls.refused(method, path, body, by="manager") == _REFUSED, (method, path, body)
    # Not to themselves either.
    admin = await calls.id_of("meshy.admin")
    assert await calls.refused("POST", f"roles/{admin}/users", users(manager), by="manager") == _REFUSED
    assert await _rows(calls) == before


async def test_r21_who_has_as_much_may(calls: RoleCalls) -> None:
    """Who may do as much gives, changes and takes; a permission for all meshes includes each of them."""
    await calls.holder("manager", *_ROLES, "users:read", "meshes:read")
    role = (await calls.call("POST", "roles", {"name": "readers"}, by="manager")).json()["id"]
    path = f"roles/{role}/permissions"
    made = await calls.call("POST", path, permission("meshes.task", "read"), by="manager")
    ben = (await calls.people.add("ben")).user_id
    await calls.people.services.roles.revoke_role(ACCOUNT, None, "ben", "meshy.user")
    one = f"{path}/{made.json()['id']}"
    for method, each, body in (
        ("POST", f"roles/{role}/users", users(ben)),
        ("PUT", one, permission("users", "read")),
        ("PUT", f"roles/{role}", {"name": "writers"}),
        ("DELETE", f"roles/{role}/users", users(ben)),
        ("DELETE", one, None),
        ("DELETE", f"roles/{role}", None),
    ):
        assert (await calls.call(method, each, body, by="manager")).is_success, (method, each)


async def test_r21_who_lost_a_role_cannot_give_it(calls: RoleCalls) -> None:
    """Who lost a role gives it to nobody with the token that they still have, not to themselves either."""
    ada = (await calls.people.add("ada", roles=["meshy.admin"])).user_id
    await calls.call("GET", "roles", by="ada")
    admin, empty = await calls.id_of("meshy.admin"), await calls.role("empty")
    mine = await calls.role("mine", "roles:read")
    await calls.call("POST", f"roles/{empty}/users", users(ada))
    (own,) = (await calls.call("GET", f"roles/{mine}/permissions")).json()["results"]
    assert (await calls.call("DELETE", f"roles/{admin}/users", users(ada))).status_code == 204
    new = {"username": "eve", "newPassword": PASSWORD, "emailAddress": "e@example.org"}
    before = await _rows(calls)
    for method, path, body in (
        ("POST", f"roles/{admin}/users", users(ada)),
        ("POST", f"roles/{empty}/permissions", permission("roles", "update")),
        ("PUT", f"roles/{mine}/permissions/{own['id']}", permission("roles", "update")),
        ("DELETE", f"roles/{mine}", None),
        ("POST", "users", {**new, "roles": [{"name": "meshy.admin"}]}),
    ):
        assert await calls.refused(method, path, body, by="ada") == _REFUSED, (method, path)
    assert await _rows(calls) == before


async def test_r21_who_got_a_role_can_give_it(calls: RoleCalls) -> None:
    """What a caller got since the login can be given on."""
    manager = await calls.holder("manager", *_ROLES)
    await calls.call("GET", "roles", by="manager")
    fewer = await calls.role("fewer")
    reading = permission("users", "read")
    assert await calls.refused("POST", f"roles/{fewer}/permissions", reading, by="manager") == _REFUSED
    readers = await calls.role("readers", "users:read")
    await calls.call("POST", f"roles/{readers}/users", users(manager))
    assert (await calls.call("POST", f"roles/{fewer}/permissions", reading, by="manager")).status_code == 201


async def test_r21_the_operator_allows_it(tmp_path: Path, database_url: str) -> None:
    """With `off`, who may update roles gives any, and who may create them gives any permission, new users included."""
    async with role_calls(tmp_path, database_url, grant_only_held="off") as calls:
        await calls.holder("manager", *_ROLES, "users:create")
        await calls.holder("clerk", "users:create")
        for method, path, body in await _beyond(calls):
            answer = await calls.call(method, path, body, by="manager")
            assert answer.is_success or answer.json()["code"].startswith(("unknown_", "permission_")), answer.text
        new = {"newPassword": PASSWORD, "emailAddress": "e@example.org", "roles": [{"name": "meshy.admin"}]}
        assert (await calls.call("POST", "users", {**new, "username": "eve"}, by="manager")).status_code == 201
        assert await calls.refused("POST", "users", {**new, "username": "dan"}, by="clerk") == _REFUSED
        # Nor does it lift what protects the tenant.
        reserved = await calls.id_of("meshy.admin")
        assert await calls.refused("DELETE", f"roles/{reserved}", by="manager") == (400, "role_reserved")


async def test_r21_each_change_is_an_event(calls: RoleCalls) -> None:
    """Each change of a role, a permission or an assignment is one event, and what is refused or read is none."""
    ben = (await calls.people.add("ben")).user_id
    before = len(await calls.people.services.audit.events(ACCOUNT))
    role = (await calls.call("POST", "roles", {"name": "editors"})).json()["id"]
    given = await calls.permission(role, "users", "read")
    for method, path, body in (
        ("PUT", f"roles/{role}", {"name": "writers"}),
        ("PUT", f"roles/{role}/permissions/{given}", permission("users", "create")),
        ("POST", f"roles/{role}/users", users(ben)),
        ("POST", f"roles/{role}/users", users(ben)),
        ("POST", f"roles/{role}/users", users(NOBODY)),
        ("GET", f"roles/{role}", None),
        ("DELETE", f"roles/{role}/users", users(ben)),
        ("DELETE", f"roles/{role}/permissions/{given}", None),
        ("DELETE", f"roles/{role}", None),
        ("DELETE", f"roles/{role}", None),
    ):
        await calls.call(method, path, body)
    events = [
        event for event in (await calls.people.services.audit.events(ACCOUNT))[before:] if event.kind != "logged-in"
    ]
    expected = ["role-created", "permission-created", "role-updated", "permission-updated", "role-granted"]
    expected += ["role-revoked", "permission-deleted", "role-deleted"]
    assert sorted(event.kind for event in events) == sorted(expected)
    assert {event.outcome for event in events} == {"ok"}
    assert {event.user_id for event in events} == {None, ben}
