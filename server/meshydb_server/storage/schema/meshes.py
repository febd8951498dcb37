"""Meshes, their documents, and projections."""

from __future__ import annotations

from sqlalchemy import Column, Table, Text

from meshydb_server.storage.schema.types import Instant, metadata

meshes = Table(
    "meshes",
    metadata,
    Column("account", Text, primary_key=True),
    Column("tenant", Text, primary_key=True),
    # The name in lower case.
    Column("mesh", Text, primary_key=True),
    Column("created_at", Instant, nullable=False),
    sqlite_with_rowid=False,
)

# With a rowid: where SQLite orders a table by the primary key, it reads whole rows to compare keys. One document of
# 4 MiB then made each statement on documents of any tenant thousands of times slower.
#
# PostgreSQL has another column, which the migration adds: `doc`, the body as jsonb, generated and indexed. It serves
# filters only, as jsonb does not keep the order of members.
documents = Table(
    "documents",
    metadata,
    Column("account", Text, primary_key=True),
    Column("tenant", Text, primary_key=True),
    Column("mesh", Text, primary_key=True),
    # Ordered by code points.
    Column("id", Text().with_variant(Text(collation="C"), "postgresql"), primary_key=True),
    # Compact JSON, not escaped beyond need, with `_id` first.
    Column("body", Text, nullable=False),
)

projections = Table(
    "projections",
    metadata,
    Column("account", Text, primary_key=True),
    Column("tenant", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("mesh", Text, nullable=False),
    # The stages, as JSON.
    Column("pipeline", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
)
