"""Each request costs few statements, each of which uses an index."""

from __future__ import annotations

from collections.abc import Awaitable
from contextlib import suppress
from functools import partial
from typing import Final

import attrs
import pytest
from sqlalchemy import insert
from sqlalchemy.engine import Connection

from meshydb_server.query import parse_filter, parse_order
from meshydb_server.runtime import Services
from meshydb_server.services.common.errors import ServiceError
from meshydb_server.storage import meshes
from meshydb_server.storage.messages import Search, claim, find_due
from meshydb_server.storage.schema import outbox
from tests.security.services import (
    ACCOUNT,
    BY_QUESTION,
    BY_TEXT,
    PASSWORD,
    TENANT,
    UNKNOWN,
    USERNAME,
    ask,
    register,
    rows,
    services_on,
)
from tests.server.meshes import stored
from tests.support.dependencies import SetClock
from tests.support.instrumentation import Statement, statements

pytestmark = pytest.mark.anyio

# With decoys, letters cost as much for everybody as for those whose address is not proved.
_MOST: Final = {"not_found": 5, "decoy": 6}
# What SQLite and PostgreSQL call it to read a whole table.
_SCANS: Final = ("SCAN ", "Seq Scan")
# And to find rows by an index; the last is PostgreSQL's.
_BY_INDEX: Final = ("USING INDEX", "USING COVERING INDEX", "USING PRIMARY KEY", "Index")
# And what SQLite calls it to go through the rows of an INSERT.
_NO_SCAN: Final = "CONSTANT ROW"


async def _run(call: Awaitable[object]) -> list[Statement]:
    with statements() as seen, suppress(ServiceError):
        await call
    assert seen
    return seen


async def _plan(services: Services, statement: Statement) -> list[str]:
    """The query plan of a statement, line by line."""

    def explain(connection: Connection) -> list[str]:
        if connection.dialect.name == "sqlite":
            text = f"EXPLAIN QUERY PLAN {statement.text}"
            return [row[-1] for row in connection.exec_driver_sql(text, statement.parameters)]
        # Tables this small are read as a whole, if they may be.
        connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        text = f"EXPLAIN {statement.text}"
        return [row[0] for row in connection.exec_driver_sql(text, statement.parameters)]

    return await services.database.write(explain)


async def _assert_by_index(services: Services, seen: list[Statement]) -> None:
    for statement in seen:
        plan = await _plan(services, statement)
        assert not [line for line in plan if any(scan in line for scan in _SCANS) and _NO_SCAN not in line], (
            statement.text,
            plan,
        )
        if not statement.text.startswith("INSERT"):
            assert any(word in line for word in _BY_INDEX for line in plan), plan


@pytest.mark.parametrize("setting", ["not_found", "decoy"])
async def test_forgot_password_takes_few_statements(database_url: str, setting: str) -> None:
    """A call of forgotPassword costs five or six statements for any user, each by an index."""
    async with services_on(database_url, unknown_user=setting) as services:
        for tenant in (None, TENANT, BY_TEXT, BY_QUESTION):
            for name in (USERNAME, UNKNOWN, USERNAME, UNKNOWN):
                seen = await _run(services.recovery.forgot_password(ACCOUNT, tenant, name, 1))
                assert len(seen) <= _MOST[setting], [each.text for each in seen]
                await _assert_by_index(services, seen)
                # The user and the request are found by the whole key, and not looked for among those of the tenant.
                conditions = [
                    line for line in await _plan(services, seen[0]) if "SEARCH" in line or "Index Cond" in line
                ]
                assert sum("username_key=?" in line or "username_key = " in line for line in conditions) == 2


async def test_completing_goes_by_indexes(database_url: str) -> None:
    """Checks, resets and verifications cost few statements, each by an index."""
    async with services_on(database_url) as services:
        for tenant in (TENANT, BY_QUESTION):
            issued, completion = await ask(services, tenant=tenant), services.completion
            calls: list[tuple[int, Awaitable[object]]] = [
                (4, completion.check_hash(issued.wrong)),
                (5, completion.check_hash(issued.attempted())),
                (2, completion.check_hash(issued.attempted(hash="x"))),
                (4, completion.reset_password(issued.wrong, PASSWORD)),
                (8, completion.reset_password(issued.attempted(), PASSWORD)),
            ]
            if tenant == TENANT:
                calls.append((6, completion.verify_user((await register(services)).attempted())))
            for most, call in calls:
                seen = await _run(call)
                assert len(seen) <= most, [each.text for each in seen]
                await _assert_by_index(services, seen)


