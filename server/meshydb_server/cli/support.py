"""Shared parts of all commands: argument types, settings, and running on open services."""

from __future__ import annotations

import asyncio
import functools
import os
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Concatenate, Final, ParamSpec, TypeVar

import attrs
import click
from pydantic import ValidationError

from meshydb_server.cli.results import Result
from meshydb_server.configuration.settings import Settings
from meshydb_server.configuration.variables import warnings_of
from meshydb_server.contract import Contract
from meshydb_server.delivery.smtp import SmtpError
from meshydb_server.delivery.text import TextError
from meshydb_server.key_file import KeyFileError
from meshydb_server.process.streams import write
from meshydb_server.runtime import Services, open_services
from meshydb_server.schemas import InvalidValueError
from meshydb_server.services.common.errors import ServiceError
from meshydb_server.storage.engine.errors import StorageError

P = ParamSpec("P")
T = TypeVar("T")

# Errors that an operator can cause. Each has a message of one line.
CAUSED_BY_OPERATOR: Final = (ServiceError, StorageError, KeyFileError, SmtpError, TextError)


class Utf8Type(click.ParamType[str]):
    """A text that can be encoded in UTF-8. The API accepts nothing else."""

    def __init__(self, name: str) -> None:
        self.name = name

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:  # noqa: ARG002
        """Return the value unchanged, or fail."""
        text = str(value)
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise click.ClickException(f"{self.name}: the value is not UTF-8") from error
        return text


class ContractType(Utf8Type):
    """A text that fits a schema of the contract, so that the API can serve everything that is created."""

    def __init__(self, schema: str, name: str) -> None:
        super().__init__(name)
        self._schema = schema

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the value unchanged, or fail."""
        text = super().convert(value, param, ctx)
        try:
            Contract.load().component(self._schema).validate(text)
        except InvalidValueError as error:
            raise click.ClickException(f"{self.name}: {error}") from error
        return text


ACCOUNT: Final = ContractType("AccountName", "ACCOUNT")
TENANT: Final = ContractType("TenantName", "TENANT")
USERNAME: Final = ContractType("Username", "USERNAME")
ROLE: Final = Utf8Type("ROLE")

tenant_option = click.option("--tenant", type=TENANT, help="Default: the account's default tenant.")


def _read_settings(ctx: click.Context, _: click.Parameter, database_url: str | None) -> None:
    try:
        ctx.obj = Settings() if database_url is None else Settings(database_url=database_url)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = f"MESHYDB_{first['loc'][0]}".upper()
        raise click.ClickException(f"{name}: {first['msg'].removeprefix('Value error, ')}") from error


database_url_option = click.option(
    "--database-url",
    metavar="URL",
    expose_value=False,
    callback=_read_settings,
    help="URL of the database. Default: MESHYDB_DATABASE_URL, or meshydb.sqlite3 in this folder.",
)


_json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, at a terminal too.")


def with_settings(command: Callable[Concatenate[Settings, P], Result]) -> Callable[..., Result]:
    """Run a command on the settings alone. Adds the options `--database-url` and `--json`."""

    @_json_option
    @database_url_option
    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> Result:
        as_json = bool(kwargs.pop("as_json"))
        _warn()
        try:
            return attrs.evolve(command(click.get_current_context().obj, *args, **kwargs), as_json=as_json)
        except CAUSED_BY_OPERATOR as error:
            raise click.ClickException(str(error)) from error

    return run


def with_services(command: Callable[Concatenate[Services, P], Awaitable[Result]]) -> Callable[..., Result]:
    """Run a command on open services. Adds the options `--database-url` and `--json`."""
    on_services = with_open_services(command)

    @_json_option
    @functools.wraps(on_services)
    def run(*args: P.args, **kwargs: P.kwargs) -> Result:
        as_json = bool(kwargs.pop("as_json"))
        return attrs.evolve(on_services(*args, **kwargs), as_json=as_json)

    return run


def with_open_services(command: Callable[Concatenate[Services, P], Awaitable[T]]) -> Callable[..., T]:
    """Run a command on open services. Adds the option `--database-url`."""

    @database_url_option
    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        async def call() -> T:
            async with open_services(click.get_current_context().obj) as services:
                return await command(services, *args, **kwargs)

        _warn()
        try:
            return asyncio.run(call())
        except CAUSED_BY_OPERATOR as error:
            raise click.ClickException(str(error)) from error

    return run


def _warn() -> None:
    """Warn of variables that have no meaning."""
    for warning in warnings_of(os.environ):
        # The command must run whether or not anybody reads the warning.
        with suppress(OSError):
            write(sys.stderr, f"Warning: {warning}\n")
