"""Proofs for each channel, and changes of what proves a user that are pending or can still be undone."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_CHANNELS = ("email", "phone")


def upgrade() -> None:
    """Store a proof for each channel. Users who could log in so far count as having proved their tenant's channel."""
    for channel in _CHANNELS:
        op.add_column("users", sa.Column(f"{channel}_pending", sa.Text))
        op.add_column("users", sa.Column(f"{channel}_pending_at", sa.BigInteger))
        op.add_column("users", sa.Column(f"{channel}_former", sa.Text))
        op.add_column("users", sa.Column(f"{channel}_former_until", sa.BigInteger))
    op.add_column("users", sa.Column("questions_pending_at", sa.BigInteger))
    for channel in (*_CHANNELS, "questions"):
        proved = sa.Column(f"{channel}_proved", sa.Boolean, nullable=False, server_default=sa.false())
        op.add_column("users", proved)
    op.create_table(
        "pending_questions",
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("question", sa.Text, nullable=False),
        sa.Column("answer_hash", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("account", "tenant", "user_id", "position", name="pk_pending_questions"),
        sa.ForeignKeyConstraint(
            ["account", "tenant", "user_id"],
            ["users.account", "users.tenant", "users.user_id"],
            name="fk_pending_questions_users",
            ondelete="CASCADE",
        ),
    )
    op.add_column("recoveries", sa.Column("former_code_mac", sa.LargeBinary))
    op.add_column("recoveries", sa.Column("channel", sa.Text))
    # In question mode, users could log in without being verified. Users who never logged in and have no questions
    # registered before the tenant was switched to questions, and have proved nothing.
    op.execute(
        "UPDATE users SET questions_proved = true, verified = true WHERE NOT anonymous AND EXISTS ("
        "SELECT 1 FROM tenants WHERE tenants.account = users.account AND tenants.tenant = users.tenant"
        " AND tenants.verification = 'question') AND (verified OR last_accessed IS NOT NULL OR EXISTS ("
        "SELECT 1 FROM security_questions WHERE security_questions.account = users.account"
        " AND security_questions.tenant = users.tenant AND security_questions.user_id = users.user_id))"
    )
    for channel, verification in (("email", "email"), ("phone", "text")):
        op.execute(
            f"UPDATE users SET {channel}_proved = true WHERE verified AND {channel} IS NOT NULL AND EXISTS ("  # noqa: S608
            "SELECT 1 FROM tenants WHERE tenants.account = users.account AND tenants.tenant = users.tenant"
            f" AND tenants.verification = '{verification}')"
        )
