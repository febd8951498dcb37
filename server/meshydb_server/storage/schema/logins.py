"""Logins, and the networks that users log in from."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKeyConstraint, Index, Integer, LargeBinary, Table, Text

from meshydb_server.storage.schema.types import Instant, metadata

sessions = Table(
    "sessions",
    metadata,
    Column("account", Text, primary_key=True),
    Column("tenant", Text, primary_key=True),
    # The id of the login in its access tokens and its refresh token.
    Column("session_id", LargeBinary, primary_key=True),
    Column("user_id", Text, nullable=False),
    # The public key of the client that logged in.
    Column("client_id", Text, nullable=False),
    Column("scope", Text, nullable=False),
    # SHA-256 of the refresh token's secret; null without one.
    Column("refresh_hash", LargeBinary),
    Column("credential_version", Integer, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("created_at", Instant, nullable=False),
    ForeignKeyConstraint(
        ["account", "tenant", "user_id"], ["users.account", "users.tenant", "users.user_id"], ondelete="CASCADE"
    ),
    Index(None, "account", "tenant", "user_id"),
    Index(None, "expires_at"),
)

# Networks that a user has logged in from by password, with the time of the last login.
known_addresses = Table(
    "known_addresses",
    metadata,
    Column("account", Text, primary_key=True),
    Column("tenant", Text, primary_key=True),
    Column("user_id", Text, primary_key=True),
    Column("network", Text, primary_key=True),
    Column("last_login_at", Instant, nullable=False),
    ForeignKeyConstraint(
        ["account", "tenant", "user_id"], ["users.account", "users.tenant", "users.user_id"], ondelete="CASCADE"
    ),
    Index(None, "last_login_at"),
)
