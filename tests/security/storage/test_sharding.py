"""A request stays on one shard: its statements name account and tenant, and so does each key of the schema."""

from __future__ import annotations

import itertools
from http import HTTPStatus
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import ForeignKeyConstraint, UniqueConstraint

from meshydb_server.runtime import open_services, working
from meshydb_server.storage.accounts import Verification
from meshydb_server.storage.messages import Search, find_due
from meshydb_server.storage.schema import metadata
from tests.security.accounts.requests import NAMING, OPERATIONS, REQUESTS, compose, fields_of
from tests.security.accounts.tenants import SeededTenant, SharedServer, never_existed, shared_server
from tests.security.storage.sharding import EXCEPTIONS, exception_of, is_about, key_of, unnamed
from tests.support.contract import ROOT
from tests.support.dependencies import SetClock
from tests.support.instrumentation import Statement, statements
from tests.support.server import settings_in

_QUESTIONS: Final = ("updateSecurityQuestions", "updateUserSecurityQuestions")
# They take or end what others need, so they come last, in this order.
_LAST: Final = (
    "updateSelf",
    "updatePassword",
    "revokeToken",
    "deleteMeshData",
    "deleteManyMeshData",
    "removeUsersFromRole",
    "deletePermission",
    "createPermission",
    "updateRole",
    "deleteRole",
    "deleteUser",
)
# What the operations need to be there: how users verify themselves, and an open request.
_GROUPS: Final[dict[str, tuple[Verification, str | None, list[str]]]] = {
    "questions": ("question", None, [*_QUESTIONS]),
    "reset": ("email", "reset", ["checkHash", "resetPassword"]),
    "register": ("email", "register", ["verifyUser"]),
    "others": (
        "email",
        None,
        [*(each for each in OPERATIONS if each not in {*_QUESTIONS, *REQUESTS, *_LAST}), *_LAST],
    ),
}


def test_every_operation_is_called() -> None:
    """The groups have each operation of the contract once."""
    assert sorted(each for *_, group in _GROUPS.values() for each in group) == sorted(OPERATIONS)


@pytest.mark.anyio
@pytest.mark.parametrize("group", _GROUPS)
async def test_statements_of_requests(group: str, database_url: str, tmp_path: Path) -> None:
    """Each statement that a request runs names its account and tenant, whichever operation it calls."""
    verification, request, operations = _GROUPS[group]
    async with shared_server(tmp_path, database_url, verification, request) as server:
        tenant = server.tenants["owner"]
        for operation_id in operations:
            seen, succeeded = await _call(server, operation_id, tenant)
            assert succeeded, operation_id
            for statement in seen:
                if exception_of(statement) is None:
                    assert unnamed(statement.text) == [], (operation_id, statement.text)
                    assert is_about(statement, tenant.account, tenant.tenant), (operation_id, statement)


async def _call(server: SharedServer, operation_id: str, tenant: SeededTenant) -> tuple[list[Statement], bool]:
    """Call an operation about what is there and what is not. Returns the statements, and whether a call was good."""
    operation, succeeded = OPERATIONS[operation_id], False
    # The last is none of its fields: all of them are as they were. New users get their name from it.
    fields = dict.fromkeys([*(field for field in fields_of(operation) if field in NAMING), operation_id])
    with statements() as seen:
        for field, named in itertools.product(fields, (never_existed(tenant.own), tenant.own)):
            answer = await server.client.send(compose(server.client, operation, field, tenant, named))
            succeeded |= answer.status_code < HTTPStatus.BAD_REQUEST
    return seen, succeeded


@pytest.mark.anyio
async def test_exceptions(database_url: str, tmp_path: Path) -> None:
    """The sweeper, the worker and the start of a process run the exceptions, and nothing else crosses tenants."""
    clock = SetClock()
    with statements() as seen:
        async with open_services(settings_in(tmp_path, database_url=database_url)) as services, working(services):
            await services.sweeper.sweep()
            search = Search(channels=["email"], now=clock.now, limit=5)
            await services.database.read(lambda connection: find_due(connection, search))
    crossing = [each for each in seen if unnamed(each.text) or "alembic_version" in each.text]
    assert [each.text for each in crossing if exception_of(each) is None] == []
    assert {exception_of(each) for each in crossing} == EXCEPTIONS.keys()


def test_rule() -> None:
    """The rule finds each table that a statement does not look up by the whole key."""
    joined = (
        "SELECT 1 FROM users JOIN roles ON roles.account = users.account AND roles.tenant = users.tenant"
        " WHERE users.account = ? AND users.tenant = ?"
    )
    for text, expected in (
        ("SELECT 1 FROM users WHERE users.account = ? AND users.tenant = ?", []),
        ("SELECT 1 FROM users WHERE users.account = ?", ["users.tenant"]),
        ("SELECT 1 FROM users WHERE users.user_id = ?", ["users.account", "users.tenant"]),
        (joined, []),
        ("SELECT 1 FROM users, roles WHERE users.account = ? AND users.tenant = ?", ["roles.account", "roles.tenant"]),
        ("SELECT 1 FROM users AS u WHERE u.account = %(a)s AND u.tenant = %(t)s", []),
        ("SELECT id FROM documents WHERE account = ? AND tenant = ?", []),
        ("UPDATE users SET tenant=? WHERE users.account = ?", ["users.tenant"]),
        ("DELETE FROM users", ["users.account", "users.tenant"]),
        ("INSERT INTO users (account, tenant, user_id) VALUES (?, ?, ?)", []),
        ("INSERT INTO users (user_id, account, tenant) VALUES (?, ?, ?)", ["users.account", "users.tenant"]),
        ("SELECT tenants.tenant = accounts.default_tenant FROM tenants WHERE tenants.account = ?", ["tenants.tenant"]),
    ):
        assert unnamed(text) == expected, text


def test_keys_begin_with_the_shard_key() -> None:
    """Each primary key, unique key and reference of the schema begins with account and tenant, on both of its sides."""
    for table in metadata.sorted_tables:
        key = key_of(table.name)
        unique = [each for each in table.constraints if isinstance(each, UniqueConstraint)]
        for constraint in (table.primary_key, *unique):
            assert tuple(constraint.columns.keys())[: len(key)] == key, (table.name, constraint)
        for index in table.indexes:
            assert not index.unique or tuple(index.columns.keys())[: len(key)] == key, (table.name, index.name)
        for reference in table.constraints:
            if isinstance(reference, ForeignKeyConstraint):
                own = tuple(reference.column_keys)
                other = tuple(element.column.name for element in reference.elements)
                shared = key_of(reference.referred_table.name)
                assert own[: len(shared)] == other[: len(shared)] == shared, (table.name, reference)


def test_citus_has_each_table() -> None:
    """The page about scaling distributes each table by account, each after those that it refers to."""
    page = (ROOT / "docs" / "scaling.md").read_text(encoding="utf-8")
    blocks = [each.partition("```")[0] for each in page.split("```sql\n")[1:]]
    (shown,) = [each.split("\n") for each in blocks if "create_distributed_table" in each]
    (first, *others) = [table.name for table in metadata.sorted_tables]
    expected = [f"SELECT create_distributed_table('{first}', 'account');"]
    expected += [
        f"SELECT create_distributed_table('{name}', 'account', colocate_with => '{first}');" for name in others
    ]
    assert [line.strip() for line in shown if line.strip()] == expected
