"""Logging in and out, and the current user."""

from __future__ import annotations

from collections.abc import Callable, Generator
from datetime import UTC, datetime
from typing import Any, Final

import httpx
import pytest

from meshydb import (
    APIConnectionError,
    APIResponseError,
    BadRequestError,
    CurrentUser,
    MeshyClient,
    MeshyError,
    NotFoundError,
    __version__,
)
from meshydb._models import Tokens
from tests.client.calls import CLAIMS, RESET, USER, Play, access_token, once, token_response
from tests.support.tcp import ScriptedServer, Silence, parse_request, reply

TOKENS: Final = reply(200, token_response())
FORM: Final = "application/x-www-form-urlencoded"
PASSWORD_GRANT: Final = b"client_id=key&grant_type=password&username=%s&password=%s"
SCOPE: Final = b"&scope=meshy.api+offline_access+openid"

LOGINS: Final[dict[str, tuple[Callable[[Any], object], bytes]]] = {
    "password": (
        lambda client: client.login("rosa", "correct horse"),
        PASSWORD_GRANT % (b"rosa", b"correct+horse") + SCOPE,
    ),
    "characters": (
        lambda client: client.login("ünï&a=b", "p+%\n\x7f😀"),
        PASSWORD_GRANT % (b"%C3%BCn%C3%AF%26a%3Db", b"p%2B%25%0A%7F%F0%9F%98%80") + SCOPE,
    ),
    "anonymous": (
        lambda client: client.login_anonymously("device-7c1e"),
        PASSWORD_GRANT % (b"device-7c1e", b"nopassword") + SCOPE,
    ),
    "refresh": (
        lambda client: client.login_with_refresh("b2xk"),
        b"client_id=key&grant_type=refresh_token&refresh_token=b2xk",
    ),
}


@pytest.mark.parametrize(("login", "body"), LOGINS.values(), ids=LOGINS)
def test_login(play: Play, login: Callable[[Any], object], body: bytes) -> None:
    """A login sends this form to the auth host, with the tenant and the public key, and returns a connection."""
    with ScriptedServer(TOKENS) as server:
        connection = play(once(login), "http://127.0.0.1:9", auth_url=server.url)
    request = parse_request(server.requests[0])
    assert request.line == "POST /acme/connect/token"
    assert request.body == body
    assert request.headers == {
        "host": server.url.removeprefix("http://"),
        "accept": "application/json",
        "accept-encoding": request.headers["accept-encoding"],
        "connection": "keep-alive",
        "user-agent": f"meshydb-python/{__version__}",
        "tenant": "north",
        "content-type": FORM,
        "content-length": str(len(body)),
    }
    assert connection.retrieve_refresh_token() == "cmVmcmVzaA"
    assert connection.current_user.username == "rosa.k"


def test_login_without_a_tenant(play: Play) -> None:
    """Without a tenant, there is no header at the auth host either."""
    with ScriptedServer(TOKENS) as server:
        play(once(LOGINS["password"][0]), server.url, tenant=None)
    assert "tenant" not in parse_request(server.requests[0]).headers


def test_tokens_are_asked_of_one_host_and_used_at_the_other(play: Play) -> None:
    """The token comes from the auth host, goes to the API host, and is revoked at the auth host."""

    def scenario(client: Any) -> Generator[Any, Any, None]:
        connection = yield client.login("rosa", "correct horse")
        yield connection.users.get_self()
        yield connection.signout()

    with ScriptedServer(TOKENS, reply(200)) as auth, ScriptedServer(reply(200, USER)) as api:
        play(scenario, api.url, auth_url=auth.url)
    assert [parse_request(request).line for request in auth.requests] == [
        "POST /acme/connect/token",
        "POST /acme/connect/revocation",
    ]
    (request,) = map(parse_request, api.requests)
    assert request.headers["authorization"] == f"Bearer {access_token()}"
    assert request.headers["tenant"] == "north"
    assert all("authorization" not in parse_request(request).headers for request in auth.requests)


@pytest.mark.parametrize("refresh_token", [None, ""])
def test_refresh_token_is_kept(play: Play, refresh_token: object) -> None:
    """If a refresh returns no refresh token, the old one is kept."""
    with ScriptedServer(reply(200, token_response(None, {"refresh_token": refresh_token}))) as server:
        connection = play(once(lambda client: client.login_with_refresh("b2xk")), server.url)
    assert connection.retrieve_refresh_token() == "b2xk"


def test_refresh_token_may_be_absent(play: Play) -> None:
    """A login works without a refresh token."""
    body = token_response()
    del body["refresh_token"]
    with ScriptedServer(reply(200, body)) as server:
        connection = play(once(LOGINS["password"][0]), server.url)
    assert connection.retrieve_refresh_token() is None


