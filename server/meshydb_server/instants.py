"""How points in time are written."""

from __future__ import annotations

from datetime import datetime


def to_text(instant: datetime) -> str:
    """Write an aware datetime in UTC with milliseconds and `Z`, the form that every official SDK carries unharmed."""
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")
