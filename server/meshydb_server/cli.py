"""The command line: `meshydb-server`. JSON on standard output, everything else on standard error."""

from __future__ import annotations

import asyncio
import functools
import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Concatenate, ParamSpec

import click
from pydantic import ValidationError

from meshydb_server import instants
from meshydb_server.contract import Contract, InvalidValueError
from meshydb_server.delivery.smtp import SmtpError
from meshydb_server.delivery.text import TextError
from meshydb_server.key_file import KeyFileError
from meshydb_server.runtime import Services, open_services
from meshydb_server.serve import listen, serve
from meshydb_server.services.accounts import NewUser
from meshydb_server.services.errors import RefusedError
from meshydb_server.settings import Settings
from meshydb_server.storage.accounts import Tenant
from meshydb_server.storage.audit import list_events
from meshydb_server.storage.errors import StorageError

P = ParamSpec("P")

# Whatever an operator can cause: each of these has a message of one line.
_CAUSED_BY_OPERATOR = (RefusedError, StorageError, KeyFileError, SmtpError, TextError)

_contract = functools.cache(Contract.load)


class _ContractType(click.ParamType[str]):
    """A text that a schema of the contract bounds, so that no name is created that the API could not serve."""

    def __init__(self, schema: str, name: str) -> None:
        self.name = name
        self._schema = schema

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:  # noqa: ARG002
        text = str(value)
        try:
            text.encode()
            _contract().component(self._schema).validate(text)
        except UnicodeEncodeError as error:
            raise click.ClickException(f"{self.name}: the value is not UTF-8") from error
        except InvalidValueError as error:
            raise click.ClickException(f"{self.name}: {error}") from error
        return text


ACCOUNT = _ContractType("AccountName", "ACCOUNT")
TENANT = _ContractType("TenantName", "TENANT")
USERNAME = _ContractType("Username", "USERNAME")


def _read_settings(ctx: click.Context, _: click.Parameter, database_url: str | None) -> None:
    try:
        ctx.obj = Settings() if database_url is None else Settings(database_url=database_url)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = f"MESHYDB_{first['loc'][0]}".upper()
        raise click.ClickException(f"{name}: {first['msg'].removeprefix('Value error, ')}") from error


_database_url_option = click.option(
    "--database-url",
    metavar="URL",
    expose_value=False,
    callback=_read_settings,
    help="Where the data is; else MESHYDB_DATABASE_URL, else meshydb.sqlite3 in this folder.",
)


def _with_services(command: Callable[Concatenate[Services, P], Awaitable[object]]) -> Callable[P, None]:
    """Run a command on open services, and print what it returns as JSON."""

    @_database_url_option
    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        async def call() -> object:
            async with open_services(click.get_current_context().obj) as services:
                return await command(services, *args, **kwargs)

        try:
            result = asyncio.run(call())
        except _CAUSED_BY_OPERATOR as error:
            raise click.ClickException(str(error)) from error
        click.echo(json.dumps(result, ensure_ascii=False))

    return run


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="meshydb")
def main() -> None:
    """Host a MeshyDB server: password recovery for the users of your accounts."""


@main.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one.")
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1))
@_database_url_option
@click.pass_obj
def serve_command(settings: Settings, host: str, port: int, workers: int) -> None:
    """Serve the API until SIGTERM or SIGINT, then finish what is under way and exit 0."""

    # Each server process opens them again. Here, what is wrong is told in one line, and the tables are made once.
    async def prepare() -> None:
        async with open_services(settings):
            pass

    try:
        asyncio.run(prepare())
        sock = listen(host, port)
    except _CAUSED_BY_OPERATOR as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        # asyncio and socket add the address in brackets, which stands there already.
        reason = str(error.strerror).partition(" (")[0]
        raise click.ClickException(f"Cannot listen at {host}, port {port}: {reason}") from error
    serve(sock, settings, workers, announce=lambda url: click.echo(f"meshydb-server listens at {url}", err=True))


@main.group()
def account() -> None:
    """Manage accounts."""


@account.command("create")
@click.argument("account", type=ACCOUNT)
@click.option("--tenant", "tenants", type=TENANT, multiple=True, help="May be repeated; the first is the default.")
@_with_services
async def account_create(services: Services, account: str, tenants: Sequence[str]) -> object:
    """Create an account. Without --tenant, it has one tenant, called `default`."""
    return _account(account, await services.accounts.create_account(account, tenants))


@main.group()
def tenant() -> None:
    """Manage the tenants of an account."""


@tenant.command("create")
@click.argument("account", type=ACCOUNT)
@click.argument("tenant", type=TENANT)
@_with_services
async def tenant_create(services: Services, account: str, tenant: str) -> object:
    """Add a tenant to an account."""
    return _account(account, await services.accounts.create_tenant(account, tenant))


@main.group()
def user() -> None:
    """Manage the users of a tenant."""


@user.command("create")
@click.argument("account", type=ACCOUNT)
@click.argument("username", type=USERNAME)
@click.option("--tenant", type=TENANT, help="Else the account's default tenant.")
@click.option("--email", metavar="E", help="Where verification codes are sent.")
@click.option("--phone", metavar="P", help="In international format, such as +15551230000.")
@click.option("--password", metavar="P")
@_with_services
async def user_create(
    services: Services,
    account: str,
    username: str,
    tenant: str | None,
    email: str | None,
    phone: str | None,
    password: str | None,
) -> object:
    """Add a user to a tenant."""
    new = NewUser(username=username, email=email, phone=phone, password=password)
    created = await services.accounts.create_user(account, tenant, new)
    return {
        "account": created.account,
        "tenant": created.tenant,
        "id": created.user_id,
        "username": created.username,
        "emailAddress": created.email,
        "phoneNumber": created.phone,
    }


@main.group()
def outbox() -> None:
    """Read the messages to users."""


@outbox.command("list")
@_with_services
async def outbox_list(services: Services) -> object:
    """List the messages, oldest first; with their codes where console delivery stands in for a mailbox."""
    return [
        {
            "account": message.account,
            "tenant": message.tenant,
            "username": message.username,
            "kind": message.kind,
            "channel": message.channel,
            "to": message.recipient,
            **({} if code is None else {"code": code}),
            "status": message.status,
            "createdAt": instants.to_text(message.created_at),
        }
        for message, code in await services.outbox.messages()
    ]


@main.group()
def audit() -> None:
    """Read the trail of recoveries."""


@audit.command("list")
@click.argument("account", type=ACCOUNT)
@_with_services
async def audit_list(services: Services, account: str) -> object:
    """List what was asked of the recovery of an account's users, and how it ended: each tenant's oldest first."""
    return [
        {
            "account": event.account,
            "tenant": event.tenant,
            "kind": event.kind,
            "outcome": event.outcome,
            "userId": event.user_id,
            "occurredAt": instants.to_text(event.occurred_at),
        }
        for event in await services.database.read(lambda connection: list_events(connection, account))
    ]


def _account(account: str, tenants: Sequence[Tenant]) -> object:
    return {
        "account": account,
        "tenants": [{"name": each.name, "default": each.default, "publicKey": each.public_key} for each in tenants],
    }
