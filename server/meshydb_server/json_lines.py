"""The log: one JSON object on each line."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Final

# What every record has; whatever else there is was given beside the message.
_STANDARD: Final = frozenset({*logging.makeLogRecord({}).__dict__, "message", "asctime", "color_message", "taskName"})
# Made once: json.dumps would make one for each line.
_encode: Final = json.JSONEncoder(default=str).encode

_PLAIN: Final = frozenset({str, int, float, bool, type(None)})


def has_plain_values(record: logging.LogRecord) -> bool:
    """Whether all that a record says is text and numbers, so that it can be written later as well as now."""
    if record.args or record.exc_info or record.stack_info or type(record.msg) is not str:
        return False
    return all(type(value) in _PLAIN for name, value in record.__dict__.items() if name not in _STANDARD)


class JsonLines(logging.Formatter):
    """What was said, by whom and when, and under their own names the things that were given with `extra`."""

    def format(self, record: logging.LogRecord) -> str:
        """Write a record."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **{name: value for name, value in record.__dict__.items() if name not in _STANDARD},
        }
        if record.exc_info:
            line["exc_info"] = self.formatException(record.exc_info)
        if record.stack_info:
            line["stack_info"] = self.formatStack(record.stack_info)
        return _encode(line)
