"""Queries on requests for verification: password resets and registrations.

There is one row for each username and purpose, which holds the newest request. Whoever changes a row says which version
of it they have seen; when it is another by then, StaleError has their transaction run again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, Literal

from attrs import asdict, evolve, field, fields, frozen
from sqlalchemy import and_, bindparam, func, insert, select, update
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError
from sqlalchemy.sql import ColumnElement

from meshydb_server.storage.errors import StaleError
from meshydb_server.storage.prepared import Prepared
from meshydb_server.storage.schema import accounts, recoveries, tenants, users
from meshydb_server.storage.users import User

Purpose = Literal["reset", "register"]
Missing = Literal["account", "tenant"]

# A log of services.quotas with nothing in it.
EMPTY_LOG: Final = "[]"


@frozen(kw_only=True)
class Recovery:
    """A request: what makes a handle usable, countable and single-use. `user_id` is None for a decoy."""

    account: str
    tenant: str
    username_key: str
    purpose: Purpose
    version: int
    request_id: bytes
    user_id: str | None
    attempt: int
    credential_version: int
    code_mac: bytes | None = field(default=None, repr=False)
    former_code_mac: bytes | None = field(default=None, repr=False)
    channel: Literal["email", "text"] | None = None
    answer_hash: str | None = field(default=None, repr=False)
    failures: int = 0
    used_at: datetime | None = None
    expires_at: datetime
    requests: str
    guesses: str


@frozen
class Place:
    """A tenant of an account, and how its users prove who they are."""

    account: str
    tenant: str
    verification: Literal["email", "text", "question"]


@frozen(kw_only=True)
class Subject:
    """What one username stands for in one tenant."""

    place: Place
    user: User | None
    recoveries: Sequence[Recovery]

    @property
    def newest(self) -> Recovery | None:
        """The request, where those of one purpose were asked for."""
        return self.recoveries[0] if self.recoveries else None


def find_subject(
    connection: Connection, account: str, tenant: str | None, username_key: str, purpose: Purpose | None = None
) -> Subject | Missing:
    """All that there is to a username, with its requests of one purpose or of any; or what is missing before that."""
    given = {"account": account, "tenant": tenant, "username_key": username_key}
    if purpose is None:
        rows = _FIND.rows(connection, given)
    else:
        rows = _FIND_ONE.rows(connection, {**given, "purpose": purpose})
    if not rows:
        return "account"
    first = rows[0]
    if first[0] is None:
        return "tenant"
    user: dict[str, Any] = dict(zip(_USER_NAMES, first[_USER], strict=True))
    found: list[dict[str, Any]] = [dict(zip(_RECOVERY_NAMES, row[_RECOVERY], strict=True)) for row in rows]
    return Subject(
        place=Place(account, first[0], first[1]),
        user=None if user["user_id"] is None else User(**user),
        recoveries=[Recovery(**each) for each in found if each["request_id"] is not None],
    )


def store(connection: Connection, recovery: Recovery, seen: int | None) -> None:
    """Put a request in the place of the one whose version was seen, or of none. Raises StaleError."""
    if seen is None:
        try:
            _INSERT.change(connection, asdict(recovery))
        except IntegrityError as error:
            raise StaleError from error
    elif _REPLACE.change(connection, {**asdict(recovery), "seen": seen, **_key(recovery)}) != 1:
        raise StaleError


def count_guess(connection: Connection, recovery: Recovery, guesses: str) -> None:
    """Note a guess as failed, before it is looked at. Raises StaleError."""
    guessed = evolve(recovery, version=recovery.version + 1, failures=recovery.failures + 1, guesses=guesses)
    store(connection, guessed, seen=recovery.version)


def forgive_guess(connection: Connection, recovery: Recovery) -> None:
    """Take back that a guess failed: it was right."""
    connection.execute(_FORGIVE, {**_key(recovery), "this": recovery.request_id})


def disown(connection: Connection, user: User, now: datetime) -> None:
    """Make a user's requests nobody's, since what proves them is not what proves the user any more.

    The guesses stay counted. Raises StaleError.
    """
    of_user = {f"the_{name}": getattr(user, name) for name in _KEY_OF_USER}
    connection.execute(_DISOWN, {**of_user, "the_purpose": "register"})
    if connection.execute(_DISOWN, {**of_user, "the_purpose": "reset"}).rowcount == 0:
        # Whoever asks at this moment may have read what proved the user until now, and must be told that it is stale.
        store(connection, _nobodys(user, now), seen=None)


def consume(connection: Connection, recovery: Recovery, now: datetime) -> bool:
    """Use a request up; False when it has been used, replaced or disowned meanwhile."""
    return connection.execute(_CONSUME, {**_key(recovery), "this": recovery.request_id, "now": now}).rowcount == 1


def _nobodys(user: User, now: datetime) -> Recovery:
    """A request to reset that nobody can complete: no handle has its id."""
    return Recovery(
        account=user.account,
        tenant=user.tenant,
        username_key=user.username_key,
        purpose="reset",
        # Less than that of any request, one of which may have been seen and then swept.
        version=0,
        request_id=b"",
        user_id=None,
        attempt=1,
        credential_version=user.credential_version,
        used_at=now,
        expires_at=now,
        requests=EMPTY_LOG,
        guesses=EMPTY_LOG,
    )


def _key(recovery: Recovery) -> dict[str, str]:
    return {f"the_{name}": getattr(recovery, name) for name in _KEY}


_USER_NAMES: Final = tuple(attribute.name for attribute in fields(User))
_RECOVERY_NAMES: Final = tuple(attribute.name for attribute in fields(Recovery))
_USER: Final = slice(2, 2 + len(_USER_NAMES))
_RECOVERY: Final = slice(2 + len(_USER_NAMES), 2 + len(_USER_NAMES) + len(_RECOVERY_NAMES))
_KEY_OF_USER: Final = ("account", "tenant", "username_key")
_KEY: Final = (*_KEY_OF_USER, "purpose")


def _find(*conditions: ColumnElement[bool]) -> Prepared:
    """One statement for all that is asked of a username, since each statement costs as much as all of its joins."""
    key = bindparam("username_key", type_=users.c.username_key.type)
    place = (tenants.c.account, tenants.c.tenant)
    of_user = and_(users.c.account == place[0], users.c.tenant == place[1], users.c.username_key == key)
    of_recovery = and_(recoveries.c.account == place[0], recoveries.c.tenant == place[1])
    named = func.coalesce(bindparam("tenant", type_=tenants.c.tenant.type), accounts.c.default_tenant)
    columns: list[ColumnElement[Any]] = [
        tenants.c.tenant,
        tenants.c.verification,
        *(users.c[name] for name in _USER_NAMES),
        *(recoveries.c[name] for name in _RECOVERY_NAMES),
    ]
    return Prepared(
        select(*columns)
        .select_from(accounts)
        .outerjoin(tenants, and_(tenants.c.account == accounts.c.account, tenants.c.tenant == named))
        .outerjoin(users, of_user)
        .outerjoin(recoveries, and_(of_recovery, recoveries.c.username_key == key, *conditions))
        .where(accounts.c.account == bindparam("account"))
    )


_FIND: Final = _find()
_FIND_ONE: Final = _find(recoveries.c.purpose == bindparam("purpose"))
_INSERT: Final = Prepared(insert(recoveries))
_THE_ROW: Final = and_(*(recoveries.c[name] == bindparam(f"the_{name}") for name in _KEY))
_THE_REQUEST: Final = and_(_THE_ROW, recoveries.c.request_id == bindparam("this"))
_NEXT_VERSION: Final = recoveries.c.version + 1
_REPLACE: Final = Prepared(
    update(recoveries)
    .where(_THE_ROW, recoveries.c.version == bindparam("seen"))
    .values({name: bindparam(name) for name in _RECOVERY_NAMES if name not in _KEY})
)
_FORGIVE: Final = (
    update(recoveries).where(_THE_REQUEST).values(failures=recoveries.c.failures - 1, version=_NEXT_VERSION)
)
_DISOWN: Final = update(recoveries).where(_THE_ROW).values(user_id=None, version=_NEXT_VERSION)
_CONSUME: Final = (
    update(recoveries)
    .where(_THE_REQUEST, recoveries.c.used_at.is_(None), recoveries.c.user_id.is_not(None))
    .values(used_at=bindparam("now", type_=recoveries.c.used_at.type), version=_NEXT_VERSION)
)
