"""R18: when storage fails, requests are rejected as a whole; when mail fails, responses stay the same."""

from __future__ import annotations

import socket
import sqlite3
from collections.abc import Awaitable, Callable, Generator
from contextlib import closing, contextmanager
from typing import Any, Final

import attrs
import psycopg
import pytest
from sqlalchemy import make_url, update
from sqlalchemy.engine import Connection

from meshydb_server.runtime import Services
from meshydb_server.services.messages.worker import OutboxWorker
from meshydb_server.storage.engine.errors import StorageError
from meshydb_server.storage.schema import audit, outbox, recoveries, sessions, users
from tests.security.services import (
    ACCOUNT,
    BY_QUESTION,
    OLD_PASSWORD,
    PASSWORD,
    TENANT,
    USERNAME,
    Issued,
    ask,
    change,
    log_in,
    refusal,
    register,
    rows,
    services_on,
    without,
)
from tests.support.dependencies import SetClock
from tests.support.mail.smtp import Sink, receiving

pytestmark = pytest.mark.anyio

_TABLES: Final = (users, sessions, recoveries, outbox, audit)


async def _fails(call: Awaitable[object]) -> None:
    with pytest.raises(StorageError) as caught:
        await call
    assert "\n" not in str(caught.value)


async def _snapshot(services: Services) -> list[list[dict[str, Any]]]:
    return [await rows(services, table) for table in _TABLES]


def _forgot(services: Services, tenant: str = TENANT) -> Awaitable[object]:
    return services.recovery.forgot_password(ACCOUNT, tenant, USERNAME, 1)


async def test_r18_each_failure_of_storage_undoes_all(database_url: str) -> None:
    """When any table fails, each call fails as a whole, and works again afterwards."""
    async with services_on(database_url, recovery_guesses_per_request="100") as services:
        await log_in(services, OLD_PASSWORD)
        await change(services, update(users).values(verified=False))
        reset, registered = await ask(services), await register(services)
        completion = services.completion
        calls: list[tuple[Callable[[], Awaitable[object]], set[str]]] = [
            (lambda: _forgot(services), {"users", "recoveries", "audit", "outbox"}),
            (lambda: _forgot(services, BY_QUESTION), {"users", "recoveries", "audit", "security_questions"}),
            (lambda: completion.check_hash(reset.attempted()), {"users", "recoveries", "audit"}),
            (lambda: completion.check_hash(reset.attempted(hash="x")), {"users", "recoveries", "audit"}),
            (
                lambda: completion.reset_password(reset.attempted(), PASSWORD),
                {"users", "recoveries", "audit", "sessions", "outbox"},
            ),
            (lambda: completion.reset_password(reset.attempted(), "password"), {"users", "recoveries", "audit"}),
            (lambda: completion.verify_user(registered.attempted()), {"users", "recoveries", "audit"}),
        ]
        before = await _snapshot(services)
        for call, tables in calls:
            for table in sorted(tables):
                async with without(services, table):
                    await _fails(call())
                after = await _snapshot(services)
                assert [_uncounted(each) for each in after] == [_uncounted(each) for each in before]
        await completion.verify_user(registered.attempted())
        await completion.reset_password(reset.attempted(), PASSWORD)


