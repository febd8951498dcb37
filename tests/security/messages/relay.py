"""A small mail server that records each conversation line by line."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

from anyio.from_thread import start_blocking_portal

_REPLIES: Final = {"EHLO": "250 localhost", "DATA": "354 go on", "QUIT": "221 bye"}


class Relay:
    """What a mail server was told. Each conversation is a list of lines, in which a message is one line."""

    def __init__(self) -> None:
        self.port = 0
        self.conversations: list[list[str]] = []
        # What it answers to MAIL.
        self.to_sender = "250 ok"

    @property
    def url(self) -> str:
        """The URL to set as `smtp_url`."""
        return f"smtp://127.0.0.1:{self.port}"

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Talk to one client. It gets one reply for each line."""
        said: list[str] = []
        self.conversations.append(said)
        writer.write(b"220 localhost\r\n")
        while line := (await reader.readline()).decode().rstrip("\r\n"):
            said.append(line)
            command = line.split()[0]
            reply = self.to_sender if command == "MAIL" else _REPLIES.get(command, "250 ok")
            writer.write(f"{reply}\r\n".encode())
            if command == "DATA":
                said.append((await reader.readuntil(b"\r\n.\r\n")).decode())
                writer.write(b"250 ok\r\n")
            if command == "QUIT":
                break
        writer.close()


@contextmanager
def relaying() -> Generator[Relay]:
    """Let a mail server listen until the block ends, in a thread of its own."""
    relay = Relay()

    async def start() -> asyncio.Server:
        return await asyncio.start_server(relay.converse, "127.0.0.1", 0)

    async def stop(server: asyncio.Server) -> None:
        server.close()

    with start_blocking_portal() as portal:
        server = portal.call(start)
        relay.port = server.sockets[0].getsockname()[1]
        try:
            yield relay
        finally:
            portal.call(stop, server)
