"""R29: pipelined requests stay in the network buffers until their turn."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final

import pytest
from attrs import field, frozen
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from uvicorn.config import Config
from uvicorn.server import ServerState

from meshydb_server.configuration.settings import Settings
from meshydb_server.http.connections.protocol import Protocol
from meshydb_server.http.connections.registry import Registry
from tests.support.http.raw import compose
from tests.support.mail.sending import until

pytestmark = pytest.mark.anyio

_BODY: Final = b"1"
_REQUEST: Final = compose(_BODY)
_ANY_METHOD: Final = compose(_BODY, method="FOO")
# More than the network keeps, and than is read at once.
_MUCH: Final = bytes(16 * 1024 * 1024)
# A server that does not go on fails the test, rather than stopping the suite.
_PATIENCE_SECONDS: Final = 30.0


@frozen
class _Looking:
    """An application that reads each request, looks for its client, and responds with the length of the body.

    `reading` says for each request whether the connection was read after that.
    """

    protocol: list[Protocol] = field(factory=list)
    bodies: list[bytes] = field(factory=list)
    reading: list[bool] = field(factory=list)
    may_look: asyncio.Event = field(factory=asyncio.Event)

    def __attrs_post_init__(self) -> None:
        self.may_look.set()

    def is_reading(self) -> bool:
        """Whether the connection is read."""
        return bool(self.protocol[0].transport.is_reading())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Respond."""
        request = Request(scope, receive)
        self.bodies.append(await request.body())
        await self.may_look.wait()
        for _ in range(3):
            assert not await request.is_disconnected()
        self.reading.append(self.is_reading())
        await Response(str(len(self.bodies[-1])))(scope, receive, send)


@asynccontextmanager
async def _connected(app: _Looking) -> AsyncGenerator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    config = Config(app, ws="none", log_config=None, access_log=False)
    config.load()

    def make() -> Protocol:
        app.protocol.append(Protocol(Registry(Settings()), config, ServerState(), {}))
        return app.protocol[0]

    server = await asyncio.get_running_loop().create_server(make, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            yield reader, writer
    finally:
        writer.close()
        server.close()


async def _read(reader: asyncio.StreamReader) -> int:
    """The length of the body that a response tells of."""
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    (length,) = (int(line[16:]) for line in head.splitlines() if line.lower().startswith(b"content-length: "))
    return int(await reader.readexactly(length))


_PARSERS: Final = pytest.mark.parametrize("request_", [_REQUEST, _ANY_METHOD], ids=["httptools", "h11"])


@_PARSERS
async def test_r29_nothing_is_read_ahead(request_: bytes) -> None:
    """The server reads nothing while requests wait, even if the application checks for a disconnect."""
    app = _Looking()
    async with _connected(app) as (reader, writer):
        writer.write(request_ * 4)
        assert [await _read(reader) for _ in range(4)] == [len(_BODY)] * 4
        assert app.reading == [False, False, False, True]
        # Afterwards the connection goes on.
        writer.write(request_)
        assert await _read(reader) == len(_BODY)


@pytest.mark.parametrize("ahead", [_ANY_METHOD, b"garbage\r\n\r\n"], ids=["h11", "garbage"])
async def test_r29_nothing_is_read_ahead_of_the_other_parser(ahead: bytes) -> None:
    """The server reads nothing while a request for the other parser waits."""
    app = _Looking()
    app.may_look.clear()
    async with _connected(app) as (reader, writer):
        writer.write(_REQUEST)
        await until(lambda: app.bodies == [_BODY])
        writer.write(ahead)
        await until(lambda: not app.is_reading())
        app.may_look.set()
        assert await _read(reader) == len(_BODY)
        assert app.reading == [False]
        if ahead == _ANY_METHOD:
            assert await _read(reader) == len(_BODY)
            assert app.reading == [False, True]
        else:
            assert (await reader.read()).startswith(b"HTTP/1.1 400 ")


@_PARSERS
async def test_r29_body_behind_other_requests(request_: bytes) -> None:
    """A large body that begins behind other requests is read completely in its turn."""
    async with _connected(_Looking()) as (reader, writer):
        writer.write(request_ * 2 + request_.replace(b"Length: 1\r\n\r\n1", b"Length: %d\r\n\r\n" % len(_MUCH)) + _MUCH)
        assert [await _read(reader) for _ in range(3)] == [len(_BODY), len(_BODY), len(_MUCH)]
