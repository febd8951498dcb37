"""Accounts, tenants, users, recoveries and the outbox."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create the first tables."""
    op.create_table(
        "accounts",
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("default_tenant", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("account", name="pk_accounts"),
    )
    op.create_table(
        "tenants",
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("public_key", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("account", "tenant", name="pk_tenants"),
        sa.ForeignKeyConstraint(["account"], ["accounts.account"], name="fk_tenants_accounts"),
    )
    op.create_table(
        "users",
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("username", sa.Text, nullable=False),
        sa.Column("username_key", sa.Text, nullable=False),
        sa.Column("email", sa.Text),
        sa.Column("phone", sa.Text),
        sa.Column("password_hash", sa.Text),
        sa.Column("anonymous", sa.Boolean, nullable=False),
        sa.Column("credential_version", sa.Integer, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("account", "tenant", "user_id", name="pk_users"),
        sa.ForeignKeyConstraint(["account", "tenant"], ["tenants.account", "tenants.tenant"], name="fk_users_tenants"),
    )
    op.create_index("ix_users_account_tenant_username_key", "users", ["account", "tenant", "username_key"], unique=True)
    op.create_table(
        "recoveries",
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("request_id", sa.LargeBinary, nullable=False),
        sa.Column("user_id", sa.Text),
        sa.Column("code_mac", sa.LargeBinary, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("used_at", sa.BigInteger),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("account", "tenant", "request_id", name="pk_recoveries"),
    )
    op.create_table(
        "outbox",
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("message_id", sa.Text, nullable=False),
        sa.Column("username", sa.Text, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("recipient", sa.Text),
        sa.Column("delivery", sa.Text, nullable=False),
        sa.Column("payload", sa.LargeBinary),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("due_at", sa.BigInteger, nullable=False),
        sa.Column("last_error", sa.Text),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("account", "tenant", "message_id", name="pk_outbox"),
    )
    op.create_index("ix_outbox_status_due_at", "outbox", ["status", "due_at"])
    op.create_index("ix_outbox_created_at", "outbox", ["created_at"])
