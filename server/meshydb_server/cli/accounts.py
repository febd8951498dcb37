"""`account …` and `tenant …`."""

from __future__ import annotations

from collections.abc import Sequence

import click

from meshydb_server import instants
from meshydb_server.cli.support import ACCOUNT, TENANT, with_services
from meshydb_server.runtime import Services
from meshydb_server.services.accounts import TenantChange
from meshydb_server.storage.accounts import Tenant, Verification


@click.group()
def account() -> None:
    """Manage accounts."""


@account.command("create")
@click.argument("account", type=ACCOUNT)
@click.option("--tenant", "tenants", type=TENANT, multiple=True, help="May be repeated; the first is the default.")
@with_services
async def account_create(services: Services, account: str, tenants: Sequence[str]) -> object:
    """Create an account. Without --tenant, it has one tenant, called `default`."""
    return _show(account, await services.accounts.create_account(account, tenants))


@account.command("list")
@with_services
async def account_list(services: Services) -> object:
    """List the accounts, by name."""
    return [
        {
            "account": each.name,
            "defaultTenant": each.default_tenant,
            "createdAt": instants.to_text(each.created_at),
        }
        for each in await services.accounts.list_accounts()
    ]


@click.group()
def tenant() -> None:
    """Manage the tenants of an account."""


@tenant.command("create")
@click.argument("account", type=ACCOUNT)
@click.argument("tenant", type=TENANT)
@with_services
async def tenant_create(services: Services, account: str, tenant: str) -> object:
    """Add a tenant to an account."""
    return _show(account, await services.accounts.create_tenant(account, tenant))


@tenant.command("list")
@click.argument("account", type=ACCOUNT)
@with_services
async def tenant_list(services: Services, account: str) -> object:
    """List the tenants of an account with their public keys and settings: the default first, then the oldest."""
    return [
        {**_show_settings(each), "default": each.default, "publicKey": each.public_key}
        for each in await services.accounts.list_tenants(account)
    ]


@tenant.command("configure")
@click.argument("account", type=ACCOUNT)
@click.argument("tenant", type=TENANT)
@click.option(
    "--verification",
    type=click.Choice(["email", "text", "question"]),
    help="How users prove who they are: by a code that is sent, or by answering a security question.",
)
@click.option("--registration/--no-registration", default=None, help="Whether users may register themselves.")
@click.option(
    "--anonymous-registration/--no-anonymous-registration",
    default=None,
    help="Whether anonymous users may register themselves.",
)
@with_services
async def tenant_configure(
    services: Services,
    account: str,
    tenant: str,
    verification: Verification | None,
    *,
    registration: bool | None,
    anonymous_registration: bool | None,
) -> object:
    """Change settings of a tenant, and print all of them. What no option names stays as it is."""
    change = TenantChange(
        verification=verification,
        public_registration=registration,
        anonymous_registration=anonymous_registration,
    )
    return _show_settings(await services.accounts.configure_tenant(account, tenant, change))


def _show_settings(tenant: Tenant) -> dict[str, object]:
    return {
        "account": tenant.account,
        "tenant": tenant.name,
        "verification": tenant.verification,
        "registration": tenant.public_registration,
        "anonymousRegistration": tenant.anonymous_registration,
    }


def _show(account: str, tenants: Sequence[Tenant]) -> object:
    return {
        "account": account,
        "tenants": [{"name": each.name, "default": each.default, "publicKey": each.public_key} for each in tenants],
    }
