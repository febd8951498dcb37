"""What the mail worker needs to keep one recipient from delaying the others."""

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Nothing yet."""
