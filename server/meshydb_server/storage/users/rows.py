"""Queries on users, one at a time."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final

from attrs import asdict, field, frozen
from sqlalchemy import and_, bindparam, delete, insert, select, update
from sqlalchemy.engine import Connection

from meshydb_server.storage.engine.prepared import Prepared
from meshydb_server.storage.schema import recoveries, users


@frozen(kw_only=True)
class User:
    """A user of a tenant."""

    account: str
    tenant: str
    user_id: str
    username: str
    username_key: str
    # The values in force; see services.users.authenticators for the others.
    email: str | None
    email_pending: str | None = None
    email_pending_at: datetime | None = None
    email_former: str | None = None
    email_former_until: datetime | None = None
    phone: str | None
    phone_pending: str | None = None
    phone_pending_at: datetime | None = None
    phone_former: str | None = None
    phone_former_until: datetime | None = None
    questions_pending_at: datetime | None = None
    first_name: str | None = None
    last_name: str | None = None
    # The key that name searches compare with; see services.common.usernames.
    names_key: str = ""
    password_hash: str | None = field(repr=False)
    anonymous: bool
    # Whether the user has ever proved a channel; the others say whether the values in force are proved.
    verified: bool
    email_proved: bool = False
    phone_proved: bool = False
    questions_proved: bool = False
    is_active: bool
    credential_version: int
    last_accessed: datetime | None = None
    created_at: datetime


def insert_user(connection: Connection, user: User) -> None:
    """Add a user."""
    connection.execute(_INSERT, asdict(user))


def find_user(connection: Connection, account: str, tenant: str, username_key: str) -> User | None:
    """The user with this username, compared as services.common.usernames says."""
    given = {"account": account, "tenant": tenant, "username_key": username_key}
    return _read(_FIND.rows(connection, given))


def get_user(connection: Connection, account: str, tenant: str, user_id: str) -> User | None:
    """The user with this id."""
    return _read(_GET.rows(connection, {"the_account": account, "the_tenant": tenant, "the_user_id": user_id}))


def lock_user(connection: Connection, account: str, tenant: str, user_id: str) -> User | None:
    """The user with this id, locked against changes and deletion until the transaction ends."""
    return _read(_LOCK.rows(connection, {"the_account": account, "the_tenant": tenant, "the_user_id": user_id}))


def lock_users(connection: Connection, account: str, tenant: str, user_ids: Collection[str]) -> Sequence[User]:
    """Those of these users who exist, by id, locked as by `lock_user`. Lock the tenant first: others may lock many."""
    given = {"account": account, "tenant": tenant, "user_ids": [*user_ids]}
    return [User(**row) for row in connection.execute(_LOCK_MANY, given).mappings()]


def update_user(connection: Connection, user: User) -> None:
    """Store the names of a user, and whether they are active. storage.users.authenticators stores the rest."""
    changed = {f"new_{name}": getattr(user, name) for name in _CHANGEABLE}
    connection.execute(_UPDATE, {**_key(user), **changed})


def touch_user(connection: Connection, user: User, now: datetime) -> bool:
    """Record that a user gets a token. False if they may not log in any more, or their password has changed."""
    given = {**_key(user), "seen": user.credential_version, "now": now}
    return connection.execute(_TOUCH, given).rowcount == 1


def delete_user(connection: Connection, user: User) -> None:
    """Delete a user with all their data. Logins, roles and questions are deleted by cascade."""
    # A later user of the same name must not inherit them.
    connection.execute(_DELETE_RECOVERIES, {**_key(user), "the_username_key": user.username_key})
    connection.execute(_DELETE, _key(user))


def _read(rows: Sequence[Sequence[Any]]) -> User | None:
    return User(**dict(zip(_NAMES, rows[0], strict=True))) if rows else None


def _key(user: User) -> dict[str, str]:
    return {"the_account": user.account, "the_tenant": user.tenant, "the_user_id": user.user_id}


_CHANGEABLE: Final = ("first_name", "last_name", "names_key", "is_active")
_THE_USER: Final = and_(
    users.c.account == bindparam("the_account"),
    users.c.tenant == bindparam("the_tenant"),
    users.c.user_id == bindparam("the_user_id"),
)
_INSERT: Final = insert(users)
_NAMES: Final = tuple(users.c.keys())
_FIND: Final = Prepared(
    select(users).where(
        users.c.account == bindparam("account"),
        users.c.tenant == bindparam("tenant"),
        users.c.username_key == bindparam("username_key"),
    )
)
_BY_ID: Final = select(users).where(_THE_USER)
_GET: Final = Prepared(_BY_ID)
_LOCK: Final = Prepared(_BY_ID.with_for_update())
_LOCK_MANY: Final = (
    select(users)
    .where(
        users.c.account == bindparam("account"),
        users.c.tenant == bindparam("tenant"),
        users.c.user_id.in_(bindparam("user_ids", expanding=True)),
    )
    .order_by(users.c.user_id)
    .with_for_update()
)
_UPDATE: Final = (
    update(users)
    .where(_THE_USER)
    .values({name: bindparam(f"new_{name}", type_=users.c[name].type) for name in _CHANGEABLE})
)
_TOUCH: Final = (
    update(users)
    .where(_THE_USER, users.c.credential_version == bindparam("seen"), users.c.is_active)
    .values(last_accessed=bindparam("now", type_=users.c.last_accessed.type))
)
_DELETE: Final = delete(users).where(_THE_USER)
_DELETE_RECOVERIES: Final = delete(recoveries).where(
    recoveries.c.account == bindparam("the_account"),
    recoveries.c.tenant == bindparam("the_tenant"),
    recoveries.c.username_key == bindparam("the_username_key"),
)
