"""E33 to E37: the permissions of a role."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.people import ACCOUNT
from tests.support.role_calls import NOBODY, RoleCalls, permission

pytestmark = pytest.mark.anyio

_FLAGS = ("create", "update", "read", "delete")


async def test_a_permission_is_created_read_changed_and_deleted(calls: RoleCalls) -> None:
    """What is created is read as it is, in either case of its ids, until it is replaced or deleted."""
    role = await calls.role("editors")
    response = await calls.call("POST", f"roles/{role}/permissions", permission("Meshes.Task", "create", "read"))
    created = response.json()
    assert (response.status_code, len(created["id"])) == (201, 24)
    flags = {"create": True, "update": False, "read": True, "delete": False}
    assert created == {"id": created["id"], "permissibleName": "meshes.task", **flags}
    path = f"roles/{role.upper()}/permissions/{created['id'].upper()}"
    assert (await calls.call("GET", path)).json() == created
    changed = await calls.call("PUT", path, permission("users", "delete"))
    none = dict.fromkeys(_FLAGS, False)
    assert (changed.status_code, changed.json()) == (
        200,
        {"id": created["id"], "permissibleName": "users", **none, "delete": True},
    )
    assert (await calls.call("GET", path)).json() == changed.json()
    deleted = await calls.call("DELETE", path)
    assert (deleted.status_code, deleted.content) == (204, b"")
    for method, body in (("GET", None), ("PUT", permission("users", "read")), ("DELETE", None)):
        assert await calls.refused(method, path, body) == (404, "unknown_permission")


async def test_permissibles(calls: RoleCalls) -> None:
    """A permission is for all meshes, one mesh, users, roles, or to read projections."""
    for number, name in enumerate(("meshes", "MESHES", "users", "roles", "meshes.task", f"meshes.{'x' * 64}")):
        role = await calls.role(f"role{'abcdef'[number]}")
        await calls.permission(role, name, *_FLAGS)
    role = await calls.role("other")
    path = f"roles/{role}/permissions"
    await calls.permission(role, "projections", "read")
    for name in (
        "shoes",
        "meshes.",
        "meshes.two words",
        "meshes.task2",
        "users.rosa",
        " users",
    ):
        assert await calls.refused("POST", path, permission(name, "read")) == (400, "unknown_permissible"), name
    too_long = permission(f"meshes.{'x' * 65}", "read")
    assert await calls.refused("POST", path, too_long) == (400, "value_invalid")
    for operation in ("create", "update", "delete"):
        answer = await calls.refused("POST", path, permission("projections", "read", operation))
        assert answer == (400, "permissible_unsupported")


async def test_order(calls: RoleCalls) -> None:
    """The name comes first, then whether it is known, what is permitted, the role, and what the role has already."""
    role, other = await calls.role("editors"), await calls.role("others")
    taken = await calls.permission(role, "users", "read")
    mesh = await calls.permission(role, "meshes.task", "read")
    elsewhere = await calls.permission(other, "users", "read")
    for method, path in (("POST", f"roles/{role}/permissions"), ("PUT", f"roles/{role}/permissions/{NOBODY}")):
        for body, code in (
            ({"read": True}, "value_invalid"),
            ({"permissibleName": "", "read": True}, "value_invalid"),
            ({"permissibleName": None}, "value_invalid"),
            (permission("shoes"), "unknown_permissible"),
            (permission("users"), "permission_empty"),
            ({"permissibleName": "users", "read": False, "create": None}, "permission_empty"),
            (permission("projections", "create"), "permissible_unsupported"),
            (permission("users", "create"), "permission_taken"),
            (permission("meshes", "read"), "permission_overlap"),
        ):
            assert await calls.refused(method, path, body) == (400, code), (method, body)
    good: Any = permission("roles", "read")
    assert await calls.refused("POST", f"roles/{NOBODY}/permissions", good) == (400, "unknown_role")
    assert await calls.refused("PUT", f"roles/{role}/permissions/{NOBODY}", good) == (404, "unknown_permission")
    assert await calls.refused("PUT", f"roles/{role}/permissions/{elsewhere}", good) == (404, "unknown_permission")
    for method, sent in (("GET", None), ("PUT", good), ("DELETE", None)):
        assert await calls.refused(method, f"roles/{NOBODY}/permissions/{taken}", sent) == (404, "unknown_role")
        assert await calls.refused(method, f"roles/{other}/permissions/{mesh}", sent) == (404, "unknown_permission")


async def test_overlap(calls: RoleCalls) -> None:
    """A permission for all meshes and one for a single mesh exclude each other, in either order, and when changed."""
    broad, narrow = await calls.role("broad"), await calls.role("narrow")
    every = await calls.permission(broad, "meshes", "read")
    one = await calls.permission(narrow, "meshes.task", "read")
    other = await calls.permission(narrow, "meshes.note", "read")
    users = await calls.permission(broad, "users", "read")
    overlap = (400, "permission_overlap")
    mesh, meshes = permission("meshes.x", "read"), permission("meshes", "read")
    assert await calls.refused("POST", f"roles/{broad}/permissions", mesh) == overlap
    assert await calls.refused("POST", f"roles/{narrow}/permissions", meshes) == overlap
    assert await calls.refused("PUT", f"roles/{broad}/permissions/{users}", mesh) == overlap
    assert await calls.refused("PUT", f"roles/{narrow}/permissions/{one}", meshes) == overlap
    # What is replaced does not count.
    assert (await calls.call("PUT", f"roles/{broad}/permissions/{every}", mesh)).status_code == 200
    await calls.call("DELETE", f"roles/{narrow}/permissions/{other}")
    assert (await calls.call("PUT", f"roles/{narrow}/permissions/{one}", meshes)).status_code == 200
    taken = permission("users", "read")
    assert (await calls.call("PUT", f"roles/{broad}/permissions/{users}", taken)).status_code == 200


async def test_search(calls: RoleCalls) -> None:
    """Permissions are listed by permissible, page by page; `%` and `_` are plain characters."""
    role = await calls.role("editors")
    for name in ("users", "meshes.task", "meshes.note", "roles"):
        await calls.permission(role, name, "read")
    for query, names, total in (
        ("", ["meshes.note", "meshes.task", "roles", "users"], 4),
        ("permissibleName=MESH", ["meshes.note", "meshes.task"], 2),
        ("permissiblename=S.T&pagesize=0", ["meshes.task"], 1),
        ("permissibleName=%25", [], 0),
        ("permissibleName=_", [], 0),
        ("page=2&pageSize=3", ["users"], 4),
        ("page=3&pageSize=3", [], 4),
    ):
        found = (await calls.call("GET", f"roles/{role}/permissions?{query}")).json()
        assert ([each["permissibleName"] for each in found["results"]], found["totalRecords"]) == (names, total), query


async def test_the_permissions_of_admin_are_fixed(calls: RoleCalls) -> None:
    """Nothing changes what `meshy.admin` permits, which is everything; other system roles can be changed."""
    admin = await calls.id_of("meshy.admin")
    path = f"roles/{admin}/permissions"
    has = (await calls.call("GET", path)).json()["results"]
    assert [each["permissibleName"] for each in has] == ["meshes", "projections", "roles", "users"]
    assert [sum(each[flag] for flag in _FLAGS) for each in has] == [4, 1, 4, 4]
    one = f"{path}/{has[0]['id']}"
    fixed = (400, "role_reserved")
    assert await calls.refused("POST", path, permission("meshes.x", "read")) == fixed
    assert await calls.refused("PUT", one, permission("meshes", "read")) == fixed
    assert await calls.refused("DELETE", one) == fixed
    assert await calls.refused("DELETE", f"{path}/{NOBODY}") == fixed
    for name in ("meshy.user", "meshy.anonymous"):
        path = f"roles/{await calls.id_of(name)}/permissions"
        meshes, projections = (await calls.call("GET", path)).json()["results"]
        assert (meshes["permissibleName"], projections["permissibleName"]) == ("meshes", "projections")
        assert [meshes[flag] for flag in _FLAGS] == [True] * 4
        assert [flag for flag in _FLAGS if projections[flag]] == ["read"]
        changed = await calls.call("PUT", f"{path}/{meshes['id']}", permission("meshes.task", "read"))
        assert changed.status_code == 200
        assert (await calls.call("DELETE", f"{path}/{projections['id']}")).status_code == 204


async def test_a_change_takes_effect_at_the_next_login_or_refresh(calls: RoleCalls) -> None:
    """A token has the claims of when it was issued: those of all its user's roles together, the operation last."""
    role, other = await calls.role("editors"), await calls.role("others", "meshes.note:create", "users:read")
    await calls.people.add("ben", roles=["editors", "others"])
    tokens = await calls.people.log_in("ben")
    before = (await calls.people.authenticate(tokens)).permissions
    assert {"meshes.note.create", "users.read"} <= before
    await calls.permission(role, "meshes.task", "update")
    await calls.call("DELETE", f"roles/{other}")
    assert (await calls.people.authenticate(tokens)).permissions == before
    for renewed in (await calls.people.refresh(tokens), await calls.people.log_in("ben")):
        after = (await calls.people.authenticate(renewed)).permissions
        assert after == before - {"meshes.note.create", "users.read"} | {"meshes.task.update"}


