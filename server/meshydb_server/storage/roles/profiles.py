"""Looks up a user as shown: the user with their roles, by one statement."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from attrs import frozen
from sqlalchemy import and_, bindparam, exists, select

from meshydb_server.storage.accounts import Verification
from meshydb_server.storage.engine.prepared import Lookup, Prepared
from meshydb_server.storage.roles.memberships import Membership, in_order
from meshydb_server.storage.schema import roles, security_questions, tenants, user_roles, users
from meshydb_server.storage.users import User


@frozen
class ProfileRecord:
    """A user with their roles, and how the tenant verifies users."""

    user: User
    verification: Verification
    roles: Sequence[Membership]
    has_questions: bool
    """Whether the user has security questions, in force or pending."""


def profile_lookup(account: str, tenant: str, user_id: str) -> Lookup[ProfileRecord | None]:
    """Looks up the user with this id."""
    return Lookup(_FIND, {"the_account": account, "the_tenant": tenant, "the_user_id": user_id}, _read)


def _read(rows: Sequence[Sequence[Any]]) -> ProfileRecord | None:
    if not rows:
        return None
    user = User(**dict(zip(_NAMES, rows[0][_USER], strict=True)))
    verification, has_questions = rows[0][_VERIFICATION], rows[0][_HAS_QUESTIONS]
    held = [Membership(*row[_ROLE]) for row in rows if row[-1] is not None]
    memberships = in_order(held) if held else ()
    return ProfileRecord(user, verification, memberships, has_questions or user.questions_pending_at is not None)


_NAMES: Final = tuple(users.c.keys())
_VERIFICATION: Final = 0
_HAS_QUESTIONS: Final = 1
_USER: Final = slice(2, 2 + len(_NAMES))
_ROLE: Final = slice(_USER.stop, None)
_OF_USER: Final = ("account", "tenant", "user_id")
_FIND: Final = Prepared(
    select(
        tenants.c.verification,
        exists().where(*(security_questions.c[name] == users.c[name] for name in _OF_USER)),
        *users.c,
        roles.c.role_id,
        roles.c.name,
        user_roles.c.added_at,
    )
    .join_from(users, tenants, and_(tenants.c.account == users.c.account, tenants.c.tenant == users.c.tenant))
    .outerjoin(user_roles, and_(*(user_roles.c[name] == users.c[name] for name in _OF_USER)))
    .outerjoin(roles, and_(*(roles.c[name] == user_roles.c[name] for name in ("account", "tenant", "role_id"))))
    .where(*(users.c[name] == bindparam(f"the_{name}") for name in _OF_USER))
)
