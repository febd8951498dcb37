"""A login as a context manager."""

from __future__ import annotations

from typing import Final

import pytest

from meshydb import AsyncMeshyClient, BadRequestError, MeshyClient
from tests.client.calls import token_answer
from tests.support.tcp import ScriptedServer, answer, parts

TOKENS: Final = answer(200, token_answer())


def test_statement_signs_out() -> None:
    """A `with` statement signs out at its end, once."""
    with (
        ScriptedServer(TOKENS, answer(200)) as server,
        MeshyClient("acme", "north", "key", base_url=server.url) as client,
    ):
        with client.login("rosa", "correct horse") as connection:
            assert connection.current_user.username == "rosa.k"
        with pytest.raises(RuntimeError, match="signed out"):
            connection.users.get_self()
        connection.signout()
    assert [parts(request).line for request in server.requests][1:] == ["POST /acme/connect/revocation"]


@pytest.mark.anyio
async def test_awaited_statement_signs_out() -> None:
    """An `async with` statement does the same."""
    with ScriptedServer(TOKENS, answer(200)) as server:
        async with (
            AsyncMeshyClient("acme", "north", "key", base_url=server.url) as client,
            await client.login("rosa", "correct horse") as connection,
        ):
            assert connection.current_user.username == "rosa.k"
    assert [parts(request).line for request in server.requests][1:] == ["POST /acme/connect/revocation"]


def test_statement_that_cannot_sign_out() -> None:
    """A failure to sign out is raised, unless the block failed: then the error of the block is."""
    refusals = (TOKENS, answer(400), TOKENS, answer(400))
    with ScriptedServer(*refusals) as server, MeshyClient("acme", "north", "key", base_url=server.url) as client:
        with pytest.raises(BadRequestError), client.login("rosa", "correct horse"):
            pass
        with pytest.raises(ZeroDivisionError), client.login("rosa", "correct horse"):
            raise ZeroDivisionError
    assert len(server.requests) == len(refusals)
