"""Calls of the operations on meshes, as the server answers them to a user."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from attrs import frozen

from tests.support.people import ACCOUNT, People
from tests.support.role_calls import RoleCalls, role_calls

_JSON = {"Content-Type": "application/json"}


@frozen
class MeshCalls:
    """The API of an account whose tenants have an administrator each, `admin`."""

    roles: RoleCalls

    @property
    def people(self) -> People:
        """The users, and the services."""
        return self.roles.people

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        content: bytes | None = None,
        by: str = "admin",
        tenant: str = "north",
        **params: str,
    ) -> httpx.Response:
        """Call an operation of the account, with JSON or bytes as the body, and a query."""
        headers = {"Authorization": f"Bearer {await self.roles.token(by, tenant)}", "tenant": tenant}
        url = f"/{ACCOUNT}/{path}"
        query = params or None
        if content is not None:
            return await self.roles.client.request(
                method, url, content=content, headers={**headers, **_JSON}, params=query
            )
        return await self.roles.client.request(method, url, json=body, headers=headers, params=query)

    async def refused(self, method: str, path: str, body: Any = None, **given: Any) -> tuple[int, str]:
        """The status and code of a call that is refused."""
        response = await self.call(method, path, body, **given)
        assert response.is_error, response.text
        return response.status_code, response.json()["code"]

    async def fill(self, mesh: str, *documents: dict[str, Any], tenant: str = "north") -> None:
        """Create documents."""
        response = await self.call("POST", f"meshes/{mesh}", list(documents), tenant=tenant)
        assert response.status_code == 201, response.text

    async def ids(self, mesh: str, *, tenant: str = "north", **params: Any) -> list[str]:
        """The ids of the documents that a search finds on its first page of 200."""
        response = await self.call("GET", f"meshes/{mesh}", tenant=tenant, **{"pageSize": "200", **params})
        assert response.status_code == 200, response.text
        return [each["_id"] for each in response.json()["results"]]


@asynccontextmanager
async def mesh_calls(folder: Path, database_url: str, **settings: str) -> AsyncGenerator[MeshCalls]:
    """The API on a new database."""
    async with role_calls(folder, database_url, **settings) as calls:
        await calls.people.add("admin", "south", roles=["meshy.admin"])
        yield MeshCalls(calls)
