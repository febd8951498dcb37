"""The tables, as the migrations create them.

Each key begins with the account and, below it, the tenant, so that rows shard by tenant on a distributed PostgreSQL.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

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
    text,
)
from sqlalchemy.engine import Dialect

from meshydb_server import instants


class Instant(TypeDecorator[datetime]):
    """An aware datetime in UTC, stored as whole milliseconds since 1970.

    Both databases compare and index it alike, and it has exactly the precision of the API's dates.
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
    # The verification mode: `email`, `text` or `question`.
    Column("verification", Text, nullable=False),
    Column("public_registration", Boolean, nullable=False),
    Column("anonymous_registration", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
)

users = Table(
    "users",
    metadata,
    Column("account", Text, primary_key=True),
    Column("tenant", Text, primary_key=True),
    Column("user_id", Text, primary_key=True),
    Column("username", Text, nullable=False),
    # The key that usernames are compared by; see services.usernames.
    Column("username_key", Text, nullable=False),
    # The values in force. Beside each are the pending value with the time when it takes effect, and the former value
    # with the time until when it can still recover the account; see services.authenticators.
    Column("email", Text),
    Column("email_pending", Text),
    Column("email_pending_at", Instant),
    Column("email_former", Text),
    Column("email_former_until", Instant),
    Column("phone", Text),
    Column("phone_pending", Text),
    Column("phone_pending_at", Instant),
    Column("phone_former", Text),
    Column("phone_former_until", Instant),
    # When the rows of `pending_questions` replace those of `security_questions`; null if there are none.
    Column("questions_pending_at", Instant),
    Column("first_name", Text),
    Column("last_name", Text),
    # The key that name searches compare with; see services.usernames.
    Column("names_key", Text, nullable=False),
    Column("password_hash", Text),
    Column("anonymous", Boolean, nullable=False),
    # Whether the user has ever proved a channel. A user who has not cannot log in.
    Column("verified", Boolean, nullable=False),
    # Whether the values in force are proved.
    Column("email_proved", Boolean, nullable=False),
    Column("phone_proved", Boolean, nullable=False),
    Column("questions_proved", Boolean, nullable=False),
    Column("is_active", Boolean, nullable=False),
    # Counts password changes. Recoveries and logins from before the latest change are invalid.
    Column("credential_version", Integer, nullable=False),
    Column("last_accessed", Instant),
    Column("created_at", Instant, nullable=False),
    ForeignKeyConstraint(["account", "tenant"], ["tenants.account", "tenants.tenant"]),
    Index(None, "account", "tenant", "username_key", unique=True),
)

security_questions = Table(
    "security_questions",
    metadata,
    Column("account", Text, primary_key=True),
    Column("tenant", Text, primary_key=True),
    Column("user_id", Text, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("question", Text, nullable=False),
    Column("answer_hash", Text, nullable=False),
    ForeignKeyConstraint(
        ["account", "tenant", "user_id"], ["users.account", "users.tenant", "users.user_id"], ondelete="CASCADE"
    ),
)

# Pending questions. They replace those of `security_questions` at the time in `users`.
pending_questions = Table(
    "pending_questions",
    metadata,
    Column("account", Text, primary_key=True),
    Column("tenant", Text, primary_key=True),
    Column("user_id", Text, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("question", Text, nullable=False),
    Column("answer_hash", Text, nullable=False),
    ForeignKeyConstraint(
        ["account", "tenant", "user_id"], ["users.account", "users.tenant", "users.user_id"], ondelete="CASCADE"
    ),
)

roles = Table(
    "roles",
    metadata,
    Column("account", Text, primary_key=True),
    Column("tenant", Text, primary_key=True),
    Column("role_id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    # The key that role names are compared by: without regard to case.
    Column("name_key", Text, nullable=False),
    Column("description", Text),
    Column("created_at", Instant, nullable=False),
    ForeignKeyConstraint(["account", "tenant"], ["tenants.account", "tenants.tenant"]),
    Index(None, "account", "tenant", "name_key", unique=True),
)

permissions = Table(
    "permissions",
    metadata,
    Column("account", Text, primary_key=True),
    Column("tenant", Text, primary_key=True),
    Column("role_id", Text, primary_key=True),
    Column("permission_id", Text, primary_key=True),
    Column("permissible", Text, nullable=False),
    Column("can_create", Boolean, nullable=False),
    Column("can_read", Boolean, nullable=False),
    Column("can_update", Boolean, nullable=False),
    Column("can_delete", Boolean, nullable=False),
    ForeignKeyConstraint(
        ["account", "tenant", "role_id"], ["roles.account", "roles.tenant", "roles.role_id"], ondelete="CASCADE"
    ),
    Index(None, "account", "tenant", "role_id", "permissible", unique=True),
)

user_roles = Table(
    "user_roles",
    metadata,
    Column("account", Text, primary_key=True),
    Column("tenant", Text, primary_key=True),
    Column("user_id", Text, primary_key=True),
    Column("role_id", Text, primary_key=True),
    Column("added_at", Instant, nullable=False),
    ForeignKeyConstraint(
        ["account", "tenant", "user_id"], ["users.account", "users.tenant", "users.user_id"], ondelete="CASCADE"
    ),
    ForeignKeyConstraint(
        ["account", "tenant", "role_id"], ["roles.account", "roles.tenant", "roles.role_id"], ondelete="CASCADE"
    ),
    Index(None, "account", "tenant", "role_id"),
)

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
    # The client network of the request, from addresses.network_of; see services.verification for other values.
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

# The counters of limits; see services.limits. Account and tenant are empty for a global limit.
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
    # The times of the actions that count for the limit; see services.quotas.
    Column("log", Text, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Index(None, "expires_at"),
    sqlite_with_rowid=False,
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
)

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

# Conditions of partial indexes. Queries must repeat them word for word: databases ignore bound values here.
WAITING: Final = "status = 'waiting'"
IS_DECOY: Final = "delivery = 'decoy'"

outbox = Table(
    "outbox",
    metadata,
    Column("account", Text, primary_key=True),
    Column("tenant", Text, primary_key=True),
    Column("message_id", Text, primary_key=True),
    # The kind of the message; see services.letters.
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
