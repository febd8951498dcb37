"""Queries on verification requests: password resets and registrations.

A username has a few slots for each purpose, each with the newest request of one client network. A change of a row names
the version that was read, and filling a slot requires it to be empty. Otherwise StaleError makes the transaction run
again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Literal

from attrs import evolve, field, fields, frozen
from sqlalchemy import and_, bindparam, func, insert, literal, select, update
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError
from sqlalchemy.sql import ColumnElement, FromClause

from meshydb_server.storage.counters import READ, Counter, CounterKey
from meshydb_server.storage.engine.errors import StaleError
from meshydb_server.storage.engine.prepared import Prepared
from meshydb_server.storage.schema import accounts, counters, recoveries, tenants, users
from meshydb_server.storage.users import User

Purpose = Literal["reset", "register"]
Missing = Literal["account", "tenant"]

# The number of requests of one username and purpose that have a row.
SLOTS: Final = 5
# The counter names of each purpose. One client and all clients together have separate counters.
REQUESTS: Final = "-requests"
GUESSES: Final = "-guesses"
OF_ALL: Final = "-of-all"


@frozen(kw_only=True)
class Recovery:
    """A request: it makes a handle usable, countable and single-use. `user_id` is None for a decoy."""

    account: str
    tenant: str
    username_key: str
    purpose: Purpose
    slot: int
    # The network of the client.
    client: str
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


@frozen
class ResolvedTenant:
    """A tenant of an account, and its verification mode."""

    account: str
    name: str
    verification: Literal["email", "text", "question"]


@frozen
class UsernameKeys:
    """The keys of a username from a client: its own, and those of its counters for this client and for all clients."""

    username_key: str
    per_client: bytes = field(repr=False)
    overall: bytes = field(repr=False)


@frozen
class UsernameCounts:
    """The counters of a username: for one client, and for all clients together."""

    per_client: Counter
    overall: Counter


@frozen(kw_only=True)
class UsernameRecord:
    """What is stored for one username: its tenant, user, requests and counters."""

    tenant: ResolvedTenant
    user: User | None
    recoveries: Sequence[Recovery]
    # The counters of requests or of guesses, by purpose. Without a request there are none of guesses.
    counts: Mapping[Purpose, UsernameCounts]


def find_for_request(
    connection: Connection, account: str, tenant: str | None, keys: UsernameKeys, purpose: Purpose
) -> UsernameRecord | Missing:
    """The record of a username for a new request: with its requests of one purpose, and the counters of requests.

    Returns the missing part if account or tenant do not exist.
    """
    given = {"account": account, "tenant": tenant, "purpose": purpose, **_key_values(keys)}
    return _record(_FIND_FOR_REQUEST.rows(connection, given), account, keys, REQUESTS, purpose)


def find_for_guess(
    connection: Connection, account: str, tenant: str | None, keys: UsernameKeys, purpose: Purpose | None = None
) -> UsernameRecord | Missing:
    """The record of a username for a guess: with its requests of one purpose or of any, and the counters of guesses.

    Returns the missing part if account or tenant do not exist.
    """
    given = {"account": account, "tenant": tenant, **_key_values(keys)}
    if purpose is None:
        rows = _FIND.rows(connection, given)
    else:
        rows = _FIND_ONE.rows(connection, {**given, "purpose": purpose})
    return _record(rows, account, keys, GUESSES, None)


def store(connection: Connection, recovery: Recovery, seen: int | None) -> None:
    """Store a request in place of the one whose version was read, or in an empty slot. Raises StaleError."""
    if seen is None:
        try:
            _INSERT.change(connection, {name: getattr(recovery, name) for name in _RECOVERY_NAMES})
        except IntegrityError as error:
            raise StaleError from error
    else:
        # Without the key: setting it, even to the same value, moves the row in its index.
        row = {name: getattr(recovery, name) for name in _REPLACED}
        if _REPLACE.change(connection, {**row, "seen": seen, **_key(recovery)}) != 1:
            raise StaleError


def count_guess(connection: Connection, recovery: Recovery) -> None:
    """Count a guess as failed before it is compared. Raises StaleError."""
    guessed = evolve(recovery, version=recovery.version + 1, failures=recovery.failures + 1)
    store(connection, guessed, seen=recovery.version)


def uncount_guess(connection: Connection, recovery: Recovery) -> None:
    """Take back the count of a right guess."""
    connection.execute(_UNCOUNT, {**_key(recovery), "this": recovery.request_id})


def invalidate_requests(connection: Connection, user: User, now: datetime) -> None:
    """Invalidate a user's requests, because the address that they were sent to no longer proves the user.

    The guesses stay counted. Raises StaleError.
    """
    of_user = {f"the_{name}": getattr(user, name) for name in _KEY_OF_USER}
    slots = {row.slot: row.user_id is None or row.used_at is not None for row in connection.execute(_SLOTS, of_user)}
    connection.execute(_INVALIDATE, of_user)
    # A concurrent request may have read the user's old data, and must notice that it is stale. These requests take the
    # slot of a finished request, which changes its version, or else the first free one.
    if not any(slots.values()) and len(slots) < SLOTS:
        free = min(set(range(SLOTS)) - slots.keys())
        store(connection, _unusable_request(user, free, now), seen=None)


def consume(connection: Connection, recovery: Recovery, now: datetime) -> bool:
    """Use up a request. False if it was used, replaced or invalidated meanwhile."""
    return connection.execute(_CONSUME, {**_key(recovery), "this": recovery.request_id, "now": now}).rowcount == 1


def _unusable_request(user: User, slot: int, now: datetime) -> Recovery:
    """A reset request that cannot be completed: no handle has its id."""
    return Recovery(
        account=user.account,
        tenant=user.tenant,
        username_key=user.username_key,
        purpose="reset",
        slot=slot,
        client="",
        # Lower than the version of any request, which may have been read and then swept.
        version=0,
        request_id=b"",
        user_id=None,
        attempt=1,
        credential_version=user.credential_version,
        used_at=now,
        expires_at=now,
    )


def _key_values(keys: UsernameKeys) -> dict[str, Any]:
    return {"username_key": keys.username_key, "own_key": keys.per_client, "all_key": keys.overall}


def _record(
    rows: Sequence[Sequence[Any]], account: str, keys: UsernameKeys, suffix: str, purpose: Purpose | None
) -> UsernameRecord | Missing:
    if not rows:
        return "account"
    first = rows[0]
    if first[0] is None:
        return "tenant"
    tenant = ResolvedTenant(account, first[0], first[1])
    key: dict[str, Any] = {"account": account, "tenant": tenant.name, "username_key": keys.username_key}
    user: dict[str, Any] = dict(zip(_USER_READ, first[_USER], strict=True))
    found = [
        Recovery(**key, **dict(zip(_RECOVERY_READ, row[_RECOVERY], strict=True))) for row in rows if row[-1] is not None
    ]
    # Rows of one purpose repeat its counters. Without a request, there is one row.
    purposes: list[Purpose] = [each.purpose for each in found] if purpose is None else [purpose] * len(rows)
    return UsernameRecord(
        tenant=tenant,
        user=None if user["user_id"] is None else User(**key, **user),
        recoveries=found,
        counts={each: _counts(tenant, keys, f"{each}{suffix}", row) for each, row in zip(purposes, rows, strict=False)},
    )


def _counts(tenant: ResolvedTenant, keys: UsernameKeys, name: str, row: Sequence[Any]) -> UsernameCounts:
    per_client = CounterKey(tenant.account, tenant.name, keys.per_client, name)
    overall = CounterKey(tenant.account, tenant.name, keys.overall, f"{name}{OF_ALL}")
    return UsernameCounts(
        _counter(per_client, row[_PER_CLIENT]),
        _counter(overall, row[_OVERALL]),
    )


def _counter(key: CounterKey, found: Sequence[Any]) -> Counter:
    version, log, expires_at = found
    return Counter(key) if version is None else Counter(key, version, log, expires_at)


def _key(recovery: Recovery) -> dict[str, str]:
    return {f"the_{name}": getattr(recovery, name) for name in _KEY}


_USER_NAMES: Final = tuple(attribute.name for attribute in fields(User))
_RECOVERY_NAMES: Final = tuple(attribute.name for attribute in fields(Recovery))
_KEY_OF_USER: Final = ("account", "tenant", "username_key")
# Only the needed columns: each column takes time to read.
_USER_READ: Final = tuple(name for name in _USER_NAMES if name not in _KEY_OF_USER)
_RECOVERY_READ: Final = tuple(name for name in _RECOVERY_NAMES if name not in _KEY_OF_USER)
_PER_CLIENT: Final = slice(2, 2 + len(READ))
_OVERALL: Final = slice(_PER_CLIENT.stop, _PER_CLIENT.stop + len(READ))
_USER: Final = slice(_OVERALL.stop, _OVERALL.stop + len(_USER_READ))
_RECOVERY: Final = slice(_USER.stop, _USER.stop + len(_RECOVERY_READ))
_KEY: Final = (*_KEY_OF_USER, "purpose", "slot")
_REPLACED: Final = tuple(name for name in _RECOVERY_NAMES if name not in _KEY)


def _find(purpose: ColumnElement[str], suffix: str, *conditions: ColumnElement[bool]) -> Prepared:
    """One statement for everything about a username, because each statement costs as much as all of its joins.

    `purpose` is the purpose of the counters.
    """
    key = bindparam("username_key", type_=users.c.username_key.type)
    account, tenant = tenants.c.account, tenants.c.tenant
    of_user = and_(users.c.account == account, users.c.tenant == tenant, users.c.username_key == key)
    of_recovery = and_(recoveries.c.account == account, recoveries.c.tenant == tenant)
    tenant_name = func.coalesce(bindparam("tenant", type_=tenants.c.tenant.type), accounts.c.default_tenant)
    per_client, overall = counters.alias("per_client"), counters.alias("overall")

    def is_counter(table: FromClause, name: str, key_name: str) -> ColumnElement[bool]:
        return and_(
            table.c.account == account,
            table.c.tenant == tenant,
            table.c.name == purpose + literal(name, purpose.type),
            table.c.key == bindparam(key_name, type_=counters.c.key.type),
        )

    columns: list[ColumnElement[Any]] = [
        tenants.c.tenant,
        tenants.c.verification,
        *(each.c[name] for each in (per_client, overall) for name in READ),
        *(users.c[name] for name in _USER_READ),
        *(recoveries.c[name] for name in _RECOVERY_READ),
    ]
    return Prepared(
        select(*columns)
        .select_from(accounts)
        .outerjoin(tenants, and_(tenants.c.account == accounts.c.account, tenants.c.tenant == tenant_name))
        .outerjoin(users, of_user)
        .outerjoin(recoveries, and_(of_recovery, recoveries.c.username_key == key, *conditions))
        .outerjoin(per_client, is_counter(per_client, suffix, "own_key"))
        .outerjoin(overall, is_counter(overall, f"{suffix}{OF_ALL}", "all_key"))
        .where(accounts.c.account == bindparam("account"))
    )


_PURPOSE: Final = bindparam("purpose", type_=recoveries.c.purpose.type)
_FIND_FOR_REQUEST: Final = _find(_PURPOSE, REQUESTS, recoveries.c.purpose == _PURPOSE)
_FIND: Final = _find(recoveries.c.purpose, GUESSES)
_FIND_ONE: Final = _find(recoveries.c.purpose, GUESSES, recoveries.c.purpose == _PURPOSE)
_INSERT: Final = Prepared(insert(recoveries))
_THE_ROW: Final = and_(*(recoveries.c[name] == bindparam(f"the_{name}") for name in _KEY))
_THE_REQUEST: Final = and_(_THE_ROW, recoveries.c.request_id == bindparam("this"))
_NEXT_VERSION: Final = recoveries.c.version + 1
_REPLACE: Final = Prepared(
    update(recoveries)
    .where(_THE_ROW, recoveries.c.version == bindparam("seen"))
    .values({name: bindparam(name) for name in _REPLACED})
)
_UNCOUNT: Final = (
    update(recoveries).where(_THE_REQUEST).values(failures=recoveries.c.failures - 1, version=_NEXT_VERSION)
)
_OF_USER: Final = and_(*(recoveries.c[name] == bindparam(f"the_{name}") for name in _KEY_OF_USER))
_SLOTS: Final = select(recoveries.c.slot, recoveries.c.user_id, recoveries.c.used_at).where(
    _OF_USER, recoveries.c.purpose == "reset"
)
_INVALIDATE: Final = update(recoveries).where(_OF_USER).values(user_id=None, version=_NEXT_VERSION)
_CONSUME: Final = (
    update(recoveries)
    .where(_THE_REQUEST, recoveries.c.used_at.is_(None), recoveries.c.user_id.is_not(None))
    .values(used_at=bindparam("now", type_=recoveries.c.used_at.type), version=_NEXT_VERSION)
)
