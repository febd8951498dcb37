"""R22: the migration keeps existing users able to log in."""

from __future__ import annotations

from typing import Any, Final

import pytest
from sqlalchemy import select
from sqlalchemy.engine import Connection

from meshydb_server.storage.engine.database import Database
from meshydb_server.storage.schema import users
from tests.support.migrating import adding, begin

pytestmark = pytest.mark.anyio

_BEFORE: Final = "0002"
_FLAGS: Final = ("verified", "email_proved", "phone_proved", "questions_proved")
_NOTHING: Final = (False, False, False, False)

# Each user's tenant and columns, and the flags that the migration gives them.
_USERS: Final[dict[str, tuple[str, dict[str, Any], tuple[bool, ...]]]] = {
    "verified by email": ("email", {"verified": True, "email": "r@example.org"}, (True, True, False, False)),
    "not verified by email": ("email", {"email": "r@example.org", "last_accessed": 1}, _NOTHING),
    "without an address": ("email", {"verified": True}, (True, False, False, False)),
    "verified by text": ("text", {"verified": True, "phone": "+15551230000"}, (True, False, True, False)),
    "not verified by text": ("text", {"phone": "+15551230000"}, _NOTHING),
    "verified, asked": ("question", {"verified": True}, (True, False, False, True)),
    "has logged in, asked": ("question", {"last_accessed": 1}, (True, False, False, True)),
    "has questions": ("question", {}, (True, False, False, True)),
    "never let in": ("question", {"email": "r@example.org"}, _NOTHING),
    "device": ("question", {"anonymous": True, "last_accessed": 1}, _NOTHING),
}


def _fill(connection: Connection) -> None:
    add = adding(connection)
    add("accounts", account="acme", default_tenant="email", created_at=0)
    for tenant in ("email", "text", "question"):
        add("tenants", account="acme", tenant=tenant, public_key=tenant, verification=tenant, created_at=0)
    for name, (tenant, given, _) in _USERS.items():
        fixed = {"username": name, "username_key": name, "names_key": "\n", "credential_version": 1, "created_at": 0}
        flags = {"anonymous": False, "verified": False, "is_active": True}
        add("users", account="acme", tenant=tenant, user_id=name, **{**fixed, **flags, **given})
    asked = {"account": "acme", "tenant": "question", "user_id": "has questions", "position": 0}
    add("security_questions", **asked, question="Pet?", answer_hash="x")


async def test_r22_existing_users(empty_database_url: str) -> None:
    """Users who could log in have proved the tenant's channel; others have proved nothing."""
    async with Database(empty_database_url) as database:
        await database.write(begin(_BEFORE))
        await database.write(_fill)
        await database.migrate()
        rows = await database.read(lambda connection: [*connection.execute(select(users)).mappings()])
    assert {row["username"]: tuple(row[flag] for flag in _FLAGS) for row in rows} == {
        name: flags for name, (_, _, flags) in _USERS.items()
    }
