"""The outbox."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, Index, Integer, LargeBinary, Table, Text, text

from meshydb_server.storage.schema.types import Instant, metadata

# Conditions of partial indexes. Queries must repeat them word for word: databases ignore bound values here.
WAITING: Final = "status = 'waiting'"
IS_DECOY: Final = "delivery = 'decoy'"

outbox = Table(
    "outbox",
    metadata,
    Column("account", Text, primary_key=True),
    Column("tenant", Text, primary_key=True),
    Column("message_id", Text, primary_key=True),
    # The kind of the message; see services.messages.templates.
    Column("kind", Text, nullable=False),
    Column("username", Text, nullable=False),
    Column("channel", Text, nullable=False),
    # Null if the user has no address for the channel.
    Column("recipient", Text),
    # The key that concurrent deliveries are limited by: the domain of an email recipient, or a phone number; "" for no
    # limit.
    Column("domain", Text, nullable=False, server_default=""),
    Column("delivery", Text, nullable=False),
    # The encrypted code, if there is one. Erased when the message is sent or has failed.
    Column("payload", LargeBinary),
    Column("status", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    # When to try next. A worker moves it before an attempt, which keeps other workers off the message.
    Column("due_at", Instant, nullable=False),
    # Why the latest attempt failed. Null after an attempt means that its result is unknown.
    Column("last_error", Text),
    Column("expires_at", Instant, nullable=False),
    Column("created_at", Instant, nullable=False),
    Index(None, "created_at"),
    Index(None, "expires_at"),
    # For waiting messages and decoys. Most messages are in neither index, and cost nothing there.
    Index("ix_outbox_due", "due_at", sqlite_where=text(WAITING), postgresql_where=text(WAITING)),
    Index("ix_outbox_domain_due", "domain", "due_at", sqlite_where=text(WAITING), postgresql_where=text(WAITING)),
    Index("ix_outbox_decoys", "expires_at", sqlite_where=text(IS_DECOY), postgresql_where=text(IS_DECOY)),
)
