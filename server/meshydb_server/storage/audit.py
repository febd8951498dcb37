"""The audit trail. Rows are only appended, except the counts of the current hour."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from attrs import fields, frozen
from sqlalchemy import bindparam, insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from meshydb_server import timestamps
from meshydb_server.storage.engine.prepared import Prepared
from meshydb_server.storage.schema import audit


@frozen(kw_only=True)
class Event:
    """An action and its outcome. Holds no secret, and no username: people type passwords there.

    A counted event stands for all of its kind from one client address or network in the hour from `occurred_at`.
    `actor_id` is the user who acted, if they were signed in and acted on a role or on another user. `subject` is the
    role that the event is about, with its permission if the event is about one.
    """

    account: str
    tenant: str
    event_id: str
    occurred_at: datetime
    kind: str
    outcome: str
    user_id: str | None
    request_id: bytes | None
    count: int = 1
    client: str | None = None
    actor_id: str | None = None
    subject: str | None = None


def event_id(at: datetime, end: bytes = b"") -> str:
    """The id of an event: its time, by which events are ordered, and a suffix that makes it unique."""
    return f"{timestamps.to_microseconds(at):014x}{end.hex()}"


def append_event(connection: Connection, event: Event) -> None:
    """Add an event."""
    _INSERT.change(connection, _values(event))


def append_events(connection: Connection, events: Iterable[Event]) -> None:
    """Add any number of events, all at once."""
    rows = [_values(event) for event in events]
    if rows:
        connection.execute(_NEW, rows)


def count_event(connection: Connection, event: Event) -> None:
    """Add an event, or increment the count of the event with its id. Safe in concurrent transactions."""
    _COUNT[connection.dialect.name].change(connection, _values(event))


def list_events(connection: Connection, account: str) -> Sequence[Event]:
    """All events of an account, tenant by tenant, oldest first."""
    return [Event(**row) for row in connection.execute(_LIST, {"account": account}).mappings()]


def _values(event: Event) -> Mapping[str, Any]:
    return {name: getattr(event, name) for name in _NAMES}


_NAMES: Final = tuple(attribute.name for attribute in fields(Event))
_NEW: Final = insert(audit)
_INSERT: Final = Prepared(_NEW)
_ONE_MORE: Final[dict[str, Any]] = {
    "index_elements": [*audit.primary_key.columns],
    "set_": {"count": audit.c.count + 1},
}
_COUNT: Final = {
    "sqlite": Prepared(sqlite.insert(audit).on_conflict_do_update(**_ONE_MORE)),
    "postgresql": Prepared(postgresql.insert(audit).on_conflict_do_update(**_ONE_MORE)),
}
_LIST: Final = select(audit).where(audit.c.account == bindparam("account")).order_by(audit.c.tenant, audit.c.event_id)
