"""Timestamps: their text form in the API, and their integer form in the database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
_MICROSECOND: Final = timedelta(microseconds=1)


def to_text(instant: datetime) -> str:
    """Format an aware datetime in UTC with milliseconds and `Z`. Every official SDK can parse this form."""
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def from_text(text: str) -> datetime:
    """Parse a date and time that is valid by the contract: with an offset, truncated to microseconds."""
    return datetime.fromisoformat(text)


def to_milliseconds(instant: datetime) -> int:
    """Convert an aware datetime to whole milliseconds since 1970. Exact, unlike a float."""
    return (instant - _EPOCH) // _MILLISECOND


def to_microseconds(instant: datetime) -> int:
    """Convert an aware datetime to whole microseconds since 1970. Used for ordering, not for storage."""
    return (instant - _EPOCH) // _MICROSECOND


def from_milliseconds(count: int) -> datetime:
    """Convert milliseconds since 1970 to an aware datetime in UTC."""
    return _EPOCH + count * _MILLISECOND
