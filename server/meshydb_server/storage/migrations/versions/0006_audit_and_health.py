"""Counted events in the audit trail, and the table that health checks write to."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add the count and client of audit events, and the table of health checks."""
    op.add_column("audit", sa.Column("count", sa.Integer, nullable=False, server_default="1"))
    op.add_column("audit", sa.Column("client", sa.Text))
    op.create_table(
        "heartbeat",
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("beat_id", sa.Text, nullable=False),
        sa.Column("beaten_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("account", "tenant", "beat_id", name="pk_heartbeat"),
    )
