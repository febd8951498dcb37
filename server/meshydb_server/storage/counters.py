"""Queries on the counters of limits.

A counter is saved only if it is unchanged since it was read. Otherwise StaleError makes the transaction run again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Final

from attrs import field, frozen
from sqlalchemy import Integer, and_, bindparam, literal_column, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.engine import Connection

from meshydb_server.storage.engine.errors import StaleError
from meshydb_server.storage.engine.prepared import Prepared
from meshydb_server.storage.schema import counters

# An empty log of services.common.limits.quotas.
EMPTY_LOG: Final = "[]"


@frozen
class CounterKey:
    """The key of a counter: the limit, and a keyed HMAC of its subject. Global limits have no account and tenant."""

    account: str
    tenant: str
    key: bytes = field(repr=False)
    name: str


@frozen
class Counter:
    """A counter as stored, with the time when the row expires. Without a row, its version is 0."""

    key: CounterKey
    version: int = 0
    log: str = EMPTY_LOG
    expires_at: datetime | None = None


@frozen
class Change:
    """A counter as it was read, its new log, and the time when the row expires: not before the log is empty."""

    seen: Counter
    log: str
    expires_at: datetime


def read_counters(connection: Connection, keys: Sequence[CounterKey]) -> Sequence[Counter]:
    """The counters of these keys, in order.

    On PostgreSQL, they are locked until the transaction ends.
    """
    given: dict[str, object] = {}
    for number, each in enumerate(keys):
        given.update(_key(each, number))
    found = {
        CounterKey(*row[:4]): Counter(CounterKey(*row[:4]), *row[4:])
        for row in _read(len(keys)).rows(connection, given)
    }
    return [found.get(key) or Counter(key) for key in keys]


def save_counters(connection: Connection, changes: Sequence[Change]) -> None:
    """Save counters in one statement. Raises StaleError if one of them was changed since it was read."""
    if not changes:
        return
    given: dict[str, object] = {}
    for number, each in enumerate(changes):
        given.update(_key(each.seen.key, number))
        given[f"version_{number}"] = each.seen.version + 1
        given[f"log_{number}"] = each.log
        given[f"expires_at_{number}"] = each.expires_at
    # Setting an unchanged expiry would move the row in its index.
    prolongs = any(each.seen.expires_at != each.expires_at for each in changes)
    if _save(len(changes), prolongs=prolongs).change(connection, given) != len(changes):
        raise StaleError


def _key(key: CounterKey, number: int) -> dict[str, object]:
    return {
        f"account_{number}": key.account,
        f"tenant_{number}": key.tenant,
        f"name_{number}": key.name,
        f"key_{number}": key.key,
    }


# The fields of Counter other than its key, in order.
READ: Final = ("version", "log", "expires_at")
_KEY: Final = ("account", "tenant", "key", "name")
_COLUMNS: Final = (*_KEY, "version", "log", "expires_at")


@cache
def _read(count: int) -> Prepared:
    matches = [
        and_(*(counters.c[name] == bindparam(f"{name}_{number}", type_=counters.c[name].type) for name in _KEY))
        for number in range(count)
    ]
    columns = [*(counters.c[name] for name in _KEY), *(counters.c[name] for name in READ)]
    return Prepared(select(*columns).where(or_(*matches)).with_for_update())


@cache
def _save(count: int, *, prolongs: bool) -> Prepared:
    rows = [
        {name: bindparam(f"{name}_{number}", type_=counters.c[name].type) for name in _COLUMNS}
        for number in range(count)
    ]
    new = insert(counters).values(rows)
    return Prepared(
        new.on_conflict_do_update(
            index_elements=_KEY,
            set_={name: new.excluded[name] for name in ("version", "log", *(["expires_at"] if prolongs else ()))},
            where=counters.c.version == new.excluded.version - literal_column("1", Integer),
        )
    )
