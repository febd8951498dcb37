"""A client: sharing it, its `http_client`, and closing it."""

import json
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from meshydb import APIStatusError, AsyncMeshyClient, MeshyClient, NotFoundError, __version__
from tests.client.calls import RESET
from tests.support.tcp import ScriptedServer, parse_request, refusing_url, reply


def test_one_client_makes_many_calls() -> None:
    """A client can be used many times, after an error too."""
    with (
        ScriptedServer(reply(200, RESET), reply(404), reply(200, RESET)) as server,
        MeshyClient("acme", "north", "key", base_url=server.url) as client,
    ):
        assert client.forgot_password("rosa").username == "rosa"
        with pytest.raises(NotFoundError):
            client.forgot_password("nobody")
        assert client.forgot_password("rosa").username == "rosa"


def test_threads_share_a_client() -> None:
    """One client serves many threads at once."""
    names = [f"user{number}" for number in range(8)]
    with (
        ScriptedServer(*[reply(200, RESET)] * len(names)) as server,
        MeshyClient("acme", "north", "key", base_url=server.url) as client,
        ThreadPoolExecutor(len(names)) as threads,
    ):
        results = list(threads.map(client.forgot_password, names))
    assert {result.hash for result in results} == {RESET["hash"]}
    sent = [json.loads(request.partition(b"\r\n\r\n")[2])["username"] for request in server.requests]
    assert sorted(sent) == names


def test_http_client_is_used_and_left_open() -> None:
    """A passed HTTP client adds its own headers to those of the call, and stays open."""
    with (
        ScriptedServer(reply(200, RESET)) as server,
        httpx.Client(headers={"X-Trace": "1", "User-Agent": "other", "tenant": "other"}) as http_client,
    ):
        with MeshyClient("acme", "north", "key", base_url=server.url, http_client=http_client) as client:
            client.forgot_password("rosa")
        assert not http_client.is_closed
    headers = parse_request(server.requests[0]).headers
    assert headers["x-trace"] == "1"
    assert headers["user-agent"] == f"meshydb-python/{__version__}"
    assert headers["accept"] == "application/json"
    assert headers["tenant"] == "north"


def test_redirects_are_not_followed() -> None:
    """A redirect is an error, even with an HTTP client that follows them elsewhere."""
    with (
        ScriptedServer(reply(307, b"", {"Location": "/elsewhere"}), reply(200, RESET)) as server,
        httpx.Client(follow_redirects=True) as http_client,
        pytest.raises(APIStatusError, match=r"^307: Temporary Redirect$"),
    ):
        MeshyClient("acme", "north", "key", base_url=server.url, http_client=http_client).forgot_password("rosa")
    assert len(server.requests) == 1


@pytest.mark.anyio
async def test_async_http_client_is_used_and_left_open() -> None:
    """A passed async HTTP client stays open too."""
    with ScriptedServer(reply(200, RESET)) as server:
        async with httpx.AsyncClient(headers={"X-Trace": "1"}) as http_client:
            async with AsyncMeshyClient("acme", None, "key", base_url=server.url, http_client=http_client) as client:
                await client.forgot_password("rosa")
            assert not http_client.is_closed
    assert parse_request(server.requests[0]).headers["x-trace"] == "1"


@pytest.mark.parametrize(("timeout", "expected"), [(None, 7.0), (3, 3)])
def test_timeout_of_the_http_client(timeout: float | None, expected: float) -> None:
    """The timeout of a passed HTTP client applies, unless the client has its own."""
    seen: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json=RESET)

    http_client = httpx.Client(transport=httpx.MockTransport(handle), timeout=7.0)
    MeshyClient("acme", None, "key", timeout=timeout, http_client=http_client).forgot_password("rosa")
    assert set(seen[0].extensions["timeout"].values()) == {expected}


def test_closed_client_raises() -> None:
    """A closed client raises before it connects, even with a passed HTTP client."""
    with httpx.Client() as http_client:
        client = MeshyClient("acme", None, "key", base_url=refusing_url(), http_client=http_client)
        client.close()
        client.close()
        with pytest.raises(RuntimeError, match="This client is closed"):
            client.forgot_password("rosa")


@pytest.mark.anyio
async def test_closed_async_client_raises() -> None:
    """A closed asynchronous client raises before it connects."""
    client = AsyncMeshyClient("acme", None, "key", base_url=refusing_url())
    await client.close()
    with pytest.raises(RuntimeError, match="This client is closed"):
        await client.forgot_password("rosa")
