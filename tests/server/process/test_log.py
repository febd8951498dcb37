"""The form of the log."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime

from meshydb_server.process.json_lines import JsonLines


def _line(message: str, **extra: object) -> str:
    record = logging.makeLogRecord(
        {
            "name": "meshydb_server.x",
            "levelname": "INFO",
            "levelno": logging.INFO,
            "msg": message,
            "created": datetime(2030, 1, 1, tzinfo=UTC).timestamp(),
            **extra,
        }
    )
    return JsonLines().format(record)


def test_line() -> None:
    """A line contains logger, message, time and the extra fields under their names."""
    assert json.loads(_line("exchange %d", args=(1,), requestId="0a", status=200)) == {
        "time": "2030-01-01T00:00:00+00:00",
        "level": "INFO",
        "logger": "meshydb_server.x",
        "message": "exchange 1",
        "requestId": "0a",
        "status": 200,
    }


def test_one_line() -> None:
    """Each record is one line of ASCII, so input cannot forge log lines."""
    line = _line('a\nb\r\u2028"{}', note="\x00\n")
    assert line.isascii()
    assert line.isprintable()
    assert json.loads(line)["message"] == 'a\nb\r\u2028"{}'


def test_failure() -> None:
    """A failure has its traceback beside the message, and a place where it stands its stack."""
    error = LookupError("reason")
    failed = json.loads(_line("failed", exc_info=(LookupError, error, None), stack_info="Stack:\n  here"))
    assert failed["exc_info"].endswith("LookupError: reason")
    assert failed["stack_info"] == "Stack:\n  here"


def test_any_value() -> None:
    """Values that JSON lacks are written as text."""
    assert json.loads(_line("", at=datetime(2030, 1, 1, tzinfo=UTC)))["at"] == "2030-01-01 00:00:00+00:00"
