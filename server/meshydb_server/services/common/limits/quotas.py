"""Rolling limits: at most so many actions in any window.

The times of the actions are stored as text in the row that they concern, and changed with it in one transaction. Two
processes therefore cannot both take the last one.
"""

from __future__ import annotations

import json
import math
from datetime import datetime, timedelta
from typing import Final

from attrs import frozen

from meshydb_server import timestamps
from meshydb_server.services.common.errors import LimitError

# Above this limit, actions within this fraction of the window are merged into one entry with the latest time. They
# expire later, never sooner, and the log stays short.
_MOST_ENTRIES: Final = 64
_EMPTY: Final = "[]"
# Created once, because creating one takes longer than using it.
_encode: Final = json.JSONEncoder(separators=(",", ":")).encode


@frozen
class Quota:
    """At most `limit` actions in any `window`. `name` is that of the limit in the table."""

    limit: int
    window: timedelta
    name: str | None = None

    def spend(self, log: str, now: datetime) -> str:
        """Record an action, and return the new log. Raises LimitError with the seconds to wait if the log is full."""
        current = timestamps.to_milliseconds(now)
        if log == _EMPTY and self.limit > 0:
            return f"[[{current},1]]"
        window = self.window // timedelta(milliseconds=1)
        entries: list[tuple[int, int]] = [(at, count) for at, count in json.loads(log) if at + window > current]
        over = sum(count for _, count in entries) - self.limit
        if over >= 0:
            raise LimitError(math.ceil((_freed_at(entries, over) + window - current) / 1000), self.name)
        return _encode(self._add(entries, current, window))

    def take_back(self, log: str, at: datetime) -> str:
        """Remove an action that was recorded at a time, and return the new log."""
        noted = timestamps.to_milliseconds(at)
        entries: list[tuple[int, int]] = [(each, count) for each, count in json.loads(log)]
        # Merged actions have the time of the latest.
        index = next((index for index, (each, _) in enumerate(entries) if each >= noted), None)
        if index is not None:
            latest, count = entries[index]
            entries[index : index + 1] = [(latest, count - 1)] if count > 1 else []
        return _encode(entries)

    def _add(self, entries: list[tuple[int, int]], current: int, window: int) -> list[tuple[int, int]]:
        stretch = window // _MOST_ENTRIES if self.limit > _MOST_ENTRIES else 1
        at, count = entries[-1] if entries else (0, 0)
        if at // stretch == current // stretch:
            return [*entries[:-1], (max(at, current), count + 1)]
        return [*entries, (current, 1)]


def _freed_at(entries: list[tuple[int, int]], over: int) -> int:
    """The time of the entry whose expiry brings the sum below the limit."""
    for at, count in entries:
        over -= count
        if over < 0:
            return at
    raise AssertionError("The limit is below 1.")
