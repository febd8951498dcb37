"""`account …` and `tenant …`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import click

from meshydb_server import timestamps
from meshydb_server.cli.results import Result, changed, changed_record, listing
from meshydb_server.cli.support import ACCOUNT, TENANT, with_services
from meshydb_server.cli.tables import Column, Table
from meshydb_server.runtime import Services
from meshydb_server.services.accounts import TenantChange
from meshydb_server.storage.accounts import Tenant, Verification

_ACCOUNTS: Final = Table(
    [
        Column("ACCOUNT", "account", cut=False),
        Column("DEFAULT TENANT", "defaultTenant", cut=False),
        Column("CREATED", "createdAt", cut=False),
    ],
    empty="There are no accounts yet. Create one with: meshydb-server account create ACCOUNT",
)
_TENANTS: Final = Table(
    [
        Column("TENANT", "tenant", cut=False),
        Column("DEFAULT", "default", cut=False),
        Column("PUBLIC KEY", "publicKey", cut=False),
        Column("VERIFIED BY", "verification", cut=False),
        Column("REGISTER", "registration", cut=False),
        Column("ANONYMOUS", "anonymousRegistration", cut=False),
    ],
    empty="The account has no tenants.",
)
_NEW_TENANTS: Final = Table(
    [
        Column("TENANT", "name", cut=False),
        Column("DEFAULT", "default", cut=False),
        Column("PUBLIC KEY", "publicKey", cut=False),
    ],
    empty="The account has no tenants.",
)


@click.group()
def account() -> None:
    """Manage accounts."""


@account.command("create")
@click.argument("account", type=ACCOUNT)
@click.option(
    "--tenant",
    "tenants",
    type=TENANT,
    multiple=True,
    help="Name of a tenant. May be repeated; the first is the default.",
)
@with_services
async def account_create(services: Services, account: str, tenants: Sequence[str]) -> Result:
    """Create an account, and show its public keys. Without --tenant, its only tenant is `default`."""
    created = await services.accounts.create_account(account, tenants)
    return _show_new(f"Created the account {account}.", account, created)


@account.command("list")
@with_services
async def account_list(services: Services) -> Result:
    """List the accounts, by name."""
    rows = [
        {
            "account": each.name,
            "defaultTenant": each.default_tenant,
            "createdAt": timestamps.to_text(each.created_at),
        }
        for each in await services.accounts.list_accounts()
    ]
    return listing(_ACCOUNTS, rows)


@click.group()
def tenant() -> None:
    """Manage the tenants of an account."""


@tenant.command("create")
@click.argument("account", type=ACCOUNT)
@click.argument("tenant", type=TENANT)
@with_services
async def tenant_create(services: Services, account: str, tenant: str) -> Result:
    """Add a tenant to an account, and show the public keys of all."""
    created = await services.accounts.create_tenant(account, tenant)
    return _show_new(f"Created the tenant {tenant} of the account {account}.", account, created)


@tenant.command("list")
@click.argument("account", type=ACCOUNT)
@with_services
async def tenant_list(services: Services, account: str) -> Result:
    """List tenants with their public keys and settings. The default tenant comes first, then the oldest."""
    rows = [
        {**_show_settings(each), "default": each.default, "publicKey": each.public_key}
        for each in await services.accounts.list_tenants(account)
    ]
    return listing(_TENANTS, rows)


@tenant.command("configure")
@click.argument("account", type=ACCOUNT)
@click.argument("tenant", type=TENANT)
@click.option(
    "--verification",
    type=click.Choice(["email", "text", "question"]),
    help="How users verify themselves: with a code by email or text message, or by answering a security question.",
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
) -> Result:
    """Change settings of a tenant, and show all of them. Settings without an option stay unchanged."""
    change = TenantChange(
        verification=verification,
        public_registration=registration,
        anonymous_registration=anonymous_registration,
    )
    configured = _show_settings(await services.accounts.configure_tenant(account, tenant, change))
    return changed_record(f"Configured the tenant {tenant} of the account {account}.", configured)


def _show_settings(tenant: Tenant) -> dict[str, object]:
    return {
        "account": tenant.account,
        "tenant": tenant.name,
        "verification": tenant.verification,
        "registration": tenant.public_registration,
        "anonymousRegistration": tenant.anonymous_registration,
    }


def _show_new(message: str, account: str, tenants: Sequence[Tenant]) -> Result:
    rows = [{"name": each.name, "default": each.default, "publicKey": each.public_key} for each in tenants]
    return changed(message, {"account": account, "tenants": rows}, lambda screen: _NEW_TENANTS.render(rows, screen))
