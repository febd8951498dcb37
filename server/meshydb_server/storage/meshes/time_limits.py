"""The time that a search may take, which holds inside of statements too."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Final, TypeAlias

from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from meshydb_server.storage.engine.sqlite_connections import driver_of

SEARCH_SECONDS: Final = 5.0

Deadline: TypeAlias = Callable[[], None]
"""Raises an error when the time is over."""

# SQLite asks after so many of its steps: some milliseconds.
_STEPS: Final = 200_000
_LIMIT: Final = f"SET LOCAL statement_timeout = {SEARCH_SECONDS * 1000:.0f}"
_CANCELLED: Final = "57014"


class SearchTimeoutError(Exception):
    """A search has taken too long."""


def time_limit(seconds: float = SEARCH_SECONDS) -> Deadline:
    """A deadline that raises SearchTimeoutError so many seconds from now."""
    end = time.monotonic() + seconds

    def check() -> None:
        if time.monotonic() > end:
            raise SearchTimeoutError

    return check


@contextmanager
def interrupted_at(connection: Connection, deadline: Deadline) -> Generator[None]:
    """Interrupt statements in the block at the deadline, and raise its error.

    PostgreSQL interrupts a statement after `SEARCH_SECONDS`, which raises SearchTimeoutError if the deadline does not.
    """
    limited = _on_sqlite if connection.dialect.name == "sqlite" else _on_postgresql
    with limited(connection, deadline):
        yield


@contextmanager
def _on_sqlite(connection: Connection, deadline: Deadline) -> Generator[None]:
    raised: list[BaseException] = []

    def is_over() -> bool:
        try:
            deadline()
        except BaseException as error:  # noqa: BLE001 - SQLite would not pass it on
            raised.append(error)
        return bool(raised)

    driver = driver_of(connection)
    driver.set_progress_handler(is_over, _STEPS)
    try:
        yield
    except DBAPIError as error:
        if raised:
            raise raised[0] from error
        raise
    finally:
        driver.set_progress_handler(None, 0)


@contextmanager
def _on_postgresql(connection: Connection, deadline: Deadline) -> Generator[None]:
    connection.exec_driver_sql(_LIMIT)
    try:
        yield
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) != _CANCELLED:
            raise
        deadline()
        raise SearchTimeoutError from error
