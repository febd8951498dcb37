"""Raw responses: `with_raw_response` returns status, headers and body besides the result."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import anyio
import attrs
import pytest

from meshydb import (
    AsyncMeshyClient,
    AsyncMeshyConnection,
    BadRequestError,
    MeshyConnection,
    RawResponse,
    UserVerificationHash,
)
from tests.client.calls import RESET, USER, Play, access_token, once, token_response
from tests.support.tcp import RespondingServer, ScriptedServer, parse_request, reply

ID = "4bf92f3577b34da6a3ce929d0e0e4736"
CANARY = "canary-7f3a"


def test_raw_response(play: Play) -> None:
    """Status, headers and body are those of the response, and the result is that of the plain call."""

    def scenario(client: Any) -> Generator[Any, Any, tuple[Any, Any]]:
        plain = yield client.forgot_password("rosa", 2)
        return plain, (yield client.with_raw_response.forgot_password("rosa", attempt=2))

    sent = reply(200, RESET, {"X-Request-ID": ID, "X-Own": "1"})
    with ScriptedServer(sent, sent) as server:
        plain, raw = play(scenario, server.url)
    assert isinstance(raw, RawResponse)
    assert isinstance(plain, UserVerificationHash)
    assert raw.parsed == plain
    assert (raw.status_code, raw.request_id, raw.headers["x-own"]) == (200, ID, "1")
    assert raw.body == sent.partition(b"\r\n\r\n")[2]
    assert parse_request(server.requests[0]) == parse_request(server.requests[1])


def test_response_without_a_body(play_connected: Play) -> None:
    """A response without a body has an empty body and the result None; without a request id, that is None."""
    scenario = once(lambda connection: connection.users.with_raw_response.delete(USER["id"]))
    with ScriptedServer(reply(204)) as server:
        raw = play_connected(scenario, server.url)
    assert (raw.status_code, raw.body, raw.parsed, raw.request_id) == (204, b"", None, None)


def test_login(play: Play) -> None:
    """The result of a login is an ordinary connection, whose calls return plain results."""

    def scenario(client: Any) -> Generator[Any, Any, tuple[Any, Any]]:
        raw = yield client.with_raw_response.login("rosa.k", "correct horse")
        return raw, (yield raw.parsed.users.get_self())

    tokens = token_response()
    with ScriptedServer(reply(200, tokens), reply(200, USER)) as server:
        raw, user = play(scenario, server.url)
    assert isinstance(raw.parsed, MeshyConnection | AsyncMeshyConnection)
    assert user.username == "rosa.k"
    assert str(tokens["access_token"]).encode() in raw.body


def test_the_last_response_counts(play_connected: Play) -> None:
    """If a call renews the login first, the raw response is that of the call, not of the renewal."""
    scenario = once(lambda connection: connection.users.with_raw_response.get_self())
    renewal = reply(200, token_response(access_token(signature="bmV3")), {"X-Request-ID": "of the renewal"})
    with ScriptedServer(reply(401), renewal, reply(200, USER, {"X-Request-ID": ID})) as server:
        raw = play_connected(scenario, server.url)
    assert raw.request_id == ID
    assert raw.parsed.id == USER["id"]


def test_errors_are_raised(play: Play) -> None:
    """A status that is not a success raises, as in the plain call."""
    scenario = once(lambda client: client.with_raw_response.forgot_password("rosa"))
    with (
        ScriptedServer(reply(400, {"message": "No."})) as server,
        pytest.raises(BadRequestError, match="400: No"),
    ):
        play(scenario, server.url)


def test_second_signout_has_no_response(play_connected: Play) -> None:
    """A second `signout` sends nothing, and raises RuntimeError because there is no response."""

    def scenario(connection: Any) -> Generator[Any, Any, Any]:
        raw = yield connection.with_raw_response.signout()
        with pytest.raises(RuntimeError, match="signed out already"):
            yield connection.with_raw_response.signout()
        return raw

    with ScriptedServer(reply(200)) as server:
        assert play_connected(scenario, server.url).status_code == 200
    assert len(server.requests) == 1


def test_concurrent_calls() -> None:
    """Concurrent tasks each get their own response."""
    names = [f"user-{number}" for number in range(5)]

    def respond(request: bytes) -> bytes:
        return reply(200, {**RESET, "username": next(name for name in names if name.encode() in request)})

    async def main(url: str) -> dict[str, RawResponse[UserVerificationHash]]:
        results: dict[str, RawResponse[UserVerificationHash]] = {}
        async with AsyncMeshyClient("acme", None, "key", base_url=url) as client, anyio.create_task_group() as group:

            async def ask(name: str) -> None:
                results[name] = await client.with_raw_response.forgot_password(name)

            for name in names:
                group.start_soon(ask, name)
        return results

    with RespondingServer(respond) as server:
        results = anyio.run(main, server.url)
    for name in names:
        assert results[name].parsed.username == name
        assert f'"{name}"'.encode() in results[name].body


def test_no_secret_is_shown(play: Play) -> None:
    """The `repr` of a raw response shows no headers, no body and no secrets of the result."""
    scenario = once(lambda client: client.with_raw_response.forgot_password("rosa"))
    with ScriptedServer(reply(200, {**RESET, "hash": CANARY, "token": CANARY}, {"Set-Cookie": CANARY})) as server:
        raw = play(scenario, server.url)
    assert raw.parsed.hash == CANARY
    assert CANARY not in repr(raw) + str(raw)


def test_frozen(play: Play) -> None:
    """A raw response is frozen."""
    with ScriptedServer(reply(200, RESET)) as server:
        raw = play(once(lambda client: client.with_raw_response.forgot_password("rosa")), server.url)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        raw.parsed = None
