"""What limits count: for each user and client address, and for each user."""

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Nothing yet."""
