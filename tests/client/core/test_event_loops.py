"""An async client belongs to the event loop that used it first, with any transport."""

from __future__ import annotations

import asyncio
import gc
import warnings
from collections.abc import Callable
from typing import Final

import anyio
import httpx
import pytest

from meshydb import AsyncMeshyClient
from tests.client.calls import RESET, token_response, without_pyreqwest
from tests.client.keep_alive import KeepAliveServer
from tests.support.tcp import ScriptedServer, reply

_REFUSAL: Final = r"^This client belongs to the event loop that used it first; make a new one .* each asyncio\.run\(\)"

NewClient = Callable[[str], AsyncMeshyClient]


@pytest.fixture(params=["plain", "fast", "handed in"])
def new_client(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> NewClient:
    """Makes a client that sends over each transport."""
    if request.param == "plain":
        without_pyreqwest(monkeypatch)

    def make(url: str) -> AsyncMeshyClient:
        http_client = httpx.AsyncClient() if request.param == "handed in" else None
        return AsyncMeshyClient("acme", None, "key", base_url=url, max_retries=0, http_client=http_client)

    return make


def test_one_client_in_several_event_loops(new_client: NewClient) -> None:
    """In a second `asyncio.run()`, clients, copies and logins raise RuntimeError and send nothing."""
    # It closes its connections, because asyncio warns of open ones of a closed event loop.
    with ScriptedServer(reply(200, token_response())) as server:
        client = new_client(server.url)
        connection = asyncio.run(client.login("rosa", "correct horse"))
        for call in (
            lambda: client.forgot_password("rosa"),
            lambda: client.with_options(timeout=1).forgot_password("rosa"),
            connection.users.get_self,
            connection.signout,
            connection.with_raw_response.signout,
        ):
            with pytest.raises(RuntimeError, match=_REFUSAL):
                asyncio.run(_awaited(call))
        asyncio.run(client.close())
        with pytest.raises(RuntimeError, match="closed"):
            asyncio.run(client.forgot_password("rosa"))
    assert len(server.requests) == 1


async def _awaited(call: Callable[[], object]) -> None:
    await call()  # type: ignore[misc]  # pyright: ignore[reportGeneralTypeIssues]


def test_a_client_that_was_made_outside(new_client: NewClient) -> None:
    """A client can be made before there is an event loop, and belongs to the loop of its first call."""

    async def main(client: AsyncMeshyClient) -> list[str | None]:
        async with client:
            return [(await client.forgot_password(username)).hint for username in ("rosa", "ben")]

    with ScriptedServer(*[reply(200, RESET)] * 2) as server:
        assert asyncio.run(main(new_client(server.url))) == [RESET["hint"]] * 2


def test_closing_in_another_event_loop(new_client: NewClient) -> None:
    """A client whose event loop was closed over its connections can be closed."""
    with KeepAliveServer() as server, warnings.catch_warnings():
        # They were not closed in time, which Python warns of.
        warnings.simplefilter("ignore", ResourceWarning)
        client = new_client(server.url)
        assert asyncio.run(client.forgot_password("rosa")).hint == RESET["hint"]
        asyncio.run(client.close())
        with pytest.raises(RuntimeError, match="closed"):
            asyncio.run(client.forgot_password("rosa"))
        del client
        gc.collect()


def test_trio(monkeypatch: pytest.MonkeyPatch) -> None:
    """The httpx transport works on trio, in one run after the other."""
    without_pyreqwest(monkeypatch)
    with KeepAliveServer() as server:
        client = AsyncMeshyClient("acme", None, "key", base_url=server.url, max_retries=0)
        for _ in range(2):
            assert anyio.run(client.forgot_password, "rosa", backend="trio").hint == RESET["hint"]
        anyio.run(client.close, backend="trio")
