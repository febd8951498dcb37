"""E38 to E40: the users of a role, and what permissions can be for."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.people import ACCOUNT
from tests.support.role_calls import NOBODY, RoleCalls, users

pytestmark = pytest.mark.anyio


async def _roles_of(calls: RoleCalls, user_id: str) -> list[str]:
    return [each["name"] for each in (await calls.call("GET", f"users/{user_id}")).json()["roles"]]


async def test_a_role_is_given_and_taken(calls: RoleCalls) -> None:
    """Users who have a role keep it, with its date, and those who do not have it are passed over."""
    ben, rosa = [(await calls.people.add(name)).user_id for name in ("ben", "rosa")]
    role = await calls.role("editors")
    path = f"roles/{role}/users"
    assert (await calls.call("POST", path, users(ben))).status_code == 204
    (_, given) = (await calls.call("GET", f"users/{ben}")).json()["roles"]
    calls.people.clock.move(seconds=1)
    answer = await calls.call(
        "POST", path.upper().replace("ROLES", "roles").replace("USERS", "users"), users(ben, rosa, ben.upper())
    )
    assert (answer.status_code, answer.content) == (204, b"")
    (_, kept) = (await calls.call("GET", f"users/{ben}")).json()["roles"]
    assert kept == given
    assert await _roles_of(calls, rosa) == ["meshy.user", "editors"]
    assert (await calls.call("GET", f"roles/{role}")).json()["numberOfUsers"] == 2
    for _ in range(2):
        assert (await calls.call("DELETE", path, users(ben, ben))).status_code == 204
    assert await _roles_of(calls, ben) == ["meshy.user"]
    assert (await calls.call("DELETE", path, users(ben, rosa))).status_code == 204
    assert (await calls.call("GET", f"roles/{role}")).json()["numberOfUsers"] == 0
    kinds = [event.kind for event in await calls.people.services.audit.events(ACCOUNT) if event.outcome == "ok"]
    assert [kinds.count(kind) for kind in ("role-granted", "role-revoked")] == [2, 2]


async def test_all_or_nothing(calls: RoleCalls) -> None:
    """One user who is unknown, of another tenant or anonymous refuses the whole call, which then has done nothing."""
    ben, rosa = [(await calls.people.add(name)).user_id for name in ("ben", "rosa")]
    device = (await calls.people.add("device", anonymous=True)).user_id
    elsewhere = (await calls.people.add("ada", tenant="south")).user_id
    role = await calls.role("editors")
    await calls.call("POST", f"roles/{role}/users", users(ben))
    for method in ("POST", "DELETE"):
        for path in (f"roles/{role}/users", f"roles/{NOBODY}/users"):
            for unknown in (NOBODY, elsewhere):
                assert await calls.refused(method, path, users(ben, rosa, unknown)) == (400, "unknown_user")
            assert await calls.refused(method, path, users(ben, rosa, device)) == (400, "user_anonymous")
            bodies: list[Any] = [{}, {"users": []}, {"users": None}, {"users": [{}]}, {"users": [{"id": "x"}]}]
            for body in bodies:
                assert await calls.refused(method, path, body) == (400, "value_invalid"), body
            assert await calls.refused(method, path, users(*[ben] * 1001)) == (400, "value_invalid")
        assert await calls.refused(method, f"roles/{NOBODY}/users", users(ben)) == (404, "unknown_role")
    assert await _roles_of(calls, ben) == ["editors", "meshy.user"]
    assert await _roles_of(calls, rosa) == ["meshy.user"]
    assert (await calls.call("POST", f"roles/{role}/users", users(*[ben] * 1000))).status_code == 204


async def test_the_last_administrator_stays(calls: RoleCalls) -> None:
    """The last administrator keeps the role, though others of the call would lose theirs."""
    (admin,) = (await calls.call("GET", "users?name=admin")).json()["results"]
    other = (await calls.people.add("other", roles=["meshy.admin"])).user_id
    path = f"roles/{await calls.id_of('meshy.admin')}/users"
    assert await calls.refused("DELETE", path, users(other, admin["id"])) == (400, "last_administrator")
    assert await _roles_of(calls, other) == ["meshy.admin", "meshy.user"]
    assert (await calls.call("DELETE", path, users(other))).status_code == 204


async def test_the_role_of_anonymous_users(calls: RoleCalls) -> None:
    """`meshy.anonymous` cannot be given, is not shown on users, and is in the tokens of anonymous users alone."""
    device = await calls.people.add("device", anonymous=True)
    ben = (await calls.people.add("ben")).user_id
    role = await calls.id_of("meshy.anonymous")
    for method in ("POST", "DELETE"):
        for user_id in (ben, device.user_id, NOBODY):
            assert await calls.refused(method, f"roles/{role}/users", users(user_id)) == (400, "role_unassignable")
    new = {"username": "eve", "newPassword": "correct horse", "emailAddress": "e@example.org"}
    given = {**new, "roles": [{"name": "Meshy.Anonymous"}]}
    assert await calls.refused("POST", "users", given) == (400, "role_unassignable")
    assert (await calls.call("GET", f"users/{device.user_id}")).json()["roles"] == []
    assert (await calls.call("GET", f"roles/{role}")).json()["numberOfUsers"] == 0
    permissions = {"projections.read", *(f"meshes.{each}" for each in ("create", "read", "update", "delete"))}
    tokens = await calls.people.log_in("device", "nopassword")
    assert (await calls.people.authenticate(tokens)).permissions == permissions
    found = (await calls.call("GET", f"roles/{role}/permissions?permissibleName=mesh")).json()["results"]
    await calls.call("DELETE", f"roles/{role}/permissions/{found[0]['id']}")
    renewed = await calls.people.refresh(tokens)
    assert (await calls.people.authenticate(renewed)).permissions == {"projections.read"}


async def test_permissibles(calls: RoleCalls) -> None:
    """There are meshes, projections, roles and users, of which projections can be read alone."""
    every = dict.fromkeys(("canCreate", "canUpdate", "canRead", "canDelete"), True)
    reading = {**dict.fromkeys(every, False), "canRead": True}
    found = (await calls.call("GET", "permissibles")).json()
    assert found == {
        "results": [
            {"name": "meshes", **every},
            {"name": "projections", **reading},
            {"name": "roles", **every},
            {"name": "users", **every},
        ],
        "page": 1,
        "pageSize": 25,
        "totalRecords": 4,
    }
    for query, names, total in (
        ("name=ES", ["meshes", "roles"], 2),
        ("name=%25", [], 0),
        ("page=2&pageSize=3", ["users"], 4),
        ("page=2147483647&pageSize=200", [], 4),
    ):
        found = (await calls.call("GET", f"permissibles?{query}")).json()
        assert ([each["name"] for each in found["results"]], found["totalRecords"]) == (names, total), query
