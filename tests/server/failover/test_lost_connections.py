"""Connections to a PostgreSQL server that was restarted, hangs, or is not the primary any more."""

from __future__ import annotations

import asyncio
import os
import select as select_module
import signal
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final, TypeAlias

import psycopg
import pytest
from sqlalchemy import bindparam, insert, select, text
from sqlalchemy.engine import Connection, make_url

from meshydb_server.storage.accounts import has_accounts
from meshydb_server.storage.engine.database import Database
from meshydb_server.storage.engine.errors import ScanTimeoutError, StorageError
from meshydb_server.storage.engine.long_work import SCANNERS
from meshydb_server.storage.engine.prepared import Change, Lookup, Prepared
from meshydb_server.storage.schema import accounts
from tests.support.databases.migrated import ReusedDatabase
from tests.support.databases.transactions import NOW, add, count

pytestmark = pytest.mark.anyio

_Use: TypeAlias = Callable[[Database, str], Coroutine[Any, Any, object]]

# More than there are connections of one kind.
_MANY: Final = 9
# Seconds for a transaction with a server that hangs.
_SHORT: Final = 1.0
_FIND: Final = Prepared(select(accounts.c.account).where(accounts.c.account == bindparam("name")))
_INSERT: Final = Prepared(insert(accounts))
_SET_READ_ONLY: Final = "SELECT set_config('default_transaction_read_only', 'on', false)"
_LOSING: Final = """
CREATE FUNCTION pg_temp.lose() RETURNS trigger LANGUAGE plpgsql
AS $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$
"""
_ON_COMMIT: Final = """
CREATE CONSTRAINT TRIGGER lose AFTER INSERT ON accounts
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION pg_temp.lose()
"""


def _look_up(database: Database, name: str) -> Coroutine[Any, Any, object]:
    return database.look_up(Lookup(_FIND, {"name": name}, lambda rows: rows))


def _change(database: Database, name: str) -> Coroutine[Any, Any, object]:
    return database.change(Change(add(name), _INSERT, {"account": name, "default_tenant": "north", "created_at": NOW}))


def _query(database: Database, name: str) -> Coroutine[Any, Any, object]:
    return database.query(Lookup(_FIND, {"name": name}, lambda rows: rows), 60)


_WRITES: Final[dict[str, _Use]] = {
    "change": _change,
    "write": lambda database, name: database.write(add(name)),
    "long write": lambda database, name: database.write(add(name), long=True),
}
_USES: Final[dict[str, _Use]] = {
    **_WRITES,
    "look-up": _look_up,
    "read": lambda database, _: database.read(has_accounts),
    "query": _query,
    "scan": lambda database, _: database.scan(lambda connection, _: has_accounts(connection), 60),
}


@pytest.fixture
def url(reused_database: ReusedDatabase) -> Generator[str]:
    """The URL of a database with tables."""
    with reused_database.lent() as url:
        yield url


@pytest.fixture
async def database(url: str) -> AsyncGenerator[Database]:
    """The database."""
    async with Database(url) as database:
        yield database


async def _use_all(database: Database, name: str) -> None:
    """Use as many connections of each kind as there are."""
    for kind, use in _USES.items():
        await asyncio.gather(*(use(database, f"{name}, {kind}, {number}") for number in range(_MANY)))


def _execute(url: str, statement: str) -> Sequence[tuple[Any, ...]]:
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


def _backends(url: str, column: str) -> Sequence[tuple[Any, ...]]:
    others = "datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
    return _execute(url, f"SELECT {column} FROM pg_stat_activity WHERE {others}")  # noqa: S608


@contextmanager
def _stopped(url: str) -> Generator[None]:
    """Let the processes that serve the connections do nothing until the block ends."""
    with ExitStack() as stack:
        for (pid,) in _backends(url, "pid"):
            if b"postgres" not in Path(f"/proc/{pid}/cmdline").read_bytes():
                pytest.skip("The server's processes are not of this machine.")
            os.kill(pid, signal.SIGSTOP)
            stack.callback(os.kill, pid, signal.SIGCONT)
        yield


