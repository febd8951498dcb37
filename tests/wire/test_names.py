"""The account, tenant and user that a request names."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import update

from meshydb_server.configuration.settings import Settings
from meshydb_server.contract import Contract
from meshydb_server.runtime import open_services
from meshydb_server.services.accounts import NewUser
from meshydb_server.storage.schema import users
from tests.support.contract import read
from tests.support.http.bodies import GOOD, asking_for
from tests.support.http.raw import assert_documented, compose, exchange
from tests.support.server import (
    ACCOUNT,
    ANONYMOUS,
    DEFAULT_TENANT,
    OTHER_TENANT,
    OTHER_USERNAME,
    USERNAME,
    LiveServer,
    serving,
)

_COMPOSED = "ros\u00e9"
_DECOMPOSED = "rose\u0301"
_FOX = "\U0001f98a"


@pytest.fixture(scope="module")
def unicode_users(seeded_settings: Settings) -> None:
    """Users in the default tenant whose names go beyond ASCII."""

    async def create() -> None:
        async with open_services(seeded_settings) as services:
            for username in (_COMPOSED, "fox"):
                await services.accounts.create_user(ACCOUNT, None, NewUser(username=username))
            # New users may not have such a name; those who have one go on working.
            rename = update(users).where(users.c.username == "fox").values(username=_FOX, username_key=_FOX)
            await services.database.write(lambda connection: connection.execute(rename))

    asyncio.run(create())


@pytest.mark.parametrize(
    ("headers", "username", "status"),
    [
        pytest.param([], USERNAME, 200, id="default-tenant"),
        pytest.param([f"tenant: {DEFAULT_TENANT}"], USERNAME, 200, id="default-tenant-named"),
        pytest.param([], OTHER_USERNAME, 404, id="user-of-the-other-tenant"),
        pytest.param([f"tenant: {OTHER_TENANT}"], OTHER_USERNAME, 200, id="other-tenant"),
        pytest.param([f"tenant: {OTHER_TENANT}"], USERNAME, 404, id="user-of-the-default-tenant"),
        pytest.param([f"TENANT:{OTHER_TENANT}"], OTHER_USERNAME, 200, id="upper-case-header"),
        pytest.param([f"Tenant: \t{OTHER_TENANT}  "], OTHER_USERNAME, 200, id="white-space-around"),
        pytest.param([], "nobody", 404, id="unknown-user"),
    ],
)
def test_tenant(live_server: LiveServer, headers: list[str], username: str, status: int) -> None:
    """A user is looked for in the tenant of the header, or else in the default tenant, and nowhere else."""
    assert_documented(exchange(live_server.url, compose(asking_for(username), *headers)), status)


@pytest.mark.parametrize(
    ("target", "headers", "message"),
    [
        pytest.param("/nowhere/users/forgotpassword", [], "There is no account of this name.", id="account"),
        pytest.param("/ACME/users/forgotpassword", [], "There is no account of this name.", id="account-case"),
        pytest.param(
            "/nowhere/users/forgotpassword", ["tenant: north"], "There is no account of this name.", id="both"
        ),
        pytest.param(
            "/acme/users/forgotpassword", ["tenant: west"], "The account has no tenant of this name.", id="tenant"
        ),
        pytest.param(
            "/acme/users/forgotpassword", ["tenant: North"], "The account has no tenant of this name.", id="tenant-case"
        ),
    ],
)
def test_unknown(live_server: LiveServer, target: str, headers: list[str], message: str) -> None:
    """An unknown account or tenant gets 404, and the message says which."""
    response = exchange(live_server.url, compose(GOOD, *headers, target=target))
    assert_documented(response, 404)
    assert response.json["message"] == message


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param(["tenant: north", "tenant: north"], id="twice"),
        pytest.param(["tenant: north", "Tenant: south"], id="twice-in-different-case"),
        pytest.param(["tenant: north, south"], id="two-in-one"),
        pytest.param(["tenant:"], id="empty"),
        pytest.param(["tenant:  \t"], id="blank"),
        pytest.param(["tenant: n\xf6rth"], id="Latin-1"),
        pytest.param(["tenant: n\xc3\xb6rth"], id="UTF-8"),
        pytest.param(["tenant: north/"], id="slash"),
        pytest.param(["tenant: .north"], id="leading-dot"),
        pytest.param(["tenant: north%20"], id="percent"),
        pytest.param(["tenant: " + "n" * 65], id="65-characters"),
        pytest.param(["tenant: nor\x01th"], id="control"),
    ],
)
def test_impossible_tenant(live_server: LiveServer, headers: list[str]) -> None:
    """A duplicate or invalid tenant header gets 400."""
    assert_documented(exchange(live_server.url, compose(GOOD, *headers)), 400)


def test_required_header(live_server: LiveServer) -> None:
    """If the contract required the tenant header, a request without it would be rejected."""
    document = read()
    document["components"]["parameters"]["Tenant"]["required"] = True
    with serving(live_server.settings, contract=Contract(document)) as server:
        assert_documented(exchange(server.url, compose(GOOD)), 400)
        assert_documented(exchange(server.url, compose(GOOD, f"tenant: {DEFAULT_TENANT}")), 200)


@pytest.mark.parametrize(
    ("username", "status"),
    [
        pytest.param("n" * 256, 404, id="256-characters"),
        pytest.param("n" * 257, 400, id="257-characters"),
        pytest.param("\U0001f98a" * 256, 404, id="256-beyond-the-BMP"),
        pytest.param("\U0001f98a" * 257, 400, id="257-beyond-the-BMP"),
        pytest.param("", 400, id="empty"),
        pytest.param(" ", 404, id="space"),
        pytest.param("\ufffe\uffff", 404, id="non-characters"),
        *(pytest.param(f"a{control}", 400, id=f"U+{ord(control):04X}") for control in "\x01\t\n\r\x1f\x7f\x80\x85\x9f"),
        pytest.param("\nusername", 400, id="leading-newline"),
        pytest.param("a\u2028\u200b\xa0", 404, id="separators-are-no-controls"),
    ],
)
@pytest.mark.parametrize("escaped", [True, False], ids=["escaped", "raw"])
def test_username(live_server: LiveServer, username: str, status: int, *, escaped: bool) -> None:
    """A username has 1 to 256 characters, as Unicode counts them, and no control character."""
    assert_documented(exchange(live_server.url, compose(asking_for(username, escaped=escaped))), status)


@pytest.mark.usefixtures("unicode_users")
@pytest.mark.parametrize(
    "username",
    [
        USERNAME.upper(),
        USERNAME.title(),
        USERNAME.replace("username", "\uff55\uff53\uff45\uff52\uff4e\uff41\uff4d\uff45"),
        _COMPOSED,
        _DECOMPOSED,
        _COMPOSED.upper(),
        _DECOMPOSED.upper(),
        _FOX,
    ],
    ids=ascii,
)
@pytest.mark.parametrize("escaped", [True, False], ids=["escaped", "raw"])
def test_username_is_echoed(live_server: LiveServer, username: str, *, escaped: bool) -> None:
    """A user is found by any spelling of the name, and the response has the spelling of the request."""
    response = exchange(live_server.url, compose(asking_for(username, escaped=escaped)))
    assert_documented(response, 200)
    assert response.json["username"] == username


def test_anonymous(live_server: LiveServer) -> None:
    """An anonymous user has no password to recover: 400."""
    response = exchange(live_server.url, compose(asking_for(ANONYMOUS)))
    assert_documented(response, 400)
    assert response.json["message"] == "An anonymous user cannot recover a password."
