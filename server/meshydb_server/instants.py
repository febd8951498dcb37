"""How points in time are counted and written: to the millisecond, as the API has it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
_MICROSECOND: Final = timedelta(microseconds=1)


def to_text(instant: datetime) -> str:
    """Write an aware datetime in UTC with milliseconds and `Z`, the form that every official SDK carries unharmed."""
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def from_text(text: str) -> datetime:
    """Read a date and time that is valid by the contract: with an offset, cut off at microseconds."""
    return datetime.fromisoformat(text)


def to_milliseconds(instant: datetime) -> int:
    """Count the whole milliseconds from 1970 to an aware datetime; exact, as a float would not be."""
    return (instant - _EPOCH) // _MILLISECOND


def to_microseconds(instant: datetime) -> int:
    """Count the whole microseconds from 1970 to an aware datetime: for an order, not for storage."""
    return (instant - _EPOCH) // _MICROSECOND


def from_milliseconds(count: int) -> datetime:
    """The point in time, in UTC, that is so many milliseconds after 1970."""
    return _EPOCH + count * _MILLISECOND
