"""Log records."""

from __future__ import annotations

import logging

import pytest


def levels(caplog: pytest.LogCaptureFixture) -> list[int]:
    """The levels of all records, in their order."""
    return [record.levelno for record in caplog.records]


def errors(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    """The records of errors."""
    return [record for record in caplog.records if record.levelno >= logging.ERROR]
