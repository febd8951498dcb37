"""Dates: the text of ISO 8601 as nanoseconds since 1970."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

_DATE: Final = "([0-9]{4})-([0-9]{2})-([0-9]{2})"
_TIME: Final = r"T([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]+))?)?(Z|[+-][0-9]{2}(?::?[0-9]{2})?)?"
_DATE_TIME: Final = re.compile(_DATE + _TIME)
_DATE_OPTIONAL_TIME: Final = re.compile(f"{_DATE}(?:{_TIME})?")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND: Final = timedelta(seconds=1)
_NANOSECONDS: Final = 10**9
_DIGITS: Final = 9
_MILLISECOND: Final = 10**6
_MAX_HOURS: Final = 23
_MAX_MINUTES: Final = 59
_FIRST: Final = (datetime(1, 1, 1, tzinfo=UTC) - _EPOCH) // _SECOND * _NANOSECONDS
_END: Final = -(-(datetime.max.replace(tzinfo=UTC) - _EPOCH) // _SECOND) * _NANOSECONDS


def parse(text: str) -> int | None:
    """The nanoseconds since 1970 of an ISO 8601 date-time, or None where the text is none.

    Without an offset, it is in UTC. Digits after the ninth of a fraction are dropped. A date alone is no date-time.
    """
    # Most text is no date, and is told by one character.
    if text[10:11] != "T":
        return None
    return _nanoseconds(_DATE_TIME.fullmatch(text))


def parse_literal(text: str) -> int | None:
    """As `parse`, for the text of a literal, which may be a date alone: its midnight in UTC."""
    return _nanoseconds(_DATE_OPTIONAL_TIME.fullmatch(text))


def from_milliseconds(count: int) -> int | None:
    """The nanoseconds of so many milliseconds, or None outside of the years 1 to 9999."""
    return _in_range(count * _MILLISECOND)


def to_text(nanoseconds: int) -> str:
    """The date-time in UTC with milliseconds and `Z`, as the official SDKs write it."""
    # Not as a float, which is inexact.
    instant = _EPOCH + timedelta(microseconds=nanoseconds // 1000)
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _nanoseconds(match: re.Match[str] | None) -> int | None:
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, offset = match.groups()
    try:
        whole = datetime(
            int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0), tzinfo=UTC
        )
    except ValueError:
        return None
    seconds = (whole - _EPOCH) // _SECOND
    if offset and offset != "Z":
        hours, minutes = int(offset[1:3]), int(offset[3:].removeprefix(":") or 0)
        if hours > _MAX_HOURS or minutes > _MAX_MINUTES:
            return None
        seconds -= (1 if offset[0] == "+" else -1) * (hours * 3600 + minutes * 60)
    return _in_range(seconds * _NANOSECONDS + int((fraction or "0")[:_DIGITS].ljust(_DIGITS, "0")))


def _in_range(nanoseconds: int) -> int | None:
    return nanoseconds if _FIRST <= nanoseconds < _END else None
