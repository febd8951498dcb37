"""Requests for a password reset, and to complete a registration."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, LargeBinary, Table, Text

from meshydb_server.storage.schema.types import Instant, metadata

# The requests of each username and purpose: the newest of each client network, at most as many as there are slots. A
# request without a row is invalid.
recoveries = Table(
    "recoveries",
    metadata,
    Column("account", Text, primary_key=True),
    Column("tenant", Text, primary_key=True),
    Column("username_key", Text, primary_key=True),
    # `reset` or `register`.
    Column("purpose", Text, primary_key=True),
    # Counts from 0. It limits the live requests, and the rows to read.
    Column("slot", Integer, primary_key=True),
    # The client network of the request, from addresses.network_of; see services.recovery.verification for other values.
    Column("client", Text, nullable=False),
    # Counts the changes of this row, to detect changes by other transactions.
    Column("version", Integer, nullable=False),
    Column("request_id", LargeBinary, nullable=False),
    # Null for a decoy: a request for an unknown user.
    Column("user_id", Text),
    Column("attempt", Integer, nullable=False),
    Column("credential_version", Integer, nullable=False),
    # Null if the secret is the answer to a question.
    Column("code_mac", LargeBinary),
    # The code sent to the user's former address, if that can still recover the account.
    Column("former_code_mac", LargeBinary),
    # The channel of the codes, `email` or `text`; null if the secret is the answer to a question.
    Column("channel", Text),
    # The Argon2 hash of that answer at the time of the request.
    Column("answer_hash", Text),
    Column("failures", Integer, nullable=False),
    Column("used_at", Instant),
    Column("expires_at", Instant, nullable=False),
    Index(None, "expires_at"),
)
