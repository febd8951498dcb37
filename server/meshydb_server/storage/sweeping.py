"""Deletes expired rows in small batches and by an index, so that nothing has to wait long."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import Column, Delete, TextClause, and_, bindparam, delete, select, text, tuple_
from sqlalchemy.engine import Connection
from sqlalchemy.sql import ColumnElement

from meshydb_server.storage.audit import event_id
from meshydb_server.storage.schema import (
    IS_DECOY,
    audit,
    counters,
    known_addresses,
    outbox,
    recoveries,
    sessions,
    tenants,
)


def sweep_recoveries(connection: Connection, before: datetime, limit: int) -> int:
    """Delete requests that expired before this time, and return their number."""
    return connection.execute(_RECOVERIES, {"before": before, "limit": limit}).rowcount


def sweep_sessions(connection: Connection, before: datetime, limit: int) -> int:
    """Delete logins that expired before this time, and return their number."""
    return connection.execute(_SESSIONS, {"before": before, "limit": limit}).rowcount


def sweep_messages(connection: Connection, before: datetime, limit: int) -> int:
    """Delete sent and failed messages that expired before this time, and return their number."""
    return connection.execute(_MESSAGES, {"before": before, "limit": limit}).rowcount


def sweep_events(connection: Connection, before: datetime, limit: int) -> int:
    """Delete audit events that occurred before this time, and return their number."""
    return connection.execute(_EVENTS, {"before": event_id(before), "limit": limit}).rowcount


def sweep_decoys(connection: Connection, before: datetime, limit: int) -> int:
    """Delete decoy messages that expired before this time, and return their number."""
    return connection.execute(_DECOYS, {"before": before, "limit": limit}).rowcount


def sweep_counters(connection: Connection, before: datetime, limit: int) -> int:
    """Delete counters that have been empty since before this time, and return their number."""
    return connection.execute(_COUNTERS, {"before": before, "limit": limit}).rowcount


def sweep_known_addresses(connection: Connection, before: datetime, limit: int) -> int:
    """Delete known addresses without a login since this time, and return their number."""
    return connection.execute(_KNOWN_ADDRESSES, {"before": before, "limit": limit}).rowcount


def _lapsed(when: Column[datetime], *conditions: ColumnElement[bool] | TextClause) -> Delete:
    table = when.table
    key = list(table.primary_key.columns)
    lapsed = and_(when < bindparam("before", type_=when.type), *conditions)
    doomed = select(*key).where(lapsed).order_by(when).limit(bindparam("limit"))
    # Repeated, because PostgreSQL checks a row again after waiting for another transaction that changed it.
    return delete(table).where(tuple_(*key).in_(doomed), lapsed)


_RECOVERIES: Final = _lapsed(recoveries.c.expires_at)
_SESSIONS: Final = _lapsed(sessions.c.expires_at)
_MESSAGES: Final = _lapsed(outbox.c.expires_at, outbox.c.status != "waiting")
_DECOYS: Final = _lapsed(outbox.c.expires_at, text(IS_DECOY))
_COUNTERS: Final = _lapsed(counters.c.expires_at)
_KNOWN_ADDRESSES: Final = _lapsed(known_addresses.c.last_login_at)
# By tenant and key, which begins with the time: a separate index would slow down each new event.
_EVENT_KEY: Final = (audit.c.account, audit.c.tenant, audit.c.event_id)
# Not plain columns of `tenants`: SQLite would scan all events and look up the tenant of each.
_OLD: Final = and_(
    audit.c.account == tenants.c.account + "",
    audit.c.tenant == tenants.c.tenant + "",
    audit.c.event_id < bindparam("before"),
)
_EVENTS: Final = delete(audit).where(
    tuple_(*_EVENT_KEY).in_(select(*_EVENT_KEY).join_from(tenants, audit, _OLD).limit(bindparam("limit")))
)
