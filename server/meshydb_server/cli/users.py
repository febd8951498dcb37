"""`user …`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import click

from meshydb_server import timestamps
from meshydb_server.cli.passwords import password_options, password_value_option
from meshydb_server.cli.results import Result, changed, changed_record, listing, record
from meshydb_server.cli.support import ACCOUNT, ROLE, USERNAME, ContractType, tenant_option, with_services
from meshydb_server.cli.tables import Column, Table
from meshydb_server.runtime import Services
from meshydb_server.services.users import NewUser, Profile, UserChange
from meshydb_server.storage.roles import Membership
from meshydb_server.storage.users import User

_FIRST_NAME = ContractType("GivenPersonName", "FIRST_NAME")
_LAST_NAME = ContractType("GivenPersonName", "LAST_NAME")
_USERS: Final = Table(
    [
        Column("USERNAME", "username", cut=False),
        Column("EMAIL", "emailAddress"),
        Column("PHONE", "phoneNumber"),
        Column("ACTIVE", "isActive", cut=False),
        Column("VERIFIED", "verified", cut=False),
        Column("ROLES", "roles"),
    ],
    empty="The tenant has no users.",
)


@click.group()
def user() -> None:
    """Manage the users of a tenant."""


@user.command("create")
@click.argument("account", type=ACCOUNT)
@click.argument("username", type=USERNAME)
@tenant_option
@click.option("--email", metavar="ADDRESS", help="Email address, for verification codes.")
@click.option("--phone", metavar="NUMBER", help="Phone number in international format, such as +15551230000.")
@password_value_option
@password_options
@click.option("--first-name", metavar="NAME", type=_FIRST_NAME)
@click.option("--last-name", metavar="NAME", type=_LAST_NAME)
@click.option("--role", "roles", metavar="NAME", type=ROLE, multiple=True, help="A role to grant. May be repeated.")
@click.option(
    "--verified/--unverified",
    default=True,
    show_default=True,
    help="Whether the user counts as verified.",
)
@click.option("--inactive", is_flag=True, help="Create the user without access; see user activate.")
@with_services
async def user_create(
    services: Services,
    /,
    account: str,
    tenant: str | None,
    *,
    inactive: bool,
    **given: Any,
) -> Result:
    """Add a user to a tenant. Every user has the role meshy.user."""
    new = NewUser(is_active=not inactive, **given)
    created = await services.accounts.create_user(account, tenant, new)
    shown = {
        "account": created.account,
        "tenant": created.tenant,
        "id": created.user_id,
        "username": created.username,
        "emailAddress": created.email,
        "phoneNumber": created.phone,
    }
    return changed_record(f"Created the user {created.username}.", shown)


@user.command("list")
@click.argument("account", type=ACCOUNT)
@tenant_option
@with_services
async def user_list(services: Services, account: str, tenant: str | None) -> Result:
    """List the users of a tenant by username, active or not."""
    users = await services.operators.list_users(account, tenant)
    return listing(_USERS, [_show(each, roles) for each, roles in users])


@user.command("show")
@click.argument("account", type=ACCOUNT)
@click.argument("username", type=USERNAME)
@tenant_option
@with_services
async def user_show(services: Services, account: str, username: str, tenant: str | None) -> Result:
    """Show a user with roles and security questions."""
    return record(_show_profile(await services.operators.read_user(account, tenant, username)))


@user.command("update")
@click.argument("account", type=ACCOUNT)
@click.argument("username", type=USERNAME)
@tenant_option
@click.option("--email", metavar="ADDRESS", help="Email address, for verification codes.")
@click.option("--phone", metavar="NUMBER", help="Phone number in international format, such as +15551230000.")
@password_options
@click.option("--first-name", metavar="NAME", type=_FIRST_NAME)
@click.option("--last-name", metavar="NAME", type=_LAST_NAME)
@click.option(
    "--verified/--unverified",
    default=None,
    help="Whether the user counts as verified. By default, a changed email address or phone number is unverified.",
)
@with_services
async def user_update(services: Services, /, account: str, username: str, tenant: str | None, **given: Any) -> Result:
    """Change a user, and show the result. Fields without an option stay unchanged; an empty value removes one.

    A new password ends all logins and open password resets of the user.
    """
    if all(value is None for value in given.values()):
        raise click.ClickException("There is nothing to change; see --help for the options.")
    profile = await services.operators.update_user(account, tenant, username, UserChange(**given))
    return changed_record(f"Changed the user {profile.user.username}.", _show_profile(profile))


@user.command("activate")
@click.argument("account", type=ACCOUNT)
@click.argument("username", type=USERNAME)
@tenant_option
@with_services
async def user_activate(services: Services, account: str, username: str, tenant: str | None) -> Result:
    """Let a user log in again."""
    profile = await services.operators.set_active(account, tenant, username, active=True)
    return changed(f"The user {profile.user.username} can log in.", _show_profile(profile))


@user.command("deactivate")
@click.argument("account", type=ACCOUNT)
@click.argument("username", type=USERNAME)
@tenant_option
@with_services
async def user_deactivate(services: Services, account: str, username: str, tenant: str | None) -> Result:
    """End all logins of a user, and refuse new ones."""
    profile = await services.operators.set_active(account, tenant, username, active=False)
    return changed(f"The user {profile.user.username} can no longer log in.", _show_profile(profile))


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
        "lastAccessed": None if user.last_accessed is None else timestamps.to_text(user.last_accessed),
        "createdAt": timestamps.to_text(user.created_at),
    }


def _show_profile(profile: Profile) -> dict[str, object]:
    return {
        **_show(profile.user, profile.roles),
        "securityQuestions": [each.question for each in profile.questions],
    }
