"""The connection to a database. Transactions are functions.

A transaction is a plain function of a connection. It is committed when it returns and rolled back when it raises. It
may run several times, so it should change nothing but the database.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Protocol, Self, TypeVar

from sqlalchemy.engine import URL, Connection, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from meshydb_server.storage.engine.codes import code_of
from meshydb_server.storage.engine.deadlines import Deadline
from meshydb_server.storage.engine.effects import has_done_nothing, note_change
from meshydb_server.storage.engine.errors import (
    DuplicateError,
    NoConnectionError,
    NothingDoneError,
    ScanTimeoutError,
    StaleError,
    StorageError,
    UnknownVersionError,
)
from meshydb_server.storage.engine.load import Load
from meshydb_server.storage.engine.long_work import Check, Others
from meshydb_server.storage.engine.prepared import Change, Lookup
from meshydb_server.storage.engine.sqlite.connections import file_of, lock_wait_of
from meshydb_server.storage.engine.sqlite.transactions import SqliteEngine

T = TypeVar("T")

_log = logging.getLogger(__name__)

# Default seconds for a transaction.
TIMEOUT_SECONDS: Final = 10.0

_ATTEMPTS: Final = 20
# Milliseconds between attempts: the first pause at most, and the longest pause.
_FIRST_PAUSE: Final = 10
_LONGEST_PAUSE: Final = 160

# Seconds for closing a database that hangs. The end of the process closes it without loss.
_CLOSE_SECONDS: Final = 3.0

_SQLITE: Final = {"sqlite", "sqlite+aiosqlite"}
_POSTGRESQL: Final = {"postgresql", "postgresql+psycopg"}
_DIALECTS: Final = "it must begin with sqlite+aiosqlite:/// or postgresql+psycopg://"

# The error codes of SQLite and PostgreSQL for a duplicate key.
_DUPLICATE: Final = {"SQLITE_CONSTRAINT_PRIMARYKEY", "SQLITE_CONSTRAINT_UNIQUE", "23505"}

# The message of PgBouncer if a connection starts with limits.
_NO_STARTUP_OPTIONS: Final = "unsupported startup parameter: options"


class Engine(Protocol):
    """The interface of each kind of database. It raises errors of SQLAlchemy, StaleError, and NoConnectionError."""

    @property
    def file(self) -> Path | None:
        """The file of the database, if it is in one."""
        ...

    @property
    def lock_wait(self) -> float:
        """The seconds that a transaction may wait for other processes, in addition to its own time."""
        ...

    def migrate(self, connection: Connection) -> None:
        """Run pending migrations. Safe to run from several processes at once."""
        ...

    async def read(self, work: Callable[[Connection], T], *, brief: bool = False) -> T:
        """Run a read-only transaction; where it is brief, without another thread."""
        ...

    async def look_up(self, lookup: Lookup[T]) -> T:
        """Execute a statement that reads a few rows by their keys."""
        ...

    @property
    def can_query(self) -> bool:
        """Whether `query` can be used: it takes less time than a scan."""
        ...

    async def query(self, lookup: Lookup[T]) -> T:
        """Execute a statement that may take long, without another thread."""
        ...

    async def scan(self, work: Callable[[Connection, Check], T], seconds: float) -> T:
        """Run a read-only transaction that may take so many seconds. Raises ScanTimeoutError."""
        ...

    async def write(self, work: Callable[[Connection], T], *, long: bool = False) -> T:
        """Run a transaction once; where it is long, not on the event loop. Raises StaleError if it should run again."""
        ...

    async def change(self, change: Change) -> None:
        """Run a short transaction once. Raises StaleError if it should run again."""
        ...

    def load(self) -> Load:
        """How busy it is."""
        ...

    async def close(self) -> None:
        """Finish running transactions, and disconnect."""
        ...


class Database:
    """Runs transactions on one database, for one event loop. Each raises StorageError if the database fails."""

    def __init__(self, url: str, timeout: float = TIMEOUT_SECONDS, *, prepared_statements: bool = True) -> None:
        """Take an SQLAlchemy URL of SQLite or PostgreSQL, and the seconds that a transaction may take.

        Without prepared statements, a PostgreSQL connection keeps nothing from one transaction to the next. Connects on
        first use.
        """
        self._url = _parse(url)
        self._others = Others()
        self._engine = _open(self._url, self._others, timeout, prepared_statements=prepared_statements)
        self._timeout = timeout + self._engine.lock_wait

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        closing = asyncio.ensure_future(self._engine.close())
        await asyncio.wait({closing}, timeout=_CLOSE_SECONDS)
        if closing.done():
            closing.result()
        else:
            closing.cancel()
            _log.warning("Closing the database %s timed out.", _without_secrets(self._url))

    @property
    def file(self) -> Path | None:
        """The file of the database, if it is in one."""
        return self._engine.file

    def load(self) -> Load:
        """How busy this process keeps its connections."""
        return self._engine.load()

    async def migrate(self) -> None:
        """Run pending migrations, which create the tables on first use. Has no time limit."""
        await self._write(self._engine.migrate)

    async def read(self, work: Callable[[Connection], T], *, brief: bool = False) -> T:
        """Run a read-only transaction. Returns its result, and raises its errors.

        A brief one reads a few rows by their keys: on SQLite it runs on the event loop, which takes less time than
        another thread.
        """
        with self._in_time(), self._translated_errors():
            return await self._engine.read(work, brief=brief)

    async def look_up(self, lookup: Lookup[T]) -> T:
        """Execute a statement that reads a few rows by their keys, and return its result.

        Much cheaper than `read`: on SQLite there is no other thread, and on PostgreSQL no transaction.
        """
        with self._in_time(), self._translated_errors():
            return await self._engine.look_up(lookup)

    @property
    def can_query(self) -> bool:
        """Whether `query` can be used: on PostgreSQL, unless each statement needs a transaction."""
        return self._engine.can_query

    async def query(self, lookup: Lookup[T], seconds: float) -> T:
        """Execute a statement that may take so many seconds, without another thread, and return its result.

        As few run at the same time as scans. Raises ScanTimeoutError, also after so long a wait for others. If the
        caller is cancelled, the statement is cancelled as well.
        """
        try:
            async with asyncio.timeout(seconds):
                with self._translated_errors():
                    return await self._engine.query(lookup)
        except TimeoutError as error:
            raise ScanTimeoutError from error

    async def scan(self, work: Callable[[Connection, Check], T], seconds: float) -> T:
        """Run a read-only transaction that may take long, in one of two threads that only scans use.

        Statements are interrupted when the time is over. `work` also gets a function for the time between them, which
        it calls now and then. Either raises ScanTimeoutError, as does a wait for other scans that is longer than the
        scan may take. If the caller is cancelled, the scan stops as well.
        """
        try:
            # It may wait for other scans as long as it may take, and rest as long.
            with Deadline(3 * seconds + 1), self._translated_errors():
                return await self._engine.scan(work, seconds)
        except TimeoutError as error:
            raise ScanTimeoutError from error

    async def write(self, work: Callable[[Connection], T], *, long: bool = False) -> T:
        """Run a transaction. Returns its result, and raises its errors. Changes are durable once this returns.

        A long one, of many statements or much computing, runs in a thread. Raises DuplicateError if a key already
        exists. After a StorageError, nothing is stored, except if the database did not confirm the commit in time: then
        all of it may be.
        """
        with self._in_time():
            return await self._write(work, long=long)

    async def change(self, change: Change) -> None:
        """Run a short transaction. Raises the same errors as `write`, which takes longer on PostgreSQL."""
        with self._in_time():
            await self._repeat(lambda: self._engine.change(change))

    async def _write(self, work: Callable[[Connection], T], *, long: bool = False) -> T:
        return await self._repeat(lambda: self._engine.write(work, long=long))

    async def _repeat(self, transact: Callable[[], Awaitable[T]]) -> T:
        """Run a transaction until it is not stale."""
        pause = _FIRST_PAUSE
        for _ in range(_ATTEMPTS):
            try:
                with self._translated_errors(), _changing():
                    return await transact()
            except StaleError:
                # Random pauses separate two transactions that collided; growing pauses spread a crowd.
                await asyncio.sleep(secrets.randbelow(pause) / 1000)
                pause = min(2 * pause, _LONGEST_PAUSE)
        raise self._failure(f"the transaction was in conflict with others {_ATTEMPTS} times")

    @contextmanager
    def _in_time(self) -> Generator[None]:
        """Wait for the database no longer than a transaction may take."""
        self._others.note()
        try:
            with Deadline(self._timeout):
                yield
        except TimeoutError as error:
            raise self._failure(f"it has not answered for {self._timeout:g} seconds") from error

    @contextmanager
    def _translated_errors(self) -> Generator[None]:
        """Translate driver errors into one-line StorageErrors."""
        try:
            yield
        except DBAPIError as error:
            if code_of(error) in _DUPLICATE:
                raise DuplicateError(_first_line(error.orig)) from error
            raise self._failure(_first_line(error.orig) + _advice(error)) from error
        except NoConnectionError as error:
            cause = error.__cause__
            assert isinstance(cause, DBAPIError), "It is the driver's."  # noqa: S101 - the engine sees to it
            raise self._failure(_first_line(cause.orig) + _advice(cause)) from error
        except PoolTimeoutError as error:
            raise self._failure("all of its connections are in use") from error
        except UnknownVersionError as error:
            reason = "it was created by a newer version of the server or by another program"
            raise self._failure(reason) from error

    def _failure(self, reason: str) -> StorageError:
        # Reads change nothing, and what a failed write may have changed is noted by now.
        kind = NothingDoneError if has_done_nothing() else StorageError
        return kind(f"The database {_without_secrets(self._url)} failed: {reason}")


@contextmanager
def _changing() -> Generator[None]:
    """Note a change, unless it is certain that there is none."""
    try:
        yield
    except (NoConnectionError, PoolTimeoutError, StaleError):
        raise
    except BaseException:
        note_change()
        raise
    note_change()


def sqlite_file(url: str) -> Path | None:
    """The file that a URL of SQLite names; None for a URL of PostgreSQL. Raises StorageError for others."""
    parsed = _parse(url)
    if parsed.drivername in _POSTGRESQL:
        return None
    if parsed.drivername not in _SQLITE:
        raise _unusable(_DIALECTS)
    try:
        lock_wait_of(parsed)
        return file_of(parsed)
    except ArgumentError as error:
        raise _unusable(_first_line(error)) from error


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:
        # Without the reason, which may quote a part of the password as the port.
        raise _unusable("it must read dialect+driver://user:password@host:port/database") from error
    if "?" in url and not parsed.query:
        # SQLAlchemy ignores the text after ?, so the data would be in another place.
        raise _unusable("the text after ? is no option such as ?timeout=30; in a path, write %3F for ? and %25 for %")
    return parsed


def _open(url: URL, others: Others, timeout: float, *, prepared_statements: bool) -> Engine:
    try:
        match url.drivername:
            case name if name in _SQLITE:
                return SqliteEngine(url, others)
            case name if name in _POSTGRESQL:
                # Needs the packages of an extra.
                from meshydb_server.storage.engine.postgresql.transactions import PostgresqlEngine  # noqa: PLC0415

                return PostgresqlEngine(url, others, timeout, prepared_statements=prepared_statements)
            case _:
                raise _unusable(_DIALECTS)
    except ArgumentError as error:
        raise _unusable(_first_line(error)) from error
    except ImportError as error:
        raise _unusable(
            "PostgreSQL needs the extra postgres; from a checkout: pip install '.[server,postgres]'"
        ) from error


def _unusable(reason: str) -> StorageError:
    return StorageError(f"The database URL cannot be used: {reason}")


def _without_secrets(url: URL) -> str:
    return url.difference_update_query(["password", "sslpassword"]).render_as_string(hide_password=True)


def _advice(error: DBAPIError) -> str:
    if _NO_STARTUP_OPTIONS in str(error.orig):
        return "; behind a pooler such as PgBouncer, set MESHYDB_PREPARED_STATEMENTS=off"
    return ""


def _first_line(error: BaseException | None) -> str:
    return str(error).partition("\n")[0]
