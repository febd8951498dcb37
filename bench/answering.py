"""A server that does nothing but answer forgotPassword. Run as a program, it prints its port."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Final

_LENGTH: Final = re.compile(rb"\r\ncontent-length: (\d+)\r\n", re.IGNORECASE)
_END_OF_HEAD: Final = b"\r\n\r\n"
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
        self._received = b""

    def data_received(self, data: bytes) -> None:
        self._received += data
        end = self._received.find(_END_OF_HEAD)
        length = _LENGTH.search(self._received) if end >= 0 else None
        if length is not None and len(self._received) >= end + len(_END_OF_HEAD) + int(length[1]):
            self._received = b""
            self._transport.write(_ANSWER)


async def _serve() -> None:
    # All the connections of a round may be asked for at once.
    server = await asyncio.get_running_loop().create_server(_Answering, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve())
