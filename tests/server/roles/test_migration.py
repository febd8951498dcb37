"""Databases of before, whose tenants have no role of anonymous users."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import select
from sqlalchemy.engine import Connection

from meshydb_server.runtime import open_services
from meshydb_server.services.roles.service import ShownRole
from meshydb_server.storage.engine.database import Database
from meshydb_server.storage.schema import permissions
from tests.support.migrating import adding, begin
from tests.support.server import SECRET_KEYS, settings_in

pytestmark = pytest.mark.anyio

_BEFORE: Final = "0006"
_NAME: Final = "meshy.anonymous"


def _fill(connection: Connection) -> None:
    add = adding(connection)
    add("accounts", account="acme", default_tenant="north", created_at=0)
    add("accounts", account="globex", default_tenant="north", created_at=0)
    for account, tenant in (("acme", "north"), ("acme", "south"), ("globex", "north")):
        key = f"{account}-{tenant}"
        add("tenants", account=account, tenant=tenant, public_key=key, verification="email", created_at=0)
    kept = {"account": "acme", "tenant": "south", "role_id": "a" * 24}
    add("roles", **kept, name="Meshy.Anonymous", name_key=_NAME, description="ours", created_at=0)


async def test_each_tenant_gets_the_role(tmp_path: Path, empty_database_url: str) -> None:
    """Each tenant gets the role with its permissions, once; a role of this name that is there stays as it is."""
    async with Database(empty_database_url) as database:
        await database.write(begin(_BEFORE))
        await database.write(_fill)
    for _ in range(2):
        async with open_services(
            settings_in(tmp_path, database_url=empty_database_url, secret_keys=SECRET_KEYS)
        ) as services:
            read = services.roles.read_role
            shown: list[ShownRole] = [await read(*place, _NAME) for place in (("acme", "north"), ("globex", "north"))]
            for each in shown:
                assert (each.role.name, each.role.description, each.users) == (_NAME, None, 0)
                assert {given.permissible: given.operations for given in each.permissions} == {
                    "meshes": ["create", "read", "update", "delete"],
                    "projections": ["read"],
                }
            kept = await read("acme", "south", _NAME)
            assert (kept.role.name, kept.role.description, kept.permissions) == ("Meshy.Anonymous", "ours", [])
            rows = await services.database.read(lambda connection: connection.execute(select(permissions)).all())
            assert len(rows) == 4
