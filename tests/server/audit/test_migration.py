"""Databases of before, whose audit trail says neither who acted nor on which role."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest
from sqlalchemy.engine import Connection

from meshydb_server.runtime import open_services
from meshydb_server.services.roles.service import NewRole
from meshydb_server.storage.engine.database import Database
from tests.support.migrating import adding, begin
from tests.support.server import SECRET_KEYS, settings_in

pytestmark = pytest.mark.anyio

_BEFORE: Final = "0008"


def _fill(connection: Connection) -> None:
    add = adding(connection)
    tenant = {"account": "acme", "tenant": "north"}
    add("accounts", account="acme", default_tenant="north", created_at=0)
    add("tenants", **tenant, public_key="key", verification="email", created_at=0)
    for kind, user_id in (("role-granted", "a" * 24), ("role-created", None)):
        add("audit", **tenant, event_id=kind, occurred_at=0, kind=kind, outcome="ok", user_id=user_id, count=1)


async def test_old_events_stay(tmp_path: Path, empty_database_url: str) -> None:
    """Old events stay as they are, without actor and subject, and new ones have a subject."""
    async with Database(empty_database_url) as database:
        await database.write(begin(_BEFORE))
        await database.write(_fill)
    settings = settings_in(tmp_path, database_url=empty_database_url, secret_keys=SECRET_KEYS)
    async with open_services(settings) as services:
        await services.roles.create_role("acme", None, NewRole(name="editors"))
        events = await services.audit.events("acme")
    assert sorted((each.kind, each.user_id, each.actor_id, each.subject) for each in events if each.user_id) == [
        ("role-granted", "a" * 24, None, None)
    ]
    created = [(each.outcome, each.actor_id, each.subject) for each in events if each.kind == "role-created"]
    assert sorted(created, key=str) == [("ok", None, None), ("operator", None, "editors")]
