"""Counted events in the audit trail, and the row that shows that a write succeeds."""

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Nothing yet."""
