"""Answers as they came: what `with_raw_response` gives besides the result."""

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
from tests.client.calls import RESET, USER, Play, access_token, once, token_answer
from tests.support.tcp import AnsweringServer, ScriptedServer, answer, parts

ID = "4bf92f3577b34da6a3ce929d0e0e4736"
CANARY = "canary-7f3a"


def test_answer_as_it_came(play: Play) -> None:
    """Status, headers and body are those that were sent, and the result is that of the plain call."""

    def scenario(client: Any) -> Generator[Any, Any, tuple[Any, Any]]:
        plain = yield client.forgot_password("rosa", 2)
        return plain, (yield client.with_raw_response.forgot_password("rosa", attempt=2))

    sent = answer(200, RESET, {"X-Request-ID": ID, "X-Own": "1"})
    with ScriptedServer(sent, sent) as server:
        plain, raw = play(scenario, server.url)
    assert isinstance(raw, RawResponse)
    assert isinstance(plain, UserVerificationHash)
    assert raw.parsed == plain
    assert (raw.status_code, raw.request_id, raw.headers["x-own"]) == (200, ID, "1")
    assert raw.body == sent.partition(b"\r\n\r\n")[2]
    assert parts(server.requests[0]) == parts(server.requests[1])


def test_answer_without_a_body(play_connected: Play) -> None:
    """An answer without a body has an empty one, and None for its result; without an id, it has none."""
    scenario = once(lambda connection: connection.users.with_raw_response.delete(USER["id"]))
    with ScriptedServer(answer(204)) as server:
        raw = play_connected(scenario, server.url)
    assert (raw.status_code, raw.body, raw.parsed, raw.request_id) == (204, b"", None, None)


def test_login(play: Play) -> None:
    """The result of a login is a connection like any other, whose calls give plain results."""

    def scenario(client: Any) -> Generator[Any, Any, tuple[Any, Any]]:
        raw = yield client.with_raw_response.login("rosa.k", "correct horse")
        return raw, (yield raw.parsed.users.get_self())

    tokens = token_answer()
    with ScriptedServer(answer(200, tokens), answer(200, USER)) as server:
        raw, user = play(scenario, server.url)
    assert isinstance(raw.parsed, MeshyConnection | AsyncMeshyConnection)
    assert user.username == "rosa.k"
    assert str(tokens["access_token"]).encode() in raw.body


def test_the_last_answer_counts(play_connected: Play) -> None:
    """When a call must renew the login first, its own answer is given and not that of the renewal."""
    scenario = once(lambda connection: connection.users.with_raw_response.get_self())
    renewal = answer(200, token_answer(access_token(signature="bmV3")), {"X-Request-ID": "of the renewal"})
    with ScriptedServer(answer(401), renewal, answer(200, USER, {"X-Request-ID": ID})) as server:
        raw = play_connected(scenario, server.url)
    assert raw.request_id == ID
    assert raw.parsed.id == USER["id"]


def test_errors_are_raised(play: Play) -> None:
    """What is not a success is raised, as by the plain call."""
    scenario = once(lambda client: client.with_raw_response.forgot_password("rosa"))
    with ScriptedServer(answer(400, {"message": "No."})) as server, pytest.raises(BadRequestError, match="400: No"):
        play(scenario, server.url)


def test_nothing_was_answered(play_connected: Play) -> None:
    """To sign out a second time sends nothing, so that there is no answer to give."""

    def scenario(connection: Any) -> Generator[Any, Any, Any]:
        raw = yield connection.with_raw_response.signout()
        with pytest.raises(RuntimeError, match="signed out already"):
            yield connection.with_raw_response.signout()
        return raw

    with ScriptedServer(answer(200)) as server:
        assert play_connected(scenario, server.url).status_code == 200
    assert len(server.requests) == 1


def test_calls_at_once_are_told_apart() -> None:
    """Of tasks that call at once, each gets its own answer."""
    names = [f"user-{number}" for number in range(5)]

    def reply(request: bytes) -> bytes:
        return answer(200, {**RESET, "username": next(name for name in names if name.encode() in request)})

    async def main(url: str) -> dict[str, RawResponse[UserVerificationHash]]:
        answers: dict[str, RawResponse[UserVerificationHash]] = {}
        async with AsyncMeshyClient("acme", None, "key", base_url=url) as client, anyio.create_task_group() as group:

            async def ask(name: str) -> None:
                answers[name] = await client.with_raw_response.forgot_password(name)

            for name in names:
                group.start_soon(ask, name)
        return answers

    with AnsweringServer(reply) as server:
        answers = anyio.run(main, server.url)
    for name in names:
        assert answers[name].parsed.username == name
        assert f'"{name}"'.encode() in answers[name].body


def test_no_secret_is_shown(play: Play) -> None:
    """Neither headers, nor body, nor the secrets of the result are in what is shown of an answer."""
    scenario = once(lambda client: client.with_raw_response.forgot_password("rosa"))
    with ScriptedServer(answer(200, {**RESET, "hash": CANARY, "token": CANARY}, {"Set-Cookie": CANARY})) as server:
        raw = play(scenario, server.url)
    assert raw.parsed.hash == CANARY
    assert CANARY not in repr(raw) + str(raw)


def test_frozen(play: Play) -> None:
    """An answer does not change."""
    with ScriptedServer(answer(200, RESET)) as server:
        raw = play(once(lambda client: client.with_raw_response.forgot_password("rosa")), server.url)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        raw.parsed = None
