"""What the mail worker needs to keep one recipient from delaying the others."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the domain of each recipient. Messages that wait already have none, and lapse within the hour."""
    op.add_column("outbox", sa.Column("domain", sa.Text, nullable=False, server_default=""))
    op.create_index("ix_outbox_status_domain_due_at", "outbox", ["status", "domain", "due_at"])
    op.create_index("ix_outbox_delivery_expires_at", "outbox", ["delivery", "expires_at"])
