"""A mail server that accepts everything. Run as a program, it prints its port.

It takes time from the measured servers, as it runs beside them, and so it is light.
"""

from __future__ import annotations

import asyncio
from typing import Final, cast

import uvloop

_END: Final = b"\r\n.\r\n"


class _Sink(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # The transports of uvloop are of no such class.
        self._transport = cast("asyncio.Transport", transport)
        self._received, self._in_message = b"", False
        self._transport.write(b"220 localhost\r\n")

    def data_received(self, data: bytes) -> None:
        # The client waits for each response, so what it sent ends with a whole command.
        self._received += data
        if not self._received.endswith(_END if self._in_message else b"\r\n"):
            return
        command, self._received = self._received[:4].upper(), b""
        if self._in_message or command != b"DATA":
            self._in_message = False
            self._transport.write(b"221 bye\r\n" if command == b"QUIT" else b"250 ok\r\n")
        else:
            self._in_message = True
            self._transport.write(b"354 go on\r\n")


async def _serve() -> None:
    server = await asyncio.get_running_loop().create_server(_Sink, "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(_serve())
