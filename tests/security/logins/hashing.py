"""A hasher that waits until a test releases it, and clients that log in from their own addresses."""

from __future__ import annotations

import asyncio
import threading
from typing import Any, Literal
from urllib.parse import urlencode, urlsplit

import httpx
from argon2 import PasswordHasher

from tests.support.server import ACCOUNT, LiveServer

# A server that never lets go fails the test, rather than stopping the suite.
_PATIENCE_SECONDS = 30.0


class HeldHasher(PasswordHasher):
    """Hashes and verifies at low cost when it is released, and records its inputs in order."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.free = threading.Event()
        self.seen: list[str] = []

    def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
        """Hash."""
        self._note(password)
        return super().hash(password, salt=salt)

    def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002 - its name in argon2
        """Verify."""
        self._note(password)
        return super().verify(hash, password)

    def _note(self, password: str | bytes) -> None:
        self.seen.append(password if isinstance(password, str) else password.decode())
        self.free.wait(_PATIENCE_SECONDS)


class Visitor:
    """A client of a server behind a proxy, which tells its address."""

    def __init__(self, server: LiveServer, public_key: str, address: str) -> None:
        self._url = urlsplit(server.url)
        self._public_key = public_key
        self._address = address

    async def log_in(self, username: str, password: str) -> httpx.Response:
        """Log in, and wait for the response."""
        content, headers = self._login(username, password)
        async with httpx.AsyncClient(base_url=self._url.geturl(), timeout=_PATIENCE_SECONDS) as client:
            return await client.post(_LOGIN, content=content, headers=headers)

    async def begin_log_in(self, username: str, password: str) -> asyncio.StreamWriter:
        """Send a login; closing what this returns abandons it."""
        content, headers = self._login(username, password)
        _, writer = await asyncio.open_connection(self._url.hostname, self._url.port)
        head = {**headers, "Host": self._url.netloc, "Content-Length": len(content)}
        lines = [f"POST {_LOGIN} HTTP/1.1", *(f"{name}: {value}" for name, value in head.items()), "", ""]
        writer.write("\r\n".join(lines).encode() + content)
        await writer.drain()
        return writer

    async def post(self, path: str, body: Any) -> httpx.Response:
        """Send JSON, and wait for the response."""
        async with httpx.AsyncClient(base_url=self._url.geturl(), timeout=_PATIENCE_SECONDS) as client:
            return await client.post(f"/{ACCOUNT}{path}", json=body, headers={"X-Forwarded-For": self._address})

    def _login(self, username: str, password: str) -> tuple[bytes, dict[str, str]]:
        form = {"grant_type": "password", "username": username, "password": password, "client_id": self._public_key}
        kind = "application/x-www-form-urlencoded"
        return urlencode(form).encode(), {"Content-Type": kind, "X-Forwarded-For": self._address}


_LOGIN = f"/{ACCOUNT}/connect/token"
