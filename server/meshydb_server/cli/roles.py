"""`role …`."""

from __future__ import annotations

from collections.abc import Sequence

import click

from meshydb_server.cli.results import Result, changed, changed_record
from meshydb_server.cli.support import ACCOUNT, ROLE, USERNAME, Utf8Type, tenant_option, with_services
from meshydb_server.runtime import Services
from meshydb_server.services.roles import NewRole
from meshydb_server.storage.roles import Membership
from meshydb_server.storage.users import User

_DESCRIPTION = Utf8Type("DESCRIPTION")


@click.group()
def role() -> None:
    """Manage the roles of a tenant."""


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
    shown = {
        "account": created.account,
        "tenant": created.tenant,
        "id": created.role_id,
        "name": created.name,
        "description": created.description,
        "permissions": [f"{each.permissible}:{operation}" for each in granted for operation in each.operations],
    }
    return changed_record(f"Created the role {created.name}.", shown)


@role.command("grant")
@click.argument("account", type=ACCOUNT)
@click.argument("username", type=USERNAME)
@click.argument("role", type=ROLE)
@tenant_option
@with_services
async def role_grant(services: Services, account: str, username: str, role: str, *, tenant: str | None) -> Result:
    """Give a role to a user."""
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
    return changed(f"{message} Roles now: {', '.join(roles)}.", value)
