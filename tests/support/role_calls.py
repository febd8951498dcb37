"""Calls of the operations on roles, as the server answers them to a user."""

from __future__ import annotations

import itertools
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import httpx
from attrs import field, frozen
from sqlalchemy import insert
from sqlalchemy.engine import Connection

from meshydb_server.http.app import create_app
from meshydb_server.services.roles.service import NewRole
from meshydb_server.storage.schema import roles
from tests.support.people import ACCOUNT, People, settled
from tests.support.server import settings_in

NOBODY: Final = "0" * 24


@frozen
class RoleCalls:
    """The API of an account whose default tenant has an administrator, `admin`."""

    people: People
    client: httpx.AsyncClient
    _tokens: dict[tuple[str, str], str] = field(factory=dict)

    async def call(
        self, method: str, path: str, json: Any = None, *, by: str = "admin", tenant: str = "north"
    ) -> httpx.Response:
        """Call an operation of the account, with the token of the user's first call."""
        headers = {"Authorization": f"Bearer {await self.token(by, tenant)}", "tenant": tenant}
        return await self.client.request(method, f"/{ACCOUNT}/{path}", json=json, headers=headers)

    async def token(self, by: str, tenant: str = "north") -> str:
        """The access token of a user, from a login at the first call."""
        if (by, tenant) not in self._tokens:
            self._tokens[by, tenant] = (await self.people.log_in(by, tenant=tenant)).access_token
        return self._tokens[by, tenant]

    async def refused(self, method: str, path: str, json: Any = None, **given: str) -> tuple[int, str]:
        """The status and code of a call that is refused."""
        response = await self.call(method, path, json, **given)
        assert response.is_error, response.text
        return response.status_code, response.json()["code"]

    async def role(self, name: str, *permissions: str) -> str:
        """The id of a new role with these permissions."""
        role, _ = await self.people.services.roles.create_role(
            ACCOUNT, None, NewRole(name=name, permissions=permissions)
        )
        return role.role_id

    async def id_of(self, name: str, tenant: str = "north") -> str:
        """The id of a role."""
        return (await self.people.services.roles.read_role(ACCOUNT, tenant, name)).role.role_id

    async def permission(self, role_id: str, permissible: str, *operations: str) -> str:
        """The id of a new permission of a role."""
        body = permission(permissible, *operations)
        response = await self.call("POST", f"roles/{role_id}/permissions", body)
        assert response.status_code == 201, response.text
        created: str = response.json()["id"]
        return created

    async def holder(self, username: str, *permissions: str) -> str:
        """The id of a new user who may do just this."""
        name = "".join(each for each in username if each.isalpha())
        await self.role(name, *permissions)
        user = await self.people.add(username, roles=[name])
        await self.people.services.roles.revoke_role(ACCOUNT, None, username, "meshy.user")
        return user.user_id


def permission(permissible: str, *operations: str) -> Mapping[str, Any]:
    """The body of a permission."""
    return {"permissibleName": permissible, **dict.fromkeys(operations, True)}


def users(*user_ids: str) -> Mapping[str, Any]:
    """The body that names users."""
    return {"users": [{"id": user_id} for user_id in user_ids]}


async def fill_with_roles(people: People, count: int) -> None:
    """Add roles of three letters each to the default tenant."""
    names = ["".join(letters) for letters in itertools.islice(itertools.product("abcdefghij", repeat=3), count)]
    common = {"account": ACCOUNT, "tenant": "north", "created_at": people.clock.now}
    rows = [{**common, "role_id": f"{number:024x}", "name": n, "name_key": n} for number, n in enumerate(names, 1)]

    def fill(connection: Connection) -> None:
        connection.execute(insert(roles), rows)

    await people.services.database.write(fill)


@asynccontextmanager
async def role_calls(folder: Path, database_url: str, **settings: str) -> AsyncGenerator[RoleCalls]:
    """The API on a new database."""
    app = create_app(settings_in(folder, database_url=database_url, **settings))
    async with (
        settled(folder, database_url, **settings) as people,
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://server:8000") as client,
    ):
        app.state.services = people.services
        await people.add("admin", roles=["meshy.admin"])
        yield RoleCalls(people, client)
