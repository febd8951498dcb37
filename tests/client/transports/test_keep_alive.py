"""Keep-alive connections: when they are closed, and the error of a request on one that the server closed."""

from __future__ import annotations

import pickle
import socket
import struct
from collections.abc import Generator
from typing import Any, Final

import httpx
import pytest

from meshydb import APIConnectionError, MeshyClient
from meshydb._core.connection_errors import NotSentError
from meshydb._core.messages import Request
from meshydb._transports._async import httpx_client as async_httpx_client
from meshydb._transports._sync import httpx_client
from meshydb._transports._sync.httpx_transport import HttpxTransport
from meshydb._transports.fast import shared
from meshydb._transports.pool import IDLE_SECONDS
from meshydb_server.configuration.settings import Settings
from tests.client.calls import RESET, Play
from tests.client.keep_alive import KeepAliveServer
from tests.support.tcp import RespondingServer, ScriptedServer, Silence, read_request, refusing_url, reply

# The shortest idle timeout that is common, in seconds.
_SHORTEST: Final = 5
# Lingering for no time at all makes a close a reset.
_AT_ONCE: Final = struct.pack("ii", 1, 0)
_MORE_THAN_BUFFERS: Final = 32 * 1024 * 1024


class _ClosingServer(RespondingServer):
    """Responds to the first request of each connection, and closes it at the second."""

    def __init__(self, *, resets: bool) -> None:
        super().__init__(lambda _: reply(200, RESET, {"Connection": "keep-alive"}))
        self._resets = resets

    def converse(self, connection: socket.socket) -> None:
        """Serve one connection."""
        super().converse(connection)
        if request := read_request(connection):
            self.requests.append(request)
        if self._resets:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)


class _ResettingServer(RespondingServer):
    """Resets each connection when the first of a request arrives."""

    def __init__(self) -> None:
        super().__init__(lambda _: Silence.RESET)

    def converse(self, connection: socket.socket) -> None:
        """Read one byte."""
        connection.recv(1)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)


def _twice(client: Any) -> Generator[Any, Any, APIConnectionError]:
    yield client.forgot_password("rosa")
    with pytest.raises(APIConnectionError) as caught:
        yield client.forgot_password("rosa")
    return caught.value


def _once(client: Any) -> Generator[Any, Any, APIConnectionError]:
    with pytest.raises(APIConnectionError) as caught:
        yield client.forgot_password("rosa")
    return caught.value


def test_idle_connections_are_closed_before_the_server_does() -> None:
    """The client closes idle connections earlier than common servers and proxies, and than meshydb-server."""
    assert IDLE_SECONDS < _SHORTEST < Settings().keep_alive


@pytest.mark.usefixtures("_transport")
@pytest.mark.parametrize(("idle", "connections"), [(3600.0, 1), (1e-6, 2)])
def test_idle_time_of_each_transport(
    play: Play, monkeypatch: pytest.MonkeyPatch, idle: float, connections: int
) -> None:
    """Each transport closes idle connections after the time of the setting."""
    for module in (httpx_client, async_httpx_client, shared):
        monkeypatch.setattr(module, "IDLE_SECONDS", idle)

    def scenario(client: Any) -> Generator[Any, Any, None]:
        for _ in range(2):
            yield client.forgot_password("rosa")

    with KeepAliveServer() as server:
        play(scenario, server.url)
    assert len(set(server.connections)) == connections


@pytest.mark.usefixtures("_transport")
@pytest.mark.parametrize("resets", [False, True], ids=["ends", "resets"])
def test_reused_connection_that_ends_without_a_response(play: Play, *, resets: bool) -> None:
    """The error says that the connection was reused, and a request that may have been processed is not retried."""
    with _ClosingServer(resets=resets) as server:
        error = play(_twice, server.url, max_retries=3)
    assert (error.connection_was_stale, error.may_have_been_processed) == (True, True)
    assert str(error).endswith("; the idle connection was closed before the request arrived, or after it was processed")
    assert len(server.requests) == 2


@pytest.mark.usefixtures("_transport")
@pytest.mark.parametrize("act", [Silence.RESET, b""], ids=["resets", "ends"])
def test_a_new_connection_that_ends_without_a_response(play: Play, act: bytes | Silence) -> None:
    """A request on a new connection met no idle timeout, and may have been processed."""
    with ScriptedServer(act) as server:
        error = play(_once, server.url, max_retries=3)
    assert (error.connection_was_stale, error.may_have_been_processed) == (False, True)
    assert str(error).endswith("; the request may have been processed")
    assert len(server.requests) == 1


@pytest.mark.usefixtures("_transport")
def test_no_connection(play: Play) -> None:
    """If no connection was made, the error says that the request was not sent."""
    error = play(_once, refusing_url())
    assert (error.connection_was_stale, error.may_have_been_processed) == (False, False)
    assert str(error).endswith("; the request was not sent")


def test_request_that_was_not_written_as_a_whole() -> None:
    """A request that was not written as a whole cannot have been processed."""
    with _ResettingServer() as server, httpx.Client(trust_env=False) as http_client:
        request = Request("POST", httpx.URL(server.url), {}, b"x" * _MORE_THAN_BUFFERS, 60)
        with pytest.raises(NotSentError):
            HttpxTransport(http_client).send(request)


def test_transport_without_trace_events() -> None:
    """Without trace events of the transport, a request may have been processed."""

    def fail(_: httpx.Request) -> httpx.Response:
        raise httpx.ReadError("broken")

    with httpx.Client(transport=httpx.MockTransport(fail)) as http_client:
        client = MeshyClient("acme", None, "key", http_client=http_client)
        with pytest.raises(APIConnectionError, match="may have been processed") as caught:
            client.forgot_password("rosa")
    assert not caught.value.connection_was_stale


def test_errors_can_be_pickled() -> None:
    """The attributes of an error survive pickling."""
    error = APIConnectionError("broken")
    error.may_have_been_processed, error.connection_was_stale = False, True
    copied = pickle.loads(pickle.dumps(error))  # noqa: S301 - it is our own
    assert (copied.may_have_been_processed, copied.connection_was_stale) == (False, True)
