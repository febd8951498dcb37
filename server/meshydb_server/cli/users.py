"""`user …` and `role …`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from meshydb_server.cli.support import ACCOUNT, USERNAME, ContractType, Utf8Type, tenant_option, with_services
from meshydb_server.runtime import Services
from meshydb_server.services.new_users import NewUser
from meshydb_server.services.roles import NewRole

_FIRST_NAME = ContractType("GivenPersonName", "FIRST_NAME")
_LAST_NAME = ContractType("GivenPersonName", "LAST_NAME")
_PASSWORD = Utf8Type("PASSWORD")
_ROLE = Utf8Type("ROLE")
_DESCRIPTION = Utf8Type("DESCRIPTION")


@click.group()
def user() -> None:
    """Manage the users of a tenant."""


@user.command("create")
@click.argument("account", type=ACCOUNT)
@click.argument("username", type=USERNAME)
@tenant_option
@click.option("--email", metavar="E", help="Where verification codes are sent.")
@click.option("--phone", metavar="P", help="In international format, such as +15551230000.")
@click.option("--password", metavar="P", type=_PASSWORD, help="Of 8 to 128 characters.")
@click.option("--first-name", metavar="N", type=_FIRST_NAME)
@click.option("--last-name", metavar="N", type=_LAST_NAME)
@click.option("--role", "roles", metavar="NAME", type=_ROLE, multiple=True, help="May be repeated.")
@click.option("--verified/--unverified", default=True, show_default=True)
@click.option("--inactive", is_flag=True, help="Do not let the user log in.")
@with_services
async def user_create(
    services: Services,
    /,
    account: str,
    tenant: str | None,
    *,
    inactive: bool,
    **given: Any,
) -> object:
    """Add a user to a tenant. Every user has the role meshy.user."""
    new = NewUser(is_active=not inactive, **given)
    created = await services.accounts.create_user(account, tenant, new)
    return {
        "account": created.account,
        "tenant": created.tenant,
        "id": created.user_id,
        "username": created.username,
        "emailAddress": created.email,
        "phoneNumber": created.phone,
    }


@click.group()
def role() -> None:
    """Manage the roles of a tenant."""


@role.command("create")
@click.argument("account", type=ACCOUNT)
@click.argument("name", type=_ROLE)
@tenant_option
@click.option("--description", metavar="D", type=_DESCRIPTION)
@click.option(
    "--permission",
    "permissions",
    metavar="P",
    type=Utf8Type("PERMISSION"),
    multiple=True,
    help="Such as users:read or meshes.task:create; may be repeated.",
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
) -> object:
    """Add a role to a tenant."""
    new = NewRole(name=name, description=description, permissions=permissions)
    created, granted = await services.roles.create_role(account, tenant, new)
    return {
        "account": created.account,
        "tenant": created.tenant,
        "id": created.role_id,
        "name": created.name,
        "description": created.description,
        "permissions": [f"{each.permissible}:{operation}" for each in granted for operation in each.operations],
    }


@role.command("grant")
@click.argument("account", type=ACCOUNT)
@click.argument("username", type=USERNAME)
@click.argument("role", type=_ROLE)
@tenant_option
@with_services
async def role_grant(services: Services, account: str, username: str, role: str, *, tenant: str | None) -> object:
    """Give a role to a user."""
    user, held = await services.roles.grant_role(account, tenant, username, role)
    return {
        "account": user.account,
        "tenant": user.tenant,
        "username": user.username,
        "roles": [each.name for each in held],
    }
