"""R20: a request with a slow body is rejected if its login ends before the body has arrived."""

from __future__ import annotations

import json

import pytest
from starlette.types import Message

from meshydb_server.configuration.settings import Settings
from meshydb_server.http.app import create_app
from meshydb_server.services.users.new_users import NewUser
from meshydb_server.storage.schema import users
from tests.security.services import (
    ACCOUNT,
    EMAIL,
    KEYS,
    OLD_PASSWORD,
    PASSWORD,
    TENANT,
    ask,
    log_in,
    rows,
    services_on,
)

pytestmark = pytest.mark.anyio

_ADMIN = "admin"
_NEW = {"username": "thief", "newPassword": PASSWORD, "emailAddress": "thief@example.net", "isActive": True}


@pytest.mark.parametrize("resets", [False, True], ids=["idle", "resets"])
async def test_r20_the_login_ends_before_the_body_comes(database_url: str, *, resets: bool) -> None:
    """A stolen token creates no user if the owner resets the password before the body has arrived."""
    async with services_on(database_url) as services:
        new = NewUser(username=_ADMIN, email=EMAIL, password=OLD_PASSWORD, roles=["meshy.admin"])
        await services.accounts.create_user(ACCOUNT, TENANT, new)
        stolen = (await log_in(services, OLD_PASSWORD, username=_ADMIN)).access_token
        app = create_app(Settings.model_validate({"database_url": database_url, "secret_keys": KEYS[0]}))
        app.state.services = services
        sent: list[Message] = []

        async def receive() -> Message:
            # The server asks for the body once it has looked at the token.
            if resets:
                issued = await ask(services, _ADMIN)
                await services.completion.reset_password(issued.attempted(), PASSWORD)
            return {"type": "http.request", "body": json.dumps(_NEW).encode(), "more_body": False}

        async def send(message: Message) -> None:
            sent.append(message)

        headers = [(b"authorization", f"Bearer {stolen}".encode()), (b"content-type", b"application/json")]
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "POST",
            "scheme": "http",
            "path": f"/{ACCOUNT}/users",
            "raw_path": f"/{ACCOUNT}/users".encode(),
            "query_string": b"",
            "headers": [(b"host", b"localhost"), *headers],
            "client": ("127.0.0.1", 50000),
            "server": ("127.0.0.1", 80),
            "state": {},
        }
        await app(scope, receive, send)
        assert sent[0]["status"] == (401 if resets else 201)
        assert any(row["username"] == "thief" for row in await rows(services, users)) is not resets