def _uncounted(table: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows without the count of guesses, which stands whatever becomes of the rest."""
    counts = {"version", "failures", "guesses"}
    return [{name: value for name, value in row.items() if name not in counts} for row in table]


async def test_r18_a_failure_after_the_comparison_keeps_the_guess(database_url: str) -> None:
    """A right guess whose result cannot be written is counted and has no effect."""
    async with services_on(database_url) as services:
        issued = await ask(services)
        async with without(services, "sessions"):
            await _fails(services.completion.reset_password(issued.attempted(), PASSWORD))
        (row,) = await rows(services, recoveries)
        assert (row["failures"], row["used_at"]) == (1, None)
        await log_in(services, OLD_PASSWORD)
        await services.completion.reset_password(issued.attempted(), PASSWORD)


async def _refuses_all(services: Services, issued: Issued) -> None:
    await _fails(_forgot(services))
    await _fails(services.completion.check_hash(issued.attempted()))
    await _fails(services.completion.reset_password(issued.attempted(), PASSWORD))
    await _fails(services.completion.reset_password(issued.attempted(), "password"))
    await _fails(services.completion.verify_user(issued.attempted()))


def _is_sqlite(database_url: str) -> bool:
    return make_url(database_url).get_backend_name() == "sqlite"


def _connect(database_url: str) -> psycopg.Connection[Any]:
    """A connection past the server, to its database on PostgreSQL."""
    url = make_url(database_url).set(drivername="postgresql")
    return psycopg.connect(url.render_as_string(hide_password=False), autocommit=True)


async def test_r18_read_only(database_url: str) -> None:
    """While the database is read-only, calls fail and change nothing."""
    async with services_on(database_url) as services:
        issued = await ask(services)
        before = await _snapshot(services)
        if _is_sqlite(database_url):
            await services.database.write(lambda connection: connection.exec_driver_sql("PRAGMA query_only = ON"))
        else:
            name = make_url(database_url).database or ""
            with closing(_connect(database_url)) as connection:
                connection.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on".encode())
                # Of those who are connected, none has read that.
                connection.execute(_END_OTHERS)
        await _refuses_all(services, issued)
        assert await _snapshot(services) == before


_END_OTHERS: Final = (
    b"SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    b" WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


@contextmanager
def _held(database_url: str) -> Generator[None]:
    """Hold what recovery needs until the block ends, as another program might."""
    if _is_sqlite(database_url):
        with closing(sqlite3.connect(make_url(database_url).database or "")) as writer:
            writer.execute("BEGIN IMMEDIATE")
            yield
    else:
        with closing(_connect(database_url)) as connection, connection.transaction():
            connection.execute(b"LOCK TABLE recoveries, users IN ACCESS EXCLUSIVE MODE")
            yield


async def test_r18_locked(database_url: str) -> None:
    """While another program holds the database, calls fail after a wait and change nothing."""
    wait = {"timeout": "0.02"} if _is_sqlite(database_url) else {"options": "-c lock_timeout=20"}
    impatient = make_url(database_url).update_query_dict(wait).render_as_string(hide_password=False)
    async with services_on(impatient) as services:
        issued = await ask(services)
        before = await _snapshot(services)
        with _held(database_url):
            await _refuses_all(services, issued)
        assert await _snapshot(services) == before
        await services.completion.reset_password(issued.attempted(), PASSWORD)


async def test_r18_gone(database_url: str) -> None:
    """When the tables are gone, calls fail."""
    async with services_on(database_url) as services:
        issued = await ask(services)

        def drop(connection: Connection) -> None:
            for table in (
                "audit",
                "outbox",
                "recoveries",
                "sessions",
                "security_questions",
                "pending_questions",
                "known_addresses",
                "user_roles",
                "users",
            ):
                connection.exec_driver_sql(f"DROP TABLE {table}")

        await services.database.write(drop)
        await _refuses_all(services, issued)


def _nobody_listens() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"smtp://127.0.0.1:{listener.getsockname()[1]}"


async def test_r18_mail_down_changes_nothing_that_a_caller_sees(database_url: str) -> None:
    """Responses do not depend on whether mail is up, down, rejecting or off; messages wait."""
    seen: list[object] = []
    with receiving(Sink(to_recipient=["451 later"] * 2)) as refusing, receiving(Sink()) as taking:
        for smtp_url in ("", _nobody_listens(), refusing.url, taking.url):
            given: dict[str, Any] = {"smtp_url": smtp_url} if smtp_url else {}
            async with services_on(database_url, new=not seen, **given) as services:
                worker = OutboxWorker(services.outbox)
                issued = await ask(services)
                await worker.deliver_due()
                again = await refusal(services.completion.reset_password(issued.wrong, PASSWORD))
                checked = await services.completion.check_hash(issued.attempted())
                await services.completion.reset_password(issued.attempted(), PASSWORD)
                await worker.deliver_due()
                seen.append((attrs.evolve(issued.request, hash=""), len(issued.request.hash), again, checked))
        statuses = [row["status"] for row in await _messages_in(database_url)]
    assert seen == [seen[0]] * 4
    assert sorted(statuses) == ["sent"] * 4 + ["waiting"] * 4
    assert len(taking.messages) == 2


async def _messages_in(database_url: str) -> list[dict[str, Any]]:
    """The messages, as they are once all servers have stopped."""
    async with services_on(database_url, new=False) as services:
        return await rows(services, outbox)


async def test_r18_waiting_messages_arrive(database_url: str) -> None:
    """Messages that waited while mail was down are sent when it is up, and their codes work."""
    clock = SetClock()
    async with services_on(database_url, clock, smtp_url=_nobody_listens()) as services:
        issued = await ask(services)
        await OutboxWorker(services.outbox).deliver_due()
        (row,) = await rows(services, outbox)
    assert row["status"] == "waiting"
    clock.now = row["due_at"]
    with receiving(Sink()) as sink:
        async with services_on(database_url, clock, new=False, smtp_url=sink.url) as services:
            await OutboxWorker(services.outbox).deliver_due()
            (mail,) = sink.messages
            (code,) = [line.split()[-1] for line in mail.get_content().splitlines() if "code is:" in line]
            await services.completion.reset_password(issued.attempted(code), PASSWORD)
            await OutboxWorker(services.outbox).deliver_due()
    assert [mail["Subject"] for mail in sink.messages] == ["Your verification code", "Your password was changed"]
