"""What proves who a user is: the password, the verified address, and the logins that rest on them."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Table, and_, bindparam, delete, not_, or_, update
from sqlalchemy.engine import Connection
from sqlalchemy.sql import ColumnElement

from meshydb_server.storage.schema import sessions, users
from meshydb_server.storage.users import User


def replace_password(connection: Connection, user: User, password_hash: str, *, verified: bool) -> bool:
    """Set a password and count the change; False when the password was changed, or the user deleted, meanwhile."""
    given = {**_key(user), "seen": user.credential_version, "new": password_hash, "proved": verified}
    return connection.execute(_REPLACE_PASSWORD, given).rowcount == 1


def end_sessions(connection: Connection, user: User) -> None:
    """End all logins of a user."""
    connection.execute(_END_SESSIONS, _key(user))


def mark_verified(connection: Connection, user: User) -> bool:
    """Note that a user has proved to have their address; False when that was known, or the user is gone."""
    return connection.execute(_MARK_VERIFIED, _key(user)).rowcount == 1


def _key(user: User) -> dict[str, str]:
    return {"the_account": user.account, "the_tenant": user.tenant, "the_user_id": user.user_id}


def _is(table: Table) -> ColumnElement[bool]:
    return and_(*(table.c[name] == bindparam(f"the_{name}") for name in ("account", "tenant", "user_id")))


_REPLACE_PASSWORD: Final = (
    update(users)
    .where(_is(users), users.c.credential_version == bindparam("seen"))
    .values(
        password_hash=bindparam("new"),
        credential_version=users.c.credential_version + 1,
        verified=or_(users.c.verified, bindparam("proved", type_=users.c.verified.type)),
    )
)
_END_SESSIONS: Final = delete(sessions).where(_is(sessions))
_MARK_VERIFIED: Final = update(users).where(_is(users), not_(users.c.verified)).values(verified=True)
