"""Columns and indexes that keep one slow recipient from delaying others."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the domain of each recipient. Waiting messages get none, and expire within the hour."""
    op.add_column("outbox", sa.Column("domain", sa.Text, nullable=False, server_default=""))
    op.drop_index("ix_outbox_status_due_at", "outbox")
    for name, columns, where in (
        ("ix_outbox_due", ["due_at"], "status = 'waiting'"),
        ("ix_outbox_domain_due", ["domain", "due_at"], "status = 'waiting'"),
        ("ix_outbox_decoys", ["expires_at"], "delivery = 'decoy'"),
    ):
        op.create_index(name, "outbox", columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