async def test_a_role_has_so_many_permissions(calls: RoleCalls) -> None:
    """A role has 100 permissions at most, and each can still be changed."""
    letters = "abcdefghij"
    role = await calls.role("editors", *(f"meshes.{one}{two}:read" for one in letters for two in letters))
    path = f"roles/{role}/permissions"
    assert await calls.refused("POST", path, permission("meshes.aa", "read")) == (400, "permission_taken")
    assert await calls.refused("POST", path, permission("meshes.x", "read")) == (400, "too_many_permissions")
    found = (await calls.call("GET", f"{path}?pageSize=100")).json()["results"]
    changed = await calls.call("PUT", f"{path}/{found[0]['id']}", permission("meshes.x", "read"))
    assert changed.status_code == 200


async def test_the_last_administrator_keeps_the_permission(calls: RoleCalls) -> None:
    """No change of a role or permission leaves a tenant without an active user who may update roles."""
    every = ("roles:read", "roles:update", "roles:delete", "roles:create", "users:read")
    role = await calls.role("keepers", *every)
    await calls.people.add("keeper", roles=["keepers"])
    await calls.call("GET", "roles")
    await calls.people.services.roles.revoke_role(ACCOUNT, None, "admin", "meshy.admin")
    path = f"roles/{role}/permissions"
    # The token of the other one still permits to read.
    found = {each["permissibleName"]: each["id"] for each in (await calls.call("GET", path)).json()["results"]}
    last = (400, "last_administrator")
    assert await calls.refused("DELETE", f"roles/{role}", by="keeper") == last
    assert await calls.refused("DELETE", f"{path}/{found['roles']}", by="keeper") == last
    for less in (permission("roles", "read"), permission("projections", "read")):
        assert await calls.refused("PUT", f"{path}/{found['roles']}", less, by="keeper") == last
    kept = await calls.call("PUT", f"{path}/{found['roles']}", permission("roles", "update"), by="keeper")
    assert kept.status_code == 200
    assert (await calls.call("DELETE", f"{path}/{found['users']}", by="keeper")).status_code == 204
