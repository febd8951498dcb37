"""R21: a tenant keeps an active administrator."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from pathlib import Path
from typing import Final

import pytest
from attrs import evolve

from meshydb_server.runtime import open_services
from meshydb_server.services.common.callers import Caller
from meshydb_server.services.common.dependencies import Dependencies
from meshydb_server.services.common.errors import ServiceError
from meshydb_server.services.roles.service import NewRole
from meshydb_server.services.users.operators import UserChange
from meshydb_server.services.users.profiles import ProfileChange
from meshydb_server.storage.accounts import has_accounts
from meshydb_server.storage.schema import user_roles, users
from tests.security.services import rows
from tests.support.dependencies import CHEAP_HASHER
from tests.support.people import ACCOUNT, People, all_at_once, refusal
from tests.support.server import settings_in

pytestmark = pytest.mark.anyio

_LAST: Final = "InvalidRequestError: The tenant must keep an active user who may update roles."


async def _leaving(people: People, kind: str, caller: Caller, username: str) -> None:
    """Take an administrator from the tenant, in one of the ways that there are."""
    services = people.services
    user_id = (await services.operators.read_user(ACCOUNT, None, username)).user.user_id
    match kind:
        case "E17":
            await services.users.update(caller, user_id, ProfileChange(is_active=False))
        case "E17 unverified":
            # As it is read, but for the one.
            await services.users.update(caller, user_id, ProfileChange(verified=False))
        case "user update":
            await services.operators.update_user(ACCOUNT, None, username, UserChange(verified=False))
        case "E18":
            await services.users.delete(caller, user_id)
        case "user deactivate":
            await services.operators.set_active(ACCOUNT, None, username, active=False)
        case _:
            await services.roles.revoke_role(ACCOUNT, None, username, "KEEPER")


_WAYS: Final = ("E17", "E17 unverified", "E18", "user deactivate", "user update", "role revoke")


@pytest.mark.parametrize("way", _WAYS)
async def test_r21_the_last_administrator_stays(people: People, way: str) -> None:
    """No operation removes the last active user who may update roles."""
    roles = people.services.roles
    for name, permissions in {"keeper": ["roles:update"], "reader": ["roles:read", "users:update"]}.items():
        await roles.create_role(ACCOUNT, None, NewRole(name=name, permissions=permissions))
    await people.add("last", roles=["keeper"])
    # Neither an inactive one, nor one of another tenant, nor one who may do other things.
    await people.add("gone", roles=["meshy.admin"], is_active=False)
    await people.add("elsewhere", tenant="south", roles=["meshy.admin"])
    await people.add("reader", roles=["reader"])
    # The token still permits everything, which the roles do not any more.
    former = await people.enter_new("former", roles=["meshy.admin"])
    await roles.revoke_role(ACCOUNT, None, "former", "meshy.admin")
    before = [await rows(people.services, table) for table in (users, user_roles)]
    assert await refusal(_leaving(people, way, former, "last")) == _LAST
    assert [await rows(people.services, table) for table in (users, user_roles)] == before
    await people.add("next", roles=["keeper"])
    await _leaving(people, way, former, "last")
    assert await refusal(_leaving(people, way, former, "next")) == _LAST


async def test_r21_the_last_administrator_themselves(people: People) -> None:
    """The last administrators can change themselves, but not deactivate themselves."""
    admin = await people.enter_new("admin", roles=["meshy.admin"])
    update = people.services.users.update
    assert await refusal(update(admin, admin.user_id, ProfileChange(is_active=False))) == _LAST
    changed = await update(admin, admin.user_id, ProfileChange(first_name="Ada", is_active=True))
    assert (changed.user.first_name, changed.user.is_active) == ("Ada", True)


@pytest.mark.parametrize("way", ["E17", "E18", "user deactivate"])
async def test_r21_tenant_without_an_administrator(people: People, way: str) -> None:
    """A tenant without an administrator is not restricted."""
    clerk = await people.enter_new("clerk")
    await people.add("ben")
    await _leaving(people, way, clerk, "ben")


async def test_r21_all_deactivate_each_other_at_once(people: People, tmp_path: Path, database_url: str) -> None:
    """When administrators remove each other at once, on two servers, one stays."""
    names = [f"admin-{number}" for number in range(len(_WAYS))]
    dependencies = Dependencies(clock=people.clock, hasher=CHEAP_HASHER)
    await people.services.roles.create_role(ACCOUNT, None, NewRole(name="keeper", permissions=["roles:update"]))
    async with open_services(settings_in(tmp_path, database_url=database_url), dependencies) as services:
        sides = [people, evolve(people, services=services)]
        await asyncio.gather(*(services.database.read(has_accounts) for _ in names))
        for _ in range(5):
            callers = [await people.enter_new(name, roles=["keeper"]) for name in names]
            calls = [
                _leaving(sides[number % 2], way, callers[number - 1], names[number]) for number, way in enumerate(_WAYS)
            ]
            ends = await all_at_once(people, (_end(call) for call in calls))
            assert sorted(ends) == sorted(["ok"] * (len(_WAYS) - 1) + [_LAST])
            for name in names:
                await _remove(people, name)


async def _end(call: Awaitable[None]) -> str:
    try:
        await call
    except ServiceError as error:
        return f"{type(error).__name__}: {error.message}"
    return "ok"


async def _remove(people: People, username: str) -> None:
    """Delete a user behind the services' back."""
    await people.services.database.write(
        lambda connection: connection.execute(users.delete().where(users.c.username == username))
    )
