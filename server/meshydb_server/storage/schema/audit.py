"""The audit trail."""

from __future__ import annotations

from sqlalchemy import Column, Integer, LargeBinary, Table, Text

from meshydb_server.storage.schema.types import Instant, metadata

# Append-only, except the counts of the current hour. Swept after the retention.
audit = Table(
    "audit",
    metadata,
    Column("account", Text, primary_key=True),
    Column("tenant", Text, primary_key=True),
    # Begins with the time, so that events are ordered.
    Column("event_id", Text, primary_key=True),
    Column("occurred_at", Instant, nullable=False),
    Column("kind", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("user_id", Text),
    Column("request_id", LargeBinary),
    # More than one for a counted event, which stands for all of its kind in one hour.
    Column("count", Integer, nullable=False),
    # The client address or network of a counted event.
    Column("client", Text),
    # The signed-in user who acted, unless the event is about what they did to their own account.
    Column("actor_id", Text),
    # The role that a role event is about, and its permission.
    Column("subject", Text),
)
