"""`with_options`: which settings differ in a copy of a client or connection, and what they share."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, Final

import anyio
import httpx
import pytest

from meshydb import APITimeoutError, AsyncMeshyClient, MeshyClient, ServerError
from meshydb._core.messages import Request
from meshydb._transports.fast.shared import seconds_for
from tests.client.calls import RESET, USER, Play, access_token, connect, once, token_response
from tests.client.keep_alive import KeepAliveServer
from tests.support.tcp import ScriptedServer, Silence, parse_request, reply

OPTIONS: Final[list[tuple[str, object, type[Exception]]]] = [
    ("timeout", 0, ValueError),
    ("timeout", float("nan"), ValueError),
    ("timeout", "1", TypeError),
    ("timeout", httpx.Timeout(5.0, read=0), ValueError),
    ("timeout", httpx.Timeout(5.0, pool=float("nan")), ValueError),
    ("timeout", httpx.Timeout(5.0, connect="1"), TypeError),  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    ("max_retries", -1, ValueError),
    ("max_retries", None, TypeError),
    ("tenant", "", ValueError),
    ("tenant", "a\r\nX-Evil: 1", ValueError),
    ("tenant", 7, TypeError),
]


def test_connections_are_shared(play: Play) -> None:
    """A copy and its original share their HTTP connections."""

    def scenario(client: Any) -> Generator[Any, Any, None]:
        yield client.forgot_password("rosa")
        yield client.with_options(timeout=7.0).forgot_password("rosa")
        yield client.with_options(tenant="south").with_options(max_retries=1).forgot_password("rosa")
        yield client.forgot_password("rosa")

    with KeepAliveServer() as server:
        play(scenario, server.url)
    assert len(server.connections) == 4
    assert len(set(server.connections)) == 1


def test_tenant_of_a_call(play: Play) -> None:
    """A copy uses its own tenant, or none, and the original keeps its tenant."""

    def scenario(client: Any) -> Generator[Any, Any, list[str]]:
        south = client.with_options(tenant="south")
        default = south.with_options(tenant=None)
        for each in (south, default, default.with_options(timeout=1.0), client):
            yield each.forgot_password("rosa")
        return [repr(each) for each in (south, default, client)]

    with ScriptedServer(*[reply(200, RESET)] * 4) as server:
        shown = play(scenario, server.url)
    assert [parse_request(request).headers.get("tenant") for request in server.requests] == [
        "south",
        None,
        None,
        "north",
    ]
    assert ["'south'" in shown[0], "None" in shown[1], "'north'" in shown[2]] == [True] * 3


def test_retries_of_a_call(play: Play) -> None:
    """A copy uses its own number of retries, and the original keeps its number."""
    rejected = reply(503, b"", {"Retry-After": "0"})

    def scenario(client: Any) -> Generator[Any, Any, None]:
        yield client.with_options(max_retries=2).forgot_password("rosa")
        with pytest.raises(ServerError):
            yield client.forgot_password("rosa")

    with ScriptedServer(rejected, rejected, reply(200, RESET), rejected, reply(200, RESET)) as server:
        play(scenario, server.url)
    assert len(server.requests) == 4


def _timeouts(requests: list[httpx.Request]) -> list[float]:
    return [request.extensions["timeout"]["read"] for request in requests]


def test_timeout_of_a_call() -> None:
    """A copy uses its own timeout, or with None that of the HTTP client."""
    sent: list[httpx.Request] = []
    http_client = httpx.Client(timeout=50.0, event_hooks={"request": [sent.append]})
    with (
        ScriptedServer(*[reply(200, RESET)] * 3) as server,
        http_client,
        MeshyClient("acme", "north", "key", base_url=server.url, timeout=40.0, http_client=http_client) as client,
    ):
        for each in (client.with_options(timeout=30.0), client, client.with_options(timeout=None)):
            each.forgot_password("rosa")
    assert _timeouts(sent) == [30.0, 40.0, 50.0]


def test_timeout_of_an_async_call() -> None:
    """The same holds for the async client."""
    sent: list[httpx.Request] = []

    async def note(request: httpx.Request) -> None:
        sent.append(request)

    async def main(url: str) -> None:
        http_client = httpx.AsyncClient(timeout=50.0, event_hooks={"request": [note]})
        async with (
            http_client,
            AsyncMeshyClient("acme", "north", "key", base_url=url, timeout=40.0, http_client=http_client) as client,
        ):
            for each in (client.with_options(timeout=30.0), client, client.with_options(timeout=None)):
                await each.forgot_password("rosa")

    with ScriptedServer(*[reply(200, RESET)] * 3) as server:
        anyio.run(main, server.url)
    assert _timeouts(sent) == [30.0, 40.0, 50.0]


@pytest.mark.usefixtures("_transport")
@pytest.mark.parametrize("timeout", [httpx.Timeout(0.05), httpx.Timeout(0.05, connect=0.04, pool=0.03)])
def test_a_timeout_of_httpx(play: Play, timeout: httpx.Timeout) -> None:
    """An `httpx.Timeout` ends calls that take too long, for a client and for one call."""

    def scenario(client: Any) -> Generator[Any, Any, None]:
        with pytest.raises(APITimeoutError):
            yield client.forgot_password("rosa")

    def derived(client: Any) -> Generator[Any, Any, None]:
        yield from scenario(client.with_options(timeout=timeout))

    with ScriptedServer(Silence.STALL, Silence.STALL) as server:
        play(scenario, server.url, timeout=timeout)
        play(derived, server.url)


def test_the_parts_of_a_timeout() -> None:
    """Each part goes to httpx; pyreqwest gets the longest part, or a day if one is None."""
    each: dict[str, float | None] = {"connect": 1.0, "read": 2.0, "write": 3.0, "pool": None}
    given = httpx.Timeout(**each)
    sent: list[httpx.Request] = []
    with (
        ScriptedServer(reply(200, RESET)) as server,
        httpx.Client(event_hooks={"request": [sent.append]}) as http_client,
        MeshyClient("acme", None, "key", base_url=server.url, timeout=given, http_client=http_client) as client,
    ):
        # What is changed afterwards is not the client's.
        given.read = 99.0
        client.forgot_password("rosa")
    assert sent[0].extensions["timeout"] == each
    for timeout, seconds in ((httpx.Timeout(2.0, read=7.0), 7.0), (httpx.Timeout(**each), 86_400.0), (4.0, 4.0)):
        assert seconds_for(Request("GET", httpx.URL("http://h"), {}, b"", timeout), 30.0) == seconds
    assert seconds_for(Request("GET", httpx.URL("http://h"), {}, b"", None), 30.0) == 30.0


def test_closing_a_copy(play: Play) -> None:
    """Closing a copy leaves the connections open for the others."""

    def scenario(client: Any) -> Generator[Any, Any, None]:
        derived, other = client.with_options(timeout=1.0), client.with_options(timeout=2.0)
        yield derived.close()
        with pytest.raises(RuntimeError, match="closed"):
            yield from once(lambda derived: derived.forgot_password("rosa"))(derived)
        yield other.forgot_password("rosa")
        yield client.forgot_password("rosa")

    with ScriptedServer(*[reply(200, RESET)] * 2) as server:
        play(scenario, server.url)
    assert len(server.requests) == 2


def test_closing_a_client_closes_its_copies() -> None:
    """Closing a client closes its copies, even if the HTTP client stays open."""
    with httpx.Client() as http_client:
        client = MeshyClient("acme", "north", "key", base_url="http://127.0.0.1:1", http_client=http_client)
        derived = client.with_options(timeout=1.0).with_options(timeout=2.0)
        client.close()
        for each in (derived, client.with_options(timeout=1.0)):
            with pytest.raises(RuntimeError, match="closed"):
                each.forgot_password("rosa")


def test_connections_of_one_login(play_connected: Play) -> None:
    """A connection and its copy share one login: a renewal or a `signout` in one applies to the other."""
    token = access_token(signature="bmV3")
    rejected = reply(503, b"", {"Retry-After": "0"})

    def scenario(connection: Any) -> Generator[Any, Any, None]:
        derived = connection.with_options(max_retries=1, timeout=20.0)
        yield derived.users.get_self()
        yield connection.users.get_self()
        yield derived.signout()
        with pytest.raises(RuntimeError, match="signed out"):
            yield from once(lambda connection: connection.users.get_self())(connection)

    script = [
        reply(401),
        reply(200, token_response(token)),
        rejected,
        reply(200, USER),
        reply(200, USER),
    ]
    with ScriptedServer(*script, reply(200)) as server:
        play_connected(scenario, server.url)
    *_, renewed, again, _ = (parse_request(request).headers.get("authorization") for request in server.requests)
    assert renewed == again == f"Bearer {token}"


@pytest.mark.parametrize(("name", "value", "error"), OPTIONS)
def test_bad_option(name: str, value: object, error: type[Exception]) -> None:
    """An invalid option is rejected by name, as in the constructor."""
    options: dict[str, Any] = {name: value}
    with MeshyClient("acme", None, "key") as client, pytest.raises(error, match=rf"^{name}(\.\w+)? must"):
        client.with_options(**options)
    if name != "tenant":
        connection, driver = connect("http://127.0.0.1:1")
        with pytest.raises(error, match=rf"^{name}(\.\w+)? must"):
            connection.with_options(**options)
        driver.close()