async def test_the_worker_goes_by_indexes(database_url: str) -> None:
    """The mail worker finds due messages by an index, also those of one domain, and claims them by key."""
    clock = SetClock()
    async with services_on(database_url, clock, smtp_url="smtp://localhost") as services:
        await ask(services)
        await _crowd(services)
        search = Search(channels=["email"], now=clock.now, limit=5)
        for each, index in (
            (attrs.evolve(search, without=["slow.example"], since=clock.now, retries=False), "due"),
            (attrs.evolve(search, domain="example.org"), "domain_due"),
        ):
            seen = await _run(services.database.read(partial(find_due, search=each)))
            await _assert_by_index(services, seen)
            plan = " ".join(await _plan(services, seen[0]))
            assert f"ix_outbox_{index} " in plan
            assert "B-TREE" not in plan
            assert "Sort" not in plan
        seen = await _run(services.database.write(lambda c: claim(c, find_due(c, search)[0], clock.now)))
        await _assert_by_index(services, seen)


async def _crowd(services: Services) -> None:
    """Add many messages to other domains and update the planner's statistics, so that the index matters."""
    (message,) = await rows(services, outbox)
    others = [{**message, "message_id": f"{number}", "domain": f"{number}.example"} for number in range(500)]

    def fill(connection: Connection) -> None:
        connection.execute(insert(outbox), others)
        connection.exec_driver_sql("ANALYZE outbox")

    await services.database.write(fill)


async def test_sweeping_goes_by_indexes(database_url: str) -> None:
    """The sweeper finds expired rows by an index on their expiry."""
    clock = SetClock()
    async with services_on(database_url, clock) as services:
        await ask(services)
        clock.move(days=30)
        seen = await _run(services.sweeper.sweep())
        assert [each.text.split()[:3] for each in seen] == [
            ["DELETE", "FROM", table]
            for table in ("recoveries", "sessions", "outbox", "outbox", "counters", "known_addresses", "audit")
        ]
        *lapsed, events = seen
        await _assert_by_index(services, lapsed)
        for statement in lapsed:
            plan = " ".join(await _plan(services, statement))
            assert "expires_at" in plan or "last_login_at" in plan or "ix_outbox_decoys" in plan
        # Tenant by tenant, and of each the oldest: it goes through the tenants, not through their events.
        lines = await _plan(services, events)
        assert [line for line in lines if any(scan in line and "tenants" not in line for scan in _SCANS)] == []
        assert any("event_id<?" in line or "event_id < " in line for line in lines), lines


def test_statements_of_meshes_name_the_tenant(database_url: str) -> None:
    """Every statement on meshes, documents and projections names account and tenant, whatever the filter is."""
    end = {"check": stored.go_on}
    projection = meshes.Projection(
        account="acme", tenant="north", name="p", mesh="person", pipeline="[]", created_at=stored.NOW
    )
    tenant = ("acme", "north")
    with stored.connected(database_url) as connection, statements() as seen:
        meshes.add_mesh(connection, stored.KEY, stored.NOW)
        meshes.list_meshes(connection, *tenant)
        for ids in ("1", "23"):
            meshes.insert_documents(connection, stored.KEY, [(document_id, '{"a":1}') for document_id in ids])
        meshes.document_lookup(stored.KEY, "1").on(connection)
        meshes.existing_ids(connection, stored.KEY, ["1"])
        meshes.get_bodies(connection, stored.KEY, ["1"])
        meshes.documents_after(connection, stored.KEY, "", 1)
        meshes.replace_document(connection, stored.KEY, "1", "{}")
        meshes.lock_documents(connection, stored.KEY, ["1"])
        either = {"$or": [{"a": 1}, {"b": 1}]}
        for source in ({}, {"a": 1}, either, {"_id": "1"}, {"a": {"$gt": 0}}, {"a.0": {"$ne": 1}}):
            tree = parse_filter(source)
            for order in ({}, {"a": 1}):
                meshes.search(connection, stored.KEY, tree, parse_order(order), offset=0, limit=1, **end)
            meshes.matching_ids(connection, stored.KEY, tree, **end)
            list(meshes.stream(connection, stored.KEY, tree, **end))
        meshes.delete_document(connection, stored.KEY, "1")
        meshes.delete_documents(connection, stored.KEY, ["2", "3"])
        meshes.put_projection(connection, projection)
        meshes.get_projection(connection, *tenant, "p")
        meshes.list_projections(connection, *tenant)
        meshes.delete_projection(connection, *tenant, "p")
    assert len(seen) > 40
    for statement in seen:
        columns = ("account", "tenant") if statement.text.startswith("INSERT") else ("account = ", "tenant = ")
        assert all(column in statement.text for column in columns), statement.text


def test_scans_are_recognised() -> None:
    """The rule recognises a scan of a whole table in the plans of both databases."""
    for line in ("SCAN recoveries", "SCAN users USING INDEX x", "  ->  Seq Scan on audit  (cost=0.00..1)"):
        assert any(scan in line for scan in _SCANS)
    assert not any(scan in "SEARCH users USING INDEX x (account=?)" for scan in _SCANS)
