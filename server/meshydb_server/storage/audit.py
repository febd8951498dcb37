"""The trail of what was asked of the recovery of accounts. Rows are appended, and never changed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from attrs import asdict, frozen
from sqlalchemy import bindparam, insert, select
from sqlalchemy.engine import Connection

from meshydb_server.storage.prepared import Prepared
from meshydb_server.storage.schema import audit


@frozen(kw_only=True)
class Event:
    """Something that was asked, and how it ended. Holds no secret, and no username: people type passwords there."""

    account: str
    tenant: str
    event_id: str
    occurred_at: datetime
    kind: str
    outcome: str
    user_id: str | None
    request_id: bytes | None


def append_event(connection: Connection, event: Event) -> None:
    """Add an event."""
    _INSERT.change(connection, asdict(event))


def list_events(connection: Connection, account: str) -> Sequence[Event]:
    """All events of an account, tenant by tenant, oldest first."""
    return [Event(**row) for row in connection.execute(_LIST, {"account": account}).mappings()]


_INSERT: Final = Prepared(insert(audit))
_LIST: Final = select(audit).where(audit.c.account == bindparam("account")).order_by(audit.c.tenant, audit.c.event_id)
