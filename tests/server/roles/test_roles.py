"""Roles, their permissions and their users."""

from __future__ import annotations

import pytest

from meshydb_server.services.roles.service import NewRole
from meshydb_server.storage.roles import Permission
from tests.support.people import ACCOUNT, People, all_at_once, refusal

pytestmark = pytest.mark.anyio

_FORM = (
    "InvalidRequestError: A permission has the form users:read, and is for meshes, meshes.NAME, projections, roles or"
    " users."
)


async def test_create(people: People) -> None:
    """A role has the permissions that it was created with, which its users' tokens then hold."""
    permissions = ["users:read", "meshes.task:create", "users:delete", "users:read"]
    new = NewRole(name="Editors", description="may edit", permissions=permissions)
    role, granted = await people.services.roles.create_role(ACCOUNT, "south", new)
    assert (role.account, role.tenant, role.name, role.description) == ("acme", "south", "Editors", "may edit")
    assert len(role.role_id) == 24
    assert granted == [
        Permission(permissible="users", can_read=True, can_delete=True),
        Permission(permissible="meshes.task", can_create=True),
    ]
    caller = await people.enter_new("rosa.k", tenant="south", roles=["editors"])
    assert caller.permissions >= {"users.read", "users.delete", "meshes.task.create"}
    assert caller.permissions.isdisjoint({"users.create", "users.update", "meshes.task.read", "roles.read"})


async def test_create_refused(people: People) -> None:
    """An invalid role is rejected, and stores nothing."""
    create = people.services.roles.create_role
    await create(ACCOUNT, None, NewRole(name="editors"))
    assert await refusal(create("nowhere", None, NewRole(name="x"))) == (
        "NotFoundError: There is no account of this name."
    )
    assert await refusal(create(ACCOUNT, "west", NewRole(name="x"))) == (
        "NotFoundError: The account has no tenant of this name."
    )
    assert await refusal(create(ACCOUNT, None, NewRole(name="EDITORS"))) == (
        "ConflictError: The role EDITORS already exists."
    )
    for name in ("meshy.", "Meshy.editors"):
        assert await refusal(create(ACCOUNT, None, NewRole(name=name))) == (
            "InvalidRequestError: Role names that begin with meshy. are reserved."
        )
    for name in ("", "edit ors", "editors2", "\u00e9diteurs", "x" * 65, "editors\n"):
        assert await refusal(create(ACCOUNT, None, NewRole(name=name))) == (
            "InvalidRequestError: A role name must have 1 to 64 letters, from A to Z."
        )
    for permission, reason in {
        "": _FORM,
        "users": _FORM,
        "users.read": _FORM,
        "shoes:read": _FORM,
        "users.rosa:read": _FORM,
        "meshes.:read": _FORM,
        "meshes.two words:read": _FORM,
        "users:": "InvalidRequestError: The supported operations on users are: create, read, update, delete.",
        "users:grant": "InvalidRequestError: The supported operations on users are: create, read, update, delete.",
        "projections:create": "InvalidRequestError: The supported operations on projections are: read.",
    }.items():
        assert await refusal(create(ACCOUNT, None, NewRole(name="x", permissions=["users:read", permission]))) == reason
    overlap = NewRole(name="x", permissions=["meshes:read", "meshes.task:create"])
    assert await refusal(create(ACCOUNT, None, overlap)) == (
        "InvalidRequestError: A role cannot have permissions for all meshes and for a single mesh."
    )
    await create(ACCOUNT, None, NewRole(name="x", permissions=["meshes.a:read", "meshes.b:read"]))


async def test_system_roles(people: People) -> None:
    """Every tenant has a role that permits everything, and one for everybody's data."""
    await people.services.accounts.create_tenant(ACCOUNT, "east")
    operations = ("create", "read", "update", "delete")
    everyone = {"projections.read", *(f"meshes.{each}" for each in operations)}
    everything = everyone | {f"{name}.{each}" for name in ("users", "roles") for each in operations}
    for tenant in ("north", "south"):
        assert (await people.enter_new("ben.t", tenant)).permissions == everyone
        assert (await people.enter_new("rosa.k", tenant, roles=["meshy.admin"])).permissions == everything
    await people.add("rosa.k", "east", roles=["meshy.admin"])


async def test_grant(people: People) -> None:
    """A role that is given is held from then on, and giving it again changes nothing."""
    await people.add("rosa.k")
    grant = people.services.roles.grant_role
    people.clock.move(seconds=1)
    user, held = await grant(ACCOUNT, None, "ROSA.K", "Meshy.Admin")
    given = people.clock.now
    assert user.username == "rosa.k"
    assert [role.name for role in held] == ["meshy.user", "meshy.admin"]
    people.clock.move(seconds=1)
    assert await grant(ACCOUNT, None, "rosa.k", "meshy.admin") == (user, held)
    assert held[1].added_at == given


async def test_grant_refused(people: People) -> None:
    """Granting needs an existing role and an existing user who is not anonymous."""
    await people.add("rosa.k")
    await people.add("device", anonymous=True)
    await people.services.roles.create_role(ACCOUNT, "south", NewRole(name="editors"))
    grant = people.services.roles.grant_role
    refused = [
        await refusal(grant("nowhere", None, "nobody", "x")),
        await refusal(grant(ACCOUNT, "west", "nobody", "x")),
        await refusal(grant(ACCOUNT, None, "nobody", "x")),
        await refusal(grant(ACCOUNT, None, "device", "x")),
        await refusal(grant(ACCOUNT, None, "rosa.k", "editors")),
    ]
    assert refused == [
        "NotFoundError: There is no account of this name.",
        "NotFoundError: The account has no tenant of this name.",
        "NotFoundError: There is no user of this name.",
        "InvalidRequestError: An anonymous user cannot hold roles.",
        "NotFoundError: There is no role of this name.",
    ]


async def test_grant_at_once(people: People) -> None:
    """A role that is given several times at the same time is held once."""
    await people.add("rosa.k")
    grants = (people.services.roles.grant_role(ACCOUNT, None, "rosa.k", "meshy.admin") for _ in range(10))
    for _, held in await all_at_once(people, grants):
        assert sorted(role.name for role in held) == ["meshy.admin", "meshy.user"]