@pytest.mark.parametrize("login", [login for login, _ in LOGINS.values()], ids=LOGINS)
def test_rejected_login(play: Play, login: Callable[[Any], object]) -> None:
    """A rejected login raises BadRequestError with the service's message and code."""
    body = {"error": "invalid_grant", "error_description": "Username or password is wrong."}
    with ScriptedServer(reply(400, body)) as server, pytest.raises(BadRequestError) as caught:
        play(once(login), server.url)
    assert type(caught.value) is BadRequestError
    assert caught.value.message == "Username or password is wrong."
    assert caught.value.code == "invalid_grant"
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("body", "message", "code"),
    [
        ({"error": "invalid_client"}, "invalid_client", "invalid_client"),
        ({"error": "a\x1b[0m\n"}, "a\ufffd[0m\ufffd", "a\ufffd[0m\ufffd"),
        ({"error": 7, "error_description": "No."}, "No.", None),
        ({"error": ""}, "Bad Request", None),
        ({"message": "There is no such account."}, "There is no such account.", None),
        ([], "Bad Request", None),
    ],
)
def test_code(play: Play, body: object, message: str, code: str | None) -> None:
    """The code is the service's, without control characters."""
    with ScriptedServer(reply(400, body)) as server, pytest.raises(BadRequestError) as caught:
        play(once(LOGINS["password"][0]), server.url)
    assert (caught.value.message, caught.value.code) == (message, code)


def test_oauth_code_is_of_the_auth_host(play: Play) -> None:
    """`error` is a code only in errors of the auth host."""
    body = {"message": "No.", "error": "Not Found"}
    with ScriptedServer(reply(404, body)) as server, pytest.raises(NotFoundError) as caught:
        play(once(lambda client: client.forgot_password("rosa")), server.url)
    assert caught.value.code is None


@pytest.mark.parametrize(
    "changes",
    [
        {"access_token": None},
        {"access_token": ""},
        {"access_token": 7},
        {"access_token": "a b"},
        {"access_token": "a\r\nX-Evil: 1"},
        {"access_token": "ünï"},
        {"expires_in": None},
        {"expires_in": "3600"},
        {"expires_in": -1},
        {"expires_in": 10**400},
        {"token_type": "mac"},
        {"refresh_token": 7},
        {"refresh_token": "a" * 257},
        {"refresh_token": "a\x00"},
    ],
)
def test_tokens_that_cannot_be_used(play: Play, changes: dict[str, object]) -> None:
    """Tokens that break the contract raise APIResponseError at once."""
    with ScriptedServer(reply(200, token_response(None, changes))) as server, pytest.raises(APIResponseError):
        play(once(LOGINS["password"][0]), server.url)


def test_login_is_not_retried(play: Play) -> None:
    """A login that may have arrived is not retried."""
    with ScriptedServer(Silence.RESET) as server, pytest.raises(APIConnectionError):
        play(once(LOGINS["password"][0]), server.url, max_retries=5)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("refresh_token", "body"),
    [
        ("b2xk", b"token=b2xk&client_id=key&token_type_hint=refresh_token"),
        (None, b"token=e30.e30.c2ln&client_id=key&token_type_hint=access_token"),
    ],
)
def test_signout(play_connected: Play, refresh_token: str | None, body: bytes) -> None:
    """`signout` revokes the refresh token, or the access token if there is none, once."""

    def scenario(connection: Any) -> Generator[Any, Any, None]:
        yield connection.signout()
        yield connection.signout()

    with ScriptedServer(reply(200)) as server:
        play_connected(scenario, server.url, tokens=Tokens("e30.e30.c2ln", refresh_token, 3600))
    (request,) = map(parse_request, server.requests)
    assert request.line == "POST /acme/connect/revocation"
    assert request.body == body
    assert request.headers["content-type"] == FORM
    assert request.headers["tenant"] == "north"


def test_signed_out_connection_raises(play_connected: Play) -> None:
    """A connection that is signed out sends nothing and holds no token."""

    def scenario(connection: Any) -> Generator[Any, Any, None]:
        yield connection.signout()
        with pytest.raises(RuntimeError, match="signed out"):
            yield connection.users.get_self()
        with pytest.raises(RuntimeError, match="signed out"):
            yield connection.update_password("correct horse", "a new correct horse")
        with pytest.raises(RuntimeError, match="signed out"):
            yield connection.current_user
        assert connection.retrieve_refresh_token() is None

    with ScriptedServer(reply(200)) as server:
        play_connected(scenario, server.url)
    assert len(server.requests) == 1


def test_signout_that_fails_can_be_called_again(play_connected: Play) -> None:
    """If `signout` fails, the connection keeps its login."""

    def scenario(connection: Any) -> Generator[Any, Any, None]:
        with pytest.raises(BadRequestError):
            yield connection.signout()
        yield connection.users.get_self()
        yield connection.signout()

    with ScriptedServer(reply(400), reply(200, USER), reply(200)) as server:
        play_connected(scenario, server.url)
    assert len(server.requests) == 3


