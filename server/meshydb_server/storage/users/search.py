"""Searches for users."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from attrs import frozen
from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.engine import Connection

from meshydb_server.storage.accounts import Verification
from meshydb_server.storage.engine.ordering import by_code_points
from meshydb_server.storage.schema import user_roles, users
from meshydb_server.storage.users.rows import User

# The properties that users can be sorted by, under the API's names in lower case.
SORTABLE: Final = {
    "_id": users.c.user_id,
    "id": users.c.user_id,
    "username": users.c.username,
    "firstname": users.c.first_name,
    "lastname": users.c.last_name,
    "verified": users.c.verified,
    "isactive": users.c.is_active,
    "phonenumber": users.c.phone,
    "emailaddress": users.c.email,
    "anonymous": users.c.anonymous,
    "lastaccessed": users.c.last_accessed,
}

_PROVED: Final[Mapping[Verification, ColumnElement[bool]]] = {
    "email": users.c.email_proved,
    "text": users.c.phone_proved,
    "question": users.c.questions_proved,
}


@frozen(kw_only=True)
class Criteria:
    """Which users of a tenant to find, and their order: names from SORTABLE, each with whether it ascends.

    `verification` is the tenant's verification mode: sorting by `verified` uses that channel.
    """

    account: str
    tenant: str
    name_key: str | None = None
    role_id: str | None = None
    active_only: bool = True
    order: Sequence[tuple[str, bool]] = ()
    verification: Verification = "email"


def count_users(connection: Connection, criteria: Criteria) -> int:
    """The number of matching users."""
    return connection.execute(select(func.count()).select_from(users).where(*_conditions(criteria))).scalar_one()


def search_users(connection: Connection, criteria: Criteria, *, offset: int, limit: int) -> Sequence[User]:
    """The matching users, starting at `offset`."""
    order = [_sorted(connection, criteria, name, ascends=ascends) for name, ascends in (*criteria.order, ("id", True))]
    rows = connection.execute(
        select(users).where(*_conditions(criteria)).order_by(*order).offset(offset).limit(limit)
    ).mappings()
    return [User(**row) for row in rows]


def _conditions(criteria: Criteria) -> Sequence[ColumnElement[bool]]:
    conditions = [users.c.account == criteria.account, users.c.tenant == criteria.tenant]
    if criteria.active_only:
        conditions.append(users.c.is_active)
    if criteria.name_key is not None:
        keys = (users.c.username_key, users.c.names_key)
        conditions.append(or_(*(key.contains(criteria.name_key, autoescape=True) for key in keys)))
    if criteria.role_id is not None:
        held = (user_roles.c[name] == users.c[name] for name in ("account", "tenant", "user_id"))
        conditions.append(exists().where(*held, user_roles.c.role_id == criteria.role_id))
    return conditions


def _sorted(connection: Connection, criteria: Criteria, name: str, *, ascends: bool) -> ColumnElement[Any]:
    column: ColumnElement[Any] = _PROVED[criteria.verification] if name == "verified" else SORTABLE[name]
    column = by_code_points(connection, column)
    # Absent values sort first, as in MongoDB.
    return column.asc().nulls_first() if ascends else column.desc().nulls_last()
