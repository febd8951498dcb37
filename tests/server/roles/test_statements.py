"""What calls about roles cost the database: statements that find their rows by an index that begins with the tenant."""

from __future__ import annotations

import pytest

from tests.support.instrumentation import statements
from tests.support.role_calls import RoleCalls, permission, users

pytestmark = pytest.mark.anyio

_TABLES = ("roles", "permissions", "user_roles")


async def test_each_statement_names_the_tenant(calls: RoleCalls) -> None:
    """Each statement on roles and their users names account and tenant, and many users take few statements."""
    ids = [(await calls.people.add(f"user-{number}")).user_id for number in range(20)]
    role = await calls.role("editors", "meshes.task:read")
    given = await calls.permission(role, "users", "read")
    with statements() as seen:
        for method, path, body in (
            ("POST", "roles", {"name": "others"}),
            ("GET", f"roles/{role}", None),
            ("GET", "roles?name=edit", None),
            ("PUT", f"roles/{role}", {"name": "writers"}),
            ("GET", f"roles/{role}/permissions", None),
            ("GET", f"roles/{role}/permissions/{given}", None),
            ("PUT", f"roles/{role}/permissions/{given}", permission("users", "create")),
            ("DELETE", f"roles/{role}/permissions/{given}", None),
        ):
            assert (await calls.call(method, path, body)).is_success
    with statements() as many:
        for method in ("POST", "DELETE"):
            assert (await calls.call(method, f"roles/{role}/users", users(*ids))).status_code == 204
    with statements() as last:
        assert (await calls.call("DELETE", f"roles/{role}")).status_code == 204
    for statement in (*seen, *many, *last):
        if any(f" {table} " in f"{statement.text} ".replace("\n", " ") for table in _TABLES):
            assert "account" in statement.text, statement.text
            assert "tenant" in statement.text, statement.text
    # All is done for all users at once.
    assert len(many) <= 30
