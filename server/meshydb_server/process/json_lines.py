"""The log format: one JSON object per line."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Final

# The attributes of every record. All other attributes were passed as `extra`.
_STANDARD: Final = frozenset({*logging.makeLogRecord({}).__dict__, "message", "asctime", "color_message", "taskName"})
# Created once, because json.dumps would create an encoder for each line.
_encode: Final = json.JSONEncoder(default=str).encode

_PLAIN: Final = frozenset({str, int, float, bool, type(None)})


def has_plain_values(record: logging.LogRecord) -> bool:
    """Whether a record holds only text and numbers, so that formatting it later gives the same line."""
    if record.args or record.exc_info or record.stack_info or type(record.msg) is not str:
        return False
    return all(type(value) in _PLAIN for name, value in record.__dict__.items() if name not in _STANDARD)


class JsonLines(logging.Formatter):
    """Formats message, logger, time, and the fields passed as `extra` under their own names."""

    def format(self, record: logging.LogRecord) -> str:
        """Format a record."""
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
