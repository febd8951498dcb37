"""A login in a `with` statement."""

from __future__ import annotations

from typing import Final

import pytest

from meshydb import AsyncMeshyClient, BadRequestError, MeshyClient
from tests.client.calls import token_response
from tests.support.tcp import ScriptedServer, parse_request, reply

TOKENS: Final = reply(200, token_response())


def test_statement_signs_out() -> None:
    """A `with` statement signs out at its end, once."""
    with (
        ScriptedServer(TOKENS, reply(200)) as server,
        MeshyClient("acme", "north", "key", base_url=server.url) as client,
    ):
        with client.login("rosa", "correct horse") as connection:
            assert connection.current_user.username == "rosa.k"
        with pytest.raises(RuntimeError, match="signed out"):
            connection.users.get_self()
        connection.signout()
    assert [parse_request(request).line for request in server.requests][1:] == ["POST /acme/connect/revocation"]


@pytest.mark.anyio
async def test_awaited_statement_signs_out() -> None:
    """An `async with` statement does the same."""
    with ScriptedServer(TOKENS, reply(200)) as server:
        async with (
            AsyncMeshyClient("acme", "north", "key", base_url=server.url) as client,
            await client.login("rosa", "correct horse") as connection,
        ):
            assert connection.current_user.username == "rosa.k"
    assert [parse_request(request).line for request in server.requests][1:] == ["POST /acme/connect/revocation"]


def test_statement_that_cannot_sign_out() -> None:
    """A failed `signout` raises, unless the block raised an error."""
    refusals = (TOKENS, reply(400), TOKENS, reply(400))
    with ScriptedServer(*refusals) as server, MeshyClient("acme", "north", "key", base_url=server.url) as client:
        with pytest.raises(BadRequestError), client.login("rosa", "correct horse"):
            pass
        with pytest.raises(ZeroDivisionError), client.login("rosa", "correct horse"):
            raise ZeroDivisionError
    assert len(server.requests) == len(refusals)
