"""Durations in settings."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Final

from pydantic import BeforeValidator

_WRITTEN: Final = re.compile(r"([0-9]{1,10})([dhms]?)")
_UNITS: Final = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds", "": "seconds"}
# Short enough that adding it to a current date never overflows.
_LONGEST: Final = timedelta(days=36_500)


def parse_duration(value: object) -> timedelta:
    """Parse `7d`, `12h`, `30m`, `45s` or a number of seconds. White space around it is ignored.

    A timedelta is returned unchanged. Raises ValueError.
    """
    if isinstance(value, timedelta):
        return value
    match = _WRITTEN.fullmatch(str(value).strip())
    try:
        duration = None if match is None else timedelta(**{_UNITS[match[2]]: int(match[1])})
    except OverflowError:
        duration = None
    if duration is None or duration > _LONGEST:
        raise ValueError("must be a duration of at most 36500d, such as 7d, 12h, 30m, 45s or a number of seconds")
    return duration


# The type of a duration in settings.
Duration = Annotated[timedelta, BeforeValidator(parse_duration)]
