"""Several changes of roles at the same time break no rule, on two servers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from attrs import evolve
from sqlalchemy.engine import Connection

from meshydb_server.runtime import open_services
from meshydb_server.services.common.dependencies import Dependencies
from meshydb_server.services.common.errors import ServiceError
from meshydb_server.storage.accounts import has_accounts
from meshydb_server.storage.schema import roles
from tests.support.databases.transactions import held, until_one_waits
from tests.support.dependencies import CHEAP_HASHER
from tests.support.people import ACCOUNT, People, settled
from tests.support.role_calls import RoleCalls, permission, users
from tests.support.server import settings_in

pytestmark = pytest.mark.anyio

_TIMES = 8


async def _ends(calls: RoleCalls, *requests: tuple[str, str, object]) -> list[int]:
    """The statuses of calls that are made at the same time, on connections that are there already."""
    await calls.call("GET", "roles")
    await asyncio.gather(*(calls.people.services.database.read(has_accounts) for _ in requests))
    answers = await asyncio.gather(*(calls.call(*request) for request in requests))
    return [answer.status_code for answer in answers]


async def test_one_name(calls: RoleCalls) -> None:
    """Of several roles of one name, one is created."""
    ends = await _ends(calls, *[("POST", "roles", {"name": name}) for name in ("editors", "EDITORS") * _TIMES])
    assert sorted(ends) == [201, *[400] * (2 * _TIMES - 1)]
    two = [await calls.role("a"), await calls.role("b")]
    ends = await _ends(calls, *[("PUT", f"roles/{role}", {"name": "same"}) for role in two])
    assert sorted(ends) == [200, 400]


async def test_all_meshes_beside_one(calls: RoleCalls) -> None:
    """Of permissions for all meshes and for one, those of one kind stand."""
    for number in range(_TIMES):
        role = await calls.role(f"editors{'abcdefgh'[number]}")
        bodies = [permission(name, "read") for name in ("meshes", "meshes.x", "meshes.y")]
        ends = await _ends(calls, *[("POST", f"roles/{role}/permissions", body) for body in bodies])
        found = (await calls.call("GET", f"roles/{role}/permissions")).json()["results"]
        names = [each["permissibleName"] for each in found]
        assert names in (["meshes"], ["meshes.x", "meshes.y"])
        assert ends.count(201) == len(names)


async def test_changes_that_would_overlap(calls: RoleCalls) -> None:
    """Of a change to all meshes and one to a single mesh, the first stands."""
    for number in range(_TIMES):
        role = await calls.role(f"editors{'abcdefgh'[number]}")
        ids = [await calls.permission(role, name, "read") for name in ("users", "roles")]
        bodies = [permission("meshes", "read"), permission("meshes.x", "read")]
        pairs = zip(ids, bodies, strict=True)
        ends = await _ends(calls, *[("PUT", f"roles/{role}/permissions/{each}", body) for each, body in pairs])
        assert sorted(ends) == [200, 400]


async def test_a_role_is_deleted_while_it_is_given(calls: RoleCalls) -> None:
    """A role that is deleted meanwhile is not given, to users that there are or that are made, and nothing fails."""
    ben = (await calls.people.add("ben")).user_id
    for number in range(_TIMES):
        name = f"editors{'abcdefgh'[number]}"
        role = await calls.role(name)
        new = {"newPassword": "correct horse", "emailAddress": "e@example.org", "roles": [{"name": name}]}
        ends = await _ends(
            calls,
            ("POST", f"roles/{role}/users", users(ben)),
            ("DELETE", f"roles/{role}", None),
            ("POST", f"roles/{role}/permissions", permission("users", "read")),
            ("POST", "users", {**new, "username": f"new-{number}"}),
        )
        assert ends[0] in {204, 404}
        assert ends[1] == 204
        assert ends[2] in {201, 400}
        assert ends[3] in {201, 400}
    shown = (await calls.call("GET", f"users/{ben}")).json()["roles"]
    assert [each["name"] for each in shown] == ["meshy.user"]


async def test_a_role_whose_deletion_is_under_way(calls: RoleCalls, database_url: str) -> None:
    """Who gives a new user a role that is being deleted waits for the end of it, and is told that there is none."""
    await calls.call("GET", "roles")
    await calls.role("editors")

    def remove(connection: Connection) -> None:
        connection.execute(roles.delete().where(roles.c.name == "editors"))

    new = {"username": "eve", "newPassword": "correct horse", "emailAddress": "e@example.org"}
    async with held(database_url, remove):
        call = asyncio.ensure_future(calls.call("POST", "users", {**new, "roles": [{"name": "editors"}]}))
        await until_one_waits(calls.people.services.database)
    answer = await call
    assert (answer.status_code, answer.json()["code"]) == (400, "unknown_role")


@pytest.fixture
async def two_servers(tmp_path: Path, database_url: str) -> AsyncGenerator[tuple[People, People]]:
    """The services of two servers on one database."""
    async with settled(tmp_path, database_url) as people:
        dependencies = Dependencies(clock=people.clock, hasher=CHEAP_HASHER)
        async with open_services(settings_in(tmp_path, database_url=database_url), dependencies) as services:
            yield people, evolve(people, services=services)


async def test_administrators_take_the_role_from_each_other(two_servers: tuple[People, People]) -> None:
    """Of two administrators who take the role from each other, one stays."""
    names = ("ada", "ben")
    for name in names:
        await two_servers[0].add(name, roles=["meshy.admin"])
    for side in two_servers:
        await side.services.database.read(has_accounts)
    for _ in range(_TIMES):
        for name in names:
            await two_servers[0].services.roles.grant_role(ACCOUNT, None, name, "meshy.admin")
        ends = await asyncio.gather(
            *(
                side.services.roles.revoke_role(ACCOUNT, None, name, "meshy.admin")
                for side, name in zip(two_servers, names, strict=True)
            ),
            return_exceptions=True,
        )
        assert [isinstance(end, ServiceError) for end in ends].count(True) == 1
