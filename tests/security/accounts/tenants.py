"""Tenants of one account and of another that share a server and must know nothing of each other.

Each has an operator, who may do everything there, and a person with something of every kind that a request can name.
"""

from __future__ import annotations

import json
import string
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import httpx
from attrs import frozen
from sqlalchemy import select
from sqlalchemy.engine import Connection

from meshydb_server.runtime import Services, open_services
from meshydb_server.services.accounts import NewUser, TenantChange
from meshydb_server.services.common.dependencies import Dependencies
from meshydb_server.services.common.pages import PageRequest
from meshydb_server.services.roles import Actor, NewRole, RoleId
from meshydb_server.services.users.questions import NewQuestion
from meshydb_server.storage.accounts import Verification
from meshydb_server.storage.schema import metadata
from tests.support.dependencies import CHEAP_HASHER, SetClock
from tests.support.server import serving, settings_in

_TENANTS: Final = {"owner": ("acme", "north"), "neighbour": ("acme", "south"), "stranger": ("globex", "north")}
_EMAIL: Final = "user@example.org"

# Of each letter or digit, the next of its kind.
_KINDS: Final = (string.digits, string.ascii_lowercase, string.ascii_uppercase)
_NEXT: Final = {ord(one): other for kind in _KINDS for one, other in zip(kind, kind[1:] + kind[:1], strict=True)}
_IDS: Final = {"id", "roleId", "permissionId", "users[].id", "_id", "[]._id"}
_NEXT_DIGIT: Final = str.maketrans("0123456789abcdef", "123456789abcdef0")

Values = Mapping[str, str]
"""Values of a tenant or of nobody, by the names that the contract has for them."""


@frozen
class SeededTenant:
    """A tenant, with what stands there."""

    account: str
    tenant: str
    operator_token: str
    own: Values


@frozen
class SharedServer:
    """A server with three tenants: an owner, a neighbour in the same account, and a stranger in another account."""

    client: httpx.AsyncClient
    services: Services
    tenants: Mapping[str, SeededTenant]

    async def rows(self, seeded: SeededTenant) -> dict[str, list[tuple[Any, ...]]]:
        """All that is stored of a tenant."""

        def look(connection: Connection) -> dict[str, list[tuple[Any, ...]]]:
            found = {}
            for table in metadata.sorted_tables:
                if "tenant" in table.c:
                    place = (table.c.account == seeded.account) & (table.c.tenant == seeded.tenant)
                    query = select(table).where(place).order_by(*table.primary_key.columns)
                    found[table.name] = [tuple(row) for row in connection.execute(query)]
            return found

        return await self.services.database.read(look)


def never_existed(values: Values) -> Values:
    """Values of the same form and length, which are nobody's; a date stays what it is."""
    turned = {name: value.translate(_NEXT_DIGIT if name in _IDS else _NEXT) for name, value in values.items()}
    return {**turned, **{name: value for name, value in values.items() if name == "expires"}}


@asynccontextmanager
async def shared_server(
    folder: Path, database_url: str, verification: Verification, request: str | None
) -> AsyncGenerator[SharedServer]:
    """Serve a new database with the tenants; each may have an open request for `reset` or `register`."""
    settings = settings_in(folder, database_url=database_url)
    dependencies = Dependencies(clock=SetClock(), hasher=CHEAP_HASHER)
    async with open_services(settings, dependencies) as services:
        await services.accounts.create_account("acme", ["north", "south"])
        await services.accounts.create_account("globex", ["north"])
        with serving(settings, dependencies) as server:
            async with httpx.AsyncClient(base_url=server.url) as client:
                tenants = {
                    name: await _settle(services, client, *place, TenantChange(verification=verification), request)
                    for name, place in _TENANTS.items()
                }
                yield SharedServer(client, services, tenants)


async def _settle(
    services: Services, client: httpx.AsyncClient, account: str, tenant: str, change: TenantChange, request: str | None
) -> SeededTenant:
    key = (await services.accounts.configure_tenant(account, tenant, change)).public_key
    place, headers = f"{account}-{tenant}", {"tenant": tenant}
    name = f"clerk{account}{tenant}"
    await services.roles.create_role(account, tenant, NewRole(name=name, permissions=["meshes.task:read"]))
    role = (await services.roles.read_role(account, tenant, name)).role
    in_tenant = Actor(account, tenant)
    (permission,) = (await services.permissions.search(in_tenant, RoleId(role.role_id), "", PageRequest())).results
    password = f"passphrase of {place}"
    common: dict[str, Any] = {
        "password": password,
        "email": _EMAIL,
        "questions": [NewQuestion("First street?", "Elm")],
    }
    operator = NewUser(username=f"operator-{place}", roles=["meshy.admin"], **common)
    await services.accounts.create_user(account, tenant, operator)
    # So that one name finds the person and the role, and names the mesh and the projection.
    person = NewUser(username=f"person-{place}", first_name=role.name, roles=[role.name], **common)
    user = await services.accounts.create_user(account, tenant, person)

    async def log_in(username: str) -> dict[str, str]:
        form = {"client_id": key, "grant_type": "password", "username": username, "password": password}
        answer = await client.post(f"/{account}/connect/token", data=form, headers=headers)
        tokens: dict[str, str] = answer.raise_for_status().json()
        return tokens

    tokens, operators = await log_in(person.username), await log_in(operator.username)
    await services.projections.create(account, tenant, role.name, role.name, "[]")
    # So that one id is that of the person and of the document.
    document, bearer = {"_id": user.user_id}, {"Authorization": f"Bearer {operators['access_token']}"}
    created = await client.post(f"/{account}/meshes/{role.name}", json=document, headers={**headers, **bearer})
    created.raise_for_status()
    own = {
        "id": user.user_id,
        "username": person.username,
        "name": role.name,
        "password": password,
        "previousPassword": password,
        "client_id": key,
        "roleId": role.role_id,
        "permissionId": permission.permission_id,
        "mesh": role.name,
        "projectionName": role.name,
        **dict.fromkeys(("users[].id", "_id", "[]._id"), user.user_id),
        "roles[].name": role.name,
        "access token": tokens["access_token"],
        "refresh_token": tokens["refresh_token"],
        "token": tokens["refresh_token"],
    }
    if request is not None:
        username = person.username if request == "reset" else f"newcomer-{place}"
        body = {"username": username, "attempt": 1, "newPassword": password, "emailAddress": _EMAIL}
        path = "forgotpassword" if request == "reset" else "register"
        issued = (await client.post(f"/{account}/users/{path}", json=body, headers=headers)).raise_for_status().json()
        own |= {name: issued[name] for name in ("username", "hash", "expires")}
        own |= {"verificationCode": await _code(services, account, tenant, username)}
    return SeededTenant(account, tenant, operators["access_token"], own)


async def _code(services: Services, account: str, tenant: str, username: str) -> str:
    (payload,) = [
        message.payload
        for message, _ in await services.outbox.messages()
        if (message.account, message.tenant, message.username) == (account, tenant, username)
    ]
    code: str = json.loads(services.outbox.keyring.decrypt(payload or b""))["code"]
    return code
