"""The connection to a database, whose transactions are functions.

A transaction is a plain function of a connection. It is committed when it returns and rolled back when it raises. It
may run several times, so it should have no effect but on the database.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Protocol, Self, TypeVar

from sqlalchemy.engine import URL, Connection, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from meshydb_server.storage.accounts import has_accounts
from meshydb_server.storage.deadlines import Deadline
from meshydb_server.storage.errors import DuplicateError, StaleError, StorageError, UnknownVersionError
from meshydb_server.storage.sqlite import SqliteEngine

T = TypeVar("T")

_log = logging.getLogger(__name__)

# Seconds that a transaction may take.
TIMEOUT_SECONDS: Final = 10.0

_ATTEMPTS: Final = 20
# Of the pauses between them, in milliseconds: the first at most, and the longest.
_FIRST_PAUSE: Final = 10
_LONGEST_PAUSE: Final = 160

# How long closing may take when the database hangs. Nothing is lost by leaving it to the end of the process.
_CLOSE_SECONDS: Final = 3.0

# What SQLite and PostgreSQL call a key that exists already.
_DUPLICATE: Final = {"SQLITE_CONSTRAINT_PRIMARYKEY", "SQLITE_CONSTRAINT_UNIQUE", "23505"}

# What PgBouncer says to the limits that each connection begins with.
_NO_STARTUP_OPTIONS: Final = "unsupported startup parameter: options"


class Engine(Protocol):
    """What each kind of database does in its own way. Errors are those of SQLAlchemy, and StaleError."""

    @property
    def file(self) -> Path | None:
        """The file that the data is in, if it is in one."""
        ...

    @property
    def patience(self) -> float:
        """The seconds that a transaction may wait for other processes, beyond the time that it may take."""
        ...

    def migrate(self, connection: Connection) -> None:
        """Bring the tables to the newest version, though other processes do the same."""
        ...

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run a transaction that only reads."""
        ...

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Run a transaction once."""
        ...

    async def close(self) -> None:
        """End what is under way, and disconnect."""
        ...


class Database:
    """Runs transactions on one database, for one event loop. Each raises StorageError when the database fails."""

    def __init__(self, url: str, timeout: float = TIMEOUT_SECONDS, *, prepared_statements: bool = True) -> None:
        """Take an SQLAlchemy URL of SQLite or PostgreSQL, and the seconds that a transaction may take.

        Without prepared statements, nothing is left on a connection of PostgreSQL from one transaction to the next.
        Connects at first use.
        """
        self._url = _parse(url)
        self._engine = _open(self._url, timeout, prepared_statements=prepared_statements)
        self._timeout = timeout + self._engine.patience

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        closing = asyncio.ensure_future(self._engine.close())
        await asyncio.wait({closing}, timeout=_CLOSE_SECONDS)
        if closing.done():
            closing.result()
        else:
            closing.cancel()
            _log.warning("The database %s was not closed: it hangs.", _without_secrets(self._url))

    @property
    def file(self) -> Path | None:
        """The file that the data is in, if it is in one."""
        return self._engine.file

    async def migrate(self) -> None:
        """Bring the tables to the newest version, creating them at first use. Takes as long as it takes."""
        await self._write(self._engine.migrate)

    async def ping(self) -> None:
        """Raise StorageError unless the database answers."""
        # Not a bare SELECT 1, for which SQLite does not even read its file.
        await self.read(has_accounts)

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run a transaction that only reads; returns what it returns, and raises what it raises."""
        with self._in_time(), self._told():
            return await self._engine.read(work)

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Run a transaction; returns what it returns, and raises what it raises.

        What it wrote is durable once this returns. Raises DuplicateError when a key exists already. After a
        StorageError nothing of it stands, unless the database did not say in time how it ended: then all of it may.
        """
        with self._in_time():
            return await self._write(work)

    async def _write(self, work: Callable[[Connection], T]) -> T:
        pause = _FIRST_PAUSE
        for _ in range(_ATTEMPTS):
            try:
                with self._told():
                    return await self._engine.write(work)
            except StaleError:
                # Chance keeps two that have met from meeting again, and ever longer pauses a crowd.
                await asyncio.sleep(secrets.randbelow(pause) / 1000)
                pause = min(2 * pause, _LONGEST_PAUSE)
        raise self._failure(f"others were faster {_ATTEMPTS} times")

    @contextmanager
    def _in_time(self) -> Generator[None]:
        """Wait for the database no longer than a transaction may take."""
        try:
            with Deadline(self._timeout):
                yield
        except TimeoutError as error:
            raise self._failure(f"it has not answered for {self._timeout:g} seconds") from error

    @contextmanager
    def _told(self) -> Generator[None]:
        """Tell of the library's errors in one line each."""
        try:
            yield
        except DBAPIError as error:
            if _code(error) in _DUPLICATE:
                raise DuplicateError(_first_line(error.orig)) from error
            raise self._failure(_first_line(error.orig) + _advice(error)) from error
        except PoolTimeoutError as error:
            raise self._failure("all of its connections are in use") from error
        except UnknownVersionError as error:
            reason = "a newer version of the server has made it, or it belongs to another program"
            raise self._failure(reason) from error

    def _failure(self, reason: str) -> StorageError:
        return StorageError(f"The database {_without_secrets(self._url)} failed: {reason}")


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:
        # Without the reason, which may quote a part of the password that has been taken for the port.
        raise _useless("it does not read dialect+driver://user:password@host:port/database") from error
    if "?" in url and not parsed.query:
        # SQLAlchemy ignores what follows, so that the data would be in another place.
        raise _useless("what follows ? is no option, as in ?timeout=30; in a path, write %3F for ?, and %25 for %")
    return parsed


def _open(url: URL, timeout: float, *, prepared_statements: bool) -> Engine:
    try:
        match url.drivername:
            case "sqlite" | "sqlite+aiosqlite":
                return SqliteEngine(url)
            case "postgresql" | "postgresql+psycopg":
                # Needs what an extra of its own brings.
                from meshydb_server.storage.postgresql import PostgresqlEngine  # noqa: PLC0415

                return PostgresqlEngine(url, timeout, prepared_statements=prepared_statements)
            case _:
                raise _useless("it must begin with sqlite+aiosqlite:/// or postgresql+psycopg://")
    except ArgumentError as error:
        raise _useless(_first_line(error)) from error
    except ImportError as error:
        raise _useless(
            "PostgreSQL needs the extra postgres; from a checkout: pip install '.[server,postgres]'"
        ) from error


def _useless(reason: str) -> StorageError:
    return StorageError(f"The database URL cannot be used: {reason}")


def _without_secrets(url: URL) -> str:
    return url.difference_update_query(["password", "sslpassword"]).render_as_string(hide_password=True)


def _code(error: DBAPIError) -> object:
    return getattr(error.orig, "sqlite_errorname", None) or getattr(error.orig, "sqlstate", None)


def _advice(error: DBAPIError) -> str:
    if _NO_STARTUP_OPTIONS in str(error.orig):
        return "; behind a pooler such as PgBouncer, set MESHYDB_PREPARED_STATEMENTS=off"
    return ""


def _first_line(error: BaseException | None) -> str:
    return str(error).partition("\n")[0]
