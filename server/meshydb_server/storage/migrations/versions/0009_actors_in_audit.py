"""Who acted, and on what, in the audit trail."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Add the acting user and the subject of audit events. Older events have neither."""
    op.add_column("audit", sa.Column("actor_id", sa.Text))
    op.add_column("audit", sa.Column("subject", sa.Text))
