"""What a health check writes."""

from __future__ import annotations

from sqlalchemy import Column, Table, Text

from meshydb_server.storage.schema.types import Instant, metadata

# A health check adds a row and deletes it again. Not one shared row: a server that hangs would lock it.
heartbeat = Table(
    "heartbeat",
    metadata,
    # Both empty: it belongs to no account.
    Column("account", Text, primary_key=True),
    Column("tenant", Text, primary_key=True),
    Column("beat_id", Text, primary_key=True),
    Column("beaten_at", Instant, nullable=False),
)
