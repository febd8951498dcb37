"""When an access token is renewed, and the result."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, Final

import pytest

from meshydb import (
    APIConnectionError,
    APIResponseError,
    AuthenticationError,
    BadRequestError,
    MeshyError,
    RateLimitError,
)
from meshydb._models import Tokens
from tests.client.calls import USER, Clock, Play, Scenario, once, token_response
from tests.support.tcp import ScriptedServer, parse_request, reply

OLD: Final = Tokens("b2xk", "cmVmcmVzaA", 3600)
NEW: Final = reply(200, token_response("bmV3"))
SELF: Final = reply(200, USER)
REFUSED: Final = reply(401, {"message": "The access token has expired."})
EXPIRED: Final = reply(400, {"error": "invalid_grant", "error_description": "The refresh token has expired."})
REFRESH: Final = b"client_id=key&grant_type=refresh_token&refresh_token=cmVmcmVzaA"


def _get_self(connection: Any) -> Any:
    return connection.users.get_self()


def _sent(server: ScriptedServer) -> list[str]:
    """Return the access token of each request, or the form of a refresh."""
    requests = map(parse_request, server.requests)
    return [each.headers.get("authorization", "").removeprefix("Bearer ") or each.body.decode() for each in requests]


def _get_self_after(seconds: float) -> tuple[Scenario, Clock]:
    """Make a scenario of one call, this many seconds after the login."""
    clock = Clock()

    def scenario(connection: Any) -> Generator[Any, Any, None]:
        clock.now += seconds
        yield connection.users.get_self()

    return scenario, clock


@pytest.mark.parametrize(
    ("expires_in", "seconds"),
    [(3600, 3539.0), (600, 539.0), (100, 89.0), (10, 8.0), (1, 0.8)],
)
def test_valid_token_is_used(play_connected: Play, expires_in: int, seconds: float) -> None:
    """An access token is used until 60 seconds, or a tenth of its lifetime, before it expires."""
    scenario, clock = _get_self_after(seconds)
    with ScriptedServer(SELF) as server:
        play_connected(scenario, server.url, tokens=Tokens("b2xk", "cmVmcmVzaA", expires_in), clock=clock)
    assert _sent(server) == ["b2xk"]


@pytest.mark.parametrize(
    ("expires_in", "seconds"),
    [(3600, 3540.0), (3600, 9999.0), (600, 540.0), (100, 90.0), (10, 9.0), (1, 0.9), (0, 0.0)],
)
def test_token_that_is_due_is_renewed_first(play_connected: Play, expires_in: int, seconds: float) -> None:
    """Shortly before it expires, an access token is renewed before the call, which is sent once."""
    scenario, clock = _get_self_after(seconds)
    with ScriptedServer(NEW, SELF) as server:
        play_connected(scenario, server.url, tokens=Tokens("b2xk", "cmVmcmVzaA", expires_in), clock=clock)
    assert _sent(server) == [REFRESH.decode(), "bmV3"]


def test_refresh_is_a_login_without_a_password(play_connected: Play) -> None:
    """A refresh sends this to the auth host, with the tenant and the public key."""
    scenario, clock = _get_self_after(3600)
    with ScriptedServer(SELF) as api, ScriptedServer(NEW) as auth:
        play_connected(scenario, api.url, auth_url=auth.url, tokens=OLD, clock=clock)
    (request,) = map(parse_request, auth.requests)
    assert request.line == "POST /acme/connect/token"
    assert request.body == REFRESH
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert request.headers["tenant"] == "north"
    assert "authorization" not in request.headers


def test_new_tokens_are_renewed_in_turn(play_connected: Play) -> None:
    """Renewed tokens are renewed in turn when they are due."""
    clock = Clock()

    def scenario(connection: Any) -> Generator[Any, Any, None]:
        for seconds in (3600, 89, 1):
            clock.now += seconds
            yield connection.users.get_self()
        assert connection.retrieve_refresh_token() == "bmV3ZXI"

    first = reply(200, token_response("bmV3", {"refresh_token": "bmV3ZXI", "expires_in": 100}))
    second = reply(200, token_response("bmV3ZXN0", {"refresh_token": None}))
    with ScriptedServer(first, SELF, SELF, second, SELF) as server:
        play_connected(scenario, server.url, tokens=OLD, clock=clock)
    renewed = REFRESH.replace(b"cmVmcmVzaA", b"bmV3ZXI").decode()
    assert _sent(server) == [REFRESH.decode(), "bmV3", "bmV3", renewed, "bmV3ZXN0"]


def test_rejected_token_is_renewed_once(play_connected: Play) -> None:
    """After a 401 the token is renewed, and the same request is sent again."""
    with ScriptedServer(REFUSED, NEW, SELF) as server:
        user = play_connected(once(_get_self), server.url, tokens=OLD)
    assert user.username == "rosa.k"
    assert _sent(server) == ["b2xk", REFRESH.decode(), "bmV3"]


def test_body_is_sent_again(play_connected: Play) -> None:
    """A request that was rejected for its token is sent again with its body, because it was not processed."""
    with ScriptedServer(REFUSED, NEW, reply(204)) as server:
        play_connected(once(lambda it: it.update_password("correct horse", "a new correct horse")), server.url)
    first, _, second = map(parse_request, server.requests)
    assert (first.line, first.body) == (second.line, second.body)


def test_second_rejection_is_final(play_connected: Play) -> None:
    """If the new token is rejected too, the error is raised, and no other token is requested."""
    with ScriptedServer(REFUSED, NEW, REFUSED) as server, pytest.raises(AuthenticationError, match=r"^401: The access"):
        play_connected(once(_get_self), server.url, tokens=OLD)
    assert len(server.requests) == 3


def test_rejection_of_a_token_just_renewed_is_final(play_connected: Play) -> None:
    """A token that was renewed for this very call is not renewed again."""
    scenario, clock = _get_self_after(3600)
    with ScriptedServer(NEW, REFUSED) as server, pytest.raises(AuthenticationError, match=r"^401: The access"):
        play_connected(scenario, server.url, tokens=OLD, clock=clock)
    assert len(server.requests) == 2


@pytest.mark.parametrize("seconds", [0.0, 9999.0])
def test_without_a_refresh_token_nothing_is_renewed(play_connected: Play, seconds: float) -> None:
    """A login without a refresh token ends with its access token."""
    scenario, clock = _get_self_after(seconds)
    with ScriptedServer(REFUSED) as server, pytest.raises(AuthenticationError, match=r"^401: The access token has exp"):
        play_connected(scenario, server.url, tokens=Tokens("b2xk", None, 3600), clock=clock)
    assert _sent(server) == ["b2xk"]


@pytest.mark.parametrize("script", [(EXPIRED,), (REFUSED, EXPIRED)], ids=["due", "refused"])
def test_expired_login(play_connected: Play, script: tuple[bytes, ...]) -> None:
    """An expired refresh token raises AuthenticationError, chained to the response's error."""
    scenario, clock = _get_self_after(3600 if len(script) == 1 else 0)
    with ScriptedServer(*script) as server, pytest.raises(AuthenticationError) as caught:
        play_connected(scenario, server.url, tokens=OLD, clock=clock)
    error = caught.value
    assert str(error) == "400: the login has expired or was ended; log in again: The refresh token has expired."
    assert (error.status_code, error.code) == (400, "invalid_grant")
    assert isinstance(error.__cause__, BadRequestError)
    assert error.__cause__.message == "The refresh token has expired."
    assert len(server.requests) == len(script)


