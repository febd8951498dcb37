"""The real server, on loopback, in a thread of the test's process."""

from __future__ import annotations

import asyncio
import base64
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import uvicorn
from attrs import frozen
from starlette.applications import Starlette
from starlette.types import ASGIApp

from meshydb_server.configuration.settings import Settings
from meshydb_server.contract import Contract
from meshydb_server.http.app import create_app
from meshydb_server.runtime import open_services
from meshydb_server.serve import configure, listen, url_of
from meshydb_server.services.common.dependencies import Dependencies
from meshydb_server.services.users.new_users import NewUser

ACCOUNT: Final = "acme"
DEFAULT_TENANT: Final = "north"
OTHER_TENANT: Final = "south"
USERNAME: Final = "username_testermctesterson"
EMAIL: Final = "user@example.org"
SECRET_KEYS: Final = base64.urlsafe_b64encode(bytes(range(32))).decode()
# In the other tenant alone.
OTHER_USERNAME: Final = "rosa.k"
ANONYMOUS: Final = "device-7c1e"

# As the server has them unless told otherwise.
QUOTAS: Final = {
    "recovery_guesses_per_request": "5",
    "recovery_requests_per_user_per_hour": "10",
    "recovery_requests_backstop": "100",
    "recovery_guesses_per_user_and_address_per_day": "20",
    "recovery_guesses_per_user_per_day": "1000",
    "login_guesses": "10",
    "login_guesses_per_user": "1000",
    "unproved_messages_per_recipient_per_hour": "5",
}
# Many at once on a busy machine are slow, and still all to be served.
PATIENCE: Final = "60"
# Suites ask and guess for the same few users all the time.
_NO_QUOTAS: Final = dict.fromkeys(QUOTAS, "1000000")


@frozen
class LiveServer:
    """A server that listens, and the settings that it runs with."""

    url: str
    settings: Settings


def sqlite_url(folder: Path) -> str:
    """The URL of the SQLite database in a folder."""
    return f"sqlite+aiosqlite:///{folder / 'meshydb.sqlite3'}"


def settings_in(folder: Path, **given: str) -> Settings:
    """Settings of the database in a folder, or of another that is given, with no limits but those that are given."""
    defaults = {
        "database_url": sqlite_url(folder),
        "rate_limit": "off",
        "account_rate_limit": "off",
        "storage_timeout": PATIENCE,
        **_NO_QUOTAS,
    }
    # Only an SQLite file has a key file beside it.
    keys = {"secret_keys": SECRET_KEYS} if given.get("database_url", "").startswith("postgresql") else {}
    return Settings.model_validate({**defaults, **keys, **given})


def seed(settings: Settings) -> None:
    """Create an account of two tenants, with a user in each, and an anonymous one in the default tenant."""

    async def create() -> None:
        async with open_services(settings) as services:
            accounts = services.accounts
            await accounts.create_account(ACCOUNT, [DEFAULT_TENANT, OTHER_TENANT])
            await accounts.create_user(ACCOUNT, DEFAULT_TENANT, NewUser(username=USERNAME, email=EMAIL))
            await accounts.create_user(ACCOUNT, OTHER_TENANT, NewUser(username=OTHER_USERNAME, email=EMAIL))
            await accounts.create_user(ACCOUNT, DEFAULT_TENANT, NewUser(username=ANONYMOUS, anonymous=True))

    asyncio.run(create())


@contextmanager
def serving(
    settings: Settings,
    dependencies: Dependencies | None = None,
    contract: Contract | None = None,
    wrap: Callable[[ASGIApp], ASGIApp] = lambda app: app,
) -> Generator[LiveServer]:
    """Serve until the block ends, with the application wrapped."""
    with serving_app(create_app(settings, dependencies, contract), settings, wrap) as server:
        yield server


@contextmanager
def serving_app(
    app: Starlette, settings: Settings, wrap: Callable[[ASGIApp], ASGIApp] = lambda app: app
) -> Generator[LiveServer]:
    """Serve an existing application."""
    sock = listen("127.0.0.1", 0)
    config = configure(app, settings)
    config.app = wrap(app)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([sock],))
    thread.start()
    try:
        yield LiveServer(url_of(sock), settings)
    finally:
        server.should_exit = True
        thread.join()
        # uvicorn closes it, unless the application failed to start.
        sock.close()