def test_closing_the_client_closes_its_connections(play: Play) -> None:
    """Calls of a closed client's connection raise before they connect; what needs no I/O still works."""

    def scenario(client: Any) -> Generator[Any, Any, None]:
        connection = yield client.login("rosa", "correct horse")
        yield client.close()
        with pytest.raises(RuntimeError, match="This client is closed"):
            yield connection.users.get_self()
        with pytest.raises(RuntimeError, match="This client is closed"):
            yield connection.signout()
        assert connection.retrieve_refresh_token() == "cmVmcmVzaA"

    with ScriptedServer(TOKENS) as server:
        play(scenario, server.url)
    assert len(server.requests) == 1


def test_connections_share_the_http_client() -> None:
    """A connection sends with the client's HTTP client, whose own `auth` does not replace the access token."""
    with (
        ScriptedServer(TOKENS, reply(200, USER), reply(200, RESET)) as server,
        httpx.Client(auth=("proxy", "word"), headers={"X-Trace": "1"}) as http_client,
    ):
        client = MeshyClient("acme", "north", "key", base_url=server.url, http_client=http_client)
        client.login("rosa", "correct horse").users.get_self()
        client.forgot_password("rosa")
    login, get_self, forgot_password = (parse_request(request).headers for request in server.requests)
    assert {login["x-trace"], get_self["x-trace"], forgot_password["x-trace"]} == {"1"}
    assert get_self["authorization"] == f"Bearer {access_token()}"
    assert login["authorization"] == forgot_password["authorization"] == "Basic cHJveHk6d29yZA=="


def test_one_client_holds_many_logins(play: Play) -> None:
    """Connections of one client are independent."""

    def scenario(client: Any) -> Generator[Any, Any, None]:
        rosa = yield client.login("rosa", "correct horse")
        ben = yield client.login("ben", "correct horse")
        yield rosa.signout()
        assert ben.current_user.username == "ben"

    others = reply(200, token_response(access_token({**CLAIMS, "id": "ben"})))
    with ScriptedServer(TOKENS, others, reply(200)) as server:
        play(scenario, server.url)


@pytest.mark.parametrize(
    ("claims", "user"),
    [
        (
            CLAIMS,
            CurrentUser(
                "64b1f0c2a9e84d0012ab34cd", "rosa.k", "Rosa", "Kern", ("meshy.user", "editors"), ("users.read",)
            ),
        ),
        (
            {**CLAIMS, "role": "meshy.user", "permission": "users.read"},
            CurrentUser("64b1f0c2a9e84d0012ab34cd", "rosa.k", "Rosa", "Kern", ("meshy.user",), ("users.read",)),
        ),
        ({"sub": "7", "id": "device"}, CurrentUser("7", "device")),
        (
            {"sub": "7", "id": "rosa", "auth_time": 1_893_456_000},
            CurrentUser("7", "rosa", auth_time=datetime(2030, 1, 1, tzinfo=UTC)),
        ),
        ({"sub": "7", "id": "rosa", "auth_time": 1e300}, CurrentUser("7", "rosa")),
        ({"sub": "7", "id": "ü😀>?", "given_name": None, "role": None, "exp": 1}, CurrentUser("7", "ü😀>?")),
    ],
)
def test_current_user(play_connected: Play, claims: object, user: CurrentUser) -> None:
    """The user is read from the access token, whatever its signature, and nothing is sent."""
    with ScriptedServer() as server:
        tokens = Tokens(access_token(claims, signature="d3Jvbmc"), None, 3600)
        assert play_connected(once(lambda connection: connection.current_user), server.url, tokens=tokens) == user
    assert server.requests == []


STRANGE_CLAIMS: Final[list[object]] = [
    [],
    "text",
    {},
    {"sub": "7"},
    {"id": "rosa"},
    {"sub": 7, "id": "rosa"},
    {"sub": "7", "id": "rosa", "role": 7},
    {"sub": "7", "id": "rosa", "role": [7]},
    {"sub": "7", "id": "rosa", "permission": {"a": 1}},
    {"sub": "7", "id": "rosa", "given_name": 7},
]


@pytest.mark.parametrize("token", ["opaque", "a.b.c", "a..c", "a.-.c", *map(access_token, STRANGE_CLAIMS)])
def test_token_without_claims(play_connected: Play, token: str) -> None:
    """An access token without the claims can be used, but has no current user."""

    def scenario(connection: Any) -> Generator[Any, Any, None]:
        yield connection.users.get_self()
        with pytest.raises(MeshyError, match="does not hold the claims of the user"):
            yield connection.current_user

    with ScriptedServer(reply(200, USER)) as server:
        play_connected(scenario, server.url, tokens=Tokens(token, None, 3600))
