"""Writes the head of a response together with its body.

uvicorn writes them one by one: two system calls, two packets, and a client that wakes up twice.
"""

from __future__ import annotations

import asyncio


class JoinedWrites:
    """What a response is written to: its first part waits for the second, but not longer than one turn of the loop."""

    __slots__ = ("_held", "_loop", "_transport")

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        """Take the transport of the connection."""
        self._transport = transport
        self._loop = loop
        # None until the first part is written.
        self._held: bytes | None = None

    def write(self, data: bytes) -> None:
        """Write a part of the response."""
        if self._held is None:
            self._held = data
            self._loop.call_soon(self._flush)
        elif self._held:
            self._held, data = b"", self._held + data
            self._transport.write(data)
        else:
            self._transport.write(data)

    def close(self) -> None:
        """Close the connection when all is written."""
        self._flush()
        self._transport.close()

    def is_closing(self) -> bool:
        """Whether the connection is closed, or will be."""
        return self._transport.is_closing()

    def _flush(self) -> None:
        if self._held and not self._transport.is_closing():
            self._transport.write(self._held)
        self._held = b""