@pytest.mark.parametrize(
    ("failure", "kind"),
    [
        (reply(400, {"error": "invalid_client"}), BadRequestError),
        (reply(429), RateLimitError),
        (reply(200, {}), APIResponseError),
        (b"", APIConnectionError),
    ],
)
def test_refresh_that_fails_otherwise(play_connected: Play, failure: bytes, kind: type[MeshyError]) -> None:
    """Any other failure of a refresh is raised, and the next call retries it."""
    clock = Clock()

    def scenario(connection: Any) -> Generator[Any, Any, None]:
        clock.now += 3600
        with pytest.raises(MeshyError) as caught:
            yield connection.users.get_self()
        assert type(caught.value) is kind
        yield connection.users.get_self()

    with ScriptedServer(failure, NEW, SELF) as server:
        play_connected(scenario, server.url, tokens=OLD, clock=clock)


def test_refresh_is_retried(play_connected: Play) -> None:
    """A refresh is retried by the same rules as every call."""
    scenario, clock = _get_self_after(3600)
    with ScriptedServer(reply(429, b"", {"Retry-After": "0"}), NEW, SELF) as server:
        play_connected(scenario, server.url, tokens=OLD, max_retries=1, clock=clock)
    assert len(server.requests) == 3


def test_new_permissions_are_seen(play_connected: Play) -> None:
    """The current user comes from the newest access token."""

    def scenario(connection: Any) -> Generator[Any, Any, Any]:
        yield connection.users.get_self()
        return connection.current_user.username

    with ScriptedServer(REFUSED, reply(200, token_response()), SELF) as server:
        assert play_connected(scenario, server.url, tokens=OLD) == "rosa.k"
