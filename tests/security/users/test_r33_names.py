"""R33: new usernames follow PRECIS UsernameCasePreserved; users with other names keep working."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from sqlalchemy import select, update

from meshydb_server.http.app import create_app
from meshydb_server.runtime import Services
from meshydb_server.services.common.dependencies import Dependencies
from meshydb_server.services.common.errors import ConflictError, InvalidRequestError
from meshydb_server.services.common.usernames import username_key
from meshydb_server.services.users.new_users import NewUser
from meshydb_server.storage.schema import users
from tests.security.services import (
    ACCOUNT,
    EMAIL,
    PASSWORD,
    TENANT,
    USERNAME,
    ask,
    change,
    log_in,
    rows,
    services_on,
)
from tests.support.commands import run, run_json
from tests.support.dependencies import CHEAP_HASHER
from tests.support.server import settings_in
from tests.support.usernames import NAMES, Name

pytestmark = pytest.mark.anyio

_ALLOWED: Final = [name for name in NAMES if name.allowed]
_REFUSED: Final = [name for name in NAMES if not name.allowed]
_WAYS: Final = ("/users/register/anonymous", "/users/register", "/users")


async def _ask_all(client: httpx.AsyncClient, username: str) -> list[httpx.Response]:
    """Request a new user of this name through each operation."""
    body: dict[str, Any] = {"username": username, "newPassword": PASSWORD, "emailAddress": EMAIL}
    bodies = [{"username": username}, body, body]
    return [await client.post(f"/{ACCOUNT}{way}", json=each) for way, each in zip(_WAYS, bodies, strict=True)]


async def test_r33_new_usernames(database_url: str, tmp_path: Path) -> None:
    """E4, E5 and E15 reject the same usernames with 400 and `username_invalid`, and store nothing."""
    settings = settings_in(tmp_path, database_url=database_url)
    app = create_app(settings, Dependencies(hasher=CHEAP_HASHER))
    async with app.router.lifespan_context(app):
        services: Services = app.state.services
        (tenant,) = await services.accounts.create_account(ACCOUNT)
        admin = NewUser(username="admin", email=EMAIL, password=PASSWORD, roles=["meshy.admin"])
        await services.accounts.create_user(ACCOUNT, None, admin)
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://server") as client:
            form = {"grant_type": "password", "username": "admin", "password": PASSWORD, "client_id": tenant.public_key}
            tokens = (await client.post(f"/{ACCOUNT}/connect/token", data=form)).json()
            client.headers["Authorization"] = f"Bearer {tokens['access_token']}"
            for name in _REFUSED:
                for way, response in zip(_WAYS, await _ask_all(client, name.username), strict=True):
                    assert (response.status_code, response.json().get("code")) == (400, "username_invalid"), (name, way)
                    assert response.json().keys() == {"message", "code"}
            assert [row["username"] for row in await rows(services, users)] == ["admin"]
            for name in _ALLOWED:
                # The first way makes the user, whose name is taken then.
                responses = await _ask_all(client, name.username)
                assert [each.status_code for each in responses] == [201, 400, 400], name
                assert responses[0].json()["username"] == name.username
                assert {each.json()["message"] for each in responses[1:]} == {"The username is taken."}, name
                assert {each.json()["code"] for each in responses[1:]} == {"username_taken"}, name
            stored = {row["username"] for row in await rows(services, users)}
            assert stored == {"admin", *(name.username for name in _ALLOWED)}


@pytest.mark.parametrize("name", [_REFUSED[0], _REFUSED[1], _REFUSED[2]], ids=lambda name: name.why)
def test_r33_command_line(tmp_path: Path, name: Name) -> None:
    """The server's command line rejects the same usernames in one line."""
    run_json(tmp_path, "account", "create", ACCOUNT)
    done = run(tmp_path, "user", "create", ACCOUNT, name.username)
    assert done.returncode == 1
    assert done.stderr.startswith("Error: The username must ")
    assert done.stderr.count("\n") == 1
    created = run_json(tmp_path, "user", "create", ACCOUNT, "rosa")
    assert created["username"] == "rosa"


def test_r33_every_new_user() -> None:
    """A `NewUser` cannot have an invalid username."""
    for name in NAMES:
        if name.allowed:
            assert NewUser(username=name.username).username == name.username
        else:
            with pytest.raises(InvalidRequestError) as caught:
                NewUser(username=name.username)
            assert (caught.value.code, caught.value.message[-1]) == ("username_invalid", "."), name


@pytest.mark.parametrize("former", ["rosa\u200b", "\u202erosa", "rosa k ", "ro/sa", "..", "rosa\U0001f600"], ids=ascii)
async def test_r33_existing_users(database_url: str, former: str) -> None:
    """Users with names that are no longer valid can log in and recover."""
    async with services_on(database_url) as services:
        rename = update(users).where(users.c.username == USERNAME, users.c.account == ACCOUNT, users.c.tenant == TENANT)
        assert await change(services, rename.values(username=former, username_key=username_key(former))) == 1
        assert await services.registration.user_exists(ACCOUNT, TENANT, former)
        issued = await ask(services, former)
        assert await services.completion.check_hash(issued.attempted())
        await services.completion.reset_password(issued.attempted(), PASSWORD)
        assert (await log_in(services, PASSWORD, username=former)).access_token
        with pytest.raises(InvalidRequestError):
            await services.registration.register_anonymous(ACCOUNT, TENANT, former)


async def test_r33_comparison(database_url: str) -> None:
    """Usernames are compared without regard to case, width and composition, and stored as sent."""
    async with services_on(database_url) as services:
        register = services.registration.register_anonymous
        sent = "\uff32ose\u0301"
        assert (await register(ACCOUNT, TENANT, sent)).user.username == sent
        for other in ("ros\u00e9", "ROSE\u0301", "\uff52\uff4f\uff53\u00e9"):
            with pytest.raises(ConflictError):
                await register(ACCOUNT, TENANT, other)
        query = select(users.c.username).where(users.c.username_key == "ros\u00e9")
        assert await services.database.read(lambda c: c.execute(query).scalars().all()) == [sent]
