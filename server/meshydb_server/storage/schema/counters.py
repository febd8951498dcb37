"""The counters of limits."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, LargeBinary, Table, Text

from meshydb_server.storage.schema.types import Instant, metadata

# The counters of limits; see services.common.limits.table. Account and tenant are empty for a global limit.
counters = Table(
    "counters",
    metadata,
    Column("account", Text, primary_key=True),
    Column("tenant", Text, primary_key=True),
    # A keyed HMAC of the subject: a mistyped username may be a password. Counters of one user share a prefix, which
    # comes before the name, so that they are adjacent.
    Column("key", LargeBinary, primary_key=True),
    # The name of the limit.
    Column("name", Text, primary_key=True),
    # Counts the changes of this row, to detect changes by other transactions.
    Column("version", Integer, nullable=False),
    # The times of the actions that count for the limit; see services.common.limits.quotas.
    Column("log", Text, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Index(None, "expires_at"),
    sqlite_with_rowid=False,
)
