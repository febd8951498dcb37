"""Roles and permissions, with the real server."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

import pytest

from meshydb import BadRequestError, NewUser, NotFoundError, Page, PermissionDeniedError, Role
from meshydb.testing import MeshyServer
from tests.client.calls import PASSWORD, Play
from tests.client.pages import results_of


def _change_each(client: Any) -> Generator[Any, Any, None]:
    """Use each operation once, and check its effect at the next login."""
    admin = yield client.login("rosa", PASSWORD)
    roles = admin.roles
    role = yield roles.create("Readers", description="may read users")
    assert (role.name, role.description, role.number_of_users) == ("Readers", "may read users", 0)
    permission = yield roles.permissions(role.id).create("Users", read=True)
    assert (permission.permissible_name, permission.read, permission.update) == ("users", True, False)

    ben = yield admin.users.create(
        NewUser("ben", PASSWORD, email_address="b@example.org", verified=True, is_active=True)
    )
    before = yield client.login("ben", PASSWORD)
    yield roles.add_users(role.id, [ben.id])
    with pytest.raises(PermissionDeniedError) as denied:
        yield before.users.get(ben.id)
    assert denied.value.code == "permission_required"
    after = yield client.login("ben", PASSWORD)
    assert "users.read" in after.current_user.permissions
    found = yield after.users.get(ben.id)
    assert {each.name for each in found.roles} == {"Readers", "meshy.user"}

    counted = yield roles.get(role.id)
    assert counted.number_of_users == 1
    assert (yield roles.search("read").page(1)) == Page((counted,), page=1, page_size=25, total_records=1)
    assert [each.name for each in (yield results_of(roles.search(page_size=2)))] == [
        "meshy.admin",
        "meshy.anonymous",
        "meshy.user",
        "Readers",
    ]
    permissibles = yield results_of(roles.permissibles(page_size=3))
    assert {"meshes", "projections", "roles", "users"} <= {each.name for each in permissibles}

    changed = yield roles.permissions(role.id).update(permission.id, "users", read=True, update=True)
    assert (changed.id, changed.create, changed.read, changed.update) == (permission.id, False, True, True)
    assert (yield roles.permissions(role.id).get(permission.id)) == changed
    assert (yield results_of(roles.permissions(role.id).search("user"))) == [changed]
    renamed = yield roles.update(role.id, "Editors")
    assert renamed == Role(role.id, "Editors", None, 1)

    yield roles.remove_users(role.id, {ben.id})
    yield roles.permissions(role.id).delete(permission.id)
    with pytest.raises(NotFoundError) as missing:
        yield roles.permissions(role.id).get(permission.id)
    assert missing.value.code == "unknown_permission"
    yield roles.delete(role.id)
    with pytest.raises(NotFoundError) as missing:
        yield roles.get(role.id)
    assert missing.value.code == "unknown_role"


def test_each_operation(play: Play, meshydb_server: MeshyServer, settings: dict[str, Any]) -> None:
    """What a permission permits acts from the next login, and everything that was made can be changed and deleted."""
    play(_change_each, meshydb_server.url, **settings)


def _break_rules(client: Any) -> Generator[Any, Any, list[str | None]]:
    admin = yield client.login("rosa", PASSWORD)
    (system,) = yield results_of(admin.roles.search("meshy.user"))
    role = yield admin.roles.create("editors")
    permissions = admin.roles.permissions(role.id)
    calls: list[Callable[[], Any]] = [
        lambda: admin.roles.create("EDITORS"),
        lambda: admin.roles.create("meshy.editors"),
        lambda: admin.roles.update(system.id, "users"),
        lambda: permissions.create("users"),
        lambda: permissions.create("user", read=True),
        lambda: permissions.create("projections", create=True),
        lambda: admin.roles.add_users(role.id, [role.id]),
    ]
    codes: list[str | None] = []
    for call in calls:
        with pytest.raises(BadRequestError) as caught:
            yield call()
        codes.append(caught.value.code)
    return codes


def test_rejections(play: Play, meshydb_server: MeshyServer, settings: dict[str, Any]) -> None:
    """A request that breaks a rule raises an error with the code of the rule."""
    assert play(_break_rules, meshydb_server.url, **settings) == [
        "role_name_taken",
        "role_name_reserved",
        "role_reserved",
        "permission_empty",
        "unknown_permissible",
        "permissible_unsupported",
        "unknown_user",
    ]
