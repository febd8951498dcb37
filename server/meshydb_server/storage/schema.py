"""The tables, as the migrations leave them.

Each key begins with the account and, below it, the tenant, so that rows shard by tenant on a distributed PostgreSQL.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    TypeDecorator,
)
from sqlalchemy.engine import Dialect

from meshydb_server import instants


class Instant(TypeDecorator[datetime]):
    """An aware datetime in UTC, stored as whole milliseconds since 1970.

    Both databases compare and index it alike, and it is as precise as the API's dates: no more, no less.
    """

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002, D102
        return None if value is None else instants.to_milliseconds(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002, D102
        return None if value is None else instants.from_milliseconds(value)


metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    }
)

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
    Column("created_at", Instant, nullable=False),
)

users = Table(
    "users",
    metadata,
    Column("account", Text, primary_key=True),
    Column("tenant", Text, primary_key=True),
    Column("user_id", Text, primary_key=True),
    Column("username", Text, nullable=False),
    # What usernames are compared by; see services.usernames.
    Column("username_key", Text, nullable=False),
    Column("email", Text),
    Column("phone", Text),
    Column("password_hash", Text),
    Column("anonymous", Boolean, nullable=False),
    # Counts changes of the password; a recovery begun before the latest change is void.
    Column("credential_version", Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
    ForeignKeyConstraint(["account", "tenant"], ["tenants.account", "tenants.tenant"]),
    Index(None, "account", "tenant", "username_key", unique=True),
)

recoveries = Table(
    "recoveries",
    metadata,
    Column("account", Text, primary_key=True),
    Column("tenant", Text, primary_key=True),
    Column("request_id", LargeBinary, primary_key=True),
    # Null stands for a decoy: a request for a user who does not exist.
    Column("user_id", Text),
    Column("code_mac", LargeBinary, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("used_at", Instant),
    Column("expires_at", Instant, nullable=False),
    Column("created_at", Instant, nullable=False),
)

outbox = Table(
    "outbox",
    metadata,
    Column("account", Text, primary_key=True),
    Column("tenant", Text, primary_key=True),
    Column("message_id", Text, primary_key=True),
    Column("username", Text, nullable=False),
    Column("channel", Text, nullable=False),
    # Null when the user has no address for the channel.
    Column("recipient", Text),
    Column("delivery", Text, nullable=False),
    # The encrypted code; erased once the message is sent or given up.
    Column("payload", LargeBinary),
    Column("status", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    # When to try next. A worker moves it on before it tries, which keeps other workers off the message.
    Column("due_at", Instant, nullable=False),
    # Why the latest try failed. Null after a try means that the try has no known end.
    Column("last_error", Text),
    Column("expires_at", Instant, nullable=False),
    Column("created_at", Instant, nullable=False),
    Index(None, "status", "due_at"),
    Index(None, "created_at"),
)
