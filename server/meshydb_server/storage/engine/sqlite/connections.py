"""Connections to a SQLite file: how they are set up, and how they wait for other processes."""

from __future__ import annotations

import math
import os
import sqlite3
import time
from contextlib import suppress
from pathlib import Path
from typing import Final, cast

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import URL, Connection
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError

from meshydb_server.private_files import make_private
from meshydb_server.storage.engine.sqlite.file import OpenFile

_PRAGMAS: Final = (
    # NORMAL would lose acknowledged writes after a power failure.
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
)

# Seconds to wait for another process, unless the URL has a `timeout`, as sqlite3 calls it. The pause between attempts
# is constant. SQLite itself would try less and less often, so that a process that writes group after group would always
# be first.
_LOCK_WAIT_SECONDS: Final = 10.0
_PAUSE_SECONDS: Final = 0.0005
# SQLite stores the milliseconds of a `busy_timeout` in 32 bits.
_LONGEST_LOCK_WAIT_SECONDS: Final = 2_147_483


def connect(url: URL, file: OpenFile, connections: int, *pragmas: str) -> Engine:
    """The pool of connections to a file, with these pragmas and those that all connections have."""
    engine = create_engine(url, pool_size=connections, max_overflow=0, hide_parameters=True)

    @event.listens_for(engine, "do_connect")
    def make(*_: object) -> None:
        if not file.is_open:
            _make_file(url)

    @event.listens_for(engine, "connect")
    def prepare(dbapi_connection: DBAPIConnection, _: object) -> None:
        connection = cast("sqlite3.Connection", dbapi_connection)
        # Python's sqlite3 begins transactions late and at its own choice; here a statement begins each one.
        connection.isolation_level = None
        try:
            # Lets readers continue during a write. SQLite stores this in the file, so it matters only on first use.
            retry_while_busy(connection, "PRAGMA journal_mode = WAL", _LOCK_WAIT_SECONDS)
            for pragma in (*_PRAGMAS, *pragmas):
                connection.execute(pragma)
            file.check()
        except sqlite3.Error:
            connection.close()
            raise

    return engine


def _make_file(url: URL) -> None:
    """Create the file for its owner only, which SQLite does not do. SQLite's other files get the same mode."""
    # If that fails, SQLite reports why, or creates the file.
    with suppress(OSError):
        path = Path(os.path.realpath(str(url.database)))
        if not path.exists():
            make_private(path)


def file_of(url: URL) -> Path:
    """The file of a database. Raises ArgumentError for a URL without one."""
    if not url.database or url.database == ":memory:":
        raise ArgumentError("SQLite needs a file, as in sqlite+aiosqlite:///meshydb.sqlite3")
    return Path(url.database)


def lock_wait_of(url: URL) -> float:
    """How many seconds to wait for another process. Raises ArgumentError for a URL with other options."""
    # Other options would change behaviour that this module relies on, or store nothing in a file.
    if url.query.keys() - {"timeout"}:
        raise ArgumentError("the only option for SQLite is timeout")
    try:
        seconds = float(str(url.query.get("timeout", _LOCK_WAIT_SECONDS)))
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds <= _LONGEST_LOCK_WAIT_SECONDS:
        raise ArgumentError(f"timeout must be a number of seconds from 0 to {_LONGEST_LOCK_WAIT_SECONDS}")
    return seconds


def retry_while_busy(driver: sqlite3.Connection, statement: str, seconds: float) -> None:
    """Retry a statement while another process has the file, where SQLite itself does not wait or waits badly."""
    end = time.monotonic() + seconds
    while True:
        try:
            driver.execute(statement)
        except sqlite3.OperationalError as error:
            if time.monotonic() >= end or not _is_busy(error):
                raise
        else:
            return
        time.sleep(_PAUSE_SECONDS)


def is_busy(error: DBAPIError) -> bool:
    """Whether a statement failed because another process has the file."""
    return isinstance(error.orig, sqlite3.OperationalError) and _is_busy(error.orig)


def _is_busy(error: sqlite3.OperationalError) -> bool:
    # The high bits say why it is busy, for example if another process is setting up the file. Errors that Python raises
    # itself have no code.
    return getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY


def driver_of(connection: Connection) -> sqlite3.Connection:
    """The connection of the driver."""
    return cast("sqlite3.Connection", connection.connection.driver_connection)
