"""Queries on logins."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from attrs import asdict, field, frozen
from sqlalchemy import and_, bindparam, delete, insert, select, update
from sqlalchemy.engine import Connection

from meshydb_server.storage.engine.prepared import Lookup, Prepared
from meshydb_server.storage.schema import sessions, users
from meshydb_server.storage.users import User


@frozen(kw_only=True)
class Session:
    """A login of a user."""

    account: str
    tenant: str
    session_id: bytes
    user_id: str
    client_id: str
    scope: str
    refresh_hash: bytes | None = field(repr=False)
    credential_version: int
    expires_at: datetime
    created_at: datetime


@frozen
class Login:
    """A valid login, and its user."""

    user_id: str
    username: str
    client_id: str
    scope: str
    refresh_hash: bytes | None = field(repr=False)
    began_at: datetime
    credential_version: int


def insert_session(connection: Connection, session: Session) -> None:
    """Add a login."""
    connection.execute(_INSERT, asdict(session))


def find_login(connection: Connection, account: str, tenant: str, session_id: bytes, now: datetime) -> Login | None:
    """The login with this id, if it has not expired, its user is active, and the password is unchanged since."""
    return login_lookup(account, tenant, session_id, now).on(connection)


def login_lookup(account: str, tenant: str, session_id: bytes, now: datetime) -> Lookup[Login | None]:
    """Looks up what `find_login` returns."""
    given = {"the_account": account, "the_tenant": tenant, "the_session_id": session_id, "now": now}
    return Lookup(_FIND, given, lambda rows: Login(*rows[0]) if rows else None)


def prolong_session(connection: Connection, account: str, tenant: str, session_id: bytes, expires_at: datetime) -> bool:
    """Extend a login. False if it has ended meanwhile."""
    given = {"the_account": account, "the_tenant": tenant, "the_session_id": session_id, "new": expires_at}
    return connection.execute(_PROLONG, given).rowcount == 1


def end_session(connection: Connection, account: str, tenant: str, session_id: bytes, client_id: str) -> None:
    """End a login of this client, if it exists."""
    given = {"the_account": account, "the_tenant": tenant, "the_session_id": session_id, "the_client_id": client_id}
    connection.execute(_END, given)


def end_sessions(connection: Connection, user: User) -> None:
    """End all logins of a user."""
    given = {"the_account": user.account, "the_tenant": user.tenant, "the_user_id": user.user_id}
    connection.execute(_END_ALL, given)


def keep_only_session(connection: Connection, user: User, session_id: bytes) -> None:
    """End all logins of a user except one, which survives the password change that was just made."""
    given = {"the_account": user.account, "the_tenant": user.tenant, "the_user_id": user.user_id, "kept": session_id}
    connection.execute(_END_OTHERS, given)
    connection.execute(_CARRY_OVER, {**given, "new": user.credential_version + 1})


_HERE: Final = and_(sessions.c.account == bindparam("the_account"), sessions.c.tenant == bindparam("the_tenant"))
_THE_SESSION: Final = and_(_HERE, sessions.c.session_id == bindparam("the_session_id"))
_OF_USER: Final = and_(_HERE, sessions.c.user_id == bindparam("the_user_id"))
_ITS_USER: Final = and_(
    users.c.account == sessions.c.account,
    users.c.tenant == sessions.c.tenant,
    users.c.user_id == sessions.c.user_id,
)
_INSERT: Final = insert(sessions)
_FIND: Final = Prepared(
    select(
        sessions.c.user_id,
        users.c.username,
        sessions.c.client_id,
        sessions.c.scope,
        sessions.c.refresh_hash,
        sessions.c.created_at,
        sessions.c.credential_version,
    )
    .join_from(sessions, users, _ITS_USER)
    .where(
        _THE_SESSION,
        sessions.c.expires_at > bindparam("now"),
        users.c.is_active,
        users.c.credential_version == sessions.c.credential_version,
    )
)
_PROLONG: Final = (
    update(sessions).where(_THE_SESSION).values(expires_at=bindparam("new", type_=sessions.c.expires_at.type))
)
_END: Final = delete(sessions).where(_THE_SESSION, sessions.c.client_id == bindparam("the_client_id"))
_END_ALL: Final = delete(sessions).where(_OF_USER)
_END_OTHERS: Final = delete(sessions).where(_OF_USER, sessions.c.session_id != bindparam("kept"))
_CARRY_OVER: Final = (
    update(sessions)
    .where(_OF_USER, sessions.c.session_id == bindparam("kept"))
    .values(credential_version=bindparam("new"))
)
