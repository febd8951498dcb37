"""`role …`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import click

from meshydb_server.cli.results import Result, changed, changed_record, listing, record
from meshydb_server.cli.support import ACCOUNT, ROLE, USERNAME, ContractType, Utf8Type, tenant_option, with_services
from meshydb_server.cli.tables import Column, Table
from meshydb_server.runtime import Services
from meshydb_server.services.roles import NewRole, ShownRole
from meshydb_server.storage.roles import Membership, Permission, Role
from meshydb_server.storage.users import User

_DESCRIPTION = ContractType("GivenRoleDescription", "DESCRIPTION")
_ROLES: Final = Table(
    [
        Column("NAME", "name", cut=False),
        Column("USERS", "numberOfUsers", cut=False),
        Column("PERMISSIONS", "permissions"),
        Column("DESCRIPTION", "description"),
    ],
    empty="The tenant has no roles.",
)
# Permissions are claims of access tokens.
_WHEN: Final = "This takes effect at the next login or token refresh."


@click.group()
def role() -> None:
    """Manage the roles of a tenant.

    Changes take effect at the next login or token refresh of each user.
    """


@role.command("create")
@click.argument("account", type=ACCOUNT)
@click.argument("name", type=ROLE)
@tenant_option
@click.option("--description", metavar="TEXT", type=_DESCRIPTION, help="What the role is for.")
@click.option(
    "--permission",
    "permissions",
    metavar="PERMISSION",
    type=Utf8Type("PERMISSION"),
    multiple=True,
    help="A permission, such as users:read or meshes.task:create. May be repeated.",
)
@with_services
async def role_create(
    services: Services,
    account: str,
    name: str,
    *,
    tenant: str | None,
    description: str | None,
    permissions: Sequence[str],
) -> Result:
    """Add a role to a tenant."""
    new = NewRole(name=name, description=description, permissions=permissions)
    created, granted = await services.roles.create_role(account, tenant, new)
    return changed_record(f"Created the role {created.name}.", _show_role(created, granted))


@role.command("list")
@click.argument("account", type=ACCOUNT)
@tenant_option
@with_services
async def role_list(services: Services, account: str, tenant: str | None) -> Result:
    """List the roles of a tenant by name, with how many users have each."""
    return listing(_ROLES, [_show_whole(each) for each in await services.roles.list_roles(account, tenant)])


@role.command("show")
@click.argument("account", type=ACCOUNT)
@click.argument("name", type=ROLE)
@tenant_option
@with_services
async def role_show(services: Services, account: str, name: str, tenant: str | None) -> Result:
    """Show a role with its permissions."""
    return record(_show_whole(await services.roles.read_role(account, tenant, name)))


@role.command("delete")
@click.argument("account", type=ACCOUNT)
@click.argument("name", type=ROLE)
@tenant_option
@with_services
async def role_delete(services: Services, account: str, name: str, tenant: str | None) -> Result:
    """Delete a role with its permissions, and take it from all users.

    Access tokens that its users already have stay valid for up to an hour.
    """
    deleted = await services.roles.delete_role(account, tenant, name)
    value = {"account": deleted.account, "tenant": deleted.tenant, "id": deleted.role_id, "name": deleted.name}
    return changed(f"Deleted the role {deleted.name}. {_WHEN}", value)


@role.command("grant")
@click.argument("account", type=ACCOUNT)
@click.argument("username", type=USERNAME)
@click.argument("role", type=ROLE)
@tenant_option
@with_services
async def role_grant(services: Services, account: str, username: str, role: str, *, tenant: str | None) -> Result:
    """Give a role to a user.

    They have what it permits from their next login or token refresh.
    """
    user, held = await services.roles.grant_role(account, tenant, username, role)
    return _show(f"Granted the role {role} to {user.username}.", user, held)


@role.command("revoke")
@click.argument("account", type=ACCOUNT)
@click.argument("username", type=USERNAME)
@click.argument("role", type=ROLE)
@tenant_option
@with_services
async def role_revoke(services: Services, account: str, username: str, role: str, *, tenant: str | None) -> Result:
    """Take a role from a user.

    Access tokens that the user already has stay valid for up to an hour. To end all logins at once, deactivate the
    user or set a new password.
    """
    user, held = await services.roles.revoke_role(account, tenant, username, role)
    return _show(f"Revoked the role {role} of {user.username}.", user, held)


def _show(message: str, user: User, held: Sequence[Membership]) -> Result:
    roles = [each.name for each in held]
    value = {"account": user.account, "tenant": user.tenant, "username": user.username, "roles": roles}
    return changed(f"{message} Roles now: {', '.join(roles)}. {_WHEN}", value)


def _show_role(role: Role, permissions: Sequence[Permission]) -> dict[str, object]:
    return {
        "account": role.account,
        "tenant": role.tenant,
        "id": role.role_id,
        "name": role.name,
        "description": role.description,
        "permissions": [f"{each.permissible}:{operation}" for each in permissions for operation in each.operations],
    }


def _show_whole(shown: ShownRole) -> dict[str, object]:
    return {**_show_role(shown.role, shown.permissions), "numberOfUsers": shown.users}
