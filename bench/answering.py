"""A server that only responds to forgotPassword. Run as a program, it prints its port."""

from __future__ import annotations

import asyncio
import json
from typing import Final

from bench.framing import Incoming

_BODY: Final = json.dumps(
    {
        "username": "user0000001",
        "attempt": 1,
        "hash": "AX-xmLStIyE3CLveTtAwlvB_AX-xmLStIyE3CLveTtAwlvB_AX-xmLStIyE3CLve",
        "expires": "2030-01-01T01:00:00.000Z",
        "hint": "u***@example.org",
    }
).encode()
_HEAD: Final = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(_BODY)}\r\n\r\n"
_ANSWER: Final = _HEAD.encode() + _BODY


class _Answering(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._incoming = Incoming()

    def data_received(self, data: bytes) -> None:
        if self._incoming.add(data) is not None:
            self._transport.write(_ANSWER)


async def _serve() -> None:
    # All connections of a round may be opened at once.
    server = await asyncio.get_running_loop().create_server(_Answering, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve())
