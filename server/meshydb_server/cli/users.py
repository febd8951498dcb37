"""`user …`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from meshydb_server import instants
from meshydb_server.cli.passwords import password_options, password_value_option
from meshydb_server.cli.support import ACCOUNT, ROLE, USERNAME, ContractType, tenant_option, with_services
from meshydb_server.runtime import Services
from meshydb_server.services.new_users import NewUser
from meshydb_server.services.operators import UserChange
from meshydb_server.services.profiles import Profile
from meshydb_server.storage.roles import Membership
from meshydb_server.storage.users import User

_FIRST_NAME = ContractType("GivenPersonName", "FIRST_NAME")
_LAST_NAME = ContractType("GivenPersonName", "LAST_NAME")


@click.group()
def user() -> None:
    """Manage the users of a tenant."""


@user.command("create")
@click.argument("account", type=ACCOUNT)
@click.argument("username", type=USERNAME)
@tenant_option
@click.option("--email", metavar="E", help="Where verification codes are sent.")
@click.option("--phone", metavar="P", help="In international format, such as +15551230000.")
@password_value_option
@password_options
@click.option("--first-name", metavar="N", type=_FIRST_NAME)
@click.option("--last-name", metavar="N", type=_LAST_NAME)
@click.option("--role", "roles", metavar="NAME", type=ROLE, multiple=True, help="May be repeated.")
@click.option(
    "--verified/--unverified",
    default=True,
    show_default=True,
    help="Whether the user counts as having proved what the tenant verifies users by.",
)
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


@user.command("list")
@click.argument("account", type=ACCOUNT)
@tenant_option
@with_services
async def user_list(services: Services, account: str, tenant: str | None) -> object:
    """List the users of a tenant by username, active or not."""
    return [_show(each, roles) for each, roles in await services.operators.list_users(account, tenant)]


@user.command("show")
@click.argument("account", type=ACCOUNT)
@click.argument("username", type=USERNAME)
@tenant_option
@with_services
async def user_show(services: Services, account: str, username: str, tenant: str | None) -> object:
    """Show a user."""
    return _show_profile(await services.operators.read_user(account, tenant, username))


@user.command("update")
@click.argument("account", type=ACCOUNT)
@click.argument("username", type=USERNAME)
@tenant_option
@click.option("--email", metavar="E", help="Where verification codes are sent.")
@click.option("--phone", metavar="P", help="In international format, such as +15551230000.")
@password_options
@click.option("--first-name", metavar="N", type=_FIRST_NAME)
@click.option("--last-name", metavar="N", type=_LAST_NAME)
@click.option(
    "--verified/--unverified",
    default=None,
    help="Whether the user counts as having proved what the tenant verifies users by. Without it, a changed address"
    " is unproved.",
)
@with_services
async def user_update(services: Services, /, account: str, username: str, tenant: str | None, **given: Any) -> object:
    """Change a user, and print them. What no option names stays as it is; an empty value removes a name or an address.

    A new password ends all logins and open password resets of the user.
    """
    if all(value is None for value in given.values()):
        raise click.ClickException("There is nothing to change; see --help for the options.")
    return _show_profile(await services.operators.update_user(account, tenant, username, UserChange(**given)))


@user.command("activate")
@click.argument("account", type=ACCOUNT)
@click.argument("username", type=USERNAME)
@tenant_option
@with_services
async def user_activate(services: Services, account: str, username: str, tenant: str | None) -> object:
    """Let a user log in again."""
    return _show_profile(await services.operators.set_active(account, tenant, username, active=True))


@user.command("deactivate")
@click.argument("account", type=ACCOUNT)
@click.argument("username", type=USERNAME)
@tenant_option
@with_services
async def user_deactivate(services: Services, account: str, username: str, tenant: str | None) -> object:
    """End all logins of a user, and refuse new ones."""
    return _show_profile(await services.operators.set_active(account, tenant, username, active=False))


def _show(user: User, roles: Sequence[Membership]) -> dict[str, object]:
    return {
        "account": user.account,
        "tenant": user.tenant,
        "id": user.user_id,
        "username": user.username,
        "firstName": user.first_name,
        "lastName": user.last_name,
        "emailAddress": user.email,
        "phoneNumber": user.phone,
        "verified": user.verified,
        "isActive": user.is_active,
        "anonymous": user.anonymous,
        "roles": [each.name for each in roles],
        "lastAccessed": None if user.last_accessed is None else instants.to_text(user.last_accessed),
        "createdAt": instants.to_text(user.created_at),
    }


def _show_profile(profile: Profile) -> object:
    return {
        **_show(profile.user, profile.roles),
        "securityQuestions": [each.question for each in profile.questions],
    }
