"""Notes what was asked of the recovery of accounts, and how it ended: one event for each request, check and reset."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal

from attrs import frozen
from sqlalchemy.engine import Connection

from meshydb_server import instants
from meshydb_server.services.sources import Sources
from meshydb_server.storage.audit import Event, append_event
from meshydb_server.storage.recoveries import Place

Kind = Literal["requested", "registered", "checked", "reset", "verified"]
_RANDOM_BYTES: Final = 8


@frozen
class Audit:
    """Appends to the audit trail, in the transaction of what it tells of."""

    sources: Sources

    def note(
        self,
        connection: Connection,
        place: Place,
        kind: Kind,
        outcome: str,
        *,
        now: datetime,
        user_id: str | None = None,
        request_id: bytes | None = None,
    ) -> None:
        """Append an event."""
        event_id = f"{instants.to_microseconds(now):014x}{self.sources.random(_RANDOM_BYTES).hex()}"
        event = Event(
            account=place.account,
            tenant=place.tenant,
            event_id=event_id,
            occurred_at=now,
            kind=kind,
            outcome=outcome,
            user_id=user_id,
            request_id=request_id,
        )
        append_event(connection, event)
