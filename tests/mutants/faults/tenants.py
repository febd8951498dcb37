"""Faults in the isolation of tenants."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.engine import Connection

from meshydb_server.http import authentication
from meshydb_server.services.recovery import guesses
from meshydb_server.services.users import service as users
from meshydb_server.storage import schema
from meshydb_server.storage.users import User
from meshydb_server.storage.users import search as user_search
from tests.mutants.table import Table

TABLE: Final = Table()


@TABLE.parts(guesses, "find_for_guess", "checkHash", "requests_are_of_one_tenant")
def hash_of_another_tenant_accepted(
    original: Callable[..., Any], connection: Connection, account: str, _: str | None, *more: Any
) -> Any:
    """Codes are looked up in the default tenant, whatever the header."""
    return original(connection, account, None, *more)


@TABLE.parts(authentication, "_tenant", "getSelf", "logins_are_of_one_tenant")
def token_of_another_tenant_accepted(*_: object) -> None:
    """The tenant of an access token is not compared with the header."""


@TABLE.parts(user_search, "_conditions", "searchUsers", "users_are_of_one_tenant")
def search_leaks_other_tenants(original: Callable[..., Any], criteria: Any) -> Sequence[Any]:
    """A search finds users of all tenants."""
    of_account, _, *rest = original(criteria)
    return [of_account, *rest]


@TABLE.parts(users, "get_user", "getUser", "users_are_of_one_tenant")
def user_of_another_tenant_readable(
    _: Callable[..., Any], connection: Connection, account: str, __: str, user_id: str
) -> User | None:
    """A user of any tenant can be read by id."""
    query = select(schema.users).where(schema.users.c.account == account, schema.users.c.user_id == user_id)
    row = connection.execute(query).mappings().first()
    return None if row is None else User(**row)
