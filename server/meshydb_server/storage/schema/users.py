"""Users, and their security questions."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKeyConstraint, Index, Integer, Table, Text

from meshydb_server.storage.schema.types import Instant, metadata

users = Table(
    "users",
    metadata,
    Column("account", Text, primary_key=True),
    Column("tenant", Text, primary_key=True),
    Column("user_id", Text, primary_key=True),
    Column("username", Text, nullable=False),
    # The key that usernames are compared by; see services.common.usernames.
    Column("username_key", Text, nullable=False),
    # The values in force. Beside each are the pending value with the time when it takes effect, and the former value
    # with the time until when it can still recover the account; see services.users.authenticators.
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
    # The key that name searches compare with; see services.common.usernames.
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
