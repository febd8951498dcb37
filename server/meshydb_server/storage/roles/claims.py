"""How long the claims about roles are in access tokens: their names, and what they permit.

A permission that several roles of a user have is in the token once, but counts for each role.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, bindparam, case, func, select
from sqlalchemy.engine import Connection

from meshydb_server.storage.roles.rows import Role, columns_of
from meshydb_server.storage.schema import permissions, roles, user_roles


def claims_length(connection: Connection, role: Role) -> int:
    """How many characters the claims of a role have."""
    return _number(connection, _OF_ROLE, columns_of(role))


def claims_length_of_all(connection: Connection, account: str, tenant: str) -> int:
    """How many characters the claims of all roles of a tenant have together. No user's claims are longer."""
    return _number(connection, _OF_ALL, {"account": account, "tenant": tenant})


def longest_claims_of_members(connection: Connection, role: Role) -> int:
    """How many characters the longest claims of a user of the role have; 0 if there is no such user."""
    return _number(connection, _OF_MEMBERS, columns_of(role))


def longest_claims_of_users(connection: Connection, account: str, tenant: str, user_ids: Iterable[str]) -> int:
    """How many characters the longest claims of these users have; 0 if they have no roles."""
    return _number(connection, _OF_USERS, {"account": account, "tenant": tenant, "user_ids": [*user_ids]})


def _number(connection: Connection, query: Select[Any], given: Mapping[str, object]) -> int:
    # PostgreSQL sums integers as decimals.
    return int(connection.execute(query, given).scalar_one() or 0)


def _operation(name: str) -> ColumnElement[int]:
    length = func.length(permissions.c.permissible) + len(f".{name}") + _PUNCTUATION
    return case((permissions.c[f"can_{name}"], length), else_=0)


# The claims are lists of texts in JSON, which have quotes around them and a comma between them.
_PUNCTUATION: Final = len('"",')
_PERMISSION: Final = _operation("create") + _operation("read") + _operation("update") + _operation("delete")
_LENGTHS: Final = (
    select(
        roles.c.role_id,
        (func.length(roles.c.name) + _PUNCTUATION + func.coalesce(func.sum(_PERMISSION), 0)).label("length"),
    )
    .select_from(roles)
    .outerjoin(permissions, and_(*(permissions.c[name] == roles.c[name] for name in ("account", "tenant", "role_id"))))
    .where(roles.c.account == bindparam("account"), roles.c.tenant == bindparam("tenant"))
    .group_by(roles.c.role_id, roles.c.name)
)
_ITS_ROLE: Final = roles.c.role_id == bindparam("role_id")
_ONE: Final = _LENGTHS.where(_ITS_ROLE).subquery()
_EACH: Final = _LENGTHS.subquery()
_OF_ROLE: Final = select(_ONE.c.length)
_OF_ALL: Final = select(func.sum(_EACH.c.length))

_HERE: Final = and_(user_roles.c.account == bindparam("account"), user_roles.c.tenant == bindparam("tenant"))
_MEMBERS: Final = select(user_roles.c.user_id).where(_HERE, user_roles.c.role_id == bindparam("role_id"))


def _longest(among: ColumnElement[bool]) -> Select[Any]:
    totals = (
        select(func.sum(_EACH.c.length).label("length"))
        .select_from(user_roles)
        .join(_EACH, _EACH.c.role_id == user_roles.c.role_id)
        .where(_HERE, among)
        .group_by(user_roles.c.user_id)
        .subquery()
    )
    return select(func.max(totals.c.length))


_OF_MEMBERS: Final = _longest(user_roles.c.user_id.in_(_MEMBERS))
_OF_USERS: Final = _longest(user_roles.c.user_id.in_(bindparam("user_ids", expanding=True)))
