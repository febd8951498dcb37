"""Reads and writes the timestamps of the API (RFC 3339)."""

import re
from datetime import UTC, datetime, timedelta

# `datetime.fromisoformat` accepts forms outside RFC 3339, and rejects a lower-case `z` and leap seconds.
_TIMESTAMP = re.compile(
    r"(?P<date>\d{4}-\d\d-\d\d)[Tt ](?P<minute>\d\d:\d\d):(?P<second>\d\d)(?P<fraction>\.\d+)?"
    r"(?:[Zz]|(?P<offset>[+-]\d\d:[0-5]\d))",
    re.ASCII,
)
_MILLISECOND = 1000


def read_timestamp(text: str) -> datetime:
    """Read an RFC 3339 timestamp, and keep its offset. Digits after microseconds are cut off.

    A leap second becomes the first second of the next minute, as in Unix time.

    Raises:
        ValueError: The text is not a timestamp, or `datetime` cannot hold it.
    """
    match = _TIMESTAMP.fullmatch(text)
    if match is None:
        raise ValueError("not an RFC 3339 timestamp")
    is_leap = match["second"] == "60"
    time = f"{match['minute']}:{'59' if is_leap else match['second']}{match['fraction'] or ''}"
    value = datetime.fromisoformat(f"{match['date']}T{time}{match['offset'] or '+00:00'}")
    try:
        in_utc = value.astimezone(UTC)
        if not is_leap:
            return value
        if (in_utc.hour, in_utc.minute) == (23, 59):
            return value + timedelta(seconds=1)
    except OverflowError:
        raise ValueError("out of the years 1 to 9999") from None
    raise ValueError("a leap second is the last of a day")


def write_timestamp(value: datetime) -> str:
    """Write an aware datetime in UTC, with milliseconds as the API does, or with microseconds if it has any."""
    in_utc = value.astimezone(UTC).replace(tzinfo=None)
    # An offset can have microseconds, too.
    timespec = "microseconds" if in_utc.microsecond % _MILLISECOND else "milliseconds"
    return f"{in_utc.isoformat(timespec=timespec)}Z"
