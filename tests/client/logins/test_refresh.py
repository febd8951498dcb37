"""When an access token is renewed, and what comes of it."""

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
from tests.client.calls import USER, Clock, Play, Scenario, once, token_answer
from tests.support.tcp import ScriptedServer, answer, parts

OLD: Final = Tokens("b2xk", "cmVmcmVzaA", 3600)
NEW: Final = answer(200, token_answer("bmV3"))
SELF: Final = answer(200, USER)
REFUSED: Final = answer(401, {"message": "The access token has expired."})
EXPIRED: Final = answer(400, {"error": "invalid_grant", "error_description": "The refresh token has expired."})
REFRESH: Final = b"client_id=key&grant_type=refresh_token&refresh_token=cmVmcmVzaA"


def _get_self(connection: Any) -> Any:
    return connection.users.get_self()


def _sent(server: ScriptedServer) -> list[str]:
    """Return the access token of each request; of a refresh, the form."""
    requests = map(parts, server.requests)
    return [each.headers.get("authorization", "").removeprefix("Bearer ") or each.body.decode() for each in requests]


def _get_self_after(seconds: float) -> tuple[Scenario, Clock]:
    """Make a scenario of one call, so many seconds after the login."""
    clock = Clock()

    def scenario(connection: Any) -> Generator[Any, Any, None]:
        clock.now += seconds
        yield connection.users.get_self()

    return scenario, clock


@pytest.mark.parametrize(
    ("expires_in", "seconds"),
    [(3600, 3539.0), (600, 539.0), (100, 89.0), (10, 8.0), (1, 0.8)],
)
def test_token_that_is_good_is_used(play_connected: Play, expires_in: int, seconds: float) -> None:
    """Until 60 seconds, or a tenth of its life, before its end, an access token is used as it is."""
    scenario, clock = _get_self_after(seconds)
    with ScriptedServer(SELF) as server:
        play_connected(scenario, server.url, tokens=Tokens("b2xk", "cmVmcmVzaA", expires_in), clock=clock)
    assert _sent(server) == ["b2xk"]


@pytest.mark.parametrize(
    ("expires_in", "seconds"),
    [(3600, 3540.0), (3600, 9999.0), (600, 540.0), (100, 90.0), (10, 9.0), (1, 0.9), (0, 0.0)],
)
def test_token_that_is_due_is_renewed_first(play_connected: Play, expires_in: int, seconds: float) -> None:
    """Shortly before its end, an access token is renewed before the call, which then goes out once."""
    scenario, clock = _get_self_after(seconds)
    with ScriptedServer(NEW, SELF) as server:
        play_connected(scenario, server.url, tokens=Tokens("b2xk", "cmVmcmVzaA", expires_in), clock=clock)
    assert _sent(server) == [REFRESH.decode(), "bmV3"]


def test_refresh_is_a_login_without_a_password(play_connected: Play) -> None:
    """A refresh sends this to the auth host, with the tenant and the public key."""
    scenario, clock = _get_self_after(3600)
    with ScriptedServer(SELF) as api, ScriptedServer(NEW) as auth:
        play_connected(scenario, api.url, auth_url=auth.url, tokens=OLD, clock=clock)
    (request,) = map(parts, auth.requests)
    assert request.line == "POST /acme/connect/token"
    assert request.body == REFRESH
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert request.headers["tenant"] == "north"
    assert "authorization" not in request.headers


def test_new_tokens_count_from_when_they_came(play_connected: Play) -> None:
    """Renewed tokens are used until they are due in their turn, and so on."""
    clock = Clock()

    def scenario(connection: Any) -> Generator[Any, Any, None]:
        for seconds in (3600, 89, 1):
            clock.now += seconds
            yield connection.users.get_self()
        assert connection.retrieve_refresh_token() == "bmV3ZXI"

    first = answer(200, token_answer("bmV3", {"refresh_token": "bmV3ZXI", "expires_in": 100}))
    second = answer(200, token_answer("bmV3ZXN0", {"refresh_token": None}))
    with ScriptedServer(first, SELF, SELF, second, SELF) as server:
        play_connected(scenario, server.url, tokens=OLD, clock=clock)
    renewed = REFRESH.replace(b"cmVmcmVzaA", b"bmV3ZXI").decode()
    assert _sent(server) == [REFRESH.decode(), "bmV3", "bmV3", renewed, "bmV3ZXN0"]


def test_refused_token_is_renewed_once(play_connected: Play) -> None:
    """After a 401 the token is renewed, and the same request is sent again."""
    with ScriptedServer(REFUSED, NEW, SELF) as server:
        user = play_connected(once(_get_self), server.url, tokens=OLD)
    assert user.username == "rosa.k"
    assert _sent(server) == ["b2xk", REFRESH.decode(), "bmV3"]


def test_body_is_sent_again(play_connected: Play) -> None:
    """A request that was refused for its token goes out again with its body, as it was not carried out."""
    with ScriptedServer(REFUSED, NEW, answer(204)) as server:
        play_connected(once(lambda it: it.update_password("correct horse", "a new correct horse")), server.url)
    first, _, second = map(parts, server.requests)
    assert (first.line, first.body) == (second.line, second.body)


def test_second_refusal_is_final(play_connected: Play) -> None:
    """When the new token is refused, too, that is told, and no further one is asked for."""
    with ScriptedServer(REFUSED, NEW, REFUSED) as server, pytest.raises(AuthenticationError, match=r"^401: The access"):
        play_connected(once(_get_self), server.url, tokens=OLD)
    assert len(server.requests) == 3


def test_refusal_of_a_token_just_renewed_is_final(play_connected: Play) -> None:
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
    """A refresh token that is good no longer means to log in again; why, is chained."""
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
        (answer(400, {"error": "invalid_client"}), BadRequestError),
        (answer(429), RateLimitError),
        (answer(200, {}), APIResponseError),
        (b"", APIConnectionError),
    ],
)
def test_refresh_that_fails_otherwise(play_connected: Play, failure: bytes, kind: type[MeshyError]) -> None:
    """Another failure of a refresh is that failure, and the next call tries again."""
    clock = Clock()

    def scenario(connection: Any) -> Generator[Any, Any, None]:
        clock.now += 3600
        with pytest.raises(MeshyError) as caught:
            yield connection.users.get_self()
        assert type(caught.value) is kind
        yield connection.users.get_self()

    with ScriptedServer(failure, NEW, SELF) as server:
        play_connected(scenario, server.url, tokens=OLD, clock=clock)


def test_refresh_is_retried_when_told(play_connected: Play) -> None:
    """A refresh follows the same rules of retrying as every call."""
    scenario, clock = _get_self_after(3600)
    with ScriptedServer(answer(429, b"", {"Retry-After": "0"}), NEW, SELF) as server:
        play_connected(scenario, server.url, tokens=OLD, max_retries=1, clock=clock)
    assert len(server.requests) == 3


def test_new_permissions_are_seen(play_connected: Play) -> None:
    """The current user is that of the newest access token."""

    def scenario(connection: Any) -> Generator[Any, Any, Any]:
        yield connection.users.get_self()
        return connection.current_user.username

    with ScriptedServer(REFUSED, answer(200, token_answer()), SELF) as server:
        assert play_connected(scenario, server.url, tokens=OLD) == "rosa.k"
