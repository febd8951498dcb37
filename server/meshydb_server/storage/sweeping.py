"""Deletes rows that have lapsed, a few at a time and by an index, so that it never holds up anyone for long."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import Column, Delete, and_, bindparam, delete, select, tuple_
from sqlalchemy.engine import Connection
from sqlalchemy.sql import ColumnElement

from meshydb_server.storage.outbox import DECOY
from meshydb_server.storage.schema import audit, counters, known_addresses, outbox, recoveries, sessions


def sweep_recoveries(connection: Connection, before: datetime, limit: int) -> int:
    """Delete requests that lapsed before this; returns how many."""
    return connection.execute(_RECOVERIES, {"before": before, "limit": limit}).rowcount


def sweep_sessions(connection: Connection, before: datetime, limit: int) -> int:
    """Delete logins that lapsed before this; returns how many."""
    return connection.execute(_SESSIONS, {"before": before, "limit": limit}).rowcount


def sweep_messages(connection: Connection, before: datetime, limit: int) -> int:
    """Delete messages that are sent or given up and lapsed before this; returns how many."""
    return connection.execute(_MESSAGES, {"before": before, "limit": limit}).rowcount


def sweep_events(connection: Connection, before: datetime, limit: int) -> int:
    """Delete events of the audit trail that occurred before this; returns how many."""
    return connection.execute(_EVENTS, {"before": before, "limit": limit}).rowcount


def sweep_decoys(connection: Connection, before: datetime, limit: int) -> int:
    """Delete messages to nobody that lapsed before this; returns how many."""
    return connection.execute(_DECOYS, {"before": before, "limit": limit}).rowcount


def sweep_counters(connection: Connection, before: datetime, limit: int) -> int:
    """Delete counters with nothing in them that counts since before this; returns how many."""
    return connection.execute(_COUNTERS, {"before": before, "limit": limit}).rowcount


def sweep_known_addresses(connection: Connection, before: datetime, limit: int) -> int:
    """Delete addresses that nobody has logged in from since before this; returns how many."""
    return connection.execute(_KNOWN_ADDRESSES, {"before": before, "limit": limit}).rowcount


def _lapsed(when: Column[datetime], *conditions: ColumnElement[bool]) -> Delete:
    table = when.table
    key = list(table.primary_key.columns)
    lapsed = and_(when < bindparam("before", type_=when.type), *conditions)
    doomed = select(*key).where(lapsed).order_by(when).limit(bindparam("limit"))
    # Once more, because PostgreSQL looks at a row again when it has waited for another transaction that changed it.
    return delete(table).where(tuple_(*key).in_(doomed), lapsed)


_RECOVERIES: Final = _lapsed(recoveries.c.expires_at)
_SESSIONS: Final = _lapsed(sessions.c.expires_at)
_MESSAGES: Final = _lapsed(outbox.c.expires_at, outbox.c.status != "waiting")
_DECOYS: Final = _lapsed(outbox.c.expires_at, outbox.c.delivery == DECOY)
_COUNTERS: Final = _lapsed(counters.c.expires_at)
_KNOWN_ADDRESSES: Final = _lapsed(known_addresses.c.last_login_at)
_EVENTS: Final = _lapsed(audit.c.occurred_at)
