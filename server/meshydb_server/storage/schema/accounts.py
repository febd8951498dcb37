"""Accounts and their tenants."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Table, Text

from meshydb_server.storage.schema.types import Instant, metadata

accounts = Table(
    "accounts",
    metadata,
    Column("account", Text, primary_key=True),
    Column("default_tenant", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
)

tenants = Table(
    "tenants",
    metadata,
    Column("account", Text, ForeignKey("accounts.account"), primary_key=True),
    Column("tenant", Text, primary_key=True),
    Column("public_key", Text, nullable=False),
    # The verification mode: `email`, `text` or `question`.
    Column("verification", Text, nullable=False),
    Column("public_registration", Boolean, nullable=False),
    Column("anonymous_registration", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
)
