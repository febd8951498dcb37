"""E28 to E32: roles, their names and their lists."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.people import ACCOUNT
from tests.support.role_calls import NOBODY, RoleCalls, fill_with_roles, users

pytestmark = pytest.mark.anyio

_SYSTEM = ("meshy.admin", "meshy.anonymous", "meshy.user")


async def test_a_role_is_created_read_renamed_and_deleted(calls: RoleCalls) -> None:
    """What is created is read as it is, in either case of its id, until it is changed or deleted."""
    response = await calls.call("POST", "roles", {"name": "Editors", "description": "may edit"})
    created = response.json()
    assert (response.status_code, len(created["id"])) == (201, 24)
    assert created == {"id": created["id"], "name": "Editors", "description": "may edit", "numberOfUsers": 0}
    path = f"roles/{created['id'].upper()}"
    assert (await calls.call("GET", path)).json() == created
    renamed = await calls.call("PUT", path, {"name": "editors"})
    assert (renamed.status_code, renamed.json()) == (200, {**created, "name": "editors", "description": None})
    assert (await calls.call("GET", path)).json() == renamed.json()
    deleted = await calls.call("DELETE", path)
    assert (deleted.status_code, deleted.content) == (204, b"")
    for method, body in (("GET", None), ("PUT", {"name": "x"}), ("DELETE", None)):
        assert await calls.refused(method, path, body) == (404, "unknown_role")


async def test_names(calls: RoleCalls) -> None:
    """Names are letters, 64 at most, unique without regard to case; those of system roles are reserved."""
    editors = await calls.role("editors")
    writers = await calls.role("writers")
    for method, path in (("POST", "roles"), ("PUT", f"roles/{writers}"), ("PUT", f"roles/{NOBODY}")):
        for name in ("", "two words", "editors2", "\u00e9diteurs", "x" * 65, "a.b", "meshy.", None, 5):
            assert await calls.refused(method, path, {"name": name}) == (400, "value_invalid"), name
        assert await calls.refused(method, path, {}) == (400, "value_invalid")
        for name in ("meshy.editors", "MESHY.Editors", "meshy.user"):
            assert await calls.refused(method, path, {"name": name}) == (400, "role_name_reserved")
        assert await calls.refused(method, path, {"name": "EDITORS"}) == (400, "role_name_taken")
    assert (await calls.call("PUT", f"roles/{editors}", {"name": "EDITORS"})).json()["name"] == "EDITORS"
    assert (await calls.call("POST", "roles", {"name": "x" * 64})).status_code == 201
    too_long = {"name": "x", "description": "x" * 1025}
    assert await calls.refused("POST", "roles", too_long) == (400, "value_invalid")


async def test_system_roles_keep_their_names(calls: RoleCalls) -> None:
    """A system role cannot be renamed, described anew or deleted."""
    for name in _SYSTEM:
        path = f"roles/{await calls.id_of(name)}"
        assert await calls.refused("PUT", path, {"name": name}) == (400, "role_name_reserved")
        assert await calls.refused("PUT", path, {"name": "other"}) == (400, "role_reserved")
        assert await calls.refused("DELETE", path) == (400, "role_reserved")
        assert (await calls.call("GET", path)).json()["name"] == name


async def test_search(calls: RoleCalls) -> None:
    """Roles are listed by name, page by page, with how many users have each; `%` and `_` are plain characters."""
    for name in ("Writers", "editors", "Editing"):
        await calls.role(name)
    members = [(await calls.people.add(name)).user_id for name in ("ben", "rosa")]
    await calls.call("POST", f"roles/{await calls.id_of('editors')}/users", users(*members))
    found = (await calls.call("GET", "roles")).json()
    shown = [(each["name"], each["numberOfUsers"]) for each in found["results"]]
    assert shown == [
        ("Editing", 0),
        ("editors", 2),
        ("meshy.admin", 1),
        ("meshy.anonymous", 0),
        ("meshy.user", 3),
        ("Writers", 0),
    ]
    assert (found["page"], found["pageSize"], found["totalRecords"]) == (1, 25, 6)
    for query, names, total in (
        ("name=EDIT", ["Editing", "editors"], 2),
        ("name=", [each for each, _ in shown], 6),
        ("name=%25", [], 0),
        ("name=_", [], 0),
        ("name=/", [], 0),
        ("pageSize=2&page=2", ["meshy.admin", "meshy.anonymous"], 6),
        ("pageSize=2&page=4", [], 6),
        ("NAME=wri&PAGESIZE=0", ["Writers"], 1),
    ):
        found = (await calls.call("GET", f"roles?{query}")).json()
        assert ([each["name"] for each in found["results"]], found["totalRecords"]) == (names, total), query
    assert (await calls.call("GET", "roles?pageSize=1000")).json()["pageSize"] == 200


async def test_a_deleted_role_leaves_its_users(calls: RoleCalls) -> None:
    """Users lose a role that is deleted, with what it permits."""
    role = await calls.role("editors", "users:read")
    user = await calls.people.add("ben", roles=["editors"])
    assert "users.read" in (await calls.people.enter("ben")).permissions
    assert (await calls.call("DELETE", f"roles/{role}")).status_code == 204
    profile = (await calls.call("GET", f"users/{user.user_id}")).json()
    assert [each["name"] for each in profile["roles"]] == ["meshy.user"]
    assert "users.read" not in (await calls.people.enter("ben")).permissions


async def test_a_tenant_has_so_many_roles(calls: RoleCalls) -> None:
    """A tenant has 1,000 roles at most, system roles included."""
    await fill_with_roles(calls.people, 996)
    assert (await calls.call("POST", "roles", {"name": "last"})).status_code == 201
    assert await calls.refused("POST", "roles", {"name": "LAST"}) == (400, "role_name_taken")
    assert await calls.refused("POST", "roles", {"name": "more"}) == (400, "too_many_roles")
    assert (await calls.call("GET", "roles")).json()["totalRecords"] == 1000


async def test_needs(calls: RoleCalls) -> None:
    """Each operation needs its permission, before anything else is looked at."""
    needed = {
        "read": [
            ("GET", f"roles/{NOBODY}"),
            ("GET", "roles"),
            ("GET", f"roles/{NOBODY}/permissions/{NOBODY}"),
            ("GET", f"roles/{NOBODY}/permissions"),
            ("GET", "permissibles"),
        ],
        "create": [("POST", "roles"), ("POST", f"roles/{NOBODY}/permissions")],
        "update": [
            ("PUT", f"roles/{NOBODY}"),
            ("PUT", f"roles/{NOBODY}/permissions/{NOBODY}"),
            ("POST", f"roles/{NOBODY}/users"),
            ("DELETE", f"roles/{NOBODY}/users"),
        ],
        "delete": [("DELETE", f"roles/{NOBODY}"), ("DELETE", f"roles/{NOBODY}/permissions/{NOBODY}")],
    }
    for permission, operations in needed.items():
        others = [f"roles:{other}" for other in needed if other != permission]
        await calls.holder(f"no-{permission}", *others)
        await calls.holder(f"only-{permission}", f"roles:{permission}")
        for method, path in operations:
            body: Any = None if method == "GET" else {}
            assert await calls.refused(method, path, body, by=f"no-{permission}") == (403, "permission_required")
            answer = await calls.call(method, path, body, by=f"only-{permission}")
            assert answer.status_code in {200, 400, 404}, (method, path)
            headers = {"Authorization": "Bearer x"}
            unknown = await calls.client.request(method, f"/{ACCOUNT}/{path}", json=body, headers=headers)
            assert unknown.status_code == 401


async def test_ids(calls: RoleCalls) -> None:
    """An id that is none breaks the contract; one of another tenant is as unknown as one that never was."""
    await calls.people.add("other", tenant="south", roles=["meshy.admin"])
    foreign = await calls.id_of("meshy.user", "south")
    for method, path, body in (
        ("GET", "roles/{}", None),
        ("PUT", "roles/{}", {"name": "x"}),
        ("DELETE", "roles/{}", None),
        ("GET", "roles/{}/permissions", None),
        ("GET", "roles/{}/permissions/" + NOBODY, None),
        ("PUT", "roles/{}/permissions/" + NOBODY, {"permissibleName": "users", "read": True}),
        ("DELETE", "roles/{}/permissions/" + NOBODY, None),
        (
            "DELETE",
            "roles/{}/users",
            {"users": [{"id": (await calls.people.services.operators.read_user(ACCOUNT, None, "admin")).user.user_id}]},
        ),
    ):
        answers = [await calls.call(method, path.format(each), body) for each in (foreign, NOBODY)]
        assert [answer.status_code for answer in answers] == [404, 404], path
        assert answers[0].json() == answers[1].json()
        assert await calls.refused(method, path.format("no-id"), body) == (400, "value_invalid")