async def test_lost_when_idle_on_windows(url: str, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system has no `poll`, a change finds a lost connection as well."""
    monkeypatch.delattr(select_module, "poll")
    await _change(database, "before")
    await _change(database, "again")
    _backends(url, "pg_terminate_backend(pid, 10000)")
    await _change(database, "after")


@pytest.mark.parametrize("kind", _USES)
async def test_lost_when_idle(url: str, database: Database, kind: str) -> None:
    """Connections that were lost while nobody used them cost no request an error."""
    await _use_all(database, "before")
    _backends(url, "pg_terminate_backend(pid, 10000)")
    await asyncio.gather(*(_USES[kind](database, f"after {number}") for number in range(_MANY)))
    await _use_all(database, "later")


@pytest.mark.parametrize("kind", _USES)
async def test_hanging(url: str, kind: str) -> None:
    """If the server does not react, one transaction fails. Those after it use new connections, of whatever kind."""
    async with Database(url, timeout=_SHORT) as database:
        for name, use in _USES.items():
            await use(database, f"before {name}")
        with _stopped(url):
            if kind == "scan":
                with pytest.raises(ScanTimeoutError):
                    await database.scan(lambda connection, _: has_accounts(connection), _SHORT)
            elif kind == "query":
                with pytest.raises(ScanTimeoutError):
                    await database.query(Lookup(_FIND, {"name": "any"}, lambda rows: rows), _SHORT)
            else:
                with pytest.raises(StorageError):
                    await _USES[kind](database, "while it hangs")
            for name, use in _USES.items():
                await use(database, f"meanwhile {name}")


async def test_scans_that_hang(url: str) -> None:
    """Scans that wait for a server that does not react give their threads back."""
    async with Database(url, timeout=_SHORT) as database:
        await _use_all(database, "before")

        def hang() -> Coroutine[Any, Any, object]:
            return database.scan(lambda connection, _: has_accounts(connection), _SHORT)

        with _stopped(url):
            results = await asyncio.gather(*(hang() for _ in range(SCANNERS)), return_exceptions=True)
            assert [type(each) for each in results] == [ScanTimeoutError] * SCANNERS
            await _USES["scan"](database, "while the others hang")


@pytest.mark.parametrize("kind", _WRITES)
async def test_read_only(database: Database, kind: str) -> None:
    """Connections to a server that takes no writes any more are replaced, and cost no request an error."""

    def demote(connection: Connection) -> None:
        connection.exec_driver_sql(_SET_READ_ONLY)

    await _use_all(database, "before")
    demotion = Lookup(Prepared(text(_SET_READ_ONLY)), {}, lambda rows: rows)
    for use in (
        lambda: database.look_up(demotion),
        lambda: database.change(Change(demote, Prepared(text(_SET_READ_ONLY)), {})),
        lambda: database.write(demote),
        lambda: database.write(demote, long=True),
    ):
        await asyncio.gather(*(use() for _ in range(_MANY)))
    await asyncio.gather(*(_WRITES[kind](database, f"after {number}") for number in range(_MANY)))
    # None of those for reads is to a standby either.
    assert await database.look_up(Lookup(Prepared(text("SHOW transaction_read_only")), {}, lambda rows: rows)) == [
        ["off"]
    ]


async def test_change_that_is_lost(url: str, database: Database) -> None:
    """A change of one statement whose connection is lost is not executed again: it may be stored."""
    _execute(url, "CREATE SEQUENCE executions")
    statement = Prepared(text("SELECT nextval('executions'), pg_terminate_backend(pg_backend_pid())"))
    try:
        # By a new connection, and by one that has just been used.
        for expected in (1, 2):
            with pytest.raises(StorageError):
                await database.change(Change(add("never"), statement, {}))
            assert _execute(url, "SELECT last_value FROM executions") == [(expected,)]
            await _look_up(database, "any")
    finally:
        _execute(url, "DROP SEQUENCE executions")
    assert await database.read(count) == 0


@pytest.mark.parametrize("long", [False, True])
async def test_commit_that_is_lost(database: Database, *, long: bool) -> None:
    """A transaction whose connection is lost while it is committed is not run again: it may be stored."""
    runs: list[bool] = []

    def lose(connection: Connection) -> None:
        runs.append(long)
        connection.exec_driver_sql(_LOSING)
        connection.exec_driver_sql(_ON_COMMIT)
        add("acme")(connection)

    await database.write(add("before"), long=long)
    with pytest.raises(StorageError):
        await database.write(lose, long=long)
    assert runs == [long]
    await database.write(add("after"), long=long)
