"""Counters of limits, by user and client address, and by user."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_KEPT = (
    "account, tenant, username_key, purpose, version, request_id, user_id, attempt, credential_version, code_mac,"
    " former_code_mac, channel, answer_hash, failures, used_at, expires_at"
)


def upgrade() -> None:
    """Add counters and known addresses, and allow several requests for each user. Earlier counts are dropped."""
    op.create_table(
        "counters",
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("key", sa.LargeBinary, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("log", sa.Text, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("account", "tenant", "key", "name", name="pk_counters"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_counters_expires_at", "counters", ["expires_at"])
    op.create_table(
        "known_addresses",
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("network", sa.Text, nullable=False),
        sa.Column("last_login_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("account", "tenant", "user_id", "network", name="pk_known_addresses"),
        sa.ForeignKeyConstraint(
            ["account", "tenant", "user_id"],
            ["users.account", "users.tenant", "users.user_id"],
            name="fk_known_addresses_users",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_known_addresses_last_login_at", "known_addresses", ["last_login_at"])
    _replace_recoveries()


def _replace_recoveries() -> None:
    """Recreate the table, because SQLite cannot change a primary key. The requests stay valid."""
    op.execute(f"CREATE TABLE recoveries_kept AS SELECT {_KEPT} FROM recoveries")  # noqa: S608
    op.drop_table("recoveries")
    op.create_table(
        "recoveries",
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("username_key", sa.Text, nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("slot", sa.Integer, nullable=False),
        sa.Column("client", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("request_id", sa.LargeBinary, nullable=False),
        sa.Column("user_id", sa.Text),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("credential_version", sa.Integer, nullable=False),
        sa.Column("code_mac", sa.LargeBinary),
        sa.Column("former_code_mac", sa.LargeBinary),
        sa.Column("channel", sa.Text),
        sa.Column("answer_hash", sa.Text),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("used_at", sa.BigInteger),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("account", "tenant", "username_key", "purpose", "slot", name="pk_recoveries"),
    )
    op.create_index("ix_recoveries_expires_at", "recoveries", ["expires_at"])
    op.execute(
        f"INSERT INTO recoveries ({_KEPT}, slot, client) SELECT {_KEPT}, 0, '' FROM recoveries_kept"  # noqa: S608
    )
    op.drop_table("recoveries_kept")
